// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterEngine
import TheaterHandlers
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

@Suite("Call")
struct CallTests {
    /// Answers constant values, declared by the Pact text.
    private static func answering(_ pact: String, _ answers: [(String, Value)]) throws -> String {
        try actor(pact) { actor in
            for (index, (name, value)) in answers.enumerated() {
                actor.body.append(
                    WatActor.answering(name, try CGRF.encode(value), at: 40000 + index * 1000))
            }
        }
    }

    @Test("takes a stateful answer apart: state kept, result returned")
    func stateful() async throws {
        let stage = try Stage()
        let ok = Value.result(
            ok: .tuple([]), err: .string, .ok(.tuple([.u32(41), .string("hi")])))
        let wat = try Self.answering(
            """
            exports { test:a/a {
              next: func(state: value, name: string) -> result<tuple<u32, string>, string>
              only: func(state: value) -> result<tuple<u32, string>, string> } }
            """, [("test:a/a.next", ok), ("test:a/a.only", ok)])
        let id = try await stage.spawn(wat)
        #expect(try await stage.system.call(id, "test:a/a.next", [.string("x")]) == .string("hi"))
        try await stage.system.call(id, "test:a/a.only")
        let calls = try await stage.events(of: id).compactMap { event -> Value? in
            guard case .called(_, let bytes, _, _) = event else { return nil }
            return try CGRF.decode(bytes)
        }
        #expect(calls[0] == .tuple([CallShape.noState, .string("x")]))
        #expect(calls[1] == .tuple([.u32(41)]), "the state came from the first answer")
    }

    @Test("a state that is a tuple stays whole")
    func tupleState() async throws {
        let stage = try Stage()
        let state = Value.tuple([.u32(4), .u32(2)])
        let ok = Value.result(ok: .tuple([]), err: .string, .ok(state))
        let wat = try Self.answering(
            """
            exports { test:a/a {
              set: func(state: tuple<u32, u32>) -> result<tuple<u32, u32>, string>
              get: func(state: tuple<u32, u32>) -> result<tuple<u32, u32>, string> } }
            """, [("test:a/a.set", ok), ("test:a/a.get", ok)])
        let id = try await stage.spawn(wat) { $0.initialState = .tuple([.u32(1), .u32(1)]) }
        #expect(try await stage.system.call(id, "test:a/a.set") == .unit)
        #expect(try stage.system.state(of: id) == state)
        try await stage.system.call(id, "test:a/a.get")
        let calls = try await stage.events(of: id).compactMap { event -> Value? in
            guard case .called(_, let bytes, _, _) = event else { return nil }
            return try CGRF.decode(bytes)
        }
        #expect(calls.last == .tuple([state]))
    }

    @Test("wrong function, count and types are the caller's errors and leave the actor unharmed")
    func callerErrors() async throws {
        let stage = try Stage()
        let wat = try Self.answering(
            "exports { test:a/a { add: func(a: u32, b: u32) -> u32 } }", [("test:a/a.add", .u32(3))]
        )
        let id = try await stage.spawn(wat)
        let unknown = try await stage.failure(id, "test:a/a.sub")
        #expect(unknown.code == .unknownFunction)
        #expect(unknown.message.contains("did you mean 'test:a/a.add'?"))
        let count = try await stage.failure(id, "test:a/a.add", [.u32(1), .u32(2), .u32(3)])
        #expect(count.code == .wrongArgument)
        let missing = try await stage.failure(id, "test:a/a.add", [.u32(1)])
        #expect(missing.code == .wrongArgument, "a missing argument is not the state")
        let type = try await stage.failure(id, "test:a/a.add", [.u32(1), .string("2")])
        #expect(type.code == .wrongArgument)
        #expect(type.message.contains("argument 'b'"))
        #expect(type.message.contains("expected u32, got string"))
        #expect(try await stage.system.call(id, "test:a/a.add", [.u32(1), .u32(2)]) == .u32(3))
    }

