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
        let wait: HostWait
        let call: ImportCall
        let results: UnsafeMutablePointer<wasmtime_val_t>
        let trap: UnsafeMutablePointer<OpaquePointer?>
        /// Set once the wait has begun.
        var begun: (completion: HostCompletion, work: Task<Void, Never>?)?
    }

    /// A call that is not over.
    enum Present {
        /// The input is not yet in the guest.
        case placing(wasmtime_func_t, [UInt8], CallBudget)
        /// The function runs; its answer will be noted at `slots`.
        case running(slots: UInt32, CallBudget)
        /// The answer is read; the guest's memory is being given back.
        case releasing(GuestAnswer)
    }

    /// The module it was made from.
    public let linked: LinkedModule
    let engine: Engine
    let host: any GuestHost
    let control: GuestControl
    let store: OpaquePointer
    let context: OpaquePointer
    let frame: CallFrame
    /// Exports that were called, by position. Few actors have more than a handful.
    private var functions: [(index: Int, function: wasmtime_func_t)] = []
    var allocate = wasmtime_func_t()
    var release = wasmtime_func_t()
    var memory: GuestMemory?
    /// Set by an import that suspends; taken when it is resumed.
    var pending: Pending?
    var isResumed = true
    /// The call of the library that is not over, and what it belongs to.
    var future: OpaquePointer?
    var failureCode = EngineError.Code.trap
    var present: Present?
    /// Why the host trapped the guest, kept because the library would only give its text back.
    var hostError: EngineError?
    /// Whether the host is inside a call of its own into the guest, which may not suspend.
    var isReentrant = false
    /// When the present call must be over.
    var deadline: MonotonicTime?
    /// The budget of the present call while its function runs, and what the last one that answered used.
    var callFuel: UInt64?
    var spentFuel: UInt64 = 0
    /// What host calls cost since the last yield, in fuel, not yet taken from the guest's.
    var hostCharge: UInt64 = 0
    /// Whether the present time slice was cut short, because host calls used it up.
    var isSliceCut = false
    /// A buffer from the guest's allocator that the host keeps: two slots, the input, small answers.
    var buffer: (address: UInt32, size: UInt32)?

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
        if try !beginInstance(budget) { try await drive() }
        try readExports()
        guard linked.module.export(named: "__wasm_call_ctors") != nil else { return }
        let constructors = try exported("__wasm_call_ctors")
        if try !begin(constructors, arguments: 0, results: 0, budget) { try await drive() }
    }

    deinit {
        if let future { wasmtime_call_future_delete(future) }
        wasmtime_store_delete(store)
        engine.givePlaceBack()
    }

    /// The guest's memory now, in bytes, with the pages that the host keeps in it.
    public var memorySize: Int {
        guard var memory else { return 0 }
        return memory.size(context)
    }

    private func beginInstance(_ budget: CallBudget) throws(EngineError) -> Bool {
        frame.clear()
        return try begin(
            wasmtime_instance_pre_instantiate_async(
                linked.pointer, context, frame.instance, frame.trap, frame.error),
            budget, failingAs: .instantiation)
    }

    private func readExports() throws(EngineError) {
        guard var item = export("memory"), Int32(item.kind) == WASMTIME_EXTERN_MEMORY else {
            throw EngineError(.missingExport, "the module does not export its memory")
        }
        memory = GuestMemory(item.of.memory)
        allocate = try exported("__pack_alloc")
        release = try exported("__pack_free")
        wasmtime_extern_delete(&item)
    }

    func export(_ name: String) -> wasmtime_extern_t? {
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

    func exported(_ name: String) throws(EngineError) -> wasmtime_func_t {
        guard let item = export(name), Int32(item.kind) == WASMTIME_EXTERN_FUNC else {
            throw EngineError(.missingExport, "the module does not export the function '\(name)'")
        }
        return item.of.func
    }

    func function(at index: Int) throws(EngineError) -> wasmtime_func_t {
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
}
