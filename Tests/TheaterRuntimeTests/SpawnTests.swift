// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterEngine
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

@Suite("Spawn")
struct SpawnTests {
    @Test("starts the hand-written actor, calls init, and records all of it")
    func fixture() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat, name: "fixture")
        #expect(stage.system.status(of: id) == .running)
        #expect(stage.system.actor(named: "fixture") == id)
        #expect(stage.log.lines == ["[fixture] fixture: init"])
        let answer = try await stage.system.call(id, "echo", [.string("hello")])
        #expect(answer == .string("hello"))
        try await stage.system.stop(id)
        #expect(stage.system.status(of: id) == .stopped)
        let events = try await stage.events(of: id)
        #expect(
            events.map(\.type.name) == [
                "theater.runtime/spawned", "theater.runtime/called", "theater:simple/runtime/log",
                "theater.runtime/returned", "theater.runtime/called", "theater.runtime/returned",
                "theater.runtime/exited",
            ])
        guard case .spawned(_, _, "fixture", nil, ["runtime"], let state) = events[0] else {
            Issue.record("\(events[0])")
            return
        }
        #expect(state == (try CGRF.encode(.option(.list(.primitive(.u8)), nil))))
        guard case .hostCall("theater:simple/runtime", "log", let input, let output) = events[2]
        else {
            Issue.record("\(events[2])")
            return
        }
        #expect(try CGRF.decode(input) == .string("fixture: init"))
        #expect(try CGRF.decode(output) == .unit)
    }

    @Test("an actor without init starts with the state it was given")
    func withoutInit() async throws {
        let stage = try Stage()
        let wat = try actor(
            "exports { test:a/a { get: func(state: value) -> value } }"
        ) { actor in
            actor.body = [
                // Answers ok((state, state)) would need an encoder; the raw state is enough here.
                WatActor.function(
                    "test:a/a.get",
                    """
                    (call $answer (local.get $in) (local.get $size) (local.get $slot)
                      (local.get $lenslot)) (i32.const 0)
                    """)
            ]
        }
        let id = try await stage.spawn(wat) { $0.initialState = .string("first") }
        try await stage.system.call(id, "test:a/a.get")
        guard
            case .called(_, let parameters, _, _)? = try await stage.events(of: id).dropFirst()
                .first
        else {
            Issue.record("no call recorded")
            return
        }
        #expect(try CGRF.decode(parameters) == .tuple([.string("first")]))
    }

    @Test("refuses an import of an interface that nobody offers, with the nearest name")
    func unknownImport() async throws {
        let stage = try Stage()
        let wat = try actor(
            """
            imports { theater:simple/runtme { log: func(msg: string) } }
            exports { test:a/a { f: func() } }
            """
        ) { $0.imports = [WatActor.importing("theater:simple/runtme", "log", as: "log")] }
        let error = try await stage.refusal(wat)
        #expect(error.code == .importRefused)
        #expect(error.message.contains("Did you mean 'theater:simple/runtime'?"))
        #expect(stage.system.actors().isEmpty)
    }

    @Test("refuses an import that is not granted, naming the handler that would")
    func ungrantedImport() async throws {
        let error = try await Stage().refusal(FixtureActor.wat, grants: [])
        #expect(error.code == .importRefused)
        #expect(error.message.contains("type = \"runtime\""))
    }

    @Test("refuses an import with another signature, showing both sides")
    func differentImport() async throws {
        let wat = try actor(
            """
            imports { theater:simple/runtime { log: func(msg: string, level: u8) } }
            exports { test:a/a { f: func() } }
            """
        ) { $0.imports = [WatActor.importing("theater:simple/runtime", "log", as: "log")] }
        let error = try await Stage().refusal(wat)
        #expect(error.code == .importRefused)
        #expect(error.message.contains("the actor expects    log: func(msg: string, level: u8)"))
        #expect(error.message.contains("this runtime offers  log: func(msg: string)"))
    }

    @Test("refuses code that imports what its metadata does not declare")
    func undeclaredImport() async throws {
        let wat = try actor("exports { test:a/a { f: func() } }") { actor in
            actor.imports = [WatActor.importing("theater:simple/runtime", "log", as: "log")]
        }
        let error = try await Stage().refusal(wat)
        #expect(error.code == .importRefused)
        #expect(error.message.contains("its metadata does not declare"))
    }

    @Test("refuses metadata that is rubbish, missing or hostile")
    func badMetadata() async throws {
        let stage = try Stage()
        var wat = WatActor()
        #expect(try await stage.refusal(wat.wat).code == .metadata)
        wat.metadata = [1, 2, 3]
        #expect(try await stage.refusal(wat.wat).code == .metadata)
        wat.metadata = try CGRF.encode(.string("not a record"))
        #expect(try await stage.refusal(wat.wat).code == .metadata)
        let trap = WatActor().wat.replacing(
            "(i32.store (local.get 0) (i32.const 1024))", with: "(unreachable)")
        #expect(try await stage.refusal(trap).code == .metadata)
    }

    @Test("refuses the wrong wasm, an unknown handler, and an unknown key of a handler")
    func manifest() async throws {
        let stage = try Stage()
        let digest = try await stage.refusal(FixtureActor.wat) {
            $0.manifest.sha256 = String(repeating: "0", count: 64)
        }
        #expect(digest.code == .wrongDigest)
        let handler = try await stage.refusal(FixtureActor.wat, grants: ["runtme"])
        #expect(handler.code == .manifest)
        #expect(handler.message.contains("runtime"))
        let key = try await stage.refusal(FixtureActor.wat) {
            $0.manifest.handlers = [
                HandlerGrant(type: "runtime", configuration: ["loud": .bool(true)])
            ]
        }
        #expect(key.code == .manifest)
        #expect(key.message.contains("loud"))
        #expect(stage.system.actors().isEmpty)
    }

    @Test("a trap in init fails the spawn, and the actor is known as failed")
    func initTraps() async throws {
        let stage = try Stage()
        let wat = try actor(
            "exports { theater:simple/actor { init: func(state: value) -> result<value, string> } }"
        ) { $0.body = [WatActor.function("theater:simple/actor.init", "(unreachable)")] }
        let error = try await stage.refusal(wat)
        #expect(error.code == .crashed)
        #expect(error.cause?.frames.isEmpty == false)
        #expect(stage.system.actors().isEmpty)
        #expect(stage.system.engine.guestsLive == 0)
        let chains = stage.journal.actors()
        #expect(chains.count == 1)
        #expect(stage.system.status(of: chains[0].actor)?.isEnded == true)
        let last = try await stage.events(of: chains[0].actor).last
        guard case .exited("failed", _, _)? = last else {
            Issue.record("\(String(describing: last))")
            return
        }
    }

    @Test("an error from init is that error")
    func initFails() async throws {
        let answer = Value.result(ok: .string, err: .string, .err(.string("no luck")))
        let wat = try actor(
            "exports { theater:simple/actor { init: func(state: value) -> result<value, string> } }"
        ) {
            $0.body = [
                WatActor.answering("theater:simple/actor.init", try CGRF.encode(answer), at: 60000)
            ]
        }
        let error = try await Stage().refusal(wat)
        #expect(error.code == .guestError)
        #expect(error.value == .string("no luck"))
    }

    @Test("with on_error = continue, an error from init leaves the actor with its first state")
    func initFailsAndContinues() async throws {
        let stage = try Stage()
        let answer = Value.result(ok: .string, err: .string, .err(.string("no luck")))
        let wat = try actor(
            "exports { theater:simple/actor { init: func(state: value) -> result<value, string> } }"
        ) {
            $0.body = [
                WatActor.answering("theater:simple/actor.init", try CGRF.encode(answer), at: 60000)
            ]
        }
        let id = try await stage.spawn(wat) { $0.manifest.onError = .continue }
        #expect(stage.system.status(of: id) == .running)
        #expect(stage.log.lines.contains { $0.contains("no luck") })
    }

    @Test("refuses a manifest that offers an interface the actor does not export")
    func offers() async throws {
        let wat = try actor("exports { test:a/alpha { f: func() } }") { _ in }
        let error = try await Stage().refusal(wat) { $0.manifest.rpc = ["test:a/alpa"] }
        #expect(error.code == .manifest)
        #expect(error.message.contains("did you mean 'test:a/alpha'?"))
    }

    // Goal: actors of earlier tools run. Method: their conventions, one by one: a result as a variant,
    // a bare value as the new state, `init` that takes no parameter, metadata without hashes.
    @Test("understands the conventions of earlier tools")
    func earlierConventions() async throws {
        let stage = try Stage()
        let ok = Value.variant(
            Value.Variant("Result", "Ok", tag: 0, [.tuple([.u8(1), .string("a")])]))
        let err = Value.variant(Value.Variant("Result", "Err", tag: 1, [.string("b")]))
        var guest = WatActor()
        var package = try PackageMetadata(
            package: PactPackage.parse(
                """
                imports { theater:simple/runtime { log: func(msg: string) } }
                exports {
                  theater:simple/actor { init: func() -> value }
                  test:old/old { ok: func(state: value) -> value  err: func(state: value) -> value
                    bare: func(state: value) -> value  done: func(state: value) -> value } }
                """, file: "old.pact"))
        package.importHashes = []
        guest.metadata = try package.encoded()
        guest.imports = [WatActor.importing("theater:simple/runtime", "log", as: "log")]
        guest.body = try [
            WatActor.answering("theater:simple/actor.init", CGRF.encode(.s64(41)), at: 40000),
            WatActor.answering("test:old/old.ok", CGRF.encode(ok), at: 41000),
            WatActor.answering("test:old/old.err", CGRF.encode(err), at: 42000),
            WatActor.answering("test:old/old.bare", CGRF.encode(.s64(7)), at: 43000),
            WatActor.answering(
                "test:old/old.done",
                CGRF.encode(.variant(Value.Variant("Result", "Ok", tag: 0))), at: 44000),
        ]
        let id = try await stage.spawn(guest.wat)
        #expect(try await stage.system.call(id, "test:old/old.ok") == .string("a"))
        #expect(try await stage.failure(id, "test:old/old.err").value == .string("b"))
        #expect(try await stage.system.call(id, "test:old/old.bare") == .unit)
        let inputs = try await stage.events(of: id).compactMap { event -> Value? in
            guard case .called(_, let bytes, _, _) = event else { return nil }
            return try CGRF.decode(bytes)
        }
        #expect(inputs[1] == .tuple([.s64(41)]), "what init answered is the state")
        #expect(try await stage.system.call(id, "test:old/old.done") == .unit)
        #expect(try stage.system.state(of: id) == .unit)
    }

    @Test("names are unique among the living, and free again after")
    func names() async throws {
        let stage = try Stage()
        let first = try await stage.spawn(FixtureActor.wat, name: "one")
        let error = try await stage.refusal(FixtureActor.wat, name: "one")
        #expect(error.code == .nameTaken)
        #expect(error.message.contains(first.description))
        try await stage.system.stop(first)
        _ = try await stage.spawn(FixtureActor.wat, name: "one")
    }

    @Test("an identity that never was is not found; one that is over says so")
    func unknown() async throws {
        let stage = try Stage()
        let stranger = ActorID.random()
        #expect(stage.system.status(of: stranger) == nil)
        #expect(try await stage.failure(stranger, "echo").code == .notFound)
        let id = try await stage.spawn(FixtureActor.wat)
        try await stage.system.terminate(id)
        #expect(stage.system.status(of: id) == .killed)
        #expect(try await stage.failure(id, "echo").code == .ended)
    }

    @Test("the actor beyond the ceiling is refused and the others live")
    func ceiling() async throws {
        let stage = try Stage(guestsMax: 3)
        var ids: [ActorID] = []
        for index in 0..<3 {
            ids.append(try await stage.spawn(FixtureActor.wat, name: "a\(index)"))
        }
        let error = try await stage.refusal(FixtureActor.wat, name: "b")
        #expect(error.code == .ceiling)
        #expect(error.message.contains("3 actors are alive"))
        for id in ids { #expect(try await stage.system.call(id, "echo", [.u8(1)]) == .u8(1)) }
    }
}
