// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Finds the wasm of the one child that tests spawn.
private struct OneShelf: ActorResolver {
    let wasm: [UInt8]

    func resolve(_ reference: ActorReference) async throws(ActorError) -> ResolvedActor {
        guard reference.manifest == "child.toml" || reference.wasm == "child.wasm" else {
            throw ActorError(.manifest, "there is no '\(reference.manifest)'")
        }
        return ResolvedActor(
            manifest: Manifest(
                name: "child", package: "child.wasm",
                handlers: [HandlerGrant(type: "runtime"), HandlerGrant(type: "gate")]),
            wasm: wasm)
    }
}

/// A parent whose functions pass what they get to the host function of the same name, and a child that crashes,
/// waits, or asks for its end.
@Suite("The supervisor handler")
struct SupervisorHandlerTests {
    private static let later = [
        "spawn: func(manifest: string, init-state: option<value>, wasm-bytes: option<list<u8>>) -> "
            + "result<string, string>",
        "spawn-and-wait: func(manifest: string, init-state: option<value>, wasm-bytes: "
            + "option<list<u8>>, timeout-ms: option<u64>) -> result<option<list<u8>>, string>",
        "resume: func(manifest: string, state-bytes: option<list<u8>>, wasm-bytes: option<list<u8>>) "
            + "-> result<string, string>",
        "list-children: func() -> result<list<string>, string>",
        "restart-child: func(child-id: string) -> result<_, string>",
        "stop-child: func(child-id: string) -> result<_, string>",
        "get-child-state: func(child-id: string) -> result<option<list<u8>>, string>",
        "subscribe-to-child: func(child-id: string) -> result<_, string>",
        "unsubscribe-from-child: func(child-id: string) -> result<_, string>",
    ]
    private static let earlier = [
        "spawn: func(manifest: string, init-bytes: option<list<u8>>, wasm-bytes: option<list<u8>>) -> "
            + "result<string, string>",
        "get-child-events: func(child-id: string) -> result<list<list<u8>>, string>",
    ]
    private static let callbacks = [
        "handle-child-error", "handle-child-exit", "handle-child-external-stop",
        "handle-child-event",
    ]

    private static func name(_ declaration: String) -> String {
        String(declaration.prefix { $0 != ":" })
    }

    /// - Parameter hears: whether the parent exports the callbacks.
    private static func parent(_ functions: [String], hears: Bool = true) throws -> String {
        let handled =
            hears
            ? """
            theater:simple/supervisor-handlers {
                handle-child-error: func(state: value, child-id: string, error: value) -> value
                handle-child-exit: func(state: value, child-id: string, result: value) -> value
                handle-child-external-stop: func(state: value, child-id: string) -> value
                handle-child-event: func(state: value, child-id: string, event-type: string, data:
                    value) -> value
            }
            """ : ""
        let exported = functions.map { "\(name($0)): func(v: value) -> value" }
        return try actor(
            """
            imports { theater:simple/supervisor { \(functions.joined(separator: "\n")) } }
            exports { test:parent/parent { \(exported.joined(separator: "\n")) } \(handled) }
            """
        ) { actor in
            actor.pages = (4, nil)
            actor.metadata = actor.metadata
            actor.imports = functions.enumerated().map { index, function in
                WatActor.importing("theater:simple/supervisor", name(function), as: "f\(index)")
            }
            actor.body = functions.enumerated().map { index, function in
                WatActor.function(
                    "test:parent/parent.\(name(function))",
                    """
                    (drop (call $f\(index) (local.get $in) (local.get $size) (i32.const 16) (i32.const 20)))
                    (call $answer (i32.load (i32.const 16)) (i32.load (i32.const 20)) (local.get $slot)
                      (local.get $lenslot)) (i32.const 0)
                    """)
            }
            guard hears else { return }
            let kept = try CGRF.encode(.u32(0))
            actor.body.append(WatActor.data(kept, at: 160))
            actor.body += callbacks.map { callback in
                WatActor.function(
                    "theater:simple/supervisor-handlers.\(callback)",
                    """
                    (call $answer (i32.const 160) (i32.const \(kept.count)) (local.get $slot)
                      (local.get $lenslot)) (i32.const 0)
                    """)
            }
        }
    }

