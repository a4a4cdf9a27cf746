// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterEngine
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

/// Goal: a child that asks the parent that waits for it gets an error that names the circle, at once.
/// Method: parents and children of messages and calls; every function of the supervisor that waits.
@Suite("Circles through the supervisor", .timeLimit(.minutes(1)))
struct WaitCycleTests {
    private static let functions:
        [(interface: String, name: String, parameters: String, result: String)] = [
            (
                "theater:simple/supervisor", "spawn",
                "manifest: string, init-state: option<value>, wasm-bytes: option<list<u8>>",
                "result<string, string>"
            ),
            (
                "theater:simple/supervisor", "spawn-and-wait",
                "manifest: string, init-state: option<value>, wasm-bytes: option<list<u8>>, "
                    + "timeout-ms: option<u64>",
                "result<option<list<u8>>, string>"
            ),
            (
                "theater:simple/supervisor", "restart-child", "child-id: string",
                "result<_, string>"
            ),
            (
                "theater:simple/supervisor", "stop-child", "child-id: string", "result<_, string>"
            ),
        ]
    private static let shutdown = (
        interface: "theater:simple/runtime", name: "shutdown",
        parameters: "data: option<list<u8>>", result: "result<_, string>"
    )
    private static let text =
        "name = \"kid\"\npackage = \"x.wasm\"\n"
        + ["gate", "message-server", "rpc", "runtime"]
        .map { "[[handler]]\ntype = \"\($0)\"\n" }.joined()
    private static let none = Value.option(.list(.primitive(.u8)), nil)
    private static let kept = Value.result(
        ok: .tuple([]), err: .string, .ok(.tuple([.u32(1)])))

    private let stage: Stage

    init() throws {
        stage = try Stage(handlers: [
            RuntimeHandler.self, GateHandler.self, MessageServerHandler.self, RPCHandler.self,
            SupervisorHandler.self,
        ])
    }

    private func parent() async throws -> ActorID {
        try await stage.start(
            "parent",
            change: {
                $0.manifest.handlers += ["supervisor", "runtime"].map { HandlerGrant(type: $0) }
                $0.manifest.rpc = ["test:svc/svc"]
            },
            {
                $0.rpc = true
                $0.others = Self.functions
                $0.on("handle-request", .answer(Behaviour.reply("late")))
                $0.exports.append(("test:svc/svc", "go: func() -> value", .answer(.u8(1))))
            })
    }

    /// A child that does these in its `init`, and has `test:svc/svc.go` for others.
    private func kid(
        _ steps: [(String, Value)] = [], go: [(String, Value)] = []
    ) throws -> [UInt8] {
        var actor = MessageActor()
        actor.rpc = true
        actor.others = [Self.shutdown]
        actor.exports = [
            (
                "theater:simple/actor", "init: func(state: value) -> result<value, string>",
                .steps(steps, Self.kept)
            ),
            ("test:svc/svc", "go: func() -> value", .steps(go, .u8(1))),
        ]
        return try Engine.assemble(wat: try actor.wat)
    }

    private func order(_ wasm: [UInt8]) -> [Value] {
        [.string(Self.text), Self.none, .option(.list(.primitive(.u8)), .bytes(wasm))]
    }

    private func ask(_ parent: ActorID) -> (String, Value) {
        ("request", .tuple([.id(parent), bytes("?")]))
    }

    /// The errors of the requests and calls that an actor made.
    private func refusals(of id: ActorID) async throws -> [String] {
        try await stage.events(of: id).compactMap { event -> String? in
            guard case .hostCall(_, let function, _, let output) = event,
                ["request", "call"].contains(function),
                case .result(_, _, .err(let error))? = try? CGRF.decode(output)
            else { return nil }
            return error.asString ?? "\(error)"
        }
    }

    /// - Parameters:
    ///   - first: whom the circle begins with, which is who closed it.
    private func expectCircle(_ texts: [String], _ first: ActorID, _ second: ActorID) {
        let names = [first, second, first].map { id in
            "'\(stage.system.name(of: id) ?? "")' (\(id))"
        }
        let circle = names.joined(separator: " -> ")
        for text in texts {
            #expect(text.contains(circle), "\(text)")
            #expect(text.contains(".cycle"), "\(text)")
        }
        #expect(stage.system.exchange.waitsCount == 0)
    }

