// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterChain
internal import TheaterManifest
internal import TheaterNode
internal import TheaterReplay
internal import TheaterRuntime
internal import TheaterStore
internal import TheaterValue

/// `theater fork`: goes on from an event of a chain, as another actor.
struct ForkCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "fork",
        abstract: "Go on from an event of a chain, as another actor, in the foreground.",
        discussion: """
            The actor's code is run again up to the event, with its host calls answered from the chain \
            and nothing outside touched. From there a new actor goes on, with that state and memory and \
            a chain of its own, whose first event names the other chain and the event. The event must \
            stand between two calls.

            What would reach beyond the fork is refused and recorded as denied: effects, messages, calls \
            of other actors, children. --grant-effects lets it happen. Timers, channels and children of \
            the other actor are not the fork's.

            Without --call the fork stays until it ends by itself, or until Ctrl-C or SIGTERM. Calls, \
            arguments and output are those of `theater run`.

            Examples:
              theater fork counter@12 --call add --arg 5
              theater fork counter@12 --name second-try --grant-effects
            """)

    @Argument(
        help: ArgumentHelp(
            "The chain, and the last event that is the fork's past, too; without it the chain's last.",
            valueName: "actor[@event]"), completion: NameCompletion.chains)
    var point: String

    @Option(
        help: ArgumentHelp(
            "What the fork is called; the other's name and -fork without it.", valueName: "name"))
    var name: String?

    @Flag(name: .customLong("grant-effects"), help: "The fork may change the world.")
    var grantsEffects = false

    @OptionGroup var typed: CallOptionGroup

    @OptionGroup var data: DataOptions

    @Option(
        help: ArgumentHelp("How long the fork may take to stop.", valueName: "duration"),
        transform: DurationOption.parse)
    var grace = Duration.seconds(5)

    @Flag(help: "Print results as JSON, one object on each line.")
    var json = false

    @Flag(name: .shortAndLong, help: "Show no logs, only errors.")
    var quiet = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let calls = try typed.calls()
        let path = try data.resolved(in: context)
        let source = try await ForkSource(
            ChainPoint(point), dataDirectory: path, context, hasEffects: grantsEffects,
            isQuiet: json || quiet)
        var manifest = source.manifest
        if let name, !Manifest.isName(name) {
            throw .usage(
                "'\(Printable.line(name, sizeMax: 64))' is no name; use up to 64 lower-case letters, digits, "
                    + "'-', '_' and '.', beginning with a letter or digit")
        }
        manifest.name = name ?? manifest.name + "-fork"
        let plan = RunPlan(
            actor: LoadedActor(
                manifestPath: "store://theater.code", manifest: manifest,
                wasmPath: "store://theater.code", files: ActorFiles(dataDirectory: path)),
            wasm: source.wasm, calls: calls, dataDirectory: path, grace: grace, showsChain: false,
            showsMetrics: false, fork: source)
        let run = ActorRun(
            plan: plan, context: context,
            report: RunReport(output: context.output, format: json ? .json : .plain),
            logger: StderrLogHandler.logger(context, isQuiet: quiet))
        return try await run.perform()
    }
}

/// Where a fork leaves a chain, and what it is made from.
struct ForkSource: Sendable {
    let wasm: [UInt8]
    let manifest: Manifest
    private let event: ChainEvent
    private let state: Value
    private let hasEffects: Bool

    init(
        _ point: ChainPoint, dataDirectory path: String, _ context: CLIContext, hasEffects: Bool,
        isQuiet: Bool
    ) async throws(CLIError) {
        let histories = try HistoryLoader(dataDirectory: path, context, isQuiet: isQuiet)
        let (summary, history) = try await histories.history(of: point.chain)
        let place = try point.place(in: history.count, default: history.count - 1)
        if let call = history.call(at: place), call.end != place {
            let before =
                call.sequence == 0 ? "" : "fork at \(call.sequence - 1), before the call, or "
            throw .usage(
                "event \(place) is in the call of \(call.function) (event \(call.sequence) to "
                    + "\(call.end)), and a fork begins between two calls; \(before)at \(call.end), "
                    + "after it")
        }
        do throws(ReplayError) {
            guard let event = try history.event(place), let state = try history.state(after: place)
            else {
                throw ReplayError(
                    .incomplete, "the state after event \(place) is not in the chain any more")
            }
            let births = try ChainLineage(
                of: summary.actor, upTo: place, in: histories.directory.reader
            ).lastLife()
            (self.event, self.state, self.hasEffects) = (event, state, hasEffects)
            (wasm, manifest) = try await histories.parts(of: try births.code())
        } catch {
            throw CLIError(error)
        }
    }

    /// The point, in the journal of the node that the fork lives in.
    func point(in node: Node) async throws(CLIError) -> ForkPoint {
        do {
            return try ForkPoint(
                at: event, state: state, in: try await node.journal.reader(),
                options: Node.registry().replayOptions(), hasEffects: hasEffects)
        } catch {
            throw CLIError(unexpected: error)
        }
    }
}
