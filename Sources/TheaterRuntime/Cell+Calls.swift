// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterEngine
internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPlatform
internal import TheaterValue

extension Cell {
    /// A call that waits for its turn or runs.
    struct Operation: Sendable {
        var function: ExportBinding
        let arguments: [Value]
        var takesState: Bool
        /// Whether a handler of the actor itself calls: then an error value may end the actor.
        var isCallback = false
        let fuel: UInt64
        /// When the operation must be over, or with a `timeout` must have begun.
        let deadline: MonotonicTime
        /// How long it may take from when it begins; `nil` when the deadline says it all.
        var timeout: Duration?
        /// When it came.
        let submitted: MonotonicTime
        /// The number of the mail that it handles, in the inbox of a durable actor.
        var mail: UInt64?
        /// The call that a crash cut off, and that it goes on with.
        var cutOff: ResumePoint.Call?
        /// What caused it, where spans are made.
        var trace: TraceContext?
        /// Where the answer goes, when the runner is not the one who wants it.
        let reply: Reply
    }

    /// Where an answer goes.
    enum Reply: Sendable {
        case none
        case continuation(CheckedContinuation<Result<Value, ActorError>, Never>)
        /// Called by the runner: must not block.
        case closure(@Sendable (Result<Value, ActorError>) -> Void)

        func callAsFunction(_ result: Result<Value, ActorError>) {
            switch self {
            case .none: break
            case .continuation(let continuation): continuation.resume(returning: result)
            case .closure(let closure): closure(result)
            }
        }
    }

    /// How many cells may run on one stack, each called by the one below.
    static let depthMax = 8

    /// Calls a function, now if the actor is idle, else when its turn comes.
    func call(
        _ function: ExportBinding, _ arguments: [Value], takesState: Bool, isCallback: Bool = false,
        exceedsCapacity: Bool = false, options: CallOptions
    ) async -> Result<Value, ActorError> {
        let now = world.now()
        let operation = operation(
            function, arguments, takesState: takesState, isCallback: isCallback, options: options,
            reply: .none, now: now)
        guard now < operation.deadline else { return .failure(lateError) }
        // The common case costs no continuation: the caller becomes the runner.
        if takeTurn() {
            let result = await run(operation, at: now)
            pass(on: next(after: result, isCallback: isCallback))
            return result
        }
        return await callLater(operation, exceedsCapacity: exceedsCapacity)
    }

    /// Hands an operation over without waiting for it.
    ///
    /// - Parameters:
    ///   - beginBy: after this the operation is not begun; its own time counts from when it begins. `nil`
    ///     leaves both to the options.
    ///   - exceedsCapacity: whether a full mailbox takes it; only for what is bounded otherwise.
    ///   - isDroppable: whether it may make room for what comes later, if the mailbox's policy is that;
    ///     then `completion` hears `actor.mailbox-full`.
    ///   - depth: `nil` starts a task when the actor is idle; otherwise an idle actor begins on the
    ///     caller's stack, with so many runners below it. The caller must not be a host function then.
    ///   - mail: what a durable actor's inbox keeps of it.
    ///   - completion: told the result exactly once unless the operation is refused, perhaps before this
    ///     returns; must not block.
    /// - Returns: why the operation was refused.
    func post(
        _ function: ExportBinding, _ arguments: [Value], takesState: Bool, isCallback: Bool,
        options: CallOptions = CallOptions(), beginBy: MonotonicTime? = nil,
        exceedsCapacity: Bool = false, isDroppable: Bool = false, depth: Int? = nil,
        mail: InboxItem = .none,
        completion: @escaping @Sendable (Result<Value, ActorError>) -> Void
    ) -> ActorError? {
        let now = world.now()
        let unnumbered =
            if let beginBy {
                Operation(
                    function: function, arguments: arguments, takesState: takesState,
                    isCallback: isCallback, fuel: manifest.limits.fuelPerCall, deadline: beginBy,
                    timeout: manifest.limits.callTimeout, submitted: now, trace: cause,
                    reply: .closure(completion))
            } else {
                self.operation(
                    function, arguments, takesState: takesState, isCallback: isCallback,
                    options: options, reply: .closure(completion), now: now)
            }
        let (operation, taken) = shared.withLock { shared in
            var operation = unnumbered
            operation.mail = inbox?.number(of: mail)
            return (
                operation,
                take(
                    operation, mail, &shared.mailbox,
                    exceedsCapacity: exceedsCapacity || world.has(.overfullMailbox),
                    isDroppable: isDroppable)
            )
        }
        let action: Mailbox<Operation>.SubmitAction
        switch taken {
        case .success(let decided): action = decided
        case .failure(let error): return unkept(error)
        }
        switch action {
        case .wait(_, let dropped):
            dropped?.reply(.failure(fullError))
            return nil
        case .rejectFull: return fullError
        case .rejectDraining: return stoppingError
        case .rejectEnded: return endedError
        case .run:
            guard let depth, depth < Self.depthMax else {
                world.start { await self.runAndReply(operation) }
                return nil
            }
            self.depth = depth
            let result = begin(operation, at: now)
            self.depth = 0
            if let result {
                operation.reply(result)
                pass(on: next(after: result, isCallback: isCallback))
            } else {
                world.start { await self.finishAndReply(operation) }
            }
            return nil
        }
    }

