// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterChain
internal import TheaterClient
internal import TheaterEngine
internal import TheaterNode
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterReplay

/// `theater upgrade`: other code for actors that exist.
struct UpgradeCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade",
        abstract: "Give actors of a node other code, or check it against stored chains.",
        discussion: """
            With a module, live actors of the node that `theater serve` runs take it in place: between \
            two calls, with their state, mail and handlers. Their own chains are replayed on it before, \
            and an actor whose chain says something else keeps its code, unless --gate says otherwise. \
            When a first call fails the old code goes on.

            --check replays stored chains on the new code, with their host calls answered from the record and \
            nothing outside touched, and groups the first differences. Without --actors it takes the \
            chains of actors whose code exports an interface that the new code exports too.

            The exit code of a check is 0 when no chain differs, 3 when one does, and 1 when one could not be \
            replayed or there was none to replay.

            Examples:
              theater upgrade build/greeter.wasm --actors greeter
              theater upgrade build/greeter.wasm --actors greeter --gate report
              theater upgrade --check build/greeter.wasm
              theater upgrade --check build/greeter.wasm --actors greeter 7f3a

            With --json each upgraded actor is a line {"id", "from", "to", "migrated", "on_trial", \
            "check"}, and a check is {"passed", "chains", "counts", "groups", "failures", "skipped"}.
            """)

    @Argument(
        help: ArgumentHelp("The new code, for live actors.", valueName: "file"),
        completion: .file(extensions: ["wasm"]))
    var module: String?

    @Option(
        help: ArgumentHelp("The new code, to be checked alone.", valueName: "file"),
        completion: .file(extensions: ["wasm"]))
    var check: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "The live actors; of a check the chains, in place of all that fit.",
            valueName: "actor|name"), completion: NameCompletion.actors)
    var actors: [String] = []

    @Option(
        help: ArgumentHelp(
            "What is done when an actor's chain differs: refuse, report or none, which does not look.",
            valueName: "gate"))
    var gate: GateOption?

    @OptionGroup var client: ClientOptions

    @Flag(help: "Print the result as one JSON object.")
    var json = false

    func validate() throws {
        guard (module == nil) != (check == nil) else {
            throw ValidationError("give a module for live actors, or --check FILE")
        }
        if module != nil, actors.isEmpty {
            throw ValidationError("say which actors take it with --actors")
        }
        if check != nil, gate != nil { throw ValidationError("--gate goes with a module") }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        if let module { return try await upgradeLive(module, in: context) }
        return try await checkStored(check ?? "", in: context)
    }

    /// Gives actors of a node new code, one after the other, up to the first that keeps its own.
    private func upgradeLive(
        _ path: String, in context: CLIContext
    ) async throws(CLIError) -> CommandStatus {
        let wasm = try LoadedActor.wasm(at: path)
        try LoadedActor.requireModule(wasm, at: path)
        let digest = ModuleCache.digest(of: wasm)
        let (actors, gate, json) = (actors, gate?.rawValue, json)
        try await client.withClient(in: context) { (client) throws(ClientError) in
            try await client.keep(wasm, digest: digest)
            for actor in actors {
                let report = try await client.upgrade(actor, digest: digest, gate: gate)
                context.output.result(json ? report.description : Self.line(report))
            }
        }
        return .success
    }

    /// What became of an actor of a node.
    private static func line(_ report: JSONValue) -> String {
        let state = report["migrated"]?.bool == true ? "migrated" : "as it was"
        let trial = report["on_trial"]?.bool == true ? ", its first calls are on trial" : ""
        let found =
            report["check"]?["detail"]?.string.map { "; its chain: " + Printable.line($0) } ?? ""
        return "\(report["id"]?.string ?? "-") \(report["from"]?.string?.prefix(12) ?? "-") -> "
            + "\(report["to"]?.string?.prefix(12) ?? "-"), the state is \(state)\(trial)\(found)"
    }

    private func checkStored(
        _ check: String, in context: CLIContext
    ) async throws(CLIError) -> CommandStatus {
        let path = try client.data.resolved(in: context)
        let directory = try ChainDirectory(dataDirectory: path)
        let sources = try ReplaySources(
            dataDirectory: path, wasm: check, isRebuilt: true,
            logger: StderrLogHandler.logger(context, isQuiet: true))
        let engine = try ReplayEngine.make(dataDirectory: path)
        var relatives = try await CodeRelatives(sources, engine)
        var upgrade = UpgradeCheck()
        var skipped = 0
        let progress = ProgressLine("replaying", in: context, isQuiet: json)
        defer { progress.end() }
        let chains =
            actors.isEmpty
            ? directory.reader.lifeChains()
            : try actors.map { (name) throws(CLIError) in try directory.chain(name) }
        let total = chains.reduce(0) { $0 + $1.count }
        var done: UInt64 = 0
        for chain in chains where chain.count > 0 {
            progress.show(done, of: total)
            done += chain.count
            do throws(ReplayError) {
                let lineage = try ChainLineage(of: chain.actor, in: directory.reader)
                let sources = try sources.about(lineage)
                if actors.isEmpty, await !relatives.hasRelative(sources.spans?.present) {
                    skipped += 1
                    continue
                }
                var options = Node.registry().replayOptions()
                options.observer = { _ in progress.step(of: total) }
                await upgrade.replay(
                    chain.actor, try lineage.events(), engine: engine, library: sources,
                    options: options)
            } catch {
                upgrade.fail(chain.actor, error)
            }
        }
        progress.end()
        if json {
            context.output.result(UpgradeText.json(upgrade, skipped: skipped))
        } else {
            for line in UpgradeText.lines(upgrade, skipped: skipped) {
                context.output.result(line)
            }
        }
        if !upgrade.groups.isEmpty { return .verification }
        return upgrade.failures.isEmpty && !upgrade.passed.isEmpty ? .success : .failure
    }
}

