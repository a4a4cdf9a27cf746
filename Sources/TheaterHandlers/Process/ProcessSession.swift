// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Logging
internal import Synchronization
internal import TheaterHandler
internal import TheaterLaunch
internal import TheaterPlatform
internal import TheaterProcess
internal import TheaterValue

/// One process of one actor, from the order to start it to the last callback.
///
/// ``run(_:_:)`` owns every task of the process and returns when nothing of it is left. The order of what the
/// actor hears: pieces of each stream in their order, then the exit, once.
final class ProcessSession: Sendable {
    /// How long output is waited for that something the process left behind may still write.
    static let drainTime = Duration.seconds(2)
    /// From SIGTERM to SIGKILL when the actor ends, and from there until the keeper is left alone.
    static let stopTimes = (grace: Duration.seconds(1), last: Duration.seconds(3))
    /// How long the launcher has to start a program.
    static let startTime = Duration.seconds(30)
    /// The most bytes that one read takes from a pipe.
    static let readSizeMax = 64 * 1024

    static let callbacks = (
        output: "theater:simple/process-handlers.handle-stdout",
        error: "theater:simple/process-handlers.handle-stderr",
        exit: "theater:simple/process-handlers.handle-exit"
    )

    /// What a session tells its handler.
    struct Notices: Sendable {
        /// The process is over, though not all that it started.
        let exited: @Sendable (Int32) -> Void
        /// Nothing of it is left, or it never ran.
        let gone: @Sendable () -> Void
    }

    private struct State {
        /// What starts the program.
        var start: Task<Void, Never>?
        var program: RunningProgram?
        var exitCode: Int32?
        var isTerminating = false
        var isStopped = false
        /// Whether there is no program, or none any more.
        var isGone = false
        var openStreams = 2
        /// What waits for a time: cancelled when the process is gone.
        var timers: [Task<Void, Never>] = []
        /// What reads: cancelled when the actor ends.
        var readers: [Task<Void, Never>] = []
    }

    let id: UInt64
    private let config: SpawnConfig
    private let rule: ProcessRule
    private let context: HandlerContext
    private let notices: Notices
    private let state = Mutex(State())

    init(
        _ id: UInt64, _ config: SpawnConfig, _ rule: ProcessRule, _ context: HandlerContext,
        _ notices: Notices
    ) {
        self.id = id
        self.config = config
        self.rule = rule
        self.context = context
        self.notices = notices
    }

    /// The running process; `nil` before it runs and after it ended.
    var running: RunningProgram? {
        state.withLock { $0.exitCode == nil ? $0.program : nil }
    }

    // MARK: The life of a process

    /// Starts the process and stays with it.
    ///
    /// - Parameter started: called once, when it runs or could not be started.
    func run(
        _ host: ProcessHost, _ order: ProgramOrder,
        _ started: (Result<UInt64, HostError>) -> Void
    ) async {
        let program: RunningProgram
        do throws(ProcessError) {
            try rule.checkPins(order.file)
            program = try await start(host, order)
        } catch {
            await endTimers()
            notices.gone()
            started(.failure(error.hostError))
            return
        }
        begin(program)
        started(.success(id))
        if let problem = program.sandboxProblem {
            context.logger.warning("process \(id) runs without its sandbox: \(problem)")
        }
        await obey(program)
        await end(program)
    }

    /// Starts the program, within its time: a launcher that is stopped holds nobody up for ever.
    private func start(
        _ host: ProcessHost, _ order: ProgramOrder
    ) async throws(ProcessError) -> RunningProgram {
        guard !state.withLock({ $0.isStopped }) else {
            throw ProcessError(.unavailable, "the actor is ending, and starts no process any more")
        }
        let outcome = StartOutcome()
        let start = context.world.start {
            await outcome.take { () async throws(ProcessError) in try await host.start(order) }
        }
        let isStopped = state.withLock { state in
            state.start = start
            return state.isStopped
        }
        schedule((isStopped ? Self.stopTimes.last : Self.startTime, { start.cancel() }))
        await start.value
        state.withLock { $0.start = nil }
        return try outcome.get()
    }

