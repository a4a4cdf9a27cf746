// SPDX-License-Identifier: Apache-2.0

internal import CWasmtime
public import TheaterPlatform

/// Limits on what one guest may hold.
public struct GuestLimits: Sendable, Hashable {
    /// The most memory in bytes, all memories together.
    public var memorySizeMax: Int
    /// The most elements of one table.
    public var tableElementsMax: Int

    /// Makes limits.
    public init(memorySizeMax: Int = 64 << 20, tableElementsMax: Int = 10_000) {
        self.memorySizeMax = memorySizeMax
        self.tableElementsMax = tableElementsMax
    }
}

/// What bounds one call.
public struct CallBudget: Sendable, Hashable {
    /// How much fuel the call may use: about one unit for each wasm instruction.
    public var fuel: UInt64
    /// When the call must be over; `nil` for no such moment.
    public var deadline: MonotonicTime?

    /// Makes a budget.
    public init(fuel: UInt64, deadline: MonotonicTime? = nil) {
        self.fuel = fuel
        self.deadline = deadline
    }
}

/// What an export came back with.
public struct GuestAnswer: Sendable {
    /// Zero when `bytes` is CGRF; anything else when it is UTF-8 text about an error.
    public let status: Int32
    /// The answer, copied out of the guest.
    public let bytes: [UInt8]
    /// The fuel the call used.
    public let fuelUsed: UInt64
}

/// One live instance of a module: its store, its memory, its host.
///
/// Not Sendable: one task at a time owns it, and it takes one call at a time. After any thrown error
/// other than `engine.unknown-export` the instance is in an unknown state: drop it.
public final class Guest {
    /// What an import waits for while the guest is suspended.
    struct Pending {
        let operation: @Sendable () async -> any Sendable
        let then: (any Sendable) -> Result<[UInt8], EngineError>
        let ifEnded: (EngineError) -> Void
        let call: ImportCall
        let results: UnsafeMutablePointer<wasmtime_val_t>
        let trap: UnsafeMutablePointer<OpaquePointer?>
    }

    /// The module it was made from.
    public let linked: LinkedModule
    let engine: Engine
    let host: any GuestHost
    let control: GuestControl
    let store: OpaquePointer
    let context: OpaquePointer
    private let frame: CallFrame
    /// Exports that were called, by position. Few actors have more than a handful.
    private var functions: [(index: Int, function: wasmtime_func_t)] = []
    private var allocate = wasmtime_func_t()
    private var release = wasmtime_func_t()
    var memory: GuestMemory?
    /// Set by an import that suspends; taken by the driving task.
    var pending: Pending?
    var isResumed = true
    /// Why the host trapped the guest, kept because the library would only give its text back.
    private var hostError: EngineError?
    /// Whether the host is inside a call of its own into the guest, which may not suspend.
    var isReentrant = false
    /// When the present call must be over.
    var deadline: MonotonicTime?
    /// What host calls cost since the last yield, in fuel, not yet taken from the guest's.
    var hostCharge: UInt64 = 0
    /// Whether the present time slice was cut short, because host calls used it up.
    private var isSliceCut = false

    /// Makes a guest: instantiates the module and runs its start function and constructors.
    ///
    /// Waits for nothing but the guest's own code, which the budget bounds.
    ///
    /// - Throws: `engine.guest-ceiling` when the node is full, `engine.instantiation` when the
    ///   module asks for more than its limits allow, and whatever ends its start function.
    public init(
        _ linked: LinkedModule, engine: Engine, host: any GuestHost, control: GuestControl,
        limits: GuestLimits, budget: CallBudget
    ) async throws(EngineError) {
        try engine.takePlace()
        self.linked = linked
        self.engine = engine
        self.host = host
        self.control = control
        frame = CallFrame()
        store = wasmtime_store_new(engine.handle.pointer, nil, nil)
        context = wasmtime_store_context(store)
        wasmtime_context_set_data(context, Unmanaged.passUnretained(self).toOpaque())
        wasmtime_store_limiter(
            store, Int64(clamping: limits.memorySizeMax), Int64(clamping: limits.tableElementsMax),
            1, 8, 8)
        fuel(budget.fuel)
        yieldInterval(engine.yieldInterval)
        try await instantiate(budget)
    }

