// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
internal import TheaterChain
internal import TheaterEngine
internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterValue

/// The runtime's owner of one guest actor: its mailbox, its guest, its state, its recorder.
///
/// Whoever submits an operation to an idle cell runs it on its own task; otherwise it waits, and the task
/// that runs the one before hands over. So at any time at most one task is the *runner*.
final class Cell: @unchecked Sendable {
    /// A call that waits for its turn or runs.
    struct Operation: Sendable {
        let function: ExportBinding
        let arguments: [Value]
        let takesState: Bool
        /// Whether a handler of the actor itself calls: then an error value may end the actor.
        var isCallback = false
        let fuel: UInt64
        let deadline: MonotonicTime
        /// Where the answer of an operation that waited goes.
        let reply: CheckedContinuation<Result<Value, ActorError>, Never>?
    }

    let id: ActorID
    let name: String
    let manifest: Manifest
    let template: ActorTemplate
    let control: GuestControl
    let logger: Logger
    /// What the actor's handlers may use of the node.
    private let services: HandlerServices
    private let world: World
    private let shared: Mutex<Shared>

    // SAFETY: touched by the runner alone, and the mailbox has one runner at a time: handing over goes
    // through its lock.
    private var guest: Guest?
    private var host: CellHost?
    private var handlers: [any Handler] = []
    private var state: Value
    let recorder: Recorder

    /// What others may see and change at any time.
    private struct Shared {
        var mailbox: Mailbox<Operation>
        var exit: ExitReason?
        /// What the end will be when nothing else happens first.
        var requested: ExitReason?
        var watchers: [CheckedContinuation<ExitReason, Never>] = []
    }

    init(
        id: ActorID, name: String, manifest: Manifest, template: ActorTemplate, recorder: Recorder,
        state: Value, logger: Logger, services: HandlerServices, world: World
    ) {
        self.id = id
        self.name = name
        self.manifest = manifest
        self.template = template
        self.recorder = recorder
        self.state = state
        self.logger = logger
        self.services = services
        self.world = world
        control = GuestControl(world: world)
        shared = Mutex(Shared(mailbox: Mailbox(capacity: manifest.limits.mailbox)))
    }

    // MARK: Seen from outside

    var info: ActorInfo {
        shared.withLock { shared in
            ActorInfo(
                id: id, name: name, status: Self.status(shared), mailboxDepth: shared.mailbox.depth)
        }
    }

    private static func status(_ shared: Shared) -> ActorStatus {
        if let exit = shared.exit { return exit.status }
        switch shared.mailbox.phase {
        case .starting: return .starting
        case .idle, .busy: return .running
        case .draining, .ending, .ended: return .stopping
        }
    }

    /// Waits until the actor is over and has given back everything it held.
    func awaitEnd() async -> ExitReason {
        await withCheckedContinuation { continuation in
            let exit = shared.withLock { shared -> ExitReason? in
                if shared.exit == nil { shared.watchers.append(continuation) }
                return shared.exit
            }
            if let exit { continuation.resume(returning: exit) }
        }
    }

    // MARK: Start

    /// Makes the guest and runs `init`. Called once, by the task that spawns the actor.
    func start(engine: Engine) async throws(ActorError) {
        do throws(ActorError) {
            try await makeGuest(engine)
            try await initialize()
        } catch {
            _ = shared.withLock { $0.mailbox.stop(drain: false) }
            note(.failed(error))
            await handOver(shared.withLock { $0.mailbox.started() })
            throw error
        }
        await handOver(shared.withLock { $0.mailbox.started() })
        // `init` itself may have asked for the end.
        if case .completed? = shared.withLock({ $0.requested }) { _ = await awaitEnd() }
    }

    private func makeGuest(_ engine: Engine) async throws(ActorError) {
        let limits = manifest.limits
        let port = Port(cell: self)
        let context = HandlerContext(
            actorID: id, actorName: name, logger: logger, cell: port, services: services,
            world: world)
        for (index, (grant, type)) in recorder.grants.enumerated() {
            do throws(ManifestDiagnostics) {
                var reader = grant.reader()
                handlers.append(try type.init(grant: &reader, context: context))
            } catch {
                throw ActorError(.manifest, "handler \(index + 1) of '\(name)': \(error)")
            }
        }
        let host = CellHost(
            template: template, handlers: handlers, recorder: recorder)
        self.host = host
        do throws(EngineError) {
            guest = try await Guest(
                template.linked, engine: engine, host: host, control: control,
                limits: GuestLimits(limits),
                budget: CallBudget(
                    fuel: limits.fuelPerCall,
                    deadline: world.now().advanced(by: limits.initTimeout)))
        } catch {
            throw host.journalFailure ?? .crashed(in: "start", error)
        }
    }

