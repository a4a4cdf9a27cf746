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

    var results: UnsafeMutablePointer<wasmtime_val_t> { values + 4 }
    var result: Int32 { results[0].of.i32 }

    init() {
        function = .allocate(capacity: 1)
        function.initialize(to: wasmtime_func_t())
        values = .allocate(capacity: 5)
        values.initialize(repeating: wasmtime_val_t(), count: 5)
        raw = .allocate(capacity: 4)
        raw.initialize(repeating: wasmtime_val_raw_t(), count: 4)
        trap = .allocate(capacity: 2)
        trap.initialize(repeating: nil, count: 2)
        error = trap + 1
    }

    deinit {
        function.deallocate()
        values.deallocate()
        raw.deallocate()
        trap.deallocate()
    }

    func clear() {
        trap.pointee = nil
        error.pointee = nil
    }

    func setArguments(_ arguments: UInt32...) {
        for (index, argument) in arguments.enumerated() {
            values[index].kind = UInt8(WASMTIME_I32)
            values[index].of.i32 = Int32(bitPattern: argument)
        }
    }
}
