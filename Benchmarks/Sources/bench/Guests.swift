// SPDX-License-Identifier: Apache-2.0

import TheaterEngine
import TheaterPact
import TheaterValue

/// The guests of the benchmarks, in the text form of WebAssembly: they do as little as an actor can,
/// so that what is measured is what surrounds them.
enum Guests {
    static let initialize = "theater:simple/actor.init"
    static let place = "bench:guest/guest.place"
    static let spin = "bench:guest/guest.spin"
    static let log = "bench:guest/guest.log"

    /// Exports `init`, which takes and answers a state; `place`, a record in and a record out; and
    /// `spin`, which never ends. Nothing is decoded: answers are constants.
    ///
    /// - Parameter extraSize: bytes of further data, for a module of an ordinary size.
    static func small(extraSize: Int = 0) throws -> [UInt8] {
        let pact = """
            record pose { x: f64, y: f64, label: string }
            exports {
                theater:simple/actor { init: func(state: value) -> result<value, string> }
                bench:guest/guest { place: func(at: pose) -> pose, spin: func() -> u32 }
            }
            """
        let state = Value.result(ok: .tuple([]), err: .string, .ok(.tuple([.u64(1)])))
        let extra = [UInt8](repeating: 0x41, count: extraSize)
        return try module(
            pact, imports: [],
            body: [
                data(extra, at: 8192),
                try answering(initialize, state, at: 4096), try answering(place, pose, at: 4608),
                function(spin, "(loop $again (br $again)) (i32.const 0)"),
            ])
    }

    /// Exports `log`, which calls the host's `log` with 64 bytes as often as its argument says.
    static func logger() throws -> [UInt8] {
        let pact = """
            imports { theater:simple/runtime { log: func(msg: string) } }
            exports { bench:guest/guest { log: func(count: u32) -> u32 } }
            """
        let text = try CGRF.encode(.string(String(repeating: "0123456789abcdef", count: 4)))
        let zero = try CGRF.encode(.u32(0))
        return try module(
            pact,
            imports: [
                """
                (import "theater:simple/runtime" "log" \
                (func $log (param i32 i32 i32 i32) (result i32)))
                """
            ],
            body: [
                data(text, at: 4096), data(zero, at: 4608),
                // The number in the argument stands behind the header and the node's header.
                function(
                    log,
                    """
                    (local.set $left (i32.load offset=24 (local.get $in)))
                    (loop $again
                      (if (call $log (i32.const 4096) (i32.const \(text.count)) (i32.const 128)
                        (i32.const 132)) (then (unreachable)))
                      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                      (br_if $again (local.get $left)))
                    \(answer(at: 4608, size: zero.count))
                    """),
            ])
    }

    /// The record that `place` takes and answers.
    static let pose = Value.record(
        Value.Record(
            "pose",
            [.init("x", .f64(1.5)), .init("y", .f64(-2.25)), .init("label", .string("dock"))]))

    /// A record of about 200 bytes when encoded.
    static let record200 = Value.record(
        Value.Record(
            "order",
            [
                .init("id", .u64(7_000_000_001)), .init("amount", .f64(12.75)),
                .init("item", .string("ladder, 3 m")), .init("count", .u32(3)),
                .init("paid", .bool(true)), .init("note", .string("leave at the door")),
            ]))

    /// A module of its declaration, with the functions that every package has.
    ///
    /// - Parameter pages: its memory; what is above the first one is for the host.
    static func module(
        _ pact: String, imports: [String], body: [String], pages: Int = 2
    ) throws -> [UInt8] {
        let package = try PactPackage.parse(pact, file: "bench.pact")
        let metadata = try PackageMetadata(package: package).encoded()
        // Small metadata stands before what the rows place, large behind it.
        let place = metadata.count <= 3072 ? 1024 : 32_768
        guard metadata.count <= 32_768 else { throw BenchError("the metadata outgrew its place") }
        return try Engine.assemble(
            wat: """
                (module
                  \(imports.joined(separator: "\n  "))
                  (memory (export "memory") \(pages))
                  (global $next (mut i32) (i32.const 65536))
                  \(data(metadata, at: place))
                  (func (export "__pack_alloc") (param $n i32) (result i32) (local $p i32)
                    (local.set $p (global.get $next))
                    (if (i32.gt_u (i32.add (local.get $p) (local.get $n)) (i32.const \(pages << 16)))
                      (then (return (i32.const 0))))
                    (global.set $next (i32.add (local.get $p) (local.get $n)))
                    (local.get $p))
                  ;; What was taken last goes back: the host's buffer, which changes its size with the calls.
                  (func (export "__pack_free") (param $p i32) (param $n i32)
                    (if (i32.eq (i32.add (local.get $p) (local.get $n)) (global.get $next))
                      (then (global.set $next (local.get $p)))))
                  (func (export "__pack_types") (param $slot i32) (param $lenslot i32) (result i32)
                    \(answer(at: place, size: metadata.count)))
                  \(body.joined(separator: "\n  "))
                )
                """)
    }

    static func function(_ name: String, _ instructions: String) -> String {
        """
        (func (export "\(name)") (param $in i32) (param $size i32) (param $slot i32) \
        (param $lenslot i32) (result i32) (local $left i32) \(instructions))
        """
    }

    static func answer(at address: Int, size: Int) -> String {
        """
        (i32.store (local.get $slot) (i32.const \(address)))
        (i32.store (local.get $lenslot) (i32.const \(size))) (i32.const 0)
        """
    }

    static func answering(_ name: String, _ value: Value, at address: Int) throws -> String {
        let bytes = try CGRF.encode(value)
        return data(bytes, at: address) + "\n"
            + function(name, answer(at: address, size: bytes.count))
    }

    static func data(_ bytes: [UInt8], at address: Int) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [0x5C, digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return "(data (i32.const \(address)) \"\(String(decoding: text, as: UTF8.self))\")"
    }
}