    private static func child() throws -> [UInt8] {
        let none = try CGRF.encode(.option(.list(.primitive(.u8)), .bytes([7])))
        return try Engine.assemble(
            wat: actor(
                """
                imports {
                    theater:simple/runtime { shutdown: func(data: option<list<u8>>) -> result<_, string> }
                    test:gate/gate { wait: func(name: string) -> result<string, string> }
                }
                exports { test:child/child {
                    crash: func()
                    quit: func()
                    wait: func(name: string) -> value
                    echo: func(v: value) -> value
                } }
                """
            ) { actor in
                actor.imports = [
                    WatActor.importing("theater:simple/runtime", "shutdown", as: "shutdown"),
                    WatActor.importing("test:gate/gate", "wait", as: "wait"),
                ]
                actor.body = [
                    WatActor.data(none, at: 160),
                    WatActor.function("test:child/child.crash", "unreachable"),
                    WatActor.function(
                        "test:child/child.quit",
                        """
                        (drop (call $shutdown (i32.const 160) (i32.const \(none.count)) (i32.const 16)
                          (i32.const 20)))
                        (call $answer (local.get $in) (local.get $size) (local.get $slot)
                          (local.get $lenslot)) (i32.const 0)
                        """),
                    WatActor.function(
                        "test:child/child.echo",
                        """
                        (call $answer (local.get $in) (local.get $size) (local.get $slot)
                          (local.get $lenslot)) (i32.const 0)
                        """),
                    WatActor.function(
                        "test:child/child.wait",
                        """
                        (drop (call $wait (local.get $in) (local.get $size) (i32.const 16) (i32.const 20)))
                        (call $answer (i32.load (i32.const 16)) (i32.load (i32.const 20))
                          (local.get $slot) (local.get $lenslot)) (i32.const 0)
                        """),
                ]
            })
    }

    /// A parent that runs, and short ways to use it.
    private struct Family {
        let stage: Stage
        let parent: ActorID

        init(_ functions: [String] = later, hears: Bool = true) async throws {
            stage = try Stage(
                handlers: [RuntimeHandler.self, GateHandler.self, SupervisorHandler.self],
                resolver: OneShelf(wasm: child()))
            parent = try await stage.spawn(
                SupervisorHandlerTests.parent(functions, hears: hears), name: "parent",
                grants: ["supervisor", "runtime", "gate"])
        }

        /// Calls a host function through the parent; answers its `ok`, or the text of its `err`.
        func ask(_ function: String, _ input: Value) async throws -> (ok: Value?, err: String) {
            let answer: Value
            do throws(ActorError) {
                answer = try await stage.system.call(
                    parent, "test:parent/parent.\(function)", [input])
            } catch {
                guard error.code == .guestError else { throw error }
                return (nil, error.value?.asString ?? "")
            }
            switch answer {
            case .result(_, _, .ok(let value)): return (value, "")
            case .result(_, _, .err(let error)): return (nil, error.asString ?? "")
            default: throw Stage.Missing()
            }
        }

        func spawn(state: Value? = nil) async throws -> ActorID {
            let answer = try await ask("spawn", Self.order("child.toml", state: state))
            return try #require(answer.ok?.asString.flatMap { ActorID($0) }, "\(answer.err)")
        }

        static func order(_ manifest: String, state: Value? = nil, more: [Value] = []) -> Value {
            .tuple(
                [
                    .string(manifest), .option(.list(.primitive(.u8)), state),
                    .option(.list(.primitive(.u8)), nil),
                ] + more)
        }

        /// Waits until the parent was called back so, and answers the chain's calls.
        func called(_ callback: String) async throws -> [UInt8] {
            let name = "theater:simple/supervisor-handlers.\(callback)"
            let feed = try stage.system.subscribe(to: parent, from: .sequence(0))
            var iterator = feed.makeAsyncIterator()
            while let item = try await iterator.next() {
                guard case .event(let event) = item,
                    case .called(let function, let parameters, _, _)? = try event.decodedPayload(),
                    function == name
                else { continue }
                return parameters
            }
            throw Stage.Missing()
        }
    }

