// SPDX-License-Identifier: Apache-2.0

import TheaterEngine
import TheaterPact
import TheaterTesting
import TheaterValue

/// Small real actors for tests.
enum TestActors {
    /// The hand-written actor: logs in `init`; `echo`, `fail`, `trap`, `spin`.
    static func fixture() throws -> [UInt8] { try Engine.assemble(wat: FixtureActor.wat) }

    /// An actor whose functions answer what they get.
    static func echo() throws -> [UInt8] {
        var actor = WatActor()
        actor.metadata = try metadata(
            """
            record point { x: s32, y: s32 }
            enum colour { red, green }
            exports {
                test:echo/echo {
                    text: func(value: string) -> string
                    data: func(value: list<u8>) -> list<u8>
                    number: func(value: u32) -> u32
                    place: func(at: point) -> point
                    paint: func(colour: colour) -> colour
                    maybe: func(value: option<string>) -> option<string>
                    nothing: func()
                }
                test:echo/other { text: func(value: string) -> string }
            }
            """)
        let answer = """
            (call $answer (local.get $in) (local.get $size) (local.get $slot) (local.get $lenslot))
            (i32.const 0)
            """
        for name in ["text", "data", "number", "place", "paint", "maybe", "nothing"] {
            actor.body.append(WatActor.function("test:echo/echo.\(name)", answer))
        }
        actor.body.append(WatActor.function("test:echo/other.text", answer))
        return try Engine.assemble(wat: actor.wat)
    }

    /// An actor that asks for its own end in `init`, with a result.
    static func quitter(result: [UInt8]) throws -> [UInt8] {
        var actor = WatActor()
        actor.metadata = try metadata(
            """
            imports {
                theater:simple/runtime {
                    shutdown: func(data: option<list<u8>>) -> result<_, string>
                }
            }
            exports { theater:simple/actor { init: func(state: value) -> result<value, string> } }
            """)
        actor.imports = [WatActor.importing("theater:simple/runtime", "shutdown", as: "shutdown")]
        let data = try CGRF.encode(.option(.list(.primitive(.u8)), .bytes(result)))
        let state = try CGRF.encode(
            .result(ok: .tuple([]), err: .string, .ok(.tuple([.unit]))))
        actor.body = [
            WatActor.data(data, at: 32768), WatActor.data(state, at: 40960),
            WatActor.function(
                "theater:simple/actor.init",
                """
                (drop (call $shutdown (i32.const 32768) (i32.const \(data.count)) (i32.const 256)
                  (i32.const 260)))
                (call $answer (i32.const 40960) (i32.const \(state.count)) (local.get $slot)
                  (local.get $lenslot))
                (i32.const 0)
                """),
        ]
        return try Engine.assemble(wat: actor.wat)
    }

    /// An actor that logs the same text 2,000 times in each call of `chat`.
    static func chatter() throws -> [UInt8] {
        var actor = WatActor()
        actor.metadata = try metadata(
            """
            imports { theater:simple/runtime { log: func(msg: string) } }
            exports { test:chatter/chatter { chat: func() -> value } }
            """)
        actor.imports = [WatActor.importing("theater:simple/runtime", "log", as: "log")]
        let text = try CGRF.encode(.string(String(repeating: "chat ", count: 40)))
        let unit = try CGRF.encode(.unit)
        actor.body = [
            WatActor.data(text, at: 32768), WatActor.data(unit, at: 40960),
            WatActor.function(
                "test:chatter/chatter.chat",
                """
                (local.set $i (i32.const 2000))
                (loop $again
                  (drop (call $log (i32.const 32768) (i32.const \(text.count)) (i32.const 256)
                    (i32.const 260)))
                  (local.set $i (i32.sub (local.get $i) (i32.const 1)))
                  (br_if $again (local.get $i)))
                (call $answer (i32.const 40960) (i32.const \(unit.count)) (local.get $slot)
                  (local.get $lenslot)) (i32.const 0)
                """),
        ]
        return try Engine.assemble(wat: actor.wat)
    }

    /// An actor that sends what it is told to: `say` an actor and a message.
    static func sender() throws -> [UInt8] {
        var actor = WatActor()
        actor.metadata = try metadata(
            """
            imports {
                theater:simple/message-server-host {
                    send: func(actor-id: string, msg: list<u8>) -> result<_, string>
                }
            }
            exports { test:say/say { say: func(actor-id: string, msg: list<u8>) -> value } }
            """)
        actor.imports = [
            WatActor.importing("theater:simple/message-server-host", "send", as: "send")
        ]
        let said = try CGRF.encode(.string("said"))
        actor.body = [
            WatActor.data(said, at: 32768),
            WatActor.function(
                "test:say/say.say",
                """
                (drop (call $send (local.get $in) (local.get $size) (i32.const 512) (i32.const 516)))
                (call $answer (i32.const 32768) (i32.const \(said.count)) (local.get $slot)
                  (local.get $lenslot)) (i32.const 0)
                """),
        ]
        return try Engine.assemble(wat: actor.wat)
    }

