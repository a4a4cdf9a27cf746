// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterManifest
internal import TheaterRuntime

/// `theater run`: runs one actor in the foreground.
struct RunCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run an actor in the foreground.",
        discussion: """
            Without --call the actor stays until it ends by itself, or until Ctrl-C or SIGTERM, which \
            stop it in order within --grace; a second one ends it at once. With --call it is called, \
            then stopped, and the command ends with the last answer.

            The actor's logs go to standard error, answers to standard output. A string answer is \
            printed as it is, other values in their text form.

            Examples:
              theater run
              theater run --call greet --arg World
              theater run --call add --arg 2 --arg 3 --call total
              theater run text --call measure --stdin --chain < README.md
              theater run --call place --arg '{x: 1, y: 2}' --json
              theater run --watch

            With --watch the actor takes new code in place whenever the file of its module changes, as \
            after `theater build`: between two calls, with its state and without losing a message. Code \
            that does not fit is refused, and when one of its first calls fails the old code goes on. Each \
            time its chain is replayed on the new code before, and what differs is said on standard \
            error; with --check it is a reason to refuse the code.

            A function may be named by its end: greet for hello:greeter/greeter.greet. Each --arg and \
            --stdin belongs to the --call before it. Values are in the text form that `theater abi` \
            prints; where a string is wanted, bare text will do.

            With --json each answer is a line {"call": …, "ok": …, "text": …}, an error answer has \
            "err" in place of "ok", and the last line is {"end": …}; --chain adds {"chain": …}, \
            and --metrics {"metrics": …} before it.
            """)

    @Argument(
        help: ArgumentHelp(
            "A manifest, or the folder of one; the current folder without it.",
            valueName: "manifest|dir"),
        completion: .file(extensions: ["toml"]))
    var target: String?

    @OptionGroup var typed: CallOptionGroup

    @OptionGroup var variables: VariableOptions

    @OptionGroup var data: DataOptions

    @Flag(help: "Take new code in place when the file of the module changes.")
    var watch = false

    @Flag(help: "With --watch: refuse code that does not do what the chain says.")
    var check = false

    @Flag(
        name: .customLong("detach"),
        help: "Start the actor in the node that `theater serve` runs, and print its identity.")
    var isDetached = false

    @Option(
        name: .customLong("socket"),
        help: ArgumentHelp("The socket of the node, with --detach.", valueName: "path"))
    var socket: String?

    @Option(
        name: .customLong("server"),
        help: ArgumentHelp("The address of the node, with --detach.", valueName: "address"))
    var server: String?

    @Flag(name: .customLong("no-record"), help: "Keep the chain in memory only.")
    var isUnrecorded = false

    @Option(
        help: ArgumentHelp(
            "When an event counts as kept: memory, async or strict; the manifest's without it.",
            valueName: "when"))
    var durability: DurabilityOption?

    @Option(
        help: ArgumentHelp(
            "How long the actor may take to stop.", valueName: "duration"),
        transform: DurationOption.parse)
    var grace = Duration.seconds(5)

    @Flag(name: .customLong("chain"), help: "Verify the chain after the run and print its head.")
    var showsChain = false

    @Flag(name: .customLong("metrics"), help: "Print what the actor did and used after the run.")
    var showsMetrics = false

    @Flag(help: "Print results as JSON, one object on each line.")
    var json = false

    @Flag(help: "Print every result in the text form, strings in quotes.")
    var text = false

    @Flag(name: .shortAndLong, help: "Show no logs, only errors.")
    var quiet = false

    func validate() throws {
        if json, text { throw ValidationError("--json and --text exclude each other") }
        if check, !watch { throw ValidationError("--check goes with --watch") }
        guard isDetached else { return }
        if !typed.functions.isEmpty || isUnrecorded || durability != nil || showsChain
            || showsMetrics
            || watch
        {
            throw ValidationError(
                "--detach leaves the actor to the node; call it with `theater call`, and look at it with "
                    + "`theater inspect`")
        }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let calls = try typed.calls()
        guard case .manifest(let path) = try ActorLocation.find(target) else {
            throw CLIError(
                .manifest, "cli.no-manifest",
                "'\(target ?? "")' is a module, and what an actor may do is in its manifest; name "
                    + "the manifest, or look at the module with `theater check`")
        }
        if isDetached { return try await detach(path, in: context) }
        let dataDirectory = isUnrecorded ? nil : try data.resolved(in: context)
        var actor = try LoadedActor.load(
            manifest: path, variables: variables.values,
            from: ActorFiles(dataDirectory: dataDirectory))
        if let durability { actor.manifest.chain.durability = durability.value }
        if watch, actor.wasmPath.contains("://") {
            throw .usage(
                "--watch needs a module in a file, and '\(actor.wasmPath)' is in the store")
        }
        let plan = RunPlan(
            actor: actor, wasm: try actor.wasm(), calls: calls,
            dataDirectory: dataDirectory, grace: grace,
            showsChain: showsChain, showsMetrics: showsMetrics,
            watch: watch ? (check ? .refuse : .report) : nil)
        let run = ActorRun(
            plan: plan, context: context,
            report: RunReport(
                output: context.output, format: json ? .json : text ? .text : .plain),
            logger: StderrLogHandler.logger(context, isQuiet: quiet))
        return try await run.perform()
    }

    /// Starts the actor in a node.
    private func detach(
        _ path: String, in context: CLIContext
    ) async throws(CLIError) -> CommandStatus {
        let detached = DetachedRun(
            manifestPath: path, variables: variables.values,
            files: ActorFiles(dataDirectory: try data.resolved(in: context)))
        var client = ClientOptions()
        client.data = data
        client.socket = socket
        client.server = server
        let actor = try await detached.start(client, in: context)
        context.output.result(json ? actor.description : actor["id"]?.string ?? "")
        return .success
    }
}

/// The durabilities by the names they have in manifests.
enum DurabilityOption: String, CaseIterable, ExpressibleByArgument {
    case memory, async, strict

    var value: ChainSettings.Durability {
        switch self {
        case .memory: .memory
        case .async: .async
        case .strict: .strict
        }
    }
}

/// Durations as manifests write them.
enum DurationOption {
    /// The longest duration, a day.
    static let max = Duration.seconds(86_400)

    /// Reads a duration from nothing to a day.
    static func parse(_ text: String) throws -> Duration {
        guard let duration = DurationText.parse(text) else {
            throw ValidationError(
                "'\(text)' is not a duration; write a number and ms, s, m or h, as 5s")
        }
        guard duration >= .zero, duration <= max else {
            throw ValidationError("'\(text)' is longer than 24h")
        }
        return duration
    }
}
