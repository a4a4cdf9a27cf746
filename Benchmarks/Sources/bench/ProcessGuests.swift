// SPDX-License-Identifier: Apache-2.0

import TheaterValue

/// The guest that hears a program.
extension Guests {
    static let start = "bench:guest/guest.start"
    static let heard = "bench:guest/guest.heard"

    private static let listener = "theater:simple/process-handlers"

    /// How output comes, by its place among the modes.
    enum Mode: UInt32 {
        case raw, lines

        var name: String { self == .raw ? "raw" : "line-by-line" }
    }

    private static func mode(_ mode: Mode) -> Value {
        .variant(Value.Variant("output-mode", mode.name, tag: mode.rawValue))
    }

    private static func config(
        _ program: String, _ arguments: [String], _ output: Mode
    ) -> Value {
        .record(
            Value.Record(
                "process-config",
                [
                    .init("program", .string(program)),
                    .init("args", .list(.string, arguments.map { .string($0) })),
                    .init("cwd", .option(.string, nil)),
                    .init("env", .list(.tuple([.string, .string]), [])),
                    .init("buffer-size", .u32(65_536)), .init("stdout-mode", mode(output)),
                    .init("stderr-mode", mode(.raw)),
                    .init("chunk-size", .option(.primitive(.u32), nil)),
                    .init("execution-timeout", .option(.primitive(.u64), nil)),
                ]))
    }

    /// Exports `start`, which starts a program, and `heard`, how many lines were heard since, or how many bytes
    /// the calls with raw output had; gives the signal at its end.
    static func hearer(
        _ program: String, _ arguments: [String], _ output: Mode
    ) throws -> [UInt8] {
        let order = try CGRF.encode(config(program, arguments, output))
        // An error has another size.
        let started = try CGRF.encode(.result(ok: .primitive(.u64), err: .string, .ok(.u64(1))))
        let zero = try CGRF.encode(.u32(0))
        let state = Value.result(ok: .tuple([]), err: .string, .ok(.tuple([.u64(1)])))
        let kept = try CGRF.encode(state)
        return try module(
            """
            variant output-mode { raw, line-by-line, json, chunked }
            record process-config {
                program: string, args: list<string>, cwd: option<string>,
                env: list<tuple<string, string>>,
                buffer-size: u32, stdout-mode: output-mode, stderr-mode: output-mode,
                chunk-size: option<u32>, execution-timeout: option<u64>,
            }
            imports {
                theater:simple/process {
                    os-spawn: func(config: process-config) -> result<u64, string>
                }
                bench:host/signal { done: func() }
            }
            exports {
                bench:guest/guest { start: func() -> u32 heard: func() -> u32 }
                \(listener) {
                    handle-stdout: func(state: value, pid: u64, data: list<u8>) -> result<value, string>
                    handle-exit: func(state: value, pid: u64, code: s32) -> result<value, string>
                }
            }
            """,
            imports: [
                importing("theater:simple/process", "os-spawn"),
                importing("bench:host/signal", "done"),
            ],
            body: [
                data(order, at: 16_384), data(zero, at: 4608), data(kept, at: 4700),
                data(try CGRF.encode(.unit), at: 4000),
                "(global $count (mut i32) (i32.const 0))",
                function(
                    start,
                    """
                    (global.set $count (i32.const 0))
                    (if (call $os-spawn (i32.const 16384) (i32.const \(order.count))
                      (i32.const 128) (i32.const 132)) (then (unreachable)))
                    (if (i32.ne (i32.load (i32.const 132)) (i32.const \(started.count)))
                      (then (unreachable)))
                    \(answer(at: 4608, size: zero.count))
                    """),
                function(
                    heard,
                    """
                    (i32.store (i32.const \(4608 + 24)) (global.get $count))
                    \(answer(at: 4608, size: zero.count))
                    """),
                function(
                    "\(listener).handle-stdout",
                    """
                    (global.set $count (i32.add (global.get $count)
                      \(output == .raw ? "(local.get $size)" : "(i32.const 1)")))
                    \(answer(at: 4700, size: kept.count))
                    """),
                function(
                    "\(listener).handle-exit",
                    "\(callDone) \(answer(at: 4700, size: kept.count))"),
            ], pages: 16)
    }
}
