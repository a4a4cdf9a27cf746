// SPDX-License-Identifier: Apache-2.0

internal import CWasmtime
internal import TheaterPlatform

/// Calls of exports.
///
/// A call is begun on the caller's stack and is over there in the common case. Only one that yields or
/// waits becomes asynchronous.
extension Guest {
    /// Calls an exported function of the actor convention.
    ///
    /// May suspend any number of times in host functions; not cancelled with its task, ended by its
    /// budget or its control.
    ///
    /// - Parameters:
    ///   - index: the export's position, from ``WasmModule/function(named:)``.
    ///   - input: the CGRF bytes of the argument.
    public func call(
        function index: Int, input: [UInt8], budget: CallBudget
    ) async throws(EngineError) -> GuestAnswer {
        if let answer = try begin(function: index, input: input, budget: budget) { return answer }
        return try await finish()
    }

    /// Begins a call, and runs it until it is over or has to wait or yield.
    ///
    /// - Returns: the answer, or `nil` when ``finish()`` must be called. See ``call(function:input:budget:)``.
    public func begin(
        function index: Int, input: [UInt8], budget: CallBudget
    ) throws(EngineError) -> GuestAnswer? {
        let function = try self.function(at: index)
        callFuel = nil
        spentFuel = 0
        if let reason = control.killedBecause { throw reason }
        guard let place = try placeNow(input, budget: budget) else {
            present = .placing(function, input, budget)
            return nil
        }
        return try enter(function, place, input.count, budget)
    }

    /// Waits until a call that was begun is over.
    public func finish() async throws(EngineError) -> GuestAnswer {
        while let step = present {
            present = nil
            switch step {
            case .placing(let function, let input, let budget):
                let place = try await placeInput(input, budget: budget)
                if let answer = try enter(function, place, input.count, budget) { return answer }
            case .running(let slots, let budget):
                try await drive()
                if let answer = try leave(slots, budget) { return answer }
            case .releasing(let answer):
                try await drive()
                return answer
            }
        }
        throw EngineError(.convention, "no call was begun")
    }

    private func enter(
        _ function: wasmtime_func_t, _ place: (slots: UInt32, input: UInt32), _ size: Int,
        _ budget: CallBudget
    ) throws(EngineError) -> GuestAnswer? {
        // Placing the input may have called the guest's allocator on a small slice of fuel.
        fuel(budget.fuel)
        callFuel = budget.fuel
        frame.setArguments(place.input, UInt32(clamping: size), place.slots, place.slots + 4)
        guard try begin(function, arguments: 4, results: 1, budget) else {
            present = .running(slots: place.slots, budget)
            return nil
        }
        return try leave(place.slots, budget)
    }

    /// Reads the answer of a call that is over, and gives the guest its memory back.
    private func leave(
        _ slots: UInt32, _ budget: CallBudget
    ) throws(EngineError) -> GuestAnswer? {
        let left = fuelLeft - min(fuelLeft, hostCharge)
        let status = frame.result
        let (pointer, size) = try self.slots(at: slots)
        let answer = GuestAnswer(
            status: status, bytes: try copy(pointer, size),
            fuelUsed: budget.fuel - min(left, budget.fuel))
        callFuel = nil
        spentFuel = answer.fuelUsed
        if try free(pointer, size, budget: budget) { return answer }
        present = .releasing(answer)
        return nil
    }

    /// Reads the module's metadata: what `__pack_types` points to.
    ///
    /// - Throws: `engine.convention` when it answers with an error or points outside the memory.
    public func metadata(budget: CallBudget) async throws(EngineError) -> [UInt8] {
        let place = try await placeInput([], budget: budget)
        fuel(budget.fuel)
        frame.setArguments(place.slots, place.slots + 4)
        let function = try exported("__pack_types")
        if try !begin(function, arguments: 2, results: 1, budget) { try await drive() }
        guard frame.result == 0 else {
            throw EngineError(
                .convention, "'__pack_types' answered \(frame.result) instead of its metadata")
        }
        let (pointer, size) = try slots(at: place.slots)
        return try copy(pointer, size)
    }

    // MARK: Driving

    /// Begins one function on a fiber, with the arguments in the frame.
    ///
    /// - Returns: whether it is over; otherwise ``drive()`` brings it to its end.
    func begin(
        _ function: wasmtime_func_t, arguments: Int, results: Int, _ budget: CallBudget
    ) throws(EngineError) -> Bool {
        frame.clear()
        frame.function.pointee = function
        return try begin(
            wasmtime_func_call_async(
                context, frame.function, frame.values, arguments, frame.results, results,
                frame.trap, frame.error),
            budget, failingAs: .trap)
    }