    private func begin(_ program: RunningProgram) {
        let isStopped = state.withLock { state in
            state.program = program
            state.openStreams =
                (program.output == nil ? 0 : 1) + (program.error == nil ? 0 : 1)
            return state.isStopped
        }
        guard !isStopped else { return program.order(.finish) }
        read(program.output, config.outputMode, Self.callbacks.output)
        read(program.error, config.errorMode, Self.callbacks.error)
        let asked = config.timeout.flatMap { $0 == 0 ? nil : Duration.seconds(min($0, 1 << 32)) }
        if let timeout = [asked, rule.timeout].compactMap({ $0 }).min() {
            schedule((timeout, { [weak self] in self?.terminate(because: "its time is over") }))
        }
    }

    /// Listens to the keeper until nothing is left of the process.
    private func obey(_ program: RunningProgram) async {
        while let report = await program.nextReport() {
            switch report {
            case .exited(let code): exited(code, program)
            case .signalled(let signal): exited(-signal, program)
            case .gone: return
            case .started, .failed: break
            }
        }
        // The keeper was killed. What it kept is ended by the launcher.
        if running != nil { exited(-SIGKILL, program) }
    }

    private func exited(_ code: Int32, _ program: RunningProgram) {
        program.input.stop()
        let isDrained = state.withLock { state in
            state.exitCode = code
            // Whoever ends the process gives what it started the same grace.
            return state.isTerminating ? nil : state.openStreams == 0
        }
        notices.exited(code)
        switch isDrained {
        case true?: program.order(.finish)
        case false?: schedule((Self.drainTime, { program.order(.finish) }))
        case nil: break
        }
    }

    private func end(_ program: RunningProgram) async {
        await endTimers()
        program.output?.settle()
        program.error?.settle()
        program.abandon()
        if !program.isGone { leftBehind(program) }
        notices.gone()
        for reader in state.withLock({ $0.readers }) { await reader.value }
        let code = state.withLock { state in
            state.program = nil
            return state.isStopped ? nil : state.exitCode
        }
        if let code { _ = await deliver(Self.callbacks.exit, .s32(code)) }
    }

    /// Says that the process is not known to be gone, and is waited for no longer.
    private func leftBehind(_ program: RunningProgram) {
        let isStopped = state.withLock { $0.isStopped }
        context.logger.error(
            isStopped
                ? "the process is not gone in time; its keeper goes on to end it"
                : "the keeper and the launcher of the process were killed: what it started may be left",
            metadata: ["process.id": "\(id)", "process.system-id": "\(program.systemID)"])
    }

    // MARK: Output

    private func read(_ output: ProgramOutput?, _ mode: OutputMode, _ callback: String) {
        guard let output else { return }
        let reader = context.world.start { await self.pass(output, mode, callback) }
        let isStopped = state.withLock { state in
            state.readers.append(reader)
            return state.isStopped
        }
        if isStopped { reader.cancel() }
    }

    /// Passes one stream on, one callback at a time: what the actor does not take stays in the pipe.
    private func pass(_ output: ProgramOutput, _ mode: OutputMode, _ callback: String) async {
        let limit = config.limit(mode, max: rule.outputMax)
        let readSize = mode == .raw ? limit : max(limit, 4096)
        var splitter = OutputSplitter(mode, limit: limit)
        var isHeard = true
        while isHeard, let bytes = await output.read(min(readSize, Self.readSizeMax)) {
            splitter.append(bytes)
            isHeard = await deliver(&splitter, callback)
        }
        if isHeard {
            splitter.finish()
            _ = await deliver(&splitter, callback)
        }
        output.close()
        if splitter.droppedCount > 0 {
            context.logger.warning(
                "process \(id) wrote lines that are no JSON or too long: they were dropped",
                metadata: ["count": "\(splitter.droppedCount)"])
        }
        streamEnded()
    }