    private var cause: TraceContext? { recorder.tracer == nil ? nil : TraceContext.current }

    private func operation(
        _ function: ExportBinding, _ arguments: [Value], takesState: Bool, isCallback: Bool,
        options: CallOptions, reply: Reply, now: MonotonicTime
    ) -> Operation {
        let limits = manifest.limits
        return Operation(
            function: function, arguments: arguments, takesState: takesState,
            isCallback: isCallback, fuel: min(options.fuel ?? .max, limits.fuelPerCall),
            deadline: now.advanced(
                by: options.timeout.map { min($0, limits.callTimeout) } ?? limits.callTimeout),
            submitted: now, trace: cause, reply: reply)
    }

    /// Until when the running operation may wait for others: it must have time left to go on with
    /// what it learns. Asked by the runner.
    func waitLimit(now: MonotonicTime) -> MonotonicTime {
        guard let callDeadline else { return MonotonicTime(nanoseconds: .max) }
        let left = max(0, callDeadline.nanoseconds - now.nanoseconds)
        return MonotonicTime(nanoseconds: now.nanoseconds + left - left / 10)
    }

    private func takeTurn() -> Bool {
        shared.withLock { $0.mailbox.take() }
    }

    /// Calls a function on behalf of one of the actor's own handlers.
    func callBack(
        _ function: String, _ arguments: [Value], exceedsCapacity: Bool = false
    ) async -> Result<Value, CallbackError> {
        guard let export = template.exports[function] else {
            return .failure(CallbackError(.absent, "'\(name)' has no function '\(function)'"))
        }
        guard let takesState = export.takesState(before: arguments.count) else {
            return .failure(
                CallbackError(
                    .failed,
                    "'\(name)' declares \(export.usage), which does not take \(arguments.count) "
                        + "arguments beside the state"))
        }
        do throws(ActorError) {
            try export.check(arguments, takesState: takesState)
        } catch {
            return .failure(CallbackError(.failed, error.message))
        }
        return await call(
            export, arguments, takesState: takesState, isCallback: true,
            exceedsCapacity: exceedsCapacity, options: CallOptions()
        ).mapError { error in
            switch error.code {
            case .mailboxFull: CallbackError(.mailboxFull, error.message)
            case .deadline: CallbackError(.late, error.message)
            case .ended, .stopping, .cancelled: CallbackError(.ended, error.message)
            case .guestError: CallbackError(.failed, error.message, value: error.value)
            default: CallbackError(.crashed, error.message)
            }
        }
    }

