// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterChain
internal import TheaterManifest
internal import TheaterPlatform

/// `theater chain prune`: drops old payloads.
struct ChainPruneCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Drop the payloads of old events: of all chains without a name.",
        discussion: """
            The events stay with the digests of their payloads, so every chain verifies as before; what \
            happened in them can no longer be shown or replayed. A payload goes when any bound excludes \
            it. Those of effects in doubt stay.

            Everything is verified first, and what is written anew before it replaces what was. No node \
            may use the data directory meanwhile, except with --dry-run. There must be room for a copy.

            Examples:
              theater chain prune --keep-age 720h --dry-run
              theater chain prune --keep-events 10000 --keep-size 1GiB
              theater chain prune crawler --keep-events 0

            With --json: {"dry_run", "payloads", "payload_size", "kept_doubts", "size_before", \
            "size_after"}.
            """)

    @Argument(
        help: ArgumentHelp("The chains.", valueName: "actor|name"),
        completion: NameCompletion.chains)
    var chains: [String] = []

    @Option(
        name: .customLong("keep-events"),
        help: ArgumentHelp(
            "Keep the payloads of so many of the newest events of each chain.", valueName: "count"))
    var events: UInt64?

    @Option(
        name: .customLong("keep-size"),
        help: ArgumentHelp(
            "Keep so many bytes of payloads, the newest.", valueName: "size"),
        transform: RetentionOption.size)
    var size: UInt64?

    @Option(
        name: .customLong("keep-age"),
        help: ArgumentHelp(
            "Keep the payloads of events that are no older.", valueName: "duration"),
        transform: RetentionOption.age)
    var age: Duration?

    @Flag(name: .customLong("dry-run"), help: "Say what would go, and change nothing.")
    var isTrial = false

    @OptionGroup var data: DataOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if events == nil, size == nil, age == nil {
            throw ValidationError("say what to keep: --keep-events, --keep-size or --keep-age")
        }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let directory = try ChainDirectory(dataDirectory: data.resolved(in: context))
        var retention = Retention()
        retention.eventsPerChain = events
        retention.payloadSize = size
        retention.since = age.map(RetentionOption.since)
        if !chains.isEmpty {
            var actors: Set<ActorID> = []
            for chain in chains { actors.insert(try directory.chain(chain).actor) }
            retention.actors = actors
        }
        let progress = ProgressLine("pruning", in: context, isQuiet: json)
        do throws(JournalError) {
            defer { progress.end() }
            let report = try Journal.prune(
                directory: directory.path, keeping: retention, isTrial: isTrial,
                progress: progress.report)
            progress.end()
            CareText.show(report, isTrial: isTrial, json: json, context.output)
        } catch {
            throw CLIError(error)
        }
        return .success
    }
}

/// `theater chain compact`: writes the journal more densely.
struct ChainCompactCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Write the chains more densely, without a change to any event.",
        discussion: """
            What many small commits leave between the events goes, and half-empty segments are joined. \
            Everything is verified before and after. No node may use the data directory meanwhile, and \
            there must be room for a copy.

            With --json: {"dry_run", "payloads", "payload_size", "kept_doubts", "size_before", \
            "size_after"}.
            """)

    @OptionGroup var data: DataOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let directory = try ChainDirectory(dataDirectory: data.resolved(in: context))
        let progress = ProgressLine("compacting", in: context, isQuiet: json)
        do throws(JournalError) {
            defer { progress.end() }
            let report = try Journal.compact(
                directory: directory.path, progress: progress.report)
            progress.end()
            CareText.show(report, isTrial: false, json: json, context.output)
        } catch {
            throw CLIError(error)
        }
        return .success
    }
}

/// `theater chain backup`: copies the chains.
struct ChainBackupCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy all chains to a folder, also while a node runs.",
        discussion: """
            The copy has every event that was on disk when it was begun, verified. It is of use only \
            when the command has ended well: an unfinished one is not restored. Content of the store is \
            not part of it.

            With --json: {"chains", "events", "segments", "size"}.
            """)

    @Argument(
        help: ArgumentHelp("The folder; made, and without a copy yet.", valueName: "dir"),
        completion: .directory)
    var target: String

    @OptionGroup var data: DataOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let directory = try ChainDirectory(dataDirectory: data.resolved(in: context))
        try Files.makeFolders(target)
        let progress = ProgressLine("copying", in: context, isQuiet: json)
        do throws(JournalError) {
            defer { progress.end() }
            let report = try Journal.backup(
                from: directory.path, to: target, progress: progress.report)
            progress.end()
            CareText.show(report, json: json, context.output)
        } catch {
            throw CLIError(error)
        }
        return .success
    }
}

/// `theater chain restore`: puts a backup back.
struct ChainRestoreCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a backup of all chains into a data directory that has none.",
        discussion: """
            The backup is verified before. Chains that are there are not replaced: move the folder \
            `journal` of the data directory away first.

            With --json: {"chains", "events", "segments", "size"}.
            """)

    @Argument(
        help: ArgumentHelp("The backup.", valueName: "dir"), completion: .directory)
    var backup: String

    @OptionGroup var data: DataOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        guard Files.kind(backup) == .folder else {
            throw .usage("'\(backup)' is not a folder; name one that `theater chain backup` made")
        }
        let directory = try data.resolved(in: context)
        try Files.makeFolders(directory)
        let progress = ProgressLine("copying", in: context, isQuiet: json)
        do throws(JournalError) {
            defer { progress.end() }
            let report = try Journal.restore(
                from: backup, to: Files.join(directory, "journal"), progress: progress.report)
            progress.end()
            CareText.show(report, json: json, context.output)
        } catch {
            throw CLIError(error)
        }
        return .success
    }
}

/// The bounds of what is kept, as people type them.
enum RetentionOption {
    /// The greatest age, a hundred years.
    static let ageMax = Duration.seconds(100 * 366 * 86_400)

    /// Reads a number of bytes.
    static func size(_ text: String) throws -> UInt64 {
        guard let size = ByteCount(text) ?? UInt64(text).map(ByteCount.init(bytes:)) else {
            throw ValidationError("'\(text)' is not a size; write one such as 500MiB")
        }
        return size.bytes
    }

    /// Reads an age.
    static func age(_ text: String) throws -> Duration {
        guard let age = DurationText.parse(text), age >= .zero, age <= ageMax else {
            throw ValidationError(
                "'\(text)' is not an age; write a number and ms, s, m or h, as 720h")
        }
        return age
    }

    /// When something of an age was made.
    static func since(_ age: Duration) -> WallTime {
        let nanoseconds = age.components.seconds * 1_000_000_000
        return WallTime(
            nanoseconds: WallTime.now().nanoseconds - nanoseconds
                - age.components.attoseconds / 1_000_000_000)
    }
}