    /// An actor that leaves constant states: `one` a total of 1, `two` one of 2.
    static func states(second: UInt32 = 2) throws -> [UInt8] {
        var actor = WatActor()
        let taking = "func(state: value) -> result<value, string>"
        actor.metadata = try metadata(
            "exports { test:states/states { one: \(taking), two: \(taking) } }")
        func answer(_ total: UInt32) throws -> [UInt8] {
            let state = Value.record(Value.Record("state", [.init("total", .u32(total))]))
            return try CGRF.encode(.result(ok: .tuple([]), err: .string, .ok(.tuple([state]))))
        }
        actor.body = [
            WatActor.answering("test:states/states.one", try answer(1), at: 32768),
            WatActor.answering("test:states/states.two", try answer(second), at: 36864),
        ]
        return try Engine.assemble(wat: actor.wat)
    }

    /// `states` with a migration: it leaves the state with a total of 7, or runs without an end.
    static func migrating(spins: Bool) throws -> [UInt8] {
        var actor = WatActor()
        let taking = "func(state: value) -> result<value, string>"
        actor.metadata = try metadata(
            """
            exports {
                theater:simple/actor { migrate: func(old: value) -> result<value, string> }
                test:states/states { one: \(taking), two: \(taking) }
            }
            """)
        func state(_ total: UInt32) -> Value {
            .record(Value.Record("state", [.init("total", .u32(total))]))
        }
        let migrated = try CGRF.encode(.result(ok: .tuple([]), err: .string, .ok(state(7))))
        let left = try CGRF.encode(
            .result(ok: .tuple([]), err: .string, .ok(.tuple([state(8)]))))
        actor.body = [
            WatActor.answering("test:states/states.one", left, at: 32768),
            WatActor.answering("test:states/states.two", left, at: 36864),
            spins
                ? WatActor.function(
                    "theater:simple/actor.migrate", "(loop $l (br $l)) (i32.const 0)")
                : WatActor.answering("theater:simple/actor.migrate", migrated, at: 40960),
        ]
        return try Engine.assemble(wat: actor.wat)
    }

    /// An actor that takes messages, answers each request with `pong`, and greets on channels.
    static func messenger() throws -> [UInt8] {
        var actor = WatActor()
        actor.metadata = try metadata(
            """
            exports {
                theater:simple/message-server-client {
                    handle-send: func(state: value, data: list<u8>) -> value
                    handle-request: func(state: value, id: string, data: list<u8>) -> value
                    handle-channel-open: func(state: value, id: string, data: list<u8>) -> value
                    handle-channel-message: func(state: value, id: string, data: list<u8>) -> value
                    handle-channel-close: func(state: value, id: string) -> value
                }
            }
            """)
        func ok(_ parts: [Value]) throws -> [UInt8] {
            try CGRF.encode(.result(ok: .tuple([]), err: .string, .ok(.tuple(parts))))
        }
        let bytes = ValueType.list(.primitive(.u8))
        actor.body = [
            WatActor.answering(
                "theater:simple/message-server-client.handle-send", try ok([.unit]), at: 32768),
            WatActor.answering(
                "theater:simple/message-server-client.handle-request",
                try ok([.unit, .option(bytes, .bytes(Array("pong".utf8)))]), at: 36864),
            WatActor.answering(
                "theater:simple/message-server-client.handle-channel-open",
                try ok([
                    .unit,
                    .record(
                        Value.Record(
                            "channel-accept",
                            [
                                .init("accepted", .bool(true)),
                                .init("message", .option(bytes, .bytes(Array("welcome".utf8)))),
                            ])),
                ]), at: 40960),
            WatActor.answering(
                "theater:simple/message-server-client.handle-channel-message", try ok([.unit]),
                at: 45056),
            WatActor.answering(
                "theater:simple/message-server-client.handle-channel-close", try ok([.unit]),
                at: 49152),
        ]
        return try Engine.assemble(wat: actor.wat)
    }

    /// An actor that imports an interface nobody has.
    static func stranger() throws -> [UInt8] {
        var actor = WatActor()
        actor.metadata = try metadata(
            "imports { other:world/radio { listen: func() -> string } } exports { }")
        actor.imports = [WatActor.importing("other:world/radio", "listen", as: "listen")]
        return try Engine.assemble(wat: actor.wat)
    }

    private static func metadata(_ pact: String) throws -> [UInt8] {
        try PackageMetadata(package: PactPackage.parse(pact, file: "test.pact")).encoded()
    }

    /// A manifest of an actor in the same folder.
    static func manifest(
        _ name: String, handlers: [String] = ["runtime"], more: String = ""
    ) -> String {
        "name = \"\(name)\"\npackage = \"\(name).wasm\"\n"
            + handlers.map { "[[handler]]\ntype = \"\($0)\"\n" }.joined() + more
    }
}

extension Folder {
    /// Puts an actor into the folder: `manifest.toml` and the module.
    func put(
        _ wasm: [UInt8], name: String = "actor", handlers: [String] = ["runtime"], more: String = ""
    ) throws {
        try write(wasm, to: "\(name).wasm")
        try write(TestActors.manifest(name, handlers: handlers, more: more), to: "manifest.toml")
    }
}
