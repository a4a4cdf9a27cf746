// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform

/// `theater chain`: looks at what was recorded.
struct ChainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain",
        abstract: "Look at what actors did, verify it, and prove it to others.",
        discussion: """
            Reads the data directory without locking it: it works while a node runs and after a crash. \
            Only what changes a chain needs the data directory for itself.

            A chain is named by its actor's identity, by at least four digits of its beginning, or by \
            the actor's name, of which the newest chain counts.

            Examples:
              theater chain list
              theater chain show
              theater chain show hello --from 2 --limit 10 --full
              theater chain show --type theater:simple/runtime/log --json
              theater chain verify
              theater chain doubts

            checkpoint, prove and export sign for others; verify-proof and `theater verify` need a \
            file and the key that `theater chain keys` prints.
            """,
        subcommands: [
            ChainListCommand.self, ChainShowCommand.self, ChainVerifyCommand.self,
            ChainCheckpointCommand.self, ChainProveCommand.self, ChainVerifyProofCommand.self,
            ChainExportCommand.self, ChainKeysCommand.self,
            ChainDoubtsCommand.self, ChainResolveCommand.self, ChainPruneCommand.self,
            ChainCompactCommand.self, ChainBackupCommand.self, ChainRestoreCommand.self,
        ],
        defaultSubcommand: ChainListCommand.self)
}

/// `theater chain list`: the chains there are.
struct ChainListCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the chains, the newest last.",
        discussion: """
            With --json each chain is a line {"actor", "name", "count", "head", "first_time", "last_time"}.
            """)

    @OptionGroup var data: DataOptions
    @OptionGroup var form: ListForm

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let directory = try ChainDirectory(dataDirectory: data.resolved(in: context))
        let chains = directory.reader.actors()
        if form.json {
            for chain in chains { context.output.result(ChainText.json(chain)) }
        } else if form.quiet {
            for chain in chains { context.output.result(chain.actor.description) }
        } else {
            context.output.results(
                ChainText.list(chains, width: context.output.tableWidth()))
        }
        return .success
    }
}

/// `theater chain show`: the events of one chain.
struct ChainShowCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the events of a chain, the newest chain's without a name.",
        discussion: """
            Values are decoded to their text form and cut to the line; --full shows everything.

            With --json each event is a line {"actor", "sequence", "time", "time_nanoseconds", "type", \
            "hash", "parent", "payload_digest", "payload"}.
            """)

    @Argument(
        help: ArgumentHelp("The chain.", valueName: "actor|name"),
        completion: NameCompletion.chains)
    var chain: String?

    @OptionGroup var data: DataOptions

    @Option(help: "The first event to show, counted from zero.")
    var from: UInt64 = 0

    @Option(help: "The last event to show.")
    var to: UInt64?

    @Option(
        help: ArgumentHelp(
            "Only events of a type, or of all types that begin with it, such as theater.runtime/.",
            valueName: "type"))
    var type: String?

    @Option(help: "At most so many events.")
    var limit: Int?

    @Flag(help: "Print one JSON object for each event.")
    var json = false

    @Flag(help: "Show hashes and whole values.")
    var full = false

    func validate() throws {
        if let to, to < from { throw ValidationError("--to is before --from") }
        if let limit, limit < 1 { throw ValidationError("--limit is at least 1") }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let directory = try ChainDirectory(dataDirectory: data.resolved(in: context))
        let summary = try directory.chain(chain)
        let output = context.output
        if !json { output.result(Self.title(summary)) }
        do throws(JournalError) {
            let end = to.map { $0 == .max ? $0 : $0 + 1 } ?? .max
            var cursor = try directory.reader.events(of: summary.actor, in: from..<max(from, end))
            var shown = 0
            while let event = try cursor.next() {
                guard matches(event.type) else { continue }
                if shown == limit || output.isBroken { break }
                shown += 1
                show(event, output)
            }
        } catch {
            throw CLIError(error)
        }
        return .success
    }

    /// A chain on a line.
    static func title(_ chain: ChainSummary) -> String {
        let name = chain.name.map { " '\(Printable.line($0, sizeMax: 64))'" } ?? ""
        return "chain \(chain.actor)\(name), \(ChainText.events(chain.count))"
    }

    private func matches(_ type: String) -> Bool {
        guard let wanted = self.type else { return true }
        return type == wanted || type.hasPrefix(wanted)
    }

    private func show(_ event: ChainEvent, _ output: any Output) {
        if json {
            output.result(EventFacts.json(event, isFull: full))
        } else if full {
            for line in EventText.full(event) { output.result(line) }
        } else {
            output.result(EventText.line(event, width: output.tableWidth() ?? .max))
        }
    }
}
