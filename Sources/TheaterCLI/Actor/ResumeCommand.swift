// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Logging
internal import TheaterAPI
internal import TheaterChain
internal import TheaterManifest
internal import TheaterNode
internal import TheaterPlatform
internal import TheaterRuntime

/// `theater resume`: brings durable actors back after a crash.
struct ResumeCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Bring durable actors back after a crash, in the foreground.",
        discussion: """
            Actors whose manifests say `durable = true` under [chain] come back when the process that \
            ran them was killed: with their parents and children, their memory, their state, and the \
            messages that they had accepted and not handled. The call that the crash cut off goes on \
            where its record ends. Actors that had ended stay ended.

            Without names all of them come back. Without --call they stay until they end by themselves, \
            or until Ctrl-C or SIGTERM, which end them. Calls, arguments and output are those of \
            `theater run`.

            Examples:
              theater resume
              theater resume orders --call total
            """)

    @Argument(
        help: ArgumentHelp(
            "The actors without a parent that come back; all without it.", valueName: "actor"),
        completion: NameCompletion.chains)
    var actors: [String] = []

    @OptionGroup var typed: CallOptionGroup

    @OptionGroup var data: DataOptions

    @Option(
        help: ArgumentHelp("How long the actors may take to stop.", valueName: "duration"),
        transform: DurationOption.parse)
    var grace = Duration.seconds(5)

    @Flag(name: .customLong("metrics"), help: "Print what the actors did and used after the run.")
    var showsMetrics = false

    @Flag(help: "Print results as JSON, one object on each line.")
    var json = false

    @Flag(name: .shortAndLong, help: "Show no logs, only errors.")
    var quiet = false

    func validate() throws {
        if actors.count != 1, !typed.functions.isEmpty {
            throw ValidationError("--call needs the name of one actor")
        }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let calls = try typed.calls()
        let path = try data.resolved(in: context)
        let directory = try ChainDirectory(dataDirectory: path)
        let chains = try actors.map { (name) throws(CLIError) in try directory.chain(name) }
        let plan = RunPlan(
            actor: LoadedActor(
                manifestPath: "store://theater.code",
                manifest: Manifest(name: chains.first?.name ?? "actor", package: ""),
                wasmPath: "store://theater.code", files: ActorFiles(dataDirectory: path)),
            wasm: [], calls: calls, dataDirectory: path, grace: grace, showsChain: false,
            showsMetrics: showsMetrics,
            resumes: ResumeSelection(actors: chains.isEmpty ? nil : Set(chains.map(\.actor))))
        let run = ActorRun(
            plan: plan, context: context,
            report: RunReport(output: context.output, format: json ? .json : .plain),
            logger: StderrLogHandler.logger(context, isQuiet: quiet))
        return try await run.perform()
    }
}

/// An actor that came back.
struct Resumed: Sendable {
    let id: ActorID
    let name: String
}

/// Which actors come back.
struct ResumeSelection: Sendable {
    /// The actors without a parent that are wanted; `nil` for all.
    let actors: Set<ActorID>?

    /// Checks that each actor that is wanted by name can come back at all.
    func check(in node: Node) async throws(CLIError) {
        for actor in actors ?? [] {
            do {
                let reader = try await node.journal.reader()
                guard let chain = reader.summary(of: actor) else { continue }
                let name = chain.name ?? actor.description
                guard reader.summary(of: actor.inbox) != nil else {
                    throw CLIError(
                        .failure, "actor.resume",
                        "'\(name)' is not durable; write durable = true under [chain] of its manifest, and "
                            + "start it again")
                }
                var cursor = try reader.events(of: actor, in: max(chain.count, 1) - 1..<chain.count)
                guard case .exited(let kind, let reason, _)? = try cursor.next()?.decodedPayload()
                else { continue }
                throw CLIError(
                    .failure, "actor.ended",
                    "'\(name)' has ended (\(kind): \(reason)), and what comes back is what a crash took; start "
                        + "it again, or fork it")
            } catch {
                throw CLIError(unexpected: error)
            }
        }
    }

    /// Brings them back, and logs who did and did not.
    ///
    /// - Throws: `actor.resume` when the chains cannot be read at all.
    /// - Returns: who lives again, and what is wrong with the others.
    func bringBack(
        in node: Node, _ logger: Logger
    ) async throws(CLIError) -> (resumed: [Resumed], problems: [CLIError]) {
        let report: ResumeReport
        do throws(ActorError) {
            report = try await node.resume(actors)
        } catch {
            throw CLIError(error)
        }
        for problem in report.problems {
            logger.error(
                "did not come back: \(problem.error.message)",
                metadata: ["actor.id": "\(problem.actor)", "actor.name": "\(problem.name)"])
        }
        let names = node.journal.actors()
        let resumed = report.resumed.map { id in
            let name = names.first { $0.actor == id }?.name ?? id.description
            logger.info("'\(name)' goes on as \(id)")
            return Resumed(id: id, name: name)
        }
        return (resumed, report.problems.map { CLIError($0.error) })
    }
}
