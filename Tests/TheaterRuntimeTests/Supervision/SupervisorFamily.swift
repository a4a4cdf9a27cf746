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

/// A parent that runs, whose functions pass what they get to the host function of the same name, and short ways to
/// use it. Its children crash, wait, or ask for their end.
struct SupervisorFamily {
    static let later = [
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
    static let earlier = [
        "spawn: func(manifest: string, init-bytes: option<list<u8>>, wasm-bytes: option<list<u8>>) -> "
            + "result<string, string>",
        "get-child-events: func(child-id: string) -> result<list<list<u8>>, string>",
    ]
    static let callbacks = [
        "handle-child-error", "handle-child-exit", "handle-child-external-stop",
        "handle-child-event",
    ]

    static func name(_ declaration: String) -> String {
        String(declaration.prefix { $0 != ":" })
    }

    /// - Parameter hears: whether the parent exports the callbacks.
    static func parent(_ functions: [String], hears: Bool = true) throws -> String {
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

    static func child() throws -> [UInt8] {
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

    let stage: Stage
    let parent: ActorID

    init(_ functions: [String] = later, hears: Bool = true) async throws {
        stage = try Stage(
            handlers: [RuntimeHandler.self, GateHandler.self, SupervisorHandler.self],
            resolver: OneShelf(wasm: Self.child()))
        parent = try await stage.spawn(
            Self.parent(functions, hears: hears), name: "parent",
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