    private func initialize() async throws(ActorError) {
        guard let function = template.exports["theater:simple/actor.init"] else { return }
        guard function.signature?.parameters.count ?? 1 <= 1 else {
            throw ActorError(
                .metadata, "the actor declares \(function.usage); init takes the state alone")
        }
        let operation = Operation(
            function: function, arguments: [], takesState: true,
            fuel: manifest.limits.fuelPerCall,
            deadline: world.now().advanced(by: manifest.limits.initTimeout), reply: nil)
        switch await run(operation) {
        case .success: return
        case .failure(let error) where error.code == .guestError && manifest.onError == .continue:
            logger.warning("\(error.message); it goes on with its first state")
        case .failure(let error): throw error
        }
    }

    // MARK: Calls

    /// Calls a function, now if the actor is idle, else when its turn comes.
    func call(
        _ function: ExportBinding, _ arguments: [Value], takesState: Bool, isCallback: Bool = false,
        options: CallOptions
    ) async -> Result<Value, ActorError> {
        let limits = manifest.limits
        let deadline = world.now().advanced(
            by: min(options.timeout ?? limits.callTimeout, limits.callTimeout))
        func operation(
            _ reply: CheckedContinuation<Result<Value, ActorError>, Never>?
        ) -> Operation {
            Operation(
                function: function, arguments: arguments, takesState: takesState,
                isCallback: isCallback,
                fuel: min(options.fuel ?? limits.fuelPerCall, limits.fuelPerCall),
                deadline: deadline, reply: reply)
        }
        guard world.now() < deadline else { return .failure(lateError) }
        // The common case costs no continuation: the caller becomes the runner.
        let isMine = shared.withLock { shared -> Bool in
            guard shared.mailbox.phase == .idle,
                case .run = shared.mailbox.submit({ _ in operation(nil) })
            else { return false }
            return true
        }
        if isMine {
            let result = await run(operation(nil))
            finish(after: result, isCallback: isCallback)
            return result
        }
        return await callLater(operation, deadline: deadline)
    }

