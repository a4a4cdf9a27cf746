// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
internal import TheaterPlatform

/// The door for commands: takes each at once, and answers each exactly once, by its deadline.
///
/// Nothing a command does can hold up another kind. What needs no waiting (questions about actors) is
/// answered before ``submit(_:)`` returns, on the caller's thread, and touches no actor's call. Everything else is
/// handed to a task: bounded in number for each kind of work, then bounded in how many wait, then
/// refused. A subscriber, an actor that does not stop or a slow disk occupies a place of its own kind at
/// the most.
public final class ControlPlane: Sendable {
    /// A command that was handed over.
    private final class Job: Sendable {
        let lane: CommandLane
        let work: @Sendable () async -> Void
        let isAnswered: @Sendable () -> Bool
        let lateness: Deadlines.Entry
        let task: JobTask

        init(
            lane: CommandLane, task: JobTask, lateness: Deadlines.Entry,
            isAnswered: @escaping @Sendable () -> Bool, work: @escaping @Sendable () async -> Void
        ) {
            self.lane = lane
            self.task = task
            self.lateness = lateness
            self.isAnswered = isAnswered
            self.work = work
        }
    }

    private struct State {
        var lanes: CommandLanes<Job>
        var closing: [CheckedContinuation<Void, Never>] = []
        /// The jobs that wait for ends, which a close does not wait for.
        var waits: [ObjectIdentifier: Job] = [:]
    }

    let system: ActorSystem
    let options: ControlOptions
    let services: ControlServices
    private let deadlines: Deadlines
    private let state: Mutex<State>
    private var world: World { system.world }

    /// Makes the control plane of a system.
    public init(
        _ system: ActorSystem, options: ControlOptions = ControlOptions(),
        services: ControlServices = ControlServices()
    ) {
        self.system = system
        self.options = options
        self.services = services
        deadlines = Deadlines(world: system.world)
        state = Mutex(
            State(
                lanes: CommandLanes(
                    runningMax: options.runningMax, waitingMax: options.waitingMax)))
    }

    deinit { deadlines.close() }

    /// Takes a command. Never waits; the command's reply is answered exactly once, perhaps before this
    /// returns.
    public func submit(_ command: TheaterCommand) {
        system.logger.debug("command", metadata: ["command": "\(command.toLog())"])
        perform(command)
    }

    /// Submits a command and waits for its answer.
    ///
    /// ```swift
    /// let status = try await control.send { .getActorStatus(id, $0) }
    /// ```
    ///
    /// - Throws: what the command's method of ``ActorSystem`` throws; `control.busy`, `control.deadline`,
    ///   `control.closed` or `control.unavailable`.
    public func send<Success: Sendable>(
        _ command: (Reply<Success>) -> TheaterCommand
    ) async throws(ActorError) -> Success {
        let reply = Reply<Success>()
        submit(command(reply))
        return try await reply.value()
    }

    /// How much there is to do.
    public var load: ControlLoad {
        state.withLock { ControlLoad(running: $0.lanes.running, waiting: $0.lanes.waiting) }
    }

