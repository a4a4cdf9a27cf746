// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Logging
internal import Synchronization
internal import TheaterChain
internal import TheaterEngine
internal import TheaterManifest
internal import TheaterNode
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterProcess
internal import TheaterRuntime
internal import TheaterValue

/// One run of an actor in the foreground: opens a node, starts the actor, calls it, waits, and puts
/// everything away whatever happens.
struct ActorRun: Sendable {
    let plan: RunPlan
    let context: CLIContext
    let report: RunReport
    let logger: Logger

    /// How many actors may live at once: as many as `theater check` follows in a tree.
    private static let guestsMax = TreeCheck.countMax

    /// Runs the actor to its end.
    func perform() async throws(CLIError) -> CommandStatus {
        for warning in plan.actor.manifest.warnings { logger.warning("\(warning)") }
        if let source = plan.actor.changedSource {
            logger.warning(
                "'\(source)' was changed after '\(plan.actor.wasmPath)' was built; run `theater build`"
            )
        }
        var input: [UInt8]?
        if plan.calls.contains(where: \.takesInput) {
            input = try context.input(RunPlan.inputSizeMax)
        }
        let signals = SignalSource()
        defer { signals.cancel() }
        let sizes = SignalSource([SIGWINCH])
        defer { sizes.cancel() }
        let terminal = TerminalHost()
        // Whatever happens, the user gets the terminal back as it was.
        defer { terminal.close() }
        let node = try openNode(terminal)
        let live = Live(
            run: self, node: node, signals: signals, sizes: sizes, terminal: terminal)
        return try await live.perform(input: input).get()
    }

    private func openNode(_ terminal: TerminalHost) throws(CLIError) -> Node {
        if let directory = plan.dataDirectory { try Files.makeFolders(directory) }
        var journal = JournalOptions()
        journal.asyncDelay = plan.actor.manifest.chain.delay
        do {
            let node = try Node(
                NodeOptions(
                    dataDirectory: plan.dataDirectory, guestsMax: Self.guestsMax,
                    journal: journal, terminal: terminal),
                logger: logger)
            let cut = node.journal.recovery.cutSize
            if cut > 0 {
                logger.notice(
                    "the last run was cut off; its unfinished last record was removed",
                    metadata: ["journal.cut": "\(cut)"])
            }
            return node
        } catch {
            throw CLIError(unexpected: error)
        }
    }
}

/// A run whose node is open.
private final class Live: Sendable {
    private let run: ActorRun
    private let node: Node
    private let signals: SignalSource
    /// When the terminal gets another size; listened to from before the actor begins.
    private let sizes: SignalSource
    private let terminal: TerminalHost
    private let isInterrupted = Atomic<Bool>(false)
    private let isForced = Atomic<Bool>(false)
    private let chainsBefore: Int
    /// What is beside the actor of the plan, for a run that brings several back.
    private let others = Mutex<[Resumed]>([])
    /// The actor, once it is started, for those who watch its code.
    private let started = AsyncStream.makeStream(of: ActorID.self)

    init(
        run: ActorRun, node: Node, signals: SignalSource, sizes: SignalSource,
        terminal: TerminalHost
    ) {
        self.run = run
        self.node = node
        self.signals = signals
        self.sizes = sizes
        self.terminal = terminal
        chainsBefore = node.journal.actors().count
    }

