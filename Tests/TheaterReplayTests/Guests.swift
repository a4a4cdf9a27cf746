// SPDX-License-Identifier: Apache-2.0

import TheaterPact
import TheaterTesting
import TheaterValue

/// Guests that pass what they get to one host function and answer with what that answers.
enum Guests {
    static let functions = [
        "same", "later", "never", "fail", "trap", "deny", "large", "put", "burn", "hang",
    ]

    /// Exports `test:guest/guest.<function>` for each host function, `keep` with a state, `echo`,
    /// `crash`, `spin`, `refuse`, and `many`, which calls `same` as often as the size of its input.
    static func all(keep: Int = 1) throws -> String {
        var actor = WatActor()
        actor.metadata = try PackageMetadata(
            package: PactPackage.parse(
                """
                imports {
                    test:try/try { \(TryHandler.functions) }
                }
                exports {
                    test:guest/guest {
                        same: func(value: string) -> value
                        large: func(size: u32) -> value
                        later: func(value: string) -> value
                        never: func(value: string) -> value
                        fail: func(value: string) -> value
                        trap: func(value: string) -> value
                        deny: func(value: string) -> value
                        put: func(value: string) -> value
                        burn: func(value: string) -> value
                        hang: func(value: string) -> value
                        echo: func(value: value) -> value
                        crash: func(value: value) -> value
                        spin: func(value: value) -> value
                        refuse: func(value: value) -> value
                        many: func(value: value) -> value
                        grow: func(value: value) -> u32
                    }
                }
                """, file: "test.pact")
        ).encoded()
        let passing =
            "(local.get $in) (local.get $size) (i32.const 512) (i32.const 516)"
        let answering =
            "(call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516)) (local.get $slot) "
            + "(local.get $lenslot)) (i32.const 0)"
        for name in functions {
            actor.imports.append(WatActor.importing("test:try/try", name, as: name))
            actor.body.append(
                WatActor.function(
                    "test:guest/guest.\(name)", "(drop (call $\(name) \(passing))) \(answering)"))
        }
        let echo =
            "(call $answer (local.get $in) (local.get $size) (local.get $slot) (local.get $lenslot))"
        let number = try CGRF.encode(.u32(0))
        actor.body += [
            WatActor.function("test:guest/guest.echo", "\(echo) (i32.const 0)"),
            WatActor.function("test:guest/guest.crash", "unreachable"),
            WatActor.function("test:guest/guest.spin", "(loop $l (br $l)) (i32.const 0)"),
            WatActor.function(
                "test:guest/guest.many",
                """
                (local.set $i (local.get $size))
                (loop $l (drop (call $same \(passing)))
                  (local.set $i (i32.sub (local.get $i) (i32.const \(keep)))) (br_if $l (local.get $i)))
                \(answering)
                """),
            WatActor.answering(
                "test:guest/guest.refuse", Array("no\u{7}, not today".utf8), at: 40960, status: -1),
            // The answer's number is its last four bytes.
            WatActor.data(number, at: 49152),
            WatActor.function(
                "test:guest/guest.grow",
                """
                (local.set $i (memory.grow (i32.const 16)))
                (i32.store (i32.const \(49152 + number.count - 4)) (local.get $i))
                (call $answer (i32.const 49152) (i32.const \(number.count)) (local.get $slot)
                  (local.get $lenslot)) (i32.const 0)
                """),
        ]
        return actor.wat
    }

    /// Exports `tell`, which answers with the variable that it is asked for, and `keep`, which asks and
    /// answers nothing of it.
    static func environment() throws -> String {
        var actor = WatActor()
        actor.metadata = try PackageMetadata(
            package: PactPackage.parse(
                """
                imports { theater:simple/environment { get-var: func(name: string) -> option<string> } }
                exports {
                    test:guest/guest {
                        tell: func(name: string) -> value
                        keep: func(name: string) -> value
                    }
                }
                """, file: "test.pact")
        ).encoded()
        actor.imports = [
            WatActor.importing("theater:simple/environment", "get-var", as: "get")
        ]
        let asking =
            "(drop (call $get (local.get $in) (local.get $size) (i32.const 512) (i32.const 516)))"
        actor.body = [
            WatActor.function(
                "test:guest/guest.tell",
                """
                \(asking) (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516))
                  (local.get $slot) (local.get $lenslot)) (i32.const 0)
                """),
            WatActor.function(
                "test:guest/guest.keep",
                """
                \(asking) (call $answer (local.get $in) (local.get $size) (local.get $slot)
                  (local.get $lenslot)) (i32.const 0)
                """),
        ]
        return actor.wat
    }

