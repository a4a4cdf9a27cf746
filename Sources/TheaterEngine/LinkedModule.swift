// SPDX-License-Identifier: Apache-2.0

internal import CWasmtime

/// How a host function answers.
public enum ImportMode: Sendable, Hashable {
    /// At once, on the guest's own stack, without suspending: the cheapest.
    case immediate
    /// It may suspend the guest while it waits for something.
    case suspending
}

/// A module with a trampoline for each of its imports: what guests are made from.
///
/// One linked module serves any number of guests: each trampoline finds its guest through the
/// store, and the guest's host by the import's position.
public final class LinkedModule: @unchecked Sendable {
    /// The module.
    public let module: WasmModule
    /// Whether no import can suspend, so that small exports may be called off a fiber.
    let isImmediate: Bool
    // SAFETY: an atomically counted reference, immutable once made.
    let pointer: OpaquePointer
    private let linker: OpaquePointer

    /// Links a module.
    ///
    /// - Parameter modes: one mode for each import, in the module's order.
    /// - Throws: `engine.unsupported-import` when an import is not a function of the actor
    ///   convention, `engine.missing-export` when the module is not an actor.
    public init(_ module: WasmModule, modes: [ImportMode]) throws(EngineError) {
        precondition(modes.count == module.imports.count, "one mode for each import")
        try module.checkConvention()
        for item in module.imports where item.type != .actorFunction {
            throw EngineError(
                .unsupportedImport,
                "the module imports '\(item.module)' '\(item.name)' as \(item.type); an actor "
                    + "imports host functions of type \(ExternType.actorFunction) and nothing else")
        }
        let linker = wasmtime_linker_new(module.engine.pointer)
        var kept = false
        defer { if !kept { wasmtime_linker_delete(linker) } }
        wasmtime_linker_allow_shadowing(linker, true)
        let type = Self.actorFunctionType()
        defer { wasm_functype_delete(type) }
        for (index, item) in module.imports.enumerated() {
            let slot = Unmanaged.passRetained(ImportSlot(index: index)).toOpaque()
            let error =
                switch modes[index] {
                case .immediate:
                    wasmtime_linker_define_func_unchecked(
                        linker, item.module, item.module.utf8.count, item.name,
                        item.name.utf8.count,
                        type, immediateTrampoline, slot, releaseSlot)
                case .suspending:
                    wasmtime_linker_define_async_func(
                        linker, item.module, item.module.utf8.count, item.name,
                        item.name.utf8.count,
                        type, suspendingTrampoline, slot, releaseSlot)
                }
            if let error {
                throw EngineError(.instantiation, Failures.message(ofError: error))
            }
        }
        var pre: OpaquePointer?
        if let error = wasmtime_linker_instantiate_pre(linker, module.pointer, &pre) {
            throw EngineError(.instantiation, Failures.message(ofError: error))
        }
        guard let pre else { throw EngineError(.instantiation, "the linker returned nothing") }
        kept = true
        self.module = module
        self.linker = linker
        pointer = pre
        isImmediate = !modes.contains(.suspending)
    }

    deinit {
        wasmtime_instance_pre_delete(pointer)
        wasmtime_linker_delete(linker)
    }

    private static func actorFunctionType() -> OpaquePointer {
        func vector(_ count: Int) -> wasm_valtype_vec_t {
            var vector = wasm_valtype_vec_t()
            let types: [OpaquePointer?] = (0..<count).map { _ in wasm_valtype_new(UInt8(WASM_I32)) }
            wasm_valtype_vec_new(&vector, types.count, types)
            return vector
        }
        var parameters = vector(4)
        var results = vector(1)
        return wasm_functype_new(&parameters, &results)
    }
}

/// Which import a trampoline belongs to.
final class ImportSlot: Sendable {
    let index: Int

    init(index: Int) { self.index = index }
}

private let releaseSlot: @convention(c) (UnsafeMutableRawPointer?) -> Void = { slot in
    guard let slot else { return }
    Unmanaged<ImportSlot>.fromOpaque(slot).release()
}

/// Runs on the fiber (or, for `__pack_free` and the like, off it) and returns at once.
private let immediateTrampoline: wasmtime_func_unchecked_callback_t = { slot, caller, values, _ in
    guard let slot, let values else { return trapObject("the engine passed no arguments") }
    let context = wasmtime_caller_context(caller)
    guard let data = wasmtime_context_get_data(context) else {
        return trapObject("the store has no guest")
    }
    return Unmanaged<Guest>.fromOpaque(data)._withUnsafeGuaranteedRef { guest in
        let index = Unmanaged<ImportSlot>.fromOpaque(slot)._withUnsafeGuaranteedRef { $0.index }
        let call = ImportCall(
            input: UInt32(bitPattern: values[0].i32), inputSize: UInt32(bitPattern: values[1].i32),
            pointerSlot: UInt32(bitPattern: values[2].i32),
            sizeSlot: UInt32(bitPattern: values[3].i32))
        switch guest.answer(call, import: index, caller: caller) {
        case .status(let status):
            values[0].i32 = status
            return nil
        case .trap(let error): return guest.trap(error)
        case .suspend:
            return guest.trap(
                EngineError(.hostFunction, "a host function declared immediate wanted to wait"))
        }
    }
}

/// Runs on the fiber. Leaves what it waits for in the guest and returns; no Swift frame stays behind.
private let suspendingTrampoline: wasmtime_func_async_callback_t = {
    slot, caller, arguments, _, results, _, trapResult, continuation in
    continuation.pointee = wasmtime_async_continuation_t(
        callback: { _ in true }, env: nil, finalizer: nil)
    guard let slot, let arguments, let results else {
        trapResult.pointee = trapObject("the engine passed no arguments")
        return
    }
    let context = wasmtime_caller_context(caller)
    guard let data = wasmtime_context_get_data(context) else {
        trapResult.pointee = trapObject("the store has no guest")
        return
    }
    Unmanaged<Guest>.fromOpaque(data)._withUnsafeGuaranteedRef { guest in
        let index = Unmanaged<ImportSlot>.fromOpaque(slot)._withUnsafeGuaranteedRef { $0.index }
        let call = ImportCall(
            input: UInt32(bitPattern: arguments[0].of.i32),
            inputSize: UInt32(bitPattern: arguments[1].of.i32),
            pointerSlot: UInt32(bitPattern: arguments[2].of.i32),
            sizeSlot: UInt32(bitPattern: arguments[3].of.i32))
        switch guest.answer(call, import: index, caller: caller) {
        case .status(let status): setStatus(results, status)
        case .trap(let error): trapResult.pointee = guest.trap(error)
        case .suspend(let wait):
            guest.pending = Guest.Pending(
                wait: wait, call: call, results: results, trap: trapResult)
            guest.isResumed = false
            continuation.pointee = wasmtime_async_continuation_t(
                callback: { environment in
                    guard let environment else { return true }
                    return Unmanaged<Guest>.fromOpaque(environment)
                        ._withUnsafeGuaranteedRef { $0.isResumed }
                },
                env: data, finalizer: nil)
        }
    }
}

func setStatus(_ results: UnsafeMutablePointer<wasmtime_val_t>, _ status: Int32) {
    results[0].kind = UInt8(WASMTIME_I32)
    results[0].of.i32 = status
}

func trapObject(_ message: String) -> OpaquePointer {
    wasmtime_trap_new(message, message.utf8.count)
}
