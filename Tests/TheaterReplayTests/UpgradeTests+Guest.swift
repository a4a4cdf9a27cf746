// SPDX-License-Identifier: Apache-2.0

import TheaterEngine
import TheaterPact
import TheaterTesting
import TheaterValue

/// The guests, whose answers tell which of them ran.
extension UpgradeTests {
    static func name(_ function: String) -> String { "test:up/up.\(function)" }

    /// What a version's state looks like: a record with the version.
    static func state(_ version: UInt32) -> Value {
        .record(Value.Record("state", [.init("version", .u32(version))]))
    }

    /// How a version migrates a state.
    enum Migration { case none, taking, refusing, crashing, spinning, wrong }

    /// A guest of a version. `touch` answers how often this guest's memory was touched; `mark` leaves the
    /// version's state; `crash` traps, in bad versions only; `log-and-crash` and `send-and-crash` do
    /// something before; `stay` takes the state as it is.
    static func guest(
        _ version: UInt32, isBad: Bool = false, migration: Migration = .none,
        lacksTouch: Bool = false, imports: String = "", field: String = "version"
    ) throws -> [UInt8] {
        var actor = WatActor()
        let migrate =
            migration == .none ? "" : "migrate: func(old: value) -> result<value, string>"
        actor.metadata = try PackageMetadata(
            package: PactPackage.parse(
                """
                record state { \(field): u32 }
                imports {
                    \(imports)
                    theater:simple/runtime { log: func(msg: string) }
                    test:try/try { later: func(value: string) -> result<string, string> }
                }
                exports {
                    theater:simple/actor { \(migrate) }
                    test:up/up {
                        \(lacksTouch ? "" : "touch: func() -> u32")
                        mark: func(state: value) -> result<value, string>
                        keep: func(state: state) -> result<state, string>
                        crash: func() -> u32
                        logs: func(value: string) -> u32
                        reaches: func(value: string) -> u32
                    }
                }
                """, file: "test.pact")
        ).encoded()
        actor.imports = [
            WatActor.importing("theater:simple/runtime", "log", as: "log"),
            WatActor.importing("test:try/try", "later", as: "later"),
        ]
        let number = try CGRF.encode(.u32(0))
        let answer = try CGRF.encode(.u32(version))
        let marked = try CGRF.encode(
            .result(ok: .tuple([]), err: .string, .ok(.tuple([state(version)]))))
        let text = try CGRF.encode(.string("hello"))
        let trap = isBad ? "unreachable" : ""
        func answering(_ address: Int, _ count: Int) -> String {
            "(call $answer (i32.const \(address)) (i32.const \(count)) (local.get $slot) "
                + "(local.get $lenslot)) (i32.const 0)"
        }
        actor.body = [
            WatActor.data(number, at: 32768), WatActor.data(answer, at: 33024),
            WatActor.data(marked, at: 33280), WatActor.data(text, at: 34048),
            "(global $count (mut i32) (i32.const 0))",
            WatActor.function(name("mark"), answering(33280, marked.count)),
            WatActor.function(name("keep"), answering(33280, marked.count)),
            WatActor.function(name("crash"), "\(trap) \(answering(33024, answer.count))"),
            WatActor.function(
                name("logs"),
                """
                (drop (call $log (i32.const 34048) (i32.const \(text.count)) (i32.const 512)
                  (i32.const 516))) \(trap) \(answering(33024, answer.count))
                """),
            WatActor.function(
                name("reaches"),
                """
                (drop (call $later (i32.const 34048) (i32.const \(text.count)) (i32.const 512)
                  (i32.const 516))) \(trap) \(answering(33024, answer.count))
                """),
        ]
        if !lacksTouch {
            actor.body.append(
                WatActor.function(
                    name("touch"),
                    """
                    (global.set $count (i32.add (global.get $count) (i32.const 1)))
                    (i32.store (i32.const \(32768 + number.count - 4)) (global.get $count))
                    \(answering(32768, number.count))
                    """))
        }
        let taken = try CGRF.encode(.result(ok: .tuple([]), err: .string, .ok(state(version))))
        let refused = try CGRF.encode(
            .result(ok: .tuple([]), err: .string, .err(.string("not from this one"))))
        let wrong = try CGRF.encode(.result(ok: .tuple([]), err: .string, .ok(.u32(7))))
        let migrateName = "theater:simple/actor.migrate"
        switch migration {
        case .none: break
        case .taking: actor.body.append(WatActor.answering(migrateName, taken, at: 36864))
        case .refusing: actor.body.append(WatActor.answering(migrateName, refused, at: 36864))
        case .wrong: actor.body.append(WatActor.answering(migrateName, wrong, at: 36864))
        case .crashing: actor.body.append(WatActor.function(migrateName, "unreachable"))
        case .spinning:
            actor.body.append(
                WatActor.function(migrateName, "(loop $l (br $l)) (i32.const 0)"))
        }
        return try Engine.assemble(wat: actor.wat)
    }
}