    func perform(input: [UInt8]?) async -> Result<CommandStatus, CLIError> {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.watch() }
            group.addTask { await self.watchSize() }
            if let gate = self.run.plan.watch {
                group.addTask { await self.watchCode(gate) }
            }
            var result: Result<CommandStatus, CLIError>
            do throws(CLIError) {
                result = .success(try await self.act(input))
            } catch {
                result = .failure(error)
            }
            result = await self.putAway(result)
            group.cancelAll()
            return result
        }
    }

    // MARK: Signals

    /// Listens for signals: the first stops in order, the second at once, the third ends the process. An actor
    /// that holds the terminal may take an interrupt for itself, but not the third in a row.
    private func watch() async {
        await withDiscardingTaskGroup { group in
            var count = 0
            for await signal in signals.signals {
                if signal == SIGINT, count == 0, terminal.takesInterrupt() { continue }
                count += 1
                isInterrupted.store(true, ordering: .relaxed)
                if count == 1 {
                    run.logger.info("stopping; Ctrl-C again ends at once")
                    group.addTask {
                        await self.terminal.announceEnd()
                        await self.node.system.shutDown(grace: self.run.plan.grace)
                    }
                } else {
                    run.logger.info("ending at once")
                    isForced.store(true, ordering: .relaxed)
                    terminal.close()
                    signals.restore()
                    for actor in node.system.actors() {
                        group.addTask { _ = try? await self.node.system.terminate(actor.id) }
                    }
                }
            }
        }
    }

    /// Tells whoever holds the terminal that it has another size.
    private func watchSize() async {
        for await _ in sizes.signals { terminal.resized() }
    }

    /// Gives the actor new code when the file of its module changes.
    private func watchCode(_ gate: UpgradeRequest.Gate) async {
        for await id in started.stream {
            await CodeWatch(
                path: run.plan.actor.wasmPath, actor: id, node: node, gate: gate,
                logger: run.logger
            ).run(run.plan.wasm)
        }
    }

    // MARK: The actor

    private func act(_ input: [UInt8]?) async throws(CLIError) -> CommandStatus {
        let plan = run.plan
        let early = try await resolveEarly(input)
        guard let id = try await begin() else { return .success }
        started.continuation.yield(id)
        let calls: [ResolvedCall]
        do throws(CLIError) {
            calls = if let early { early } else { try await resolveLate(id, input) }
        } catch {
            _ = await end(id)
            throw error
        }
        if plan.calls.isEmpty, plan.resumes == nil {
            run.logger.info("'\(plan.name)' is running as \(id); Ctrl-C stops it")
        }
        let (failure, callsLeft) = await call(id, calls)
        if node.system.tree().contains(where: TreeText.hasRestarts) { showTree() }
        let reason = plan.calls.isEmpty ? await waitForEnd(id) : await end(id)
        for other in others.withLock({ $0 }) {
            run.report.ended(other.id, other.name, await waitForEnd(other.id))
        }
        let outcome = RunOutcome(
            reason: reason, failure: failure, callsLeft: callsLeft,
            isInterrupted: isInterrupted.load(ordering: .relaxed),
            isForced: isForced.load(ordering: .relaxed))
        run.report.ended(id, name(of: id), reason)
        if plan.showsMetrics { await showMetrics() }
        if let error = outcome.error(grace: plan.grace) { throw error }
        return .success
    }

    private func begin() async throws(CLIError) -> ActorID? {
        guard let selection = run.plan.resumes else { return try await spawn() }
        let (back, problems) = try await selection.bringBack(in: node, run.logger)
        if back.isEmpty {
            if let problem = problems.first { throw problem }
            if let names = selection.actors, !names.isEmpty {
                throw CLIError(
                    .failure, "actor.resume",
                    "what was named is no actor without a parent; a child comes back with its parent"
                )
            }
            run.logger.notice(
                "no durable actor was left without an end; there is nothing to resume")
        } else if run.plan.calls.isEmpty {
            run.logger.info("Ctrl-C stops what was brought back")
        }
        others.withLock { $0 = Array(back.dropFirst()) }
        showTree()
        return back.first?.id
    }

    private func name(of id: ActorID) -> String {
        node.journal.actors().first { $0.actor == id }?.name ?? run.plan.name
    }

    private func spawn() async throws(CLIError) -> ActorID {
        let plan = run.plan
        let point = try await plan.fork?.point(in: node)
        do throws(ActorError) {
            var request = SpawnRequest(wasm: plan.wasm, manifest: plan.actor.manifest)
            let id: ActorID
            if let point {
                id = try await node.system.fork(request, at: point)
            } else {
                request.manifestPath = plan.actor.manifestPath
                id = try await node.system.spawn(request)
            }
            showTree()
            return id
        } catch {
            if isInterrupted.load(ordering: .relaxed) {
                throw CLIError(
                    .interrupted, "cli.interrupted",
                    "the run was interrupted while the actor started")
            }
            if error.code == .manifest {
                throw CLIError(.manifest, error.code.rawValue, error.message, isVerbatim: true)
            }
            throw CLIError(error)
        }
    }

    /// Logs the actors with children as trees.
    private func showTree() {
        for tree in node.system.tree() where !tree.children.isEmpty {
            for line in TreeText.lines(tree) { run.logger.info("\(line)") }
        }
    }

    /// Resolves the calls with what the module says about itself before it is started, so that a
    /// mistyped call starts nothing; `nil` when the module has to be started for that, or cannot be.
    private func resolveEarly(_ input: [UInt8]?) async throws(CLIError) -> [ResolvedCall]? {
        if let selection = run.plan.resumes { return try await resolveStored(selection, input) }
        let wasm = run.plan.wasm
        guard let module = try? await node.system.engine.modules.module(for: wasm),
            let metadata = try? PackageMetadata.find(inModule: wasm)?.metadata
        else { return nil }
        return try run.plan.resolved(
            CallResolver(names: module.functionNames, metadata: metadata), input: input)
    }

    /// Resolves the calls of an actor that is still to be brought back: a run ends it in order, and a mistyped
    /// call must not.
    private func resolveStored(
        _ selection: ResumeSelection, _ input: [UInt8]?
    ) async throws(CLIError) -> [ResolvedCall] {
        try await selection.check(in: node)
        guard let actor = selection.actors?.first, !run.plan.calls.isEmpty else { return [] }
        do {
            let wasm = try await node.wasm(of: actor)
            let module = try await node.system.engine.modules.module(for: wasm)
            let metadata = try PackageMetadata.find(inModule: wasm)?.metadata
            return try run.plan.resolved(
                CallResolver(names: module.functionNames, metadata: metadata), input: input)
        } catch {
            throw CLIError(unexpected: error)
        }
    }

    /// Resolves the calls with what the started actor says about itself.
    private func resolveLate(
        _ id: ActorID, _ input: [UInt8]?
    ) async throws(CLIError) -> [ResolvedCall] {
        do {
            let names = try node.system.functionNames(of: id)
            var signatures: [FunctionSignature] = []
            for name in names {
                if let signature = try node.system.signature(of: name, of: id) {
                    signatures.append(signature)
                }
            }
            let metadata = PackageMetadata(imports: [], exports: signatures)
            let resolver = CallResolver(names: names, metadata: metadata)
            return try run.plan.resolved(resolver, input: input)
        } catch {
            throw CLIError(unexpected: error)
        }
    }

    /// Makes the calls up to the first that fails.
    private func call(
        _ id: ActorID, _ calls: [ResolvedCall]
    ) async -> (failure: ActorError?, left: Int) {
        for (index, call) in calls.enumerated() {
            do throws(ActorError) {
                let value = try await node.system.call(id, call.function, call.arguments)
                run.report.answered(call.function, value)
            } catch {
                if error.code == .guestError, let value = error.value {
                    run.report.refused(call.function, value)
                }
                return (error, calls.count - index - 1)
            }
        }
        return (nil, 0)
    }

    /// Stops the actor in order, if it is not over already.
    private func end(_ id: ActorID) async -> ExitReason {
        if let reason = try? await node.system.stop(id, grace: run.plan.grace) { return reason }
        return await waitForEnd(id)
    }

    private func waitForEnd(_ id: ActorID) async -> ExitReason {
        (try? await node.system.awaitEnd(of: id)) ?? .stopped
    }

    // MARK: The end

    /// Shows what every actor of the run did, in the order in which they were started, and what became of
    /// messages that reached nobody.
    private func showMetrics() async {
        let reader = try? await node.journal.reader()
        var shown: [(ActorMetrics, ActorID?)] = []
        var lostCount = 0
        for chain in node.journal.actors().dropFirst(chainsBefore).withoutInboxes() {
            guard let metrics = try? node.system.metrics(of: chain.actor) else {
                lostCount += 1
                continue
            }
            var cursor = try? reader?.events(of: chain.actor)
            var parent: ActorID?
            if case .spawned(_, _, _, let known, _, _)? = try? cursor?.next()?.decodedPayload() {
                parent = known
            }
            shown.append((metrics, parent))
        }
        for (metrics, parent) in shown {
            run.report.metrics(metrics, parent: parent, isAlone: shown.count == 1)
        }
        run.report.deadLetters(node.system.deadLetterCounts)
        if lostCount > 0 {
            run.logger.notice("the metrics of \(lostCount) actors that ended early are not kept")
        }
    }

    /// Shows the chain if asked, brings everything to disk and gives the data directory back.
    private func putAway(
        _ result: Result<CommandStatus, CLIError>
    ) async -> Result<CommandStatus, CLIError> {
        var result = result
        do {
            let chains = run.plan.showsChain ? node.journal.actors().dropFirst(chainsBefore) : []
            for chain in chains {
                let report = try await node.journal.reader().verify(chain.actor)
                run.report.chain(report)
                if let problem = report.problem, case .success = result {
                    result = .failure(
                        CLIError(.verification, problem.check.rawValue, problem.description))
                }
            }
            try await node.close(grace: run.plan.grace)
        } catch {
            if case .success = result { result = .failure(CLIError(unexpected: error)) }
        }
        return result
    }
}