    private func deliver(_ splitter: inout OutputSplitter, _ callback: String) async -> Bool {
        while let piece = splitter.next() {
            guard await deliver(callback, .bytes(piece)) else { return false }
        }
        return true
    }

    /// A process whose output has ended, and which is over, is waited for no longer.
    private func streamEnded() {
        let program = state.withLock { state -> RunningProgram? in
            state.openStreams -= 1
            let isOver =
                state.openStreams == 0 && state.exitCode != nil && !state.isTerminating
            return isOver ? state.program : nil
        }
        program?.order(.finish)
    }

    /// Calls the actor.
    ///
    /// - Returns: whether it makes sense to call it again.
    private func deliver(_ callback: String, _ argument: Value) async -> Bool {
        await context.cell.goesOn(
            callback, [.u64(id), argument], while: { !self.state.withLock { $0.isStopped } })
    }

    // MARK: Ending it

    /// Ends the process and its group: SIGTERM, and after the grace SIGKILL for all that it started.
    ///
    /// - Returns: whether there was something to end.
    @discardableResult
    func terminate(because reason: String) -> Bool {
        let (program, isFirst) = state.withLock { state -> (RunningProgram?, Bool) in
            guard let program = state.program, state.exitCode == nil else { return (nil, false) }
            defer { state.isTerminating = true }
            return (program, !state.isTerminating)
        }
        guard let program else { return false }
        guard isFirst else { return true }
        context.logger.debug("process \(id) is ended: \(reason)")
        program.order(.signalGroup(SIGTERM))
        schedule((rule.killGrace, { program.order(.finish) }))
        return true
    }

    /// Ends the process because its actor ends: nothing is delivered any more.
    func stop() {
        let (start, program, readers) = state.withLock { state in
            state.isStopped = true
            state.isTerminating = true
            return (state.start, state.program, state.readers)
        }
        for reader in readers { reader.cancel() }
        guard let program else {
            // When it runs after all, it is ended at once.
            if let start { schedule((Self.stopTimes.last, { start.cancel() })) }
            return
        }
        program.output?.stop()
        program.error?.stop()
        program.order(.signalGroup(SIGTERM))
        // One after the other: however late the first comes, the keeper has its time from there.
        schedule(
            (Self.stopTimes.grace, { program.order(.finish) }),
            (Self.stopTimes.last, { program.abandon() }))
    }

    /// Does things, each a time after the one before, unless the process is gone before.
    private func schedule(_ steps: (time: Duration, work: @Sendable () -> Void)...) {
        let world = context.world
        state.withLock { state in
            guard !state.isGone else { return }
            state.timers.append(
                world.start {
                    for step in steps {
                        guard (try? await world.sleep(for: step.time)) != nil else { return }
                        step.work()
                    }
                })
        }
    }

    /// Has nothing wait for a time any more; there will be no further timer.
    private func endTimers() async {
        let timers = state.withLock { state in
            state.isGone = true
            defer { state.timers = [] }
            return state.timers
        }
        for timer in timers { timer.cancel() }
        for timer in timers { await timer.value }
    }
}

/// What came of the start of a program.
private final class StartOutcome: Sendable {
    private let result = Mutex<Result<RunningProgram, ProcessError>?>(nil)

    func take(_ start: () async throws(ProcessError) -> RunningProgram) async {
        let outcome: Result<RunningProgram, ProcessError>
        do throws(ProcessError) {
            outcome = .success(try await start())
        } catch {
            outcome = .failure(error)
        }
        result.withLock { $0 = outcome }
    }

    func get() throws(ProcessError) -> RunningProgram {
        guard let outcome = result.withLock({ $0 }) else {
            throw ProcessError(.unavailable, "the start of the program had no outcome")
        }
        return try outcome.get()
    }
}
