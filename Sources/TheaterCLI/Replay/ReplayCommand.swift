// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterChain
internal import TheaterEngine
internal import TheaterNode
internal import TheaterReplay
internal import TheaterValue

/// `theater replay`: runs the code of a chain again, and compares.
struct ReplayCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract:
            "Run actors' code again and compare it with their chains: the newest without a name.",
        discussion: """
            Every recorded call is made again. Host calls are answered from the chain, after their \
            input was compared with it byte for byte; nothing outside is touched, and no network, \
            secret or file of the run is needed. The first difference ends the replay: it is shown \
            decoded, with the place in the code, and the exit code is 3.

            The wasm and the limits are those that the data directory keeps; --wasm gives the wasm \
            instead. With --rebuilt it may be other code than the chain names: then a recorded chain \
            is a regression test of what was built since, and fuel is not compared.

            Examples:
              theater replay
              theater replay --all
              theater replay hello --until 40 --state
              theater replay hello --wasm build/hello.wasm --rebuilt

            A chain that cannot be replayed is named, and the others are replayed all the same; then the \
            exit code is that of the first one that could not be, or 3 when a chain differs.

            With --json each chain is a line {"actor", "name", "faithful", "counts", "other_code", \
            "assumed_limits", "divergence"}, and with --state also "state", the text of the value; a chain that cannot be \
            replayed is {"actor", "name", "error": {"code", "message"}}.
            """)

    @Argument(
        help: ArgumentHelp("The chains.", valueName: "actor|name"),
        completion: NameCompletion.chains)
    var chains: [String] = []

    @OptionGroup var data: DataOptions

    @Flag(help: "Replay every chain of the data directory.")
    var all = false

    @Option(
        help: ArgumentHelp("The last event to replay, counted from zero.", valueName: "event"))
    var until: UInt64?

    @Option(
        help: ArgumentHelp("The wasm, in place of what is kept.", valueName: "file"),
        completion: .file(extensions: ["wasm"]))
    var wasm: String?

    @Flag(help: "The wasm may be other code than the chain names.")
    var rebuilt = false

    @Flag(help: "Show the actor's state after the last event, too.")
    var state = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        if all, !chains.isEmpty { throw ValidationError("--all and names exclude each other") }
        if until != nil, all || chains.count > 1 {
            throw ValidationError("--until belongs to one chain")
        }
        if rebuilt, wasm == nil { throw ValidationError("--rebuilt needs --wasm FILE") }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let path = try data.resolved(in: context)
        let directory = try ChainDirectory(dataDirectory: path)
        let sources = try ReplaySources(
            dataDirectory: path, wasm: wasm, isRebuilt: rebuilt,
            logger: StderrLogHandler.logger(context, isQuiet: true))
        let engine = try ReplayEngine.make(dataDirectory: path)
        let selected =
            if all {
                directory.reader.lifeChains()
            } else if chains.isEmpty {
                [try directory.chain(nil)]
            } else {
                try chains.map { (name) throws(CLIError) in try directory.chain(name) }
            }
        let histories =
            state
            ? try HistoryLoader(dataDirectory: path, context, engine: engine, isQuiet: json)
            : nil
        var (differs, failure) = (false, CommandStatus.success)
        let progress = ProgressLine("replaying", in: context, isQuiet: json)
        defer { progress.end() }
        let total = selected.reduce(0) { $0 + $1.count }
        for summary in selected {
            if let until, until >= summary.count {
                throw ChainPoint.behindLast(
                    until, of: summary.name ?? "\(summary.actor)", summary.count)
            }
            do throws(CLIError) {
                let (verdict, countBefore) = try await replay(
                    summary, directory, sources, engine
                ) { _ in progress.step(of: total) }
                progress.clear()
                if !verdict.isFaithful { differs = true }
                let text = state ? try await stateText(summary, histories, context) : nil
                if json {
                    let state: JSON? = state ? .optional(text) : nil
                    context.output.result(ReplayText.json(verdict, summary, state: state))
                } else {
                    for line in ReplayText.lines(verdict, summary, after: countBefore) {
                        context.output.result(line)
                    }
                    if state { context.output.result("state     \(text ?? "is not known")") }
                }
            } catch {
                progress.clear()
                guard selected.count > 1 else { throw error }
                if failure == .success { failure = error.status }
                if json {
                    context.output.result(ReplayText.json(error, summary))
                } else {
                    context.output.result(ReplayText.line(error, summary))
                }
            }
            if context.output.isBroken { break }
        }
        return differs ? .verification : failure
    }

    /// The state after the last replayed event; `nil` when the chain does not have it any more.
    private func stateText(
        _ chain: ChainSummary, _ histories: HistoryLoader?, _ context: CLIContext
    ) async throws(CLIError) -> String? {
        guard let histories, chain.count > 0 else { return nil }
        let history = try await histories.history(of: chain)
        do throws(ReplayError) {
            return try history.state(after: until ?? chain.count - 1).map {
                ValueText.print($0, options: .init(width: json ? nil : 100))
            }
        } catch {
            throw CLIError(error)
        }
    }

    private func replay(
        _ chain: ChainSummary, _ directory: ChainDirectory, _ sources: ReplaySources,
        _ engine: Engine, _ observer: @escaping @Sendable (ChainEvent) -> Void
    ) async throws(CLIError) -> (verdict: ReplayVerdict, countBefore: UInt64) {
        do {
            let lineage = try ChainLineage(
                of: chain.actor, upTo: until, in: directory.reader)
            var options = Node.registry().replayOptions()
            options.observer = observer
            let replayer = Replayer(
                engine: engine, library: try sources.about(lineage), options: options)
            return (try await replayer.replay(try lineage.events()), lineage.countBefore)
        } catch {
            throw CLIError(unexpected: error)
        }
    }
}