    private func callLater(
        _ operation: Operation, exceedsCapacity: Bool
    ) async -> Result<Value, ActorError> {
        let ticket = TicketBox()
        let lateness = Deadlines.Entry { [weak self] _ in
            guard let self else { return }
            withdraw(ticket, lateError)
        }
        deadlines.arm(lateness, at: operation.deadline)
        defer { deadlines.disarm(lateness) }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let made = Operation(
                    function: operation.function, arguments: operation.arguments,
                    takesState: operation.takesState, isCallback: operation.isCallback,
                    fuel: operation.fuel, deadline: operation.deadline,
                    submitted: operation.submitted, trace: operation.trace,
                    reply: .continuation(continuation))
                let action = shared.withLock { shared in
                    shared.mailbox.submit(
                        exceedingCapacity: exceedsCapacity || world.has(.overfullMailbox)
                    ) { number in
                        ticket.set(number)
                        return made
                    }
                }
                switch action {
                case .wait(_, let dropped):
                    dropped?.reply(.failure(fullError))
                    // A caller that gave up before it had a ticket was not heard then.
                    if Task.isCancelled { withdraw(ticket, cancelledError) }
                    if operation.deadline < world.now() { withdraw(ticket, lateError) }
                case .run: world.start { await self.runAndReply(made) }
                case .rejectFull: continuation.resume(returning: .failure(fullError))
                case .rejectDraining: continuation.resume(returning: .failure(stoppingError))
                case .rejectEnded: continuation.resume(returning: .failure(endedError))
                }
            }
        } onCancel: {
            self.withdraw(ticket, self.cancelledError)
        }
    }

    private func withdraw(_ ticket: TicketBox, _ error: ActorError) {
        guard let number = ticket.value, !world.has(.deafWithdrawal) else { return }
        let operation = shared.withLock { $0.mailbox.withdraw(number) }
        operation?.reply(.failure(error))
    }

    // MARK: Turns

    private func runAndReply(_ operation: Operation) async {
        let now = world.now()
        let isLate = operation.deadline < now
        let result = isLate ? .failure(lateError) : await run(operation, at: now)
        operation.reply(result)
        await handOver(next(after: result, isCallback: operation.isCallback))
    }

    private func finishAndReply(_ operation: Operation) async {
        let result = await finish(operation)
        operation.reply(result)
        await handOver(next(after: result, isCallback: operation.isCallback))
    }

    /// What follows an operation, for its runner.
    func next(
        after result: Result<Value, ActorError>, isCallback: Bool
    ) -> Mailbox<Operation>.FinishAction {
        if case .failure(let error) = result, isFatal(error, isCallback: isCallback) {
            note(.failed(error))
            _ = shared.withLock { $0.mailbox.stop(drain: false) }
        } else if snapshots != nil {
            takeSnapshotIfDue()
        }
        return shared.withLock { $0.mailbox.finished() }
    }

    /// For a caller who ran its own operation: what is left goes to another task.
    func pass(on action: Mailbox<Operation>.FinishAction) {
        if case .rest = action { return }
        world.start { await self.handOver(action) }
    }

    func handOver(_ action: Mailbox<Operation>.FinishAction) async {
        var action = action
        var turn = Turn()
        var now = world.now()
        while true {
            switch action {
            case .rest: return
            case .hand: return handTurn()
            case .end(let left): return await end(left)
            case .next(let operation):
                if turn.isOver(at: now) {
                    await Task.yield()
                    now = world.now()
                    turn = Turn()
                }
                let isLate = operation.deadline < now
                let result = isLate ? .failure(lateError) : await run(operation, at: now)
                // The end of the one is the beginning of the next: reading the clock costs.
                now = max(now, lastEnd ?? now)
                operation.reply(result)
                action = next(after: result, isCallback: operation.isCallback)
            }
        }
    }

    /// How much of a queue is done before others get the thread: a long one must not keep them waiting.
    private struct Turn {
        private static let operationsMax = 16
        private static let lengthMax = Duration.microseconds(250)
        private var operations = 0
        private var end: MonotonicTime?

        /// Whether the next operation is for another turn.
        mutating func isOver(at now: MonotonicTime) -> Bool {
            guard let end else {
                end = now.advanced(by: Self.lengthMax)
                return false
            }
            operations += 1
            return operations >= Self.operationsMax || now >= end
        }
    }

    func isFatal(_ error: ActorError, isCallback: Bool) -> Bool {
        switch error.code {
        case .guestError: isCallback && manifest.onError == .fail
        case .crashed, .killed, .journal, .tooLarge, .resume: true
        case .wrongResult: true
        default: false
        }
    }

    // MARK: Errors

    var lateError: ActorError {
        ActorError(
            .deadline,
            "the call to '\(name)' did not begin before its deadline; the actor is busy, or the "
                + "deadline is too short")
    }

    var cancelledError: ActorError {
        ActorError(.cancelled, "the call to '\(name)' was given up before it began")
    }

    var endedError: ActorError {
        ActorError(.ended, "'\(name)' is over (\(info.status)); start it again to call it")
    }

    private var fullError: ActorError {
        ActorError(
            .mailboxFull,
            "the mailbox of '\(name)' is full (\(manifest.limits.mailbox) calls wait); "
                + "call it less often, or raise mailbox under [limits]")
    }

    var stoppingError: ActorError {
        ActorError(.stopping, "'\(name)' is stopping and takes no more calls")
    }
}

/// The ticket of a waiting call, once it has one.
private final class TicketBox: Sendable {
    private let number = Mutex<UInt64?>(nil)

    var value: UInt64? { number.withLock { $0 } }

    func set(_ value: UInt64) { number.withLock { $0 = value } }
}
