// SPDX-License-Identifier: Apache-2.0

internal import CWasmtime

/// Everything that a call hands to the library by address: it must stay put until the call's future is
/// deleted, so it lives on the heap for as long as its guest.
final class CallFrame {
    let function: UnsafeMutablePointer<wasmtime_func_t>
    /// Four arguments, then one result.
    let values: UnsafeMutablePointer<wasmtime_val_t>
    /// Four slots for calls that do not suspend.
    let raw: UnsafeMutablePointer<wasmtime_val_raw_t>
    let trap: UnsafeMutablePointer<OpaquePointer?>
    let error: UnsafeMutablePointer<OpaquePointer?>
    let instance: UnsafeMutablePointer<wasmtime_instance_t>
    /// All of them lie in this one block, because each guest has a frame.
    private let block: UnsafeMutableRawPointer

    var results: UnsafeMutablePointer<wasmtime_val_t> { values + 4 }
    var result: Int32 { results[0].of.i32 }

    init() {
        var size = 0
        func place<Item>(_ type: Item.Type, _ count: Int) -> Int {
            // 16 bytes suit every one of these types.
            defer { size += (count * MemoryLayout<Item>.stride + 15) & ~15 }
            return size
        }
        let functionPlace = place(wasmtime_func_t.self, 1)
        let valuesPlace = place(wasmtime_val_t.self, 5)
        let rawPlace = place(wasmtime_val_raw_t.self, 4)
        let trapPlace = place(OpaquePointer?.self, 2)
        let instancePlace = place(wasmtime_instance_t.self, 1)
        block = .allocate(byteCount: size, alignment: 16)
        function = (block + functionPlace).initializeMemory(
            as: wasmtime_func_t.self, repeating: wasmtime_func_t(), count: 1)
        values = (block + valuesPlace).initializeMemory(
            as: wasmtime_val_t.self, repeating: wasmtime_val_t(), count: 5)
        raw = (block + rawPlace).initializeMemory(
            as: wasmtime_val_raw_t.self, repeating: wasmtime_val_raw_t(), count: 4)
        trap = (block + trapPlace).initializeMemory(
            as: OpaquePointer?.self, repeating: nil, count: 2)
        error = trap + 1
        instance = (block + instancePlace).initializeMemory(
            as: wasmtime_instance_t.self, repeating: wasmtime_instance_t(), count: 1)
    }

    deinit { block.deallocate() }

    func clear() {
        trap.pointee = nil
        error.pointee = nil
    }

    /// Sets up to four arguments; those beyond what the function takes are not looked at.
    func setArguments(_ a: UInt32, _ b: UInt32 = 0, _ c: UInt32 = 0, _ d: UInt32 = 0) {
        set(0, a)
        set(1, b)
        set(2, c)
        set(3, d)
    }

    private func set(_ index: Int, _ argument: UInt32) {
        values[index].kind = UInt8(WASMTIME_I32)
        values[index].of.i32 = Int32(bitPattern: argument)
    }
}