    @Test("spawn, and restart-child: an init that asks its parent is refused, and goes on")
    func starts() async throws {
        let parent = try await parent()
        let spawned = try await stage.system.call(
            parent, "test:m/m.spawn", order(try kid([ask(parent)])))
        guard case .result(_, _, .ok(let value)) = spawned,
            let child = value.asString.flatMap({ ActorID($0) })
        else {
            Issue.record("\(spawned)")
            return
        }
        let first = try await refusals(of: child)
        #expect(first.count == 1)
        expectCircle(first, child, parent)
        #expect(try await stage.host(parent, "restart-child", .id(child)) == .unit)
        #expect(stage.system.restarts(of: child) == 1)
        let second = try await refusals(of: child)
        #expect(second.count == 2)
        expectCircle(second, child, parent)
        // Once the parent no longer waits for it, its request is answered.
        #expect(
            try await stage.host(child, "request", .id(parent), bytes("?")) == bytes("late"))
        await stage.system.shutDown()
    }

    @Test("spawn-and-wait: so is one that asks while its result is waited for")
    func result() async throws {
        let parent = try await parent()
        let wasm = try kid([
            ask(parent), ("shutdown", .option(.list(.primitive(.u8)), .bytes([3]))),
        ])
        let answer = try await stage.system.call(
            parent, "test:m/m.spawn-and-wait",
            order(wasm) + [.option(.primitive(.u64), .u64(30_000))])
        #expect(
            answer
                == .result(
                    ok: .string, err: .string, .ok(.option(.list(.primitive(.u8)), .bytes([3])))))
        let ended = stage.journal.actors().map(\.actor).filter { $0 != parent }
        let child = try #require(ended.first)
        let texts = try await refusals(of: child)
        #expect(texts.count == 1)
        expectCircle(texts, child, parent)
        await stage.system.shutDown()
    }

    @Test(
        "stop-child and restart-child: what a child asks its parent while it finishes is refused",
        arguments: ["stop-child", "restart-child"])
    func finishing(function: String) async throws {
        let parent = try await parent()
        let gate = "finishing by \(function)"
        let wasm = try kid(go: [("wait", .string(gate)), ask(parent)])
        let spawned = try await stage.host(
            parent, "spawn", order(wasm)[0], order(wasm)[1], order(wasm)[2])
        let child = try #require(spawned.asString.flatMap { ActorID($0) }, "\(spawned)")
        let (system, stage) = (stage.system, stage)
        let go = Work { () async throws(ActorError) in
            try await system.call(child, "test:svc/svc.go")
        }
        await Gate.of(gate).arrived()
        let end = Work { () async throws(ActorError) in
            let answer = try await system.call(parent, "test:m/m.\(function)", [.id(child)])
            stage.log.add("answer \(answer == .result(ok: .string, err: .string, .ok(.unit)))")
        }
        while system.status(of: child) == .running {
            try #require(!end.isOver && !Task.isCancelled)
            await Task.yield()
        }
        Gate.of(gate).open()
        #expect(await end.error == nil)
        #expect(await go.error == nil)
        #expect(stage.log.lines.contains("answer true"))
        expectCircle(try await refusals(of: child), child, parent)
        #expect(try await refusals(of: child).count == 1)
        #expect(system.status(of: child) == (function == "stop-child" ? .stopped : .running))
        await system.shutDown()
    }

    @Test(
        "a child that asks its parent already is given up on, when the parent stops it or starts it again",
        arguments: ["stop-child", "restart-child"], [false, true])
    func asking(function: String, calls: Bool) async throws {
        let parent = try await parent()
        let wasm = try kid()
        let spawned = try await stage.host(
            parent, "spawn", order(wasm)[0], order(wasm)[1], order(wasm)[2])
        let child = try #require(spawned.asString.flatMap { ActorID($0) }, "\(spawned)")
        let gate = "asking and \(function) \(calls)"
        let (system, stage) = (stage.system, stage)
        let busy = Work { () async throws(ActorError) in
            try await system.call(parent, "test:m/m.wait", [.string(gate)])
        }
        await Gate.of(gate).arrived()
        let end = Work { () async throws(ActorError) in
            try await system.call(parent, "test:m/m.\(function)", [.id(child)])
        }
        try await stage.waiting(1, for: parent)
        let ask = Work { () async throws(ActorError) in
            _ =
                if calls {
                    try await system.call(
                        child, "test:m/m.call",
                        [
                            .id(parent), .string("test:svc/svc.go"), .tuple([]),
                            .option(.string, nil),
                        ])
                } else {
                    try await system.call(
                        child, "test:m/m.request", [.id(parent), bytes("?")])
                }
        }
        try await stage.waiting(2, for: parent)
        Gate.of(gate).open()
        #expect(await busy.error == nil)
        #expect(await end.error == nil)
        _ = await ask.error
        let texts = try await refusals(of: child)
        #expect(texts.count == 1, "\(texts)")
        expectCircle(texts, parent, child)
        #expect(system.status(of: child) == (function == "stop-child" ? .stopped : .running))
        await system.shutDown()
    }
}