/// What is done when an actor's chain differs on new code.
enum GateOption: String, CaseIterable, ExpressibleByArgument {
    case refuse, report, none
}

/// Tells which stored code is of the same kind as other code: it exports an interface of the same name.
struct CodeRelatives {
    private let sources: ReplaySources
    private let engine: Engine
    private let interfaces: Set<String>
    private var known: [Digest: Bool] = [:]

    init(_ sources: ReplaySources, _ engine: Engine) async throws(CLIError) {
        self.sources = sources
        self.engine = engine
        do throws(ReplayError) {
            interfaces = Self.own(
                try await ReplayMetadata.read(
                    ReplayCode(wasm: sources.wasm ?? []), engine: engine
                ).exports.map(\.interface))
        } catch {
            throw CLIError(error)
        }
    }

    /// Whether the code that a chain's actor has at the end is of the same kind.
    mutating func hasRelative(_ birth: ReplayBirth?) async -> Bool {
        guard let birth else { return false }
        if let known = known[birth.module] { return known }
        var isRelative = false
        if let code = try? await sources.stored?.code(for: birth),
            let metadata = try? await ReplayMetadata.read(code, engine: engine)
        {
            isRelative = !Self.own(metadata.exports.map(\.interface)).isDisjoint(with: interfaces)
        }
        known[birth.module] = isRelative
        return isRelative
    }

    /// The interfaces that are an actor's own; those of the runtime when it has no others.
    private static func own(_ interfaces: [String]) -> Set<String> {
        let own = Set(interfaces.filter { !$0.hasPrefix("theater:simple/") })
        return own.isEmpty ? Set(interfaces) : own
    }
}

/// What an upgrade's check found, as text and as JSON.
enum UpgradeText {
    /// How many chains of a group are named.
    private static let namedMax = 8

    /// The result for people.
    static func lines(_ check: UpgradeCheck, skipped: Int) -> [String] {
        let differing = check.groups.reduce(0) { $0 + $1.chains.count }
        var lines = [
            "\(chains(check.passed.count + differing + check.failures.count)) checked, "
                + "\(check.counts.calls == 1 ? "1 call" : "\(check.counts.calls) calls"): \(check.passed.count) the same, \(differing) differ"
                + (check.failures.isEmpty ? "" : ", \(check.failures.count) not replayed")
        ]
        if skipped > 0 { lines.append("\(chains(skipped)) of other code left out") }
        for group in check.groups {
            lines.append("")
            lines.append(
                "\(chains(group.chains.count)): "
                    + (group.function.map { "in \(Printable.line($0, sizeMax: 256)): " } ?? "")
                    + "\(Printable.line(group.detail)) [\(group.kind.rawValue)]")
            for place in group.chains.prefix(namedMax) {
                lines.append(
                    "  \(place.actor) at event \(place.sequence)"
                        + (place.owner == place.actor
                            ? "" : " of \(place.owner), which it is a fork of"))
            }
            if group.chains.count > namedMax {
                lines.append("  and \(group.chains.count - namedMax) more")
            }
            lines.append("  the first of them:")
            lines += ReplayText.lines(group.example.divergence).map { "    " + $0 }
        }
        for failure in check.failures {
            lines.append("")
            lines.append("not replayed  \(Printable.line(failure.name)): \(failure.error)")
        }
        return lines
    }

    private static func chains(_ count: Int) -> String {
        count == 1 ? "1 chain" : "\(count) chains"
    }

    /// The result for programs.
    static func json(_ check: UpgradeCheck, skipped: Int) -> JSON {
        .object([
            ("passed", .bool(check.isPassed && !check.passed.isEmpty)),
            ("chains", .array(check.passed.map { .string($0.description) })),
            ("counts", ReplayText.json(check.counts)),
            (
                "groups",
                .array(
                    check.groups.map { group in
                        .object([
                            ("code", .string(group.kind.rawValue)),
                            ("function", .optional(group.function)),
                            ("detail", .string(group.detail)),
                            (
                                "chains",
                                .array(
                                    group.chains.map {
                                        .object([
                                            ("actor", .string($0.actor.description)),
                                            ("sequence", .integer($0.sequence)),
                                            ("chain", .string($0.owner.description)),
                                        ])
                                    })
                            ),
                            ("example", ReplayText.json(group.example.divergence)),
                        ])
                    })
            ),
            (
                "failures",
                .array(
                    check.failures.map {
                        .object([
                            ($0.actor == nil ? "file" : "actor", .string($0.name)),
                            ("code", .string($0.error.code.rawValue)),
                            ("message", .string($0.error.description)),
                        ])
                    })
            ),
            ("skipped", .integer(skipped)),
        ])
    }
}
