// SPDX-License-Identifier: Apache-2.0

internal import CWasmtime

/// All that a guest is between two calls: what another one of the same module is made to be it with.
public struct GuestImage: Sendable, Hashable {
    /// The memory.
    public var memory: [UInt8]
    /// The bits of the globals that can change, in the module's order.
    public var globals: [UInt64]
    /// The buffer that the host has from the guest's allocator: where, and how large.
    public var buffer: Range<UInt32>?
    /// The pages that the host grew at the end of the memory.
    public var hostPages: Range<UInt32>

    /// Makes an image.
    public init(
        memory: [UInt8], globals: [UInt64], buffer: Range<UInt32>?, hostPages: Range<UInt32>
    ) {
        self.memory = memory
        self.globals = globals
        self.buffer = buffer
        self.hostPages = hostPages
    }
}

extension Guest {
    /// Takes an image, between two calls.
    ///
    /// - Returns: `nil` when an image does not hold all that the guest is.
    public func image() -> GuestImage? {
        let plan = linked.module.imagePlan
        guard plan.obstacle == nil, present == nil, let memory else { return nil }
        var globals: [UInt64] = []
        for name in plan.globals {
            guard var global = global(name) else { return nil }
            var value = wasmtime_val_t()
            wasmtime_global_get(context, &global, &value)
            globals.append(Self.bits(of: value))
        }
        var copy = memory
        return GuestImage(
            memory: [UInt8](copy.bytes(context)), globals: globals,
            buffer: buffer.map { $0.address..<($0.address + $0.size) },
            hostPages: memory.hostPages)
    }

    /// Makes a guest that has just begun into the one of an image.
    ///
    /// - Throws: `engine.instantiation` when the image does not fit the module or the limits.
    public func become(_ image: GuestImage) throws(EngineError) {
        let plan = linked.module.imagePlan
        guard plan.obstacle == nil, plan.globals.count == image.globals.count else {
            throw EngineError(.instantiation, "the image is not one of this module")
        }
        guard var memory else { throw EngineError(.instantiation, "the guest has no memory") }
        let size = memory.size(context)
        guard image.memory.count >= size, image.memory.count % 65536 == 0,
            memory.grow(to: image.memory.count, context)
        else {
            throw EngineError(
                .instantiation,
                "the image has \(image.memory.count) bytes of memory, which the guest cannot have")
        }
        image.memory.withUnsafeBytes { memory.bytes(context).copyMemory(from: $0) }
        guard memory.take(hostPages: image.hostPages, image.memory.count),
            image.buffer.map({ Int($0.upperBound) <= image.memory.count }) ?? true
        else { throw EngineError(.instantiation, "the image's places are outside its memory") }
        self.memory = memory
        buffer = image.buffer.map { ($0.lowerBound, UInt32($0.count)) }
        for (name, bits) in zip(plan.globals, image.globals) {
            guard var global = global(name) else {
                throw EngineError(.instantiation, "the module has no global '\(name)'")
            }
            var value = wasmtime_val_t()
            wasmtime_global_get(context, &global, &value)
            Self.set(&value, bits)
            if let error = wasmtime_global_set(context, &global, &value) {
                throw EngineError(.instantiation, Failures.message(ofError: error))
            }
        }
    }

    private func global(_ name: String) -> wasmtime_global_t? {
        guard let item = export(name), Int32(item.kind) == WASMTIME_EXTERN_GLOBAL else {
            return nil
        }
        return item.of.global
    }

    private static func bits(of value: wasmtime_val_t) -> UInt64 {
        switch Int(value.kind) {
        case WASMTIME_I32: UInt64(UInt32(bitPattern: value.of.i32))
        case WASMTIME_F32: UInt64(value.of.f32.bitPattern)
        case WASMTIME_F64: value.of.f64.bitPattern
        default: UInt64(bitPattern: value.of.i64)
        }
    }

    private static func set(_ value: inout wasmtime_val_t, _ bits: UInt64) {
        switch Int(value.kind) {
        case WASMTIME_I32: value.of.i32 = Int32(bitPattern: UInt32(truncatingIfNeeded: bits))
        case WASMTIME_F32: value.of.f32 = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
        case WASMTIME_F64: value.of.f64 = Double(bitPattern: bits)
        default: value.of.i64 = Int64(bitPattern: bits)
        }
    }
}
