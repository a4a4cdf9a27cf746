// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterChain
internal import TheaterEngine
internal import TheaterManifest
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterReplay
internal import TheaterValue

/// What the runner does with one operation: records it, calls the guest, takes the answer apart.
///
/// It begins on the runner's stack and is over there in the common case; only an operation that waits
/// for something is finished asynchronously.
extension Cell {
    /// Where an operation stands that is not over.
    enum Step {
        /// Nothing was done yet: the journal has no room at the moment.
        case fresh
        /// The guest yields or waits.
        case inGuest
        /// Everything is recorded, and must be on disk before the result leaves.
        case recorded(Result<Value, ActorError>)
    }

    func run(_ operation: Operation, at now: MonotonicTime) async -> Result<Value, ActorError> {
        if let result = begin(operation, at: now) { return result }
        return await finish(operation)
    }

    /// Begins an operation.
    ///
    /// - Returns: its result, or `nil` when ``finish(_:)`` must be called.
    func begin(_ operation: Operation, at now: MonotonicTime) -> Result<Value, ActorError>? {
        meter.callBegan(at: now)
        step = .fresh
        guard !recorder.mustWait, let result = enter(operation, at: now),
            let result = judged(result, operation)
        else { return nil }
        return metered(result)
    }

    /// Waits until an operation that was begun is over.
    func finish(_ operation: Operation) async -> Result<Value, ActorError> {
        metered(await complete(operation))
    }

    /// Counts an operation that is over, before anybody hears of its result.
    private func metered(_ result: Result<Value, ActorError>) -> Result<Value, ActorError> {
        var hasFailed = false
        if case .failure = result { hasFailed = true }
        meter.memory(guest?.memorySize ?? 0)
        let now = world.now()
        lastEnd = now
        meter.callEnded(at: now, fuel: guest?.fuelUsed ?? 0, failed: hasFailed)
        return result
    }

    private func complete(_ operation: Operation) async -> Result<Value, ActorError> {
        while true {
            switch step {
            case .fresh:
                await recorder.waitForSpace()
                if let result = enter(operation, at: world.now()),
                    let result = judged(result, operation)
                {
                    return result
                }
            case .inGuest:
                guard let guest else { return .failure(endedError) }
                let result: Result<Value, ActorError>?
                // It was bound when it was begun.
                let operation = (try? bound(operation)) ?? operation
                do throws(EngineError) {
                    result = leave(try await guest.finish(), operation)
                } catch {
                    result = fail(crash(error, operation), operation)
                }
                if let result, let result = judged(result, operation) { return result }
            case .recorded(let result):
                do throws(ActorError) {
                    try await recorder.settle()
                } catch {
                    if case .success = result { return .failure(error) }
                }
                if let result = judged(result, operation) { return result }
            }
        }
    }

    private func enter(
        _ given: Operation, at now: MonotonicTime
    ) -> Result<Value, ActorError>? {
        guard code.isExchanged else { return enterBound(given, at: now) }
        let operation: Operation
        do throws(ActorError) {
            operation = try bound(given)
        } catch {
            return .failure(error)
        }
        return enterBound(operation, at: now)
    }

    /// Begins an operation that the present code declares.
    private func enterBound(
        _ operation: Operation, at now: MonotonicTime
    ) -> Result<Value, ActorError>? {
        guard let guest else { return .failure(endedError) }
        let name = operation.function.name
        host?.hasReachedOut = false
        do throws(ActorError) {
            let input =
                if let call = operation.cutOff {
                    call.parameters
                } else {
                    try encode(
                        CallShape.input(
                            state: operation.takesState ? state : nil,
                            arguments: operation.arguments),
                        name)
                }
            guard recorder.fits(input) else {
                throw ActorError(
                    .wrongArgument,
                    "the state and the arguments of '\(name)' are \(input.count) bytes, which is too "
                        + "large to be recorded; pass less at once")
            }
            let fuel = min(operation.fuel, fuelLeft)
            if operation.cutOff == nil {
                if let mail = operation.mail { try recorder.note(.taken(mail: mail)) }
                recorder.tracer?.callBegins(name, causedBy: operation.trace)
                try recorder.called(operation.function, input, fuel: fuel)
            }
            if let mail = operation.mail { record.handledMail = mail }
            let deadline = operation.timeout.map { now.advanced(by: $0) } ?? operation.deadline
            callDeadline = deadline
            let answer: GuestAnswer?
            do throws(EngineError) {
                answer = try guest.begin(
                    function: operation.function.index, input: input,
                    budget: CallBudget(fuel: fuel, deadline: deadline))
            } catch {
                throw crash(error, operation)
            }
            if let answer { return leave(answer, operation) }
            step = .inGuest
            return nil
        } catch {
            return fail(error, operation)
        }
    }

    private func crash(_ error: EngineError, _ operation: Operation) -> ActorError {
        if let failure = host?.journalFailure { return failure }
        let name = operation.function.name
        if error.code == .outOfFuel, let life = manifest.limits.fuelPerLife,
            fuelLeft < operation.fuel
        {
            return ActorError(
                .crashed,
                "'\(name)' ended the actor: all calls of its life may use \(life) units of fuel, and "
                    + "they are used up; raise fuel_per_life under [limits]", cause: error)
        }
        return .crashed(in: name, error)
    }

    /// What the calls of this life may still burn.
    private var fuelLeft: UInt64 {
        guard let life = manifest.limits.fuelPerLife else { return .max }
        return life - min(fuelBurnt, life)
    }

    /// Records the answer and takes it apart.
    private func leave(
        _ answer: GuestAnswer, _ operation: Operation
    ) -> Result<Value, ActorError>? {
        do throws(ActorError) {
            if !world.has(.forgottenFuel) { fuelBurnt &+= answer.fuelUsed }
            if let failure = host?.journalFailure { throw failure }
            try host?.endScript()
            let name = operation.function.name
            guard answer.status == 0 else {
                let text = FailureText.text(of: answer.bytes)
                let error = ActorError(
                    .guestError, FailureText.answered(name, GuestText.shown(text)),
                    value: .string(text))
                recorder.failed(name, error)
                return settled(.failure(error))
            }
            try recorder.returned(operation.function, answer.bytes, fuelUsed: answer.fuelUsed)
            return settled(.success(try take(answer, of: operation)))
        } catch {
            return fail(error, operation)
        }
    }

    /// Records a failure, unless the journal refuses or an error value is in the answer.
    private func fail(
        _ error: ActorError, _ operation: Operation
    ) -> Result<Value, ActorError>? {
        if error.code != .journal, error.code != .guestError, error.code != .wrongArgument {
            recorder.failed(operation.function.name, error)
        }
        return settled(.failure(error))
    }

    private func settled(_ result: Result<Value, ActorError>) -> Result<Value, ActorError>? {
        guard recorder.isStrict else { return result }
        step = .recorded(result)
        return nil
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
        switch CallShape.apart(value, isStateAlone: operation.function.answersStateAlone) {
        case .ok(let newState, let result):
            state = newState
            shared.withLock { $0.state = newState }
            return result
        case .err(let error):
            if world.has(.lostState) { state = blueprint.initialState }
            throw Self.guestError(name, error)
        case .malformed(let reason):
            throw ActorError(.wrongResult, "the answer of '\(name)' is not a result: \(reason)")
        }
    }

    private static func guestError(_ function: String, _ value: Value) -> ActorError {
        let text =
            value.asString.map(GuestText.shown) ?? ValueText.print(value, options: .init(limit: 16))
        return ActorError(.guestError, FailureText.answered(function, text), value: value)
    }
}