    deinit {
        wasmtime_store_delete(store)
        engine.givePlaceBack()
    }

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
        let function = try self.function(at: index)
        if let reason = control.killedBecause { throw reason }
        let place = try await placeInput(input, budget: budget)
        // Placing the input may have called the guest's allocator on a small slice of fuel.
        fuel(budget.fuel)
        frame.setArguments(
            place.input, UInt32(clamping: input.count), place.slots, place.slots + 4)
        try await run(function, arguments: 4, results: 1, budget: budget)
        let left = fuelLeft - min(fuelLeft, hostCharge)
        let status = frame.result
        let (pointer, size) = (try word(at: place.slots), try word(at: place.slots + 4))
        let bytes = try copy(pointer, size)
        try await free(pointer, size, budget: budget)
        return GuestAnswer(
            status: status, bytes: bytes, fuelUsed: budget.fuel - min(left, budget.fuel))
    }

    /// Reads the module's metadata: what `__pack_types` points to.
    ///
    /// - Throws: `engine.convention` when it answers with an error or points outside the memory.
    public func metadata(budget: CallBudget) async throws(EngineError) -> [UInt8] {
        let place = try await placeInput([], budget: budget)
        fuel(budget.fuel)
        frame.setArguments(place.slots, place.slots + 4)
        let function = try exported("__pack_types")
        try await run(function, arguments: 2, results: 1, budget: budget)
        guard frame.result == 0 else {
            throw EngineError(
                .convention, "'__pack_types' answered \(frame.result) instead of its metadata")
        }
        return try copy(try word(at: place.slots), try word(at: place.slots + 4))
    }

    /// The guest's memory now, in bytes, with the pages that the host keeps in it.
    public var memorySize: Int { memory?.size(context) ?? 0 }

    // MARK: Instantiation

    private func instantiate(_ budget: CallBudget) async throws(EngineError) {
        frame.clear()
        let future = wasmtime_instance_pre_instantiate_async(
            linked.pointer, context, frame.instance, frame.trap, frame.error)
        try await drive(future, budget: budget, failingAs: .instantiation)
        guard var item = export("memory"), Int32(item.kind) == WASMTIME_EXTERN_MEMORY else {
            throw EngineError(.missingExport, "the module does not export its memory")
        }
        memory = GuestMemory(item.of.memory)
        allocate = try exported("__pack_alloc")
        release = try exported("__pack_free")
        wasmtime_extern_delete(&item)
        if linked.module.export(named: "__wasm_call_ctors") != nil {
            try await run(
                try exported("__wasm_call_ctors"), arguments: 0, results: 0, budget: budget)
        }
    }

    private func export(_ name: String) -> wasmtime_extern_t? {
        var item = wasmtime_extern_t()
        var name = name
        // In place: passing the string itself would copy it for a terminating zero nobody needs.
        let isFound = name.withUTF8 { text in
            text.withMemoryRebound(to: CChar.self) { text in
                guard let start = text.baseAddress else { return false }
                return wasmtime_instance_export_get(
                    context, frame.instance, start, text.count, &item)
            }
        }
        return isFound ? item : nil
    }

    private func exported(_ name: String) throws(EngineError) -> wasmtime_func_t {
        guard let item = export(name), Int32(item.kind) == WASMTIME_EXTERN_FUNC else {
            throw EngineError(.missingExport, "the module does not export the function '\(name)'")
        }
        return item.of.func
    }

    private func function(at index: Int) throws(EngineError) -> wasmtime_func_t {
        if let known = functions.first(where: { $0.index == index }) { return known.function }
        guard linked.module.exports.indices.contains(index),
            linked.module.exports[index].type == .actorFunction
        else {
            throw EngineError(.unknownExport, "the module has no function at position \(index)")
        }
        let function = try exported(linked.module.exports[index].name)
        functions.append((index, function))
        return function
    }

    // MARK: Driving

    /// Runs one function on a fiber to its end.
    private func run(
        _ function: wasmtime_func_t, arguments: Int, results: Int, budget: CallBudget
    ) async throws(EngineError) {
        frame.clear()
        frame.function.pointee = function
        let future = wasmtime_func_call_async(
            context, frame.function, frame.values, arguments, frame.results, results, frame.trap,
            frame.error)
        try await drive(future, budget: budget, failingAs: .trap)
    }

    /// Polls a call until it is over. The future is deleted in every case, which unwinds a guest that is not.
    private func drive(
        _ future: OpaquePointer, budget: CallBudget, failingAs code: EngineError.Code
    ) async throws(EngineError) {
        hostError = nil
        deadline = budget.deadline
        hostCharge = 0
        var ended: EngineError?
        while !wasmtime_call_future_poll(future) {
            beginSlice()
            if let waiting = pending {
                pending = nil
                ended = await host.willWait()
                if ended == nil {
                    switch await control.wait(for: waiting.operation, until: budget.deadline) {
                    case .answered(let result): resume(waiting, with: waiting.then(result))
                    case .deadline: ended = Self.deadlineError
                    case .killed(let reason): ended = reason
                    }
                }
                if let ended { waiting.ifEnded(ended) }
            } else {
                if let deadline = budget.deadline, deadline < control.world.now() {
                    ended = Self.deadlineError
                } else {
                    await host.pause()
                    await Task.yield()
                }
            }
            if ended == nil { ended = control.killedBecause }
            if ended != nil { break }
        }
        wasmtime_call_future_delete(future)
        pending = nil
        let (trap, error) = (frame.trap.pointee, frame.error.pointee)
        frame.clear()
        let failure = Failures.callFailure(trap: trap, error: error)
        if let ended { throw ended }
        guard let failure else { return }
        if let hostError {
            throw EngineError(hostError.code, hostError.message, frames: failure.frames)
        }
        if code == .instantiation, failure.frames.isEmpty, failure.code == .trap {
            throw EngineError(.instantiation, failure.message)
        }
        throw failure
    }

    static let deadlineError = EngineError(
        .deadline,
        "the call was not over at its deadline; raise call_timeout under [limits] if it "
            + "needs longer")

    private func resume(_ waiting: Pending, with result: Result<[UInt8], EngineError>) {
        switch result {
        case .success(let bytes):
            _ = charge(bytes.count)
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

    // MARK: Fuel

    func fuel(_ amount: UInt64) {
        // Fails only when the engine has no fuel, which EngineConfiguration rules out.
        if let error = wasmtime_context_set_fuel(context, amount) { wasmtime_error_delete(error) }
    }

    func yieldInterval(_ interval: UInt64) {
        if let error = wasmtime_context_fuel_async_yield_interval(context, interval) {
            wasmtime_error_delete(error)
        }
    }

    /// Counts the host's work for the guest as fuel: the same for the same call, so that budgets replay,
    /// and so that a guest that lives in host calls yields and ends like one that computes.
    ///
    /// - Returns: whether the guest has as much.
    func charge(_ size: Int) -> Bool {
        hostCharge += Self.hostCallCharge + UInt64(size)
        let left = fuelLeft
        guard hostCharge < left else { return false }
        if hostCharge >= engine.yieldInterval, !isSliceCut { cutSlice(leaving: left) }
        return true
    }

    /// What a host call costs beside one for each byte that crosses.
    private static let hostCallCharge: UInt64 = 1000

    /// Makes the guest yield at its next instruction that looks at the fuel.
    private func cutSlice(leaving left: UInt64) {
        isSliceCut = true
        yieldInterval(1)
        fuel(left)
    }

    /// The guest has yielded or waits: takes what host calls cost, and gives it a whole slice again.
    private func beginSlice() {
        guard isSliceCut || hostCharge > 0 else { return }
        let left = fuelLeft
        if isSliceCut { yieldInterval(engine.yieldInterval) }
        isSliceCut = false
        fuel(left - min(left, hostCharge))
        hostCharge = 0
    }

    var fuelLeft: UInt64 {
        var amount: UInt64 = 0
        if let error = wasmtime_context_get_fuel(context, &amount) { wasmtime_error_delete(error) }
        return amount
    }

    // MARK: The host's buffer in the guest

    /// A buffer from the guest's allocator that the host keeps: two slots, the input, small answers.
    private var buffer: (address: UInt32, size: UInt32)?
    /// How much of the buffer answers may use, at its end.
    static let answerSize: UInt32 = 1024
    private static let bufferSizeMin: UInt32 = 2048
    /// A buffer larger than this is given back after its call.
    private static let bufferSizeKept: UInt32 = 65536

    private func placeInput(
        _ input: [UInt8], budget: CallBudget
    ) async throws(EngineError) -> (slots: UInt32, input: UInt32) {
        guard input.count <= 256 << 20 else {
            throw EngineError(
                .convention, "the argument has \(input.count) bytes; at most 256 MiB fit")
        }
        let needed = 8 + UInt32(input.count) + Self.answerSize
        if let buffer, buffer.size < needed || buffer.size > max(needed, Self.bufferSizeKept) {
            self.buffer = nil
            try await free(buffer.address, buffer.size, budget: budget)
        }
        let place: (address: UInt32, size: UInt32)
        if let buffer {
            place = buffer
        } else {
            let size = max(Self.bufferSizeMin, needed)
            fuel(budget.fuel)
            frame.setArguments(size)
            try await run(allocate, arguments: 1, results: 1, budget: budget)
            let address = UInt32(bitPattern: frame.result)
            guard address != 0 else {
                throw EngineError(
                    .convention,
                    "the guest has no memory for an argument of \(input.count) bytes; raise memory "
                        + "under [limits]")
            }
            guard bytes(address, size) != nil else {
                throw EngineError(
                    .convention,
                    "'__pack_alloc' answered \(address) for \(size) bytes, which is outside its memory"
                )
            }
            place = (address, size)
            buffer = place
        }
        input.withUnsafeBytes { source in
            guard let base = source.baseAddress, let target = bytes(place.address, place.size)
            else {
                return
            }
            target.baseAddress?.advanced(by: 8).copyMemory(from: base, byteCount: source.count)
        }
        return (place.address, place.address + 8)
    }

    /// The part of the buffer that is left for answers while a call runs.
    func answerArea() -> (address: UInt32, size: UInt32)? {
        buffer.map { ($0.address + $0.size - Self.answerSize, Self.answerSize) }
    }

    private func free(_ address: UInt32, _ size: UInt32, budget: CallBudget)
        async throws(EngineError)
    {
        guard address != 0, size != 0 else { return }
        if linked.isImmediate {
            // Off a fiber the guest cannot yield: a fresh slice of fuel, smaller than the interval, ends
            // one that would.
            fuel(min(budget.fuel, engine.yieldInterval - 1))
            try callNow(release, address, size)
        } else {
            fuel(min(budget.fuel, engine.yieldInterval - 1))
            frame.setArguments(address, size)
            try await run(release, arguments: 2, results: 0, budget: budget)
        }
    }

    /// Calls an export that does not suspend, on this stack.
    @discardableResult
    private func callNow(
        _ function: wasmtime_func_t, _ first: UInt32, _ second: UInt32 = 0
    ) throws(EngineError) -> Int32 {
        hostError = nil
        var function = function
        var trap: OpaquePointer?
        let values = frame.raw
        values[0].i32 = Int32(bitPattern: first)
        values[1].i32 = Int32(bitPattern: second)
        isReentrant = true
        let error = wasmtime_func_call_unchecked(context, &function, values, 4, &trap)
        isReentrant = false
        if let failure = Failures.callFailure(trap: trap, error: error) {
            if let hostError {
                throw EngineError(hostError.code, hostError.message, frames: failure.frames)
            }
            throw failure
        }
        return values[0].i32
    }

    /// Lets the guest allocate from inside an import. It may neither yield nor suspend there.
    func allocateNow(_ size: UInt32) -> UInt32? {
        let left = fuelLeft
        let slice = min(left, engine.yieldInterval - 1)
        yieldInterval(0)
        fuel(slice)
        let address = try? callNow(allocate, size)
        let used = slice - min(slice, fuelLeft)
        cutSlice(leaving: left - used)
        guard let address, address != 0, bytes(UInt32(bitPattern: address), size) != nil else {
            return nil
        }
        return UInt32(bitPattern: address)
    }
}