    /// Exports functions that leave constant states: `one`, `two` and `three` with totals 1, 2 and 3;
    /// `same` a constant value and no state; `no` an error, and `crash` a trap.
    ///
    /// - Parameter state: what the first parameter is called; earlier tools did not call it `state`.
    static func states(state: String = "state", third: UInt32 = 3) throws -> String {
        var actor = WatActor()
        let taking = "func(\(state): value) -> result<value, string>"
        actor.metadata = try PackageMetadata(
            package: PactPackage.parse(
                """
                exports {
                    test:states/states {
                        one: \(taking)
                        two: \(taking)
                        three: \(taking)
                        same: func() -> u32
                        no: \(taking)
                        crash: \(taking)
                    }
                }
                """, file: "test.pact")
        ).encoded()
        func answer(_ value: Value) throws -> [UInt8] {
            try CGRF.encode(.result(ok: .tuple([]), err: .string, .ok(.tuple([value]))))
        }
        let prefix = "test:states/states."
        actor.body = [
            WatActor.answering(prefix + "one", try answer(total(1)), at: 32768),
            WatActor.answering(prefix + "two", try answer(total(2)), at: 36864),
            WatActor.answering(prefix + "three", try answer(total(third)), at: 40960),
            WatActor.answering(prefix + "same", try CGRF.encode(.u32(7)), at: 45056),
            WatActor.answering(
                prefix + "no",
                try CGRF.encode(
                    .result(ok: .tuple([]), err: .string, .err(.string("not today")))), at: 49152),
            WatActor.function(prefix + "crash", "unreachable"),
        ]
        return actor.wat
    }

    /// A state with a total, and as many names.
    static func total(_ number: UInt32) -> Value {
        let names = (0..<number).map { Value.string("name \($0)") }
        return .record(
            Value.Record(
                "state",
                [.init("total", .u32(number)), .init("names", .list(.string, names))]))
    }

    /// Exports `count`, which answers how often it was called, a number in the guest's memory alone;
    /// `keep`, which stores its input; and `crash`.
    static func counter() throws -> String {
        var actor = WatActor()
        actor.metadata = try PackageMetadata(
            package: PactPackage.parse(
                """
                imports {
                    theater:simple/store {
                        store: func(store-id: string, content: list<u8>) -> result<string, string>
                    }
                }
                exports {
                    test:guest/guest {
                        count: func() -> u32
                        keep: func(store-id: string, content: list<u8>) -> value
                        crash: func() -> u32
                    }
                }
                """, file: "test.pact")
        ).encoded()
        actor.imports = [WatActor.importing("theater:simple/store", "store", as: "store")]
        let number = try CGRF.encode(.u32(0))
        actor.body = [
            "(global $count (mut i32) (i32.const 0))",
            WatActor.data(number, at: 49152),
            WatActor.function(
                "test:guest/guest.count",
                """
                (global.set $count (i32.add (global.get $count) (i32.const 1)))
                (i32.store (i32.const \(49152 + number.count - 4)) (global.get $count))
                (call $answer (i32.const 49152) (i32.const \(number.count)) (local.get $slot)
                  (local.get $lenslot)) (i32.const 0)
                """),
            WatActor.function(
                "test:guest/guest.keep",
                """
                (drop (call $store (local.get $in) (local.get $size) (i32.const 512) (i32.const 516)))
                (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516))
                  (local.get $slot) (local.get $lenslot)) (i32.const 0)
                """),
            WatActor.function("test:guest/guest.crash", "unreachable"),
        ]
        return actor.wat
    }

    static func name(_ function: String) -> String { "test:guest/guest.\(function)" }
}