    func begin(
        _ future: OpaquePointer, _ budget: CallBudget, failingAs code: EngineError.Code
    ) throws(EngineError) -> Bool {
        self.future = future
        failureCode = code
        hostError = nil
        deadline = budget.deadline
        hostCharge = 0
        return try poll()
    }

    /// How many waits that were over at once may follow each other before others get their turn.
    private static let waitsInARowMax = 16

    /// Polls the call until it is over or somebody has to be awaited.
    ///
    /// - Returns: whether it is over.
    private func poll() throws(EngineError) -> Bool {
        guard let future else { throw EngineError(.convention, "no call was begun") }
        for _ in 0...Self.waitsInARowMax {
            guard !wasmtime_call_future_poll(future) else {
                try close(because: nil)
                return true
            }
            beginSlice()
            guard let waiting = pending, !host.mustAskToWait else { return false }
            let completion = beginWait()
            guard case .answered(let answer)? = control.outcome(of: completion) else {
                return false
            }
            pending = nil
            resume(waiting, with: waiting.wait.then(answer))
        }
        return false
    }

    private func beginWait() -> HostCompletion {
        var work: Task<Void, Never>?
        let begin = pending?.wait.begin
        let completion = control.park { work = begin?($0, control.world) }
        pending?.begun = (completion, work)
        return completion
    }

    /// Brings a call to its end. The future is deleted in every case, which unwinds a guest that is not over.
    func drive() async throws(EngineError) {
        while true {
            if let ended = await wait() ?? control.killedBecause {
                try close(because: ended)
                throw ended
            }
            if try poll() { return }
        }
    }

    /// Waits for what holds the guest up.
    ///
    /// - Returns: why it must end; `nil` to go on.
    private func wait() async -> EngineError? {
        guard pending != nil else {
            if let deadline, deadline < control.world.now() { return Self.deadlineError }
            await host.pause()
            await Task.yield()
            return nil
        }
        var ended: EngineError?
        if pending?.begun == nil, host.mustAskToWait {
            // Whoever was ended meanwhile begins nothing.
            ended = await host.willWait() ?? control.killedBecause
        }
        if ended == nil {
            let completion = pending?.begun?.completion ?? beginWait()
            switch await control.awaitOutcome(of: completion, until: deadline) {
            case .answered(let answer):
                if let waiting = pending {
                    pending = nil
                    resume(waiting, with: waiting.wait.then(answer))
                }
                return nil
            case .deadline: ended = Self.deadlineError
            case .killed(let reason): ended = reason
            }
        }
        pending?.begun?.work?.cancel()
        if let ended { pending?.wait.ifEnded(ended) }
        return ended
    }

    /// Deletes the future and says how the call went.
    private func close(because ended: EngineError?) throws(EngineError) {
        if let future { wasmtime_call_future_delete(future) }
        future = nil
        pending = nil
        let (trap, error) = (frame.trap.pointee, frame.error.pointee)
        guard trap != nil || error != nil else { return }
        frame.clear()
        guard let failure = Failures.callFailure(trap: trap, error: error), ended == nil else {
            return
        }
        if let hostError {
            throw EngineError(hostError.code, hostError.message, frames: failure.frames)
        }
        if failureCode == .instantiation, failure.frames.isEmpty, failure.code == .trap {
            throw EngineError(.instantiation, failure.message)
        }
        throw failure
    }

    /// What is said of a call that was not over at its deadline.
    public static let deadlineMessage =
        "the call was not over at its deadline; raise call_timeout under [limits] if it needs longer"

    static let deadlineError = EngineError(.deadline, deadlineMessage)

    private func resume(_ waiting: Pending, with result: Result<[UInt8], EngineError>) {
        switch result {
        case .success(let bytes):
            // As for an answer that came at once, so that fuel does not depend on who was quick.
            guard charge(Int(waiting.call.inputSize) + bytes.count) else {
                waiting.trap.pointee = trap(Self.outOfFuel)
                break
            }
            switch place(answer: bytes, for: waiting.call) {
            case .success(let status): setStatus(waiting.results, status)
            case .failure(let error): waiting.trap.pointee = trap(error)
            }
        case .failure(let error): waiting.trap.pointee = trap(error)
        }
        isResumed = true
    }

    /// Remembers why the host traps the guest, and makes the trap.
    func trap(_ error: EngineError) -> OpaquePointer {
        hostError = error
        return trapObject(error.message)
    }
}