    /// Calls a function on behalf of one of the actor's own handlers.
    fileprivate func callBack(
        _ function: String, _ arguments: [Value]
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
            export, arguments, takesState: takesState, isCallback: true, options: CallOptions()
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
        _ operation: (CheckedContinuation<Result<Value, ActorError>, Never>?) -> Operation,
        deadline: MonotonicTime
    ) async -> Result<Value, ActorError> {
        let ticket = TicketBox()
        let timer = world.start {
            guard (try? await self.world.sleep(until: deadline)) != nil else { return }
            self.withdraw(
                ticket,
                ActorError(
                    .deadline,
                    "the call to '\(self.name)' did not begin before its deadline; the actor was busy"
                ))
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let made = operation(continuation)
                let action = shared.withLock { shared in
                    let action = shared.mailbox.submit { number in
                        ticket.set(number)
                        return made
                    }
                    return action
                }
                switch action {
                case .wait:
                    // A caller that gave up before it had a ticket was not heard then.
                    if Task.isCancelled { self.withdraw(ticket, self.cancelledError) }
                    if deadline < world.now() { self.withdraw(ticket, self.lateError) }
                case .run: world.start { await self.runAndReply(made) }
                case .rejectFull:
                    continuation.resume(
                        returning: .failure(
                            ActorError(
                                .mailboxFull,
                                "the mailbox of '\(name)' is full (\(manifest.limits.mailbox) calls wait); "
                                    + "call it less often, or raise mailbox under [limits]")))
                case .rejectDraining:
                    continuation.resume(
                        returning: .failure(
                            ActorError(.stopping, "'\(name)' is stopping and takes no more calls")))
                case .rejectEnded:
                    continuation.resume(returning: .failure(self.endedError))
                }
            }
        } onCancel: {
            self.withdraw(ticket, self.cancelledError)
        }
    }

    private func withdraw(_ ticket: TicketBox, _ error: ActorError) {
        guard let number = ticket.value else { return }
        let operation = shared.withLock { $0.mailbox.withdraw(number) }
        operation?.reply?.resume(returning: .failure(error))
    }

    private var lateError: ActorError {
        ActorError(
            .deadline,
            "the call to '\(name)' did not begin before its deadline; the actor is busy, or the "
                + "deadline is too short")
    }

    private var cancelledError: ActorError {
        ActorError(.cancelled, "the call to '\(name)' was given up before it began")
    }

    private var endedError: ActorError {
        ActorError(.ended, "'\(name)' is over (\(info.status)); start it again to call it")
    }

    private func runAndReply(_ operation: Operation) async {
        let result: Result<Value, ActorError>
        if operation.deadline < world.now() {
            result = .failure(
                self.lateError)
        } else {
            result = await run(operation)
        }
        operation.reply?.resume(returning: result)
        await handOver(next(after: result, isCallback: operation.isCallback))
    }

    /// What follows an operation, for its runner.
    private func next(
        after result: Result<Value, ActorError>, isCallback: Bool
    ) -> Mailbox<Operation>.FinishAction {
        if case .failure(let error) = result, isFatal(error, isCallback: isCallback) {
            note(.failed(error))
            _ = shared.withLock { $0.mailbox.stop(drain: false) }
        }
        return shared.withLock { $0.mailbox.finished() }
    }

    /// The same for a caller who ran its own operation: what is left goes to another task.
    private func finish(after result: Result<Value, ActorError>, isCallback: Bool) {
        switch next(after: result, isCallback: isCallback) {
        case .rest: return
        case let action: world.start { await self.handOver(action) }
        }
    }

    private func handOver(_ action: Mailbox<Operation>.FinishAction) async {
        var action = action
        while true {
            switch action {
            case .rest: return
            case .end(let left): return await end(left)
            case .next(let operation):
                if operation.deadline < world.now() {
                    operation.reply?.resume(
                        returning: .failure(
                            self.lateError))
                    action = shared.withLock { $0.mailbox.finished() }
                } else {
                    let result = await run(operation)
                    operation.reply?.resume(returning: result)
                    action = next(after: result, isCallback: operation.isCallback)
                    // A long queue must not keep others waiting.
                    await Task.yield()
                }
            }
        }
    }

    private func isFatal(_ error: ActorError, isCallback: Bool) -> Bool {
        switch error.code {
        case .guestError: isCallback && manifest.onError == .fail
        case .crashed, .killed, .journal, .tooLarge: true
        case .wrongResult: true
        default: false
        }
    }

    // MARK: The runner

    /// Runs one operation: records it, calls the guest, takes the answer apart.
    private func run(_ operation: Operation) async -> Result<Value, ActorError> {
        do throws(ActorError) {
            return .success(try await perform(operation))
        } catch {
            // A journal that refuses cannot take this either; an error value is in the answer.
            if error.code != .journal, error.code != .guestError, error.code != .wrongArgument {
                recorder.failed(operation.function.name, error)
                try? await recorder.settle()
            }
            return .failure(error)
        }
    }

    private func perform(_ operation: Operation) async throws(ActorError) -> Value {
        guard let guest, let host else { throw endedError }
        let name = operation.function.name
        await recorder.waitForSpace()
        let input = try encode(
            CallShape.input(
                state: operation.takesState ? state : nil, arguments: operation.arguments), name)
        guard recorder.fits(input) else {
            throw ActorError(
                .wrongArgument,
                "the state and the arguments of '\(name)' are \(input.count) bytes, which is too large "
                    + "to be recorded; pass less at once")
        }
        try recorder.called(operation.function, input, fuel: operation.fuel)
        let answer: GuestAnswer
        do throws(EngineError) {
            answer = try await guest.call(
                function: operation.function.index, input: input,
                budget: CallBudget(fuel: operation.fuel, deadline: operation.deadline))
        } catch {
            throw host.journalFailure ?? .crashed(in: name, error)
        }
        if let failure = host.journalFailure { throw failure }
        guard answer.status == 0 else {
            let text = String(decoding: answer.bytes.prefix(65536), as: UTF8.self)
            let error = ActorError(
                .guestError, "'\(name)' answered with an error: \(GuestText.shown(text))",
                value: .string(text))
            recorder.failed(name, error)
            try await recorder.settle()
            throw error
        }
        try recorder.returned(operation.function, answer.bytes, fuelUsed: answer.fuelUsed)
        try await recorder.settle()
        return try take(answer, of: operation)
    }

    private func encode(_ value: Value, _ function: String) throws(ActorError) -> [UInt8] {
        do throws(CGRFError) {
            return try CGRF.encode(value)
        } catch {
            throw ActorError(
                .wrongArgument, "the arguments of '\(function)' do not encode: \(error)")
        }
    }

    private func take(_ answer: GuestAnswer, of operation: Operation) throws(ActorError) -> Value {
        let name = operation.function.name
        let value: Value
        do throws(CGRFError) {
            value = try CGRF.decode(answer.bytes)
        } catch {
            throw ActorError(.wrongResult, "the answer of '\(name)' does not decode: \(error)")
        }
        try operation.function.checkResult(value)
        guard operation.takesState else {
            if case .result(_, _, .err(let error)) = value { throw Self.guestError(name, error) }
            return value
        }
        switch CallShape.apart(value, declared: operation.function.signature) {
        case .ok(let newState, let result):
            state = newState
            return result
        case .err(let error): throw Self.guestError(name, error)
        case .malformed(let reason):
            throw ActorError(.wrongResult, "the answer of '\(name)' is not a result: \(reason)")
        }
    }

    private static func guestError(_ function: String, _ value: Value) -> ActorError {
        let text =
            value.asString.map(GuestText.shown) ?? ValueText.print(value, options: .init(limit: 16))
        return ActorError(
            .guestError, "'\(function)' answered with an error: \(text)", value: value)
    }

    // MARK: End

    /// Notes the reason of the end: the first one stays, but a crash or a kill on the way to an ordered
    /// end is a crash or a kill.
    private func note(_ reason: ExitReason) {
        shared.withLock { shared in
            switch (shared.requested, reason) {
            case (nil, _): shared.requested = reason
            case (.stopped?, .failed(let error)), (.completed?, .failed(let error)):
                if error.code != .killed { shared.requested = reason }
            case (.completed?, .killed): shared.requested = reason
            default: break
            }
        }
    }

    /// Stops in order: what waits is still done, within the grace period; then the actor is ended.
    func stop(grace: Duration) async -> ExitReason {
        note(.stopped)
        let action = shared.withLock { $0.mailbox.stop(drain: true) }
        if case .end(let left) = action {
            await end(left)
            return await awaitEnd()
        }
        let timer = world.start {
            guard (try? await self.world.sleep(for: grace)) != nil else { return }
            self.kill("the actor did not stop within \(grace)")
        }
        defer { timer.cancel() }
        return await awaitEnd()
    }

    /// Ends the actor at once, whatever it is doing.
    func terminate() async -> ExitReason {
        note(.killed)
        kill("the actor was terminated")
        return await awaitEnd()
    }

    private func kill(_ reason: String) {
        let action = shared.withLock { shared in
            switch shared.requested {
            case .stopped?, .completed?: shared.requested = .killed
            case nil, .failed?, .killed?: break
            }
            return shared.mailbox.stop(drain: false)
        }
        control.kill(EngineError(.killed, reason))
        if case .end(let left) = action { world.start { await self.end(left) } }
    }

    /// The actor asked for its own end: it happens when the present operation is over, or now when a
    /// handler asks while none runs.
    fileprivate func requestShutdown(_ result: [UInt8]?) {
        note(.completed(result))
        let action = shared.withLock { $0.mailbox.stop(drain: false) }
        if case .end(let left) = action { world.start { await self.end(left) } }
    }

    /// Ends a cell that was never started.
    func abandon() async {
        note(.killed)
        _ = shared.withLock { $0.mailbox.stop(drain: false) }
        await handOver(shared.withLock { $0.mailbox.started() })
    }

    /// Carries out the end: gives back everything the actor held, then says so.
    private func end(_ left: [Operation]) async {
        for operation in left { operation.reply?.resume(returning: .failure(endedError)) }
        guest = nil
        host = nil
        for handler in handlers where !type(of: handler).isStateless { await close(handler) }
        handlers = []
        let reason = shared.withLock { $0.requested ?? .stopped }
        recorder.exited(reason)
        try? await recorder.settle()
        onEnd?(reason)
        let watchers = shared.withLock { shared -> [CheckedContinuation<ExitReason, Never>] in
            shared.mailbox.end()
            shared.exit = reason
            defer { shared.watchers = [] }
            return shared.watchers
        }
        for watcher in watchers { watcher.resume(returning: reason) }
    }

    /// How long a handler may take to give back what it holds.
    private static let closeTimeout = Duration.seconds(5)

    private func close(_ handler: any Handler) async {
        let closing = GuestControl(world: world)
        let deadline = world.now().advanced(by: Self.closeTimeout)
        if await closing.finishes({ await handler.close() }, by: deadline) { return }
        logger.error(
            "the handler did not close in time",
            metadata: ["handler.name": "\(type(of: handler).name)"])
    }

    /// Told once, before anybody who waits for the end. Set before the cell is shared.
    var onEnd: (@Sendable (ExitReason) -> Void)?

    /// The state and its recorder as ports for handlers.
    private struct Port: CellPort {
        weak let cell: Cell?

        func requestShutdown(result: [UInt8]?) { cell?.requestShutdown(result) }

        func recentEvents(_ countMax: Int) -> [RecentEvent] {
            cell?.recorder.recent(countMax) ?? []
        }

        func exports(_ function: String) -> Bool { cell?.template.exports[function] != nil }

        func call(
            _ function: String, _ arguments: [Value]
        ) async -> Result<Value, CallbackError> {
            guard let cell else {
                return .failure(CallbackError(.ended, "the actor of '\(function)' is over"))
            }
            return await cell.callBack(function, arguments)
        }
    }
}

/// The ticket of a waiting call, once it has one.
private final class TicketBox: Sendable {
    private let number = Mutex<UInt64?>(nil)

    var value: UInt64? { number.withLock { $0 } }

    func set(_ value: UInt64) { number.withLock { $0 = value } }
}