    /// Takes no more commands and waits until everything taken is answered and done.
    public func close() async {
        let waits = state.withLock { state in
            state.lanes.close()
            return Array(state.waits.values)
        }
        for job in waits { job.task.cancel() }
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if !state.lanes.isIdle { state.closing.append(continuation) }
                return state.lanes.isIdle
            }
            if isIdle { continuation.resume() }
        }
        deadlines.close()
    }

    // MARK: Answering

    /// Answers a question at once.
    func answer<Success: Sendable>(
        _ name: CommandName, _ reply: Reply<Success>, _ work: () throws(ActorError) -> Success
    ) {
        let start = world.now()
        guard !state.withLock({ $0.lanes.isClosed }) else {
            finish(name, reply, .failure(Self.closed), since: start)
            return
        }
        let result: Result<Success, ActorError>
        do throws(ActorError) {
            result = .success(try work())
        } catch {
            result = .failure(error)
        }
        finish(name, reply, result, since: start)
    }

    /// Hands work over that may take time.
    ///
    /// - Parameters:
    ///   - grace: what is added to the deadline.
    ///   - undo: what to do with a success that comes after the deadline.
    func hand<Success: Sendable>(
        _ name: CommandName, _ lane: CommandLane, _ reply: Reply<Success>,
        grace: Duration = .zero, undo: @escaping @Sendable (Success) async -> Void = { _ in },
        _ work: @escaping @Sendable () async throws(ActorError) -> Success
    ) {
        let start = world.now()
        let limit = options.deadline + max(.zero, grace)
        let task = JobTask()
        let lateness = Deadlines.Entry { [weak self] _ in
            self?.finish(name, reply, .failure(Self.late(name, limit)), since: start)
            task.cancel()
        }
        let job = Job(
            lane: lane, task: task, lateness: lateness, isAnswered: { reply.result != nil }
        ) { [self] in
            let result: Result<Success, ActorError>
            do throws(ActorError) {
                result = .success(try await work())
            } catch {
                result = .failure(error)
            }
            let isFirst = finish(name, reply, result, since: start)
            if !isFirst, case .success(let value) = result { await undo(value) }
        }
        deadlines.arm(lateness, at: start.advanced(by: limit))
        let action = state.withLock { state in
            let action = state.lanes.submit(job, to: lane)
            switch action {
            case .run, .wait: if lane == .wait { state.waits[ObjectIdentifier(job)] = job }
            case .busy, .closed: break
            }
            return action
        }
        switch action {
        case .run: run(job)
        case .wait: break
        case .busy: refuse(busy(name))
        case .closed: refuse(Self.closed)
        }
        func refuse(_ error: ActorError) {
            deadlines.disarm(lateness)
            finish(name, reply, .failure(error), since: start)
        }
    }

    /// Gives a job a task of its own, which its deadline can cancel.
    private func run(_ job: Job) {
        job.task.set(
            // Reading runs no guest, and is not to wait until every busy actor had its turn.
            world.start(isUrgent: job.lane == .read) {
                // What was late already is answered.
                if !job.isAnswered() { await job.work() }
                self.over(job)
            })
    }

    private func over(_ job: Job) {
        deadlines.disarm(job.lateness)
        let (next, closers) = state.withLock { state in
            state.waits[ObjectIdentifier(job)] = nil
            let next = state.lanes.finished(job.lane)
            guard state.lanes.isClosed, state.lanes.isIdle else {
                return (next, [CheckedContinuation<Void, Never>]())
            }
            defer { state.closing = [] }
            return (next, state.closing)
        }
        if let next { run(next) }
        for closer in closers { closer.resume() }
    }

    @discardableResult
    private func finish<Success: Sendable>(
        _ name: CommandName, _ reply: Reply<Success>, _ result: Result<Success, ActorError>,
        since start: MonotonicTime
    ) -> Bool {
        guard reply.answer(result) else { return false }
        var hasFailed = false
        if case .failure = result { hasFailed = true }
        system.observatory.instruments.command(
            name, took: world.now().nanoseconds - start.nanoseconds, failed: hasFailed)
        return true
    }

    private static let closed = ActorError(
        .controlClosed, "the control plane is closed and takes no more commands")

    private static func late(_ name: CommandName, _ limit: Duration) -> ActorError {
        ActorError(
            .controlDeadline,
            "'\(name.rawValue)' was not done within \(limit); what it began goes on or is undone, and "
                + "the actor's status tells")
    }

    private func busy(_ name: CommandName) -> ActorError {
        ActorError(
            .controlBusy,
            "'\(name.rawValue)' is refused: \(options.runningMax) commands of its kind are worked on and "
                + "\(options.waitingMax) wait; try again later")
    }
}

/// The task of a job, once it has one.
private final class JobTask: Sendable {
    private let state = Mutex<(task: Task<Void, Never>?, isCancelled: Bool)>((nil, false))

    func set(_ task: Task<Void, Never>) {
        let isCancelled = state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    func cancel() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }
}
