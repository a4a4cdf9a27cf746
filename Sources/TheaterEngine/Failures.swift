// SPDX-License-Identifier: Apache-2.0

internal import CWasmtime

/// Turns the error and trap objects of the C API into Swift errors. Each function consumes its argument.
enum Failures {
    /// The text of a byte vector, which is freed.
    static func text(_ bytes: inout wasm_byte_vec_t) -> String {
        defer { wasm_byte_vec_delete(&bytes) }
        guard let data = bytes.data else { return "" }
        var size = bytes.size
        // Trap messages end in a NUL that the size counts.
        if size > 0, data[size - 1] == 0 { size -= 1 }
        return String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self)
    }

    /// The message of an error object.
    static func message(ofError error: OpaquePointer) -> String {
        defer { wasmtime_error_delete(error) }
        var bytes = wasm_byte_vec_t()
        wasmtime_error_message(error, &bytes)
        return text(&bytes)
    }

    /// What ended a call that left a trap or an error object behind; `nil` when it left neither.
    static func callFailure(trap: OpaquePointer?, error: OpaquePointer?) -> EngineError? {
        if let trap {
            if let error { wasmtime_error_delete(error) }
            return failure(ofTrap: trap)
        }
        if let error {
            var frames = wasm_frame_vec_t()
            wasmtime_error_wasm_trace(error, &frames)
            let trace = take(&frames)
            return EngineError(.trap, firstLine(message(ofError: error)), frames: trace)
        }
        return nil
    }

    private static func failure(ofTrap trap: OpaquePointer) -> EngineError {
        defer { wasm_trap_delete(trap) }
        var code: UInt8 = 255
        let hasCode = wasmtime_trap_code(trap, &code)
        var bytes = wasm_byte_vec_t()
        wasm_trap_message(trap, &bytes)
        let message = text(&bytes)
        var frames = wasm_frame_vec_t()
        wasm_trap_trace(trap, &frames)
        let trace = take(&frames)
        guard hasCode else { return EngineError(.trap, firstLine(message), frames: trace) }
        switch Int(code) {
        case WT_TRAP_OUT_OF_FUEL:
            return EngineError(
                .outOfFuel,
                "the call used up its fuel; raise fuel_per_call under [limits] if it needs more",
                frames: trace)
        case WT_TRAP_STACK_OVERFLOW:
            return EngineError(.trap, "call stack exhausted", frames: trace)
        default:
            return EngineError(.trap, reason(code) ?? firstLine(message), frames: trace)
        }
    }

    /// The specification's words for the trap codes of the C API.
    private static func reason(_ code: UInt8) -> String? {
        switch code {
        case 1: "out of bounds memory access"
        case 2: "misaligned atomic access"
        case 3: "out of bounds table access"
        case 4: "indirect call to null"
        case 5: "indirect call type mismatch"
        case 6: "integer overflow"
        case 7: "integer divide by zero"
        case 8: "invalid conversion to integer"
        case 9: "unreachable executed"
        case 10: "interrupted"
        default: nil
        }
    }

    /// The first line that says something; the library appends a rendered backtrace that we have as data.
    private static func firstLine(_ message: String) -> String {
        var cause: Substring?
        var afterCause = false
        for line in message.split(separator: "\n") {
            if afterCause { cause = line; break }
            if line.hasPrefix("Caused by:") { afterCause = true }
        }
        let line = cause ?? message.split(separator: "\n").first ?? "the guest trapped"
        let trimmed = line.drop { $0 == " " || $0.isNumber || $0 == ":" }
        return trimmed.isEmpty ? String(line) : String(trimmed)
    }

    private static func take(_ frames: inout wasm_frame_vec_t) -> [EngineError.Frame] {
        defer { wasm_frame_vec_delete(&frames) }
        guard let data = frames.data else { return [] }
        return UnsafeBufferPointer(start: data, count: min(frames.size, 32)).compactMap { frame in
            guard let frame else { return nil }
            var name: String?
            if let bytes = wasmtime_frame_func_name(frame)?.pointee, let data = bytes.data {
                name = String(
                    decoding: UnsafeBufferPointer(start: data, count: min(bytes.size, 200)),
                    as: UTF8.self)
            }
            return EngineError.Frame(
                functionIndex: wasm_frame_func_index(frame), functionName: name,
                moduleOffset: wasm_frame_module_offset(frame))
        }
    }
}