    @Test(
        "has the hash of theater 0.3.7's interface, and that of the later one, beside one of both")
    func hashes() throws {
        #expect(SupervisorHandler.interfaces.count == 3)
        let both = try #require(SupervisorHandler.interfaces.last)
        let functions = SupervisorHandler.interfaces.map { interface in
            Set(interface.pact.functions.map(\.name))
        }
        #expect(functions[2] == functions[0].union(functions[1]))
        #expect(both.suspending == SupervisorHandler.interfaces[1].suspending)
        let hashes = SupervisorHandler.interfaces.dropLast().map { "\($0.pact.hash(rules: .host))" }
        #expect(
            hashes == [
                "802d3cc29f9e141e4809eb926ceb441206837da1c469d17333a6633b0e82908b",
                "752295875777c57d6a5c93ac1ab70b9eebb3afa4e86ea10889d974cce30a5e08",
            ])
    }

    @Test("spawns, lists, reads and stops children; the ends are told")
    func children() async throws {
        let family = try await Family()
        let first = try await family.spawn(state: .bytes([1, 2]))
        let second = try await family.spawn()
        let listed = try await family.ask("list-children", .tuple([])).ok
        #expect(
            listed == .list(.string, [.string("\(first)"), .string("\(second)")]))
        let state = try await family.ask("get-child-state", .string("\(first)")).ok
        #expect(state == .option(.list(.primitive(.u8)), .bytes([1, 2])))
        #expect(try await family.ask("stop-child", .string("\(first)")).ok == .unit)
        #expect(family.stage.system.status(of: first) == .stopped)
        _ = try await family.called("handle-child-external-stop")
        #expect(try family.stage.system.children(of: family.parent) == [second])
        await family.stage.system.shutDown()
        #expect(family.stage.system.engine.guestsLive == 0)
    }

    @Test("a child that crashes is told as an error, one that ends itself with its result")
    func ends() async throws {
        let family = try await Family()
        let crashing = try await family.spawn()
        _ = try await family.stage.failure(crashing, "test:child/child.crash")
        let error = try CGRF.decode(try await family.called("handle-child-error"))
        #expect("\(error)".contains("\(crashing)"))
        let quitting = try await family.spawn()
        _ = try? await family.stage.system.call(quitting, "test:child/child.quit")
        let exit = try CGRF.decode(try await family.called("handle-child-exit"))
        guard case .tuple(let items) = exit else { throw Stage.Missing() }
        #expect(items.count == 3)
        #expect(items[1] == .string("\(quitting)"))
        #expect(items[2] == .option(.list(.primitive(.u8)), .bytes([7])))
        await family.stage.system.shutDown()
    }

    @Test("a parent without callbacks is not harmed by its children's ends")
    func deaf() async throws {
        let family = try await Family(hears: false)
        let child = try await family.spawn()
        _ = try await family.stage.failure(child, "test:child/child.crash")
        _ = try await family.stage.system.awaitEnd(of: child)
        #expect(try await family.ask("list-children", .tuple([])).ok == .list(.string, []))
        let refused = try await family.ask("subscribe-to-child", .string("\(child)"))
        #expect(refused.err.hasSuffix("[supervisor.no-callback]"))
        await family.stage.system.shutDown()
    }

    @Test("restarts a child under its identity")
    func restart() async throws {
        let family = try await Family()
        let child = try await family.spawn()
        #expect(try await family.ask("restart-child", .string("\(child)")).ok == .unit)
        #expect(family.stage.system.restarts(of: child) == 1)
        #expect(
            try await family.stage.system.call(child, "test:child/child.echo", [.u8(3)]) == .u8(3))
        await family.stage.system.shutDown()
    }

    @Test("acts on nobody else's actors, and refuses what it does not understand")
    func refusals() async throws {
        let family = try await Family()
        let stranger = try await family.stage.spawn(
            try waiter(), name: "stranger", grants: ["gate"])
        for function in ["stop-child", "restart-child", "get-child-state", "subscribe-to-child"] {
            let answer = try await family.ask(function, .string("\(stranger)"))
            #expect(answer.err.hasSuffix("[supervisor.not-a-child]"), "\(function): \(answer.err)")
            let wrong = try await family.ask(function, .string("nobody"))
            #expect(wrong.err.hasSuffix("[supervisor.bad-identity]"), "\(function)")
        }
        #expect(family.stage.system.status(of: stranger) == .running)
        let missing = try await family.ask("spawn", Family.order("nowhere.toml"))
        #expect(missing.err.hasSuffix("[supervisor.failed]"))
        let broken = try await family.ask("spawn", Family.order("name = \"x\"\nnonsense = 1\n"))
        #expect(broken.err.hasSuffix("[supervisor.failed]"))
        #expect(try family.stage.system.children(of: family.parent).isEmpty)
        await family.stage.system.shutDown()
    }

    @Test("spawns from the text of a manifest, and resumes with a state")
    func text() async throws {
        let family = try await Family()
        let text =
            "name = \"typed\"\npackage = \"child.wasm\"\n[[handler]]\ntype = \"runtime\"\n"
            + "[[handler]]\ntype = \"gate\"\n"
        let answer = try await family.ask("spawn", Family.order(text))
        let child = try #require(answer.ok?.asString.flatMap { ActorID($0) }, "\(answer.err)")
        #expect(family.stage.system.actor(named: "parent/typed") == child)
        let resumed = try await family.ask(
            "resume",
            .tuple([
                .string("child.toml"), .option(.list(.primitive(.u8)), .bytes([9])),
                .option(.list(.primitive(.u8)), nil),
            ]))
        let second = try #require(resumed.ok?.asString, "\(resumed.err)")
        let state = try await family.ask("get-child-state", .string(second)).ok
        #expect(state == .option(.list(.primitive(.u8)), .bytes([9])))
        await family.stage.system.shutDown()
    }

    @Test("waits for a private child, and stops one that has no result in time")
    func waiting() async throws {
        let family = try await Family()
        let late = try await family.ask(
            "spawn-and-wait",
            Family.order("child.toml", more: [.option(.primitive(.u64), .u64(10))]))
        #expect(late.err.hasSuffix("[supervisor.timeout]"), "\(late.err)")
        #expect(try await family.ask("list-children", .tuple([])).ok == .list(.string, []))
        #expect(family.stage.system.engine.guestsLive == 1)
        await family.stage.system.shutDown()
    }

    @Test("passes a subscribed child's events on, until that is ended")
    func events() async throws {
        let family = try await Family()
        let child = try await family.spawn()
        #expect(try await family.ask("subscribe-to-child", .string("\(child)")).ok == .unit)
        #expect(try await family.ask("subscribe-to-child", .string("\(child)")).ok == .unit)
        _ = try await family.stage.system.call(child, "test:child/child.echo", [.u8(1)])
        let parameters = try CGRF.decode(try await family.called("handle-child-event"))
        guard case .tuple(let items) = parameters else { throw Stage.Missing() }
        #expect(items[1] == .string("\(child)"))
        #expect(items[2] == .string("theater.runtime/called"))
        #expect(try await family.ask("unsubscribe-from-child", .string("\(child)")).ok == .unit)
        await family.stage.system.shutDown()
    }

    @Test("one actor reads its children's events and hears them, with what they say")
    func eventsOfBoth() async throws {
        let family = try await Family(Self.later + [Self.earlier[1]])
        let child = try await family.spawn(state: .bytes([5]))
        #expect(try await family.ask("subscribe-to-child", .string("\(child)")).ok == .unit)
        let long = Value.bytes([UInt8](repeating: 7, count: 3000))
        _ = try await family.stage.system.call(child, "test:child/child.echo", [long])
        _ = try await family.called("handle-child-event")
        let events = try await family.ask("get-child-events", .string("\(child)")).ok
        let items = try #require(events?.asItems).map { item in
            try ChainItem(CGRF.decode(try #require(item.asBytes)))
        }
        var cursor = try await family.stage.journal.reader().events(of: child)
        var recorded: [ChainEvent] = []
        while let event = try cursor.next() { recorded.append(event) }
        #expect(items == recorded.map(ChainItem.init))
        #expect(items.count == 3)
        #expect(items[0].note == nil && !items[0].data.isEmpty)
        #expect(items[1].data.count == 1024)
        let size = recorded[1].payload?.count ?? 0
        #expect(items[1].note == "the first 1024 of \(size) bytes; the chain has all")
        await family.stage.system.shutDown()
    }

    @Test("actors built for theater 0.3.7 load, and read their children's events")
    func earlierActors() async throws {
        let family = try await Family(Self.earlier)
        let answer = try await family.ask(
            "spawn",
            .tuple([
                .string("child.toml"), .option(.list(.primitive(.u8)), .bytes([5])),
                .option(.list(.primitive(.u8)), nil),
            ]))
        let child = try #require(answer.ok?.asString, "\(answer.err)")
        let events = try await family.ask("get-child-events", .string(child)).ok
        guard case .list(_, let items)? = events else { throw Stage.Missing() }
        #expect(items.count == 1)
        let first = try CGRF.decode(try #require(items.first?.asBytes))
        #expect("\(first)".contains("theater.runtime/spawned"))
        await family.stage.system.shutDown()
    }
}