    @Test("an error value is the call's error, and the actor lives")
    func guestErrors() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        let text = try await stage.failure(id, "fail")
        #expect(text.code == .guestError)
        #expect(text.message.contains("fixture says no"))
        #expect(stage.system.status(of: id) == .running)
        let err = Value.result(ok: .primitive(.u32), err: .string, .err(.string("later")))
        let wat = try Self.answering(
            "exports { test:a/a { f: func(state: value) -> result<u32, string> } }",
            [("test:a/a.f", err)])
        let other = try await stage.spawn(wat, name: "other")
        #expect(try await stage.failure(other, "test:a/a.f").value == .string("later"))
        #expect(stage.system.status(of: other) == .running)
    }

    @Test(
        "a trap ends the actor; its caller gets the backtrace, later callers learn that it is over")
    func crash() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        let error = try await stage.failure(id, "trap")
        #expect(error.code == .crashed)
        #expect(error.cause?.frames.isEmpty == false)
        let reason = try await stage.system.awaitEnd(of: id)
        guard case .failed = reason else {
            Issue.record("\(reason)")
            return
        }
        #expect(try await stage.failure(id, "echo", [.unit]).code == .ended)
        #expect(stage.system.engine.guestsLive == 0)
        let events = try await stage.events(of: id)
        #expect(
            events.suffix(2).map(\.type.name) == [
                "theater.runtime/failed", "theater.runtime/exited",
            ])
    }

    @Test("a loop ends by its fuel, recorded as a limit, while another actor answers")
    func loop() async throws {
        let stage = try Stage()
        let looping = try await stage.spawn(FixtureActor.wat, name: "loop")
        let other = try await stage.spawn(FixtureActor.wat, name: "other")
        async let spinning = stage.failure(looping, "spin", options: CallOptions(fuel: 300_000_000))
        for _ in 0..<20 { #expect(try await stage.system.call(other, "echo", [.u8(1)]) == .u8(1)) }
        let error = try await spinning
        #expect(error.cause?.code == .outOfFuel)
        let events = try await stage.events(of: looping)
        #expect(
            events.contains { if case .limit("engine.out-of-fuel", _) = $0 { true } else { false } }
        )
    }

    @Test("an answer that does not fit its declaration ends the actor with a clear error")
    func wrongResult() async throws {
        let stage = try Stage()
        let wat = try Self.answering(
            """
            record pos { x: f64 }
            exports { test:a/a { f: func() -> pos } }
            """,
            [("test:a/a.f", .record(Value.Record("pos", [.init("x", .string("far"))])))])
        let id = try await stage.spawn(wat)
        let error = try await stage.failure(id, "test:a/a.f")
        #expect(error.code == .wrongResult)
        #expect(error.message.contains("in field 'x' of record 'pos': expected f64, got string"))
        _ = try await stage.system.awaitEnd(of: id)
    }

    @Test("an answer that is rubbish is an error of the actor's")
    func garbage() async throws {
        let stage = try Stage()
        let wat = try actor("exports { test:a/a { f: func() -> value } }") {
            $0.body = [WatActor.answering("test:a/a.f", [1, 2, 3], at: 40000)]
        }
        let id = try await stage.spawn(wat)
        #expect(try await stage.failure(id, "test:a/a.f").code == .wrongResult)
    }

    @Test("calls are done one at a time in order; the mailbox is bounded and says when it is full")
    func mailbox() async throws {
        let stage = try Stage()
        let gate = Gate.of("mailbox")
        let id = try await stage.spawn(waiter(), grants: ["gate"]) {
            $0.manifest.limits.mailbox = 2
        }
        async let first = stage.system.call(id, "test:waiter/waiter.wait", [.string("mailbox")])
        await gate.arrived()
        let (second, third) = (
            Task {
                try await stage.system.call(id, "test:waiter/waiter.wait", [.string("mailbox")])
            },
            Task {
                try await stage.system.call(id, "test:waiter/waiter.wait", [.string("mailbox")])
            }
        )
        while stage.system.actors()[0].mailboxDepth < 2 { await Task.yield() }
        let full = try await stage.failure(id, "test:waiter/waiter.wait", [.string("mailbox")])
        #expect(full.code == .mailboxFull)
        #expect(full.message.contains("2 calls wait"))
        gate.open()
        _ = try await (first, second.value, third.value)
        #expect(stage.system.actors()[0].mailboxDepth == 0)
    }

    @Test("a call that waits is withdrawn when its caller gives up, and when its time is over")
    func withdraw() async throws {
        let stage = try Stage()
        let gate = Gate.of("withdraw")
        let id = try await stage.spawn(waiter(), grants: ["gate"])
        async let first = stage.system.call(id, "test:waiter/waiter.wait", [.string("withdraw")])
        await gate.arrived()
        let second = Task {
            try await stage.failure(id, "test:waiter/waiter.wait", [.string("withdraw")])
        }
        while stage.system.actors()[0].mailboxDepth < 1 { await Task.yield() }
        second.cancel()
        #expect(try await second.value.code == .cancelled)
        let early = Task {
            withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await stage.failure(id, "test:waiter/waiter.wait", [.string("withdraw")])
        }
        #expect(try await early.value.code == .cancelled, "given up before it had its place")
        let late = try await stage.failure(
            id, "test:waiter/waiter.wait", [.string("withdraw")],
            options: CallOptions(timeout: .milliseconds(1)))
        #expect(late.code == .deadline)
        gate.open()
        _ = try await first
        #expect(stage.system.status(of: id) == .running)
    }

    @Test("an argument too large to be recorded, and no time at all, are the caller's errors")
    func callerBounds() async throws {
        var options = JournalOptions()
        options.payloadSizeMax = 100_000
        let stage = try Stage(journal: .inMemory(options: options))
        let id = try await stage.spawn(FixtureActor.wat)
        let large = try await stage.failure(
            id, "echo", [.bytes([UInt8](repeating: 1, count: 99_000))])
        #expect(large.code == .wrongArgument)
        #expect(large.message.contains("too large to be recorded"))
        let late = try await stage.failure(
            id, "echo", [.unit], options: CallOptions(timeout: .zero))
        #expect(late.code == .deadline)
        #expect(try await stage.system.call(id, "echo", [.u8(1)]) == .u8(1))
    }

    @Test("what a guest says in an error cannot drive a terminal or forge a line")
    func guestText() {
        #expect(GuestText.shown("a\u{1B}[31m\nb\u{202E}ü") == "a\\u{1B}[31m\\nb\\u{202E}ü")
        #expect(GuestText.shown(String(repeating: "x", count: 5000)).count == GuestText.sizeMax + 1)
    }

    @Test("cancelling the caller of a running call does not end the actor")
    func cancelRunning() async throws {
        let stage = try Stage()
        let gate = Gate.of("cancel-running")
        let id = try await stage.spawn(waiter(), grants: ["gate"])
        let call = Task {
            try await stage.system.call(id, "test:waiter/waiter.wait", [.string("cancel-running")])
        }
        await gate.arrived()
        call.cancel()
        gate.open()
        #expect(try await call.value.asResult != nil)
        #expect(stage.system.status(of: id) == .running)
    }

    @Test("a host function that waits too long ends the actor at its deadline")
    func hostDeadline() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(waiter(), grants: ["gate"]) {
            $0.manifest.limits.callTimeout = .milliseconds(5)
        }
        let error = try await stage.failure(id, "test:waiter/waiter.wait", [.string("never")])
        #expect(error.cause?.code == .deadline)
        _ = try await stage.system.awaitEnd(of: id)
    }

    @Test(
        "failures of host functions: an error value where there is one, else a trap; denials recorded"
    )
    func hostFailures() async throws {
        let stage = try Stage()
        let pact = """
            imports { test:strict/strict {
              fail: func() -> result<_, string>  trap: func() -> u32  deny: func() -> result<_, string> } }
            exports { test:a/a { fail: func() -> value  trap: func() -> value  deny: func() -> value } }
            """
        let unit = try CGRF.encode(.unit)
        let wat = try actor(pact) { actor in
            actor.body.append(WatActor.data(unit, at: 60000))
            for name in ["fail", "trap", "deny"] {
                actor.imports.append(WatActor.importing("test:strict/strict", name, as: name))
                actor.body.append(
                    WatActor.function(
                        "test:a/a.\(name)",
                        """
                        (drop (call $\(name) (i32.const 60000) (i32.const \(unit.count)) (i32.const 512)
                          (i32.const 516)))
                        (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516))
                          (local.get $slot) (local.get $lenslot)) (i32.const 0)
                        """))
            }
        }
        let id = try await stage.spawn(wat, grants: ["strict"])
        let fail = try await stage.failure(id, "test:a/a.fail")
        #expect(fail.value == .string("no fail today [strict.fail]"))
        let deny = try await stage.failure(id, "test:a/a.deny")
        #expect(deny.value?.asString?.contains("no deny today") == true)
        let trap = try await stage.failure(id, "test:a/a.trap")
        #expect(trap.code == .crashed)
        #expect(trap.message.contains("no trap today"))
        let events = try await stage.events(of: id)
        #expect(
            events.contains {
                if case .denied("test:strict/strict.deny", _) = $0 { true } else { false }
            })
        #expect(
            events.contains { if case .hostError(_, "trap", _, _) = $0 { true } else { false } })
    }

    @Test("a guest that passes rubbish to a host function traps, and the chain says why")
    func hostRubbish() async throws {
        let stage = try Stage()
        var notUTF8 = try CGRF.encode(.string("ab"))
        notUTF8[notUTF8.count - 1] = 0xFF
        for input in [[1, 2, 3], try CGRF.encode(.u32(7)), notUTF8] as [[UInt8]] {
            let wat = try actor(
                """
                imports { theater:simple/runtime { log: func(msg: string) } }
                exports { test:a/a { f: func() } }
                """
            ) { actor in
                actor.imports = [WatActor.importing("theater:simple/runtime", "log", as: "log")]
                actor.body = [
                    WatActor.data(input, at: 60000),
                    WatActor.function(
                        "test:a/a.f",
                        """
                        (call $log (i32.const 60000) (i32.const \(input.count)) (i32.const 512)
                          (i32.const 516))
                        """),
                ]
            }
            let id = try await stage.spawn(wat)
            let error = try await stage.failure(id, "test:a/a.f")
            #expect(error.code == .crashed)
            #expect(error.message.contains("log"))
        }
    }

    // Goal: a guest cannot overflow the host's part of the stack. Method: it recurses until its own part
    // is used up, and on the way down calls a host function with the deepest value that decodes, of the
    // wrong type, so that it is decoded, checked and printed.
    @Test("the deepest value at the bottom of the guest's stack harms nobody")
    func deepValueOnDeepStack() async throws {
        let stage = try Stage()
        var deep = Value.unit
        for _ in 0..<500 { deep = .tuple([deep, .bool(true)]) }
        let bytes = try CGRF.encode(deep)
        let wat = try actor(
            """
            imports { test:strict/strict { fail: func() -> result<_, string> } }
            exports { test:a/a { f: func() } }
            """
        ) { actor in
            actor.imports = [WatActor.importing("test:strict/strict", "fail", as: "fail")]
            actor.body = [
                WatActor.data(bytes, at: 40000),
                """
                (func $down (param $n i32) (result i32)
                  (if (i32.eqz (i32.rem_u (local.get $n) (i32.const 50))) (then
                    (drop (call $fail (i32.const 40000) (i32.const \(bytes.count)) (i32.const 512)
                      (i32.const 516)))))
                  (i32.add (call $down (i32.add (local.get $n) (i32.const 1))) (local.get $n)))
                """,
                WatActor.function("test:a/a.f", "(call $down (i32.const 1))"),
            ]
        }
        let id = try await stage.spawn(wat, grants: ["strict"])
        let error = try await stage.failure(id, "test:a/a.f")
        #expect(error.cause?.message == "call stack exhausted")
        #expect(try await stage.events(of: id).count > 50)
    }
}
