// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterEngine
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Answers references from a table of manifests.
private final class Shelf: ActorResolver {
    private let made: [String: (Manifest, [UInt8])]

    init(_ made: [String: (Manifest, [UInt8])]) { self.made = made }

    func resolve(_ reference: ActorReference) async throws(ActorError) -> ResolvedActor {
        guard let found = made[reference.manifest] else {
            throw ActorError(.manifest, "there is no '\(reference.manifest)'")
        }
        return ResolvedActor(manifest: found.0, wasm: found.1, path: reference.manifest)
    }
}

/// A guest that counts in its state, crashes, loops, waits at the gate, or asks for its end.
private func worker() throws -> String {
    let state = Value.result(ok: .tuple([]), err: .string, .ok(.tuple([.u32(7)])))
    return try actor(
        """
        imports { test:gate/gate { wait: func(name: string) -> result<string, string> } }
        exports {
            theater:simple/actor { init: func(state: value) -> result<value, string> }
            test:worker/worker {
                get: func(state: value) -> result<value, string>
                set: func(state: value) -> result<value, string>
                echo: func(v: value) -> value
                crash: func()
                spin: func()
                wait: func(name: string) -> value
            }
        }
        """
    ) { actor in
        actor.imports = [WatActor.importing("test:gate/gate", "wait", as: "wait")]
        let echoed = try CGRF.encode(state)
        actor.body = [
            // init keeps the state it gets: ok(tuple(state)) is what the runtime unpacks; here it answers ok of
            // the constant, except that a state of u32 stays what it is by trapping nothing.
            WatActor.answering("test:worker/worker.set", echoed, at: 8192),
            WatActor.function(
                "theater:simple/actor.init",
                """
                (call $answer (i32.const 8448) (i32.const \(firstState.count)) (local.get $slot)
                  (local.get $lenslot)) (i32.const 0)
                """),
            WatActor.data(firstState, at: 8448),
            WatActor.function(
                "test:worker/worker.echo",
                """
                (call $answer (local.get $in) (local.get $size) (local.get $slot) (local.get $lenslot))
                (i32.const 0)
                """),
            WatActor.function("test:worker/worker.crash", "unreachable"),
            WatActor.function("test:worker/worker.spin", "(loop $l (br $l)) (i32.const 0)"),
            WatActor.function(
                "test:worker/worker.wait",
                """
                (drop (call $wait (local.get $in) (local.get $size) (i32.const 512) (i32.const 516)))
                (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516)) (local.get $slot)
                  (local.get $lenslot)) (i32.const 0)
                """),
        ]
    }
}

private let firstState: [UInt8] = {
    let value = Value.result(ok: .tuple([]), err: .string, .ok(.tuple([.u32(1)])))
    return (try? CGRF.encode(value)) ?? []
}()

/// A guest whose `init` traps.
private func stillborn() throws -> String {
    try actor(
        "exports { theater:simple/actor { init: func(state: value) -> result<value, string> } }"
    ) {
        $0.body = [WatActor.function("theater:simple/actor.init", "unreachable")]
    }
}

private struct Grove {
    let stage: Stage
    var system: ActorSystem { stage.system }

    init(children: [ChildDeclaration], settings: SupervisionSettings = SupervisionSettings()) throws
    {
        func manifest(_ name: String) -> Manifest {
            Manifest(
                name: name, package: "test.wasm",
                handlers: ["runtime", "gate"].map { HandlerGrant(type: $0) })
        }
        let wasm = try Engine.assemble(wat: worker())
        var nested = manifest("nested")
        nested.children = [ChildDeclaration(name: "leaf", manifest: "worker")]
        stage = try Stage(
            resolver: Shelf([
                "worker": (manifest("worker"), wasm), "nested": (nested, wasm),
                "stillborn": (manifest("stillborn"), try Engine.assemble(wat: stillborn())),
            ]))
        var root = manifest("root")
        root.children = children
        root.supervision = settings
        self.root = SpawnRequest(wasm: wasm, manifest: root)
    }

    let root: SpawnRequest

    func start() async throws -> (root: ActorID, children: [ActorID]) {
        let id = try await system.spawn(root)
        return (id, try system.children(of: id))
    }

    /// Waits until an actor has lived so many lives and runs.
    func lives(_ count: Int, _ id: ActorID) async {
        while !(system.restarts(of: id) == count - 1 && system.status(of: id) == .running) {
            await Task.yield()
        }
    }

    func crash(_ id: ActorID) async throws {
        let error = try await stage.failure(id, "test:worker/worker.crash")
        #expect(error.code == .crashed)
    }
}

private func declared(
    _ name: String, _ manifest: String = "worker", _ restart: ChildDeclaration.Restart = .permanent,
    change: (inout ChildDeclaration) -> Void = { _ in }
) -> ChildDeclaration {
    var child = ChildDeclaration(name: name, manifest: manifest)
    child.restart = restart
    change(&child)
    return child
}

@Suite("Trees of actors")
struct TreeTests {
    @Test("start with their root, left to right, and end with it, right to left")
    func order() async throws {
        let grove = try Grove(children: [declared("a"), declared("n", "nested"), declared("b")])
        let (root, children) = try await grove.start()
        let names = grove.system.tree()
        #expect(names.map(\.name) == ["root"])
        #expect(names[0].children.map(\.name) == ["root/a", "root/n", "root/b"])
        #expect(names[0].children[1].children.map(\.name) == ["root/n/leaf"])
        #expect(grove.system.parent(of: children[0]) == root)
        let ends = LogStore()
        let system = grove.system
        let leaf = try #require(try grove.system.children(of: children[1]).first)
        await withDiscardingTaskGroup { group in
            for id in [root, children[0], children[1], children[2], leaf] {
                group.addTask {
                    _ = try? await system.awaitEnd(of: id)
                    ends.add("\(id)")
                }
            }
            _ = try? await system.stop(root)
        }
        #expect(Set(ends.lines) == Set(([root, leaf] + children).map { "\($0)" }))
        #expect(grove.system.actors().isEmpty)
        #expect(grove.system.engine.guestsLive == 0)
        // The chains tell in which order they ended.
        var times: [(ActorID, WallTime)] = []
        for id in [root, leaf] + children {
            var cursor = try await grove.stage.journal.reader().events(of: id)
            var last: WallTime?
            while let event = try cursor.next() { last = event.time }
            times.append((id, try #require(last)))
        }
        let order = times.sorted { $0.1 < $1.1 }.map(\.0)
        #expect(order == [children[2], leaf, children[1], children[0], root])
    }

    @Test("start a crashed child again: same identity, name and chain, fresh state")
    func restart() async throws {
        let grove = try Grove(children: [declared("a"), declared("b")])
        let (_, children) = try await grove.start()
        try await grove.crash(children[0])
        await grove.lives(2, children[0])
        #expect(grove.system.actor(named: "root/a") == children[0])
        #expect(
            try await grove.system.call(children[0], "test:worker/worker.echo", [.u8(1)]) == .u8(1))
        #expect(grove.system.restarts(of: children[1]) == 0)
        await grove.system.shutDown()
        let events = try await grove.stage.events(of: children[0])
        let births = events.filter { if case .spawned = $0 { true } else { false } }
        let exits = events.filter { if case .exited = $0 { true } else { false } }
        #expect(births.count == 2)
        #expect(exits.count == 2)
    }

    @Test("one-for-all starts everybody again")
    func oneForAll() async throws {
        var settings = SupervisionSettings()
        settings.strategy = .oneForAll
        let grove = try Grove(
            children: [declared("a"), declared("b"), declared("c")], settings: settings)
        let (_, children) = try await grove.start()
        try await grove.crash(children[1])
        for child in children { await grove.lives(2, child) }
        await grove.system.shutDown()
    }

    @Test("a child that crashes too often takes its parent with it")
    func escalation() async throws {
        var settings = SupervisionSettings()
        settings.intensity = 2
        let grove = try Grove(children: [declared("a"), declared("b")], settings: settings)
        let (root, children) = try await grove.start()
        for life in 1...2 {
            try await grove.crash(children[0])
            await grove.lives(life + 1, children[0])
        }
        try await grove.crash(children[0])
        guard case .failed(let error) = try await grove.system.awaitEnd(of: root) else {
            Issue.record("the root did not fail")
            return
        }
        #expect(error.code == .supervision)
        #expect(grove.system.actors().isEmpty)
        #expect(grove.system.engine.guestsLive == 0)
    }

    @Test("a supervisor that gives up is itself started again by its parent")
    func nestedEscalation() async throws {
        let grove = try Grove(children: [declared("n", "nested")])
        let (_, children) = try await grove.start()
        for _ in 0...3 {
            let leaf = try #require(try grove.system.children(of: children[0]).first)
            try await grove.crash(leaf)
            if grove.system.restarts(of: children[0]) == 0 {
                while grove.system.status(of: leaf) != .running,
                    grove.system.restarts(of: children[0]) == 0
                {
                    await Task.yield()
                }
            }
        }
        await grove.lives(2, children[0])
        // Its own child starts after itself.
        while try grove.system.children(of: children[0]).isEmpty { await Task.yield() }
        #expect(try grove.system.children(of: children[0]).count == 1)
        await grove.system.shutDown()
    }

    @Test("a root whose child does not start does not start, and leaves nothing")
    func failedStart() async throws {
        let grove = try Grove(children: [declared("a"), declared("dead", "stillborn")])
        await #expect(throws: ActorError.self) { try await grove.start() }
        #expect(grove.system.actors().isEmpty)
        #expect(grove.system.engine.guestsLive == 0)
        #expect(grove.system.actor(named: "root") == nil)
        #expect(grove.system.actor(named: "root/a") == nil)
        let missing = try Grove(children: [declared("x", "nowhere")])
        await #expect(throws: ActorError.self) { try await missing.start() }
        #expect(missing.system.actors().isEmpty)
    }

    @Test("a child that the operator stops stays stopped; one that is restarted keeps its identity")
    func operating() async throws {
        let grove = try Grove(children: [declared("a"), declared("b")])
        let (root, children) = try await grove.start()
        #expect(try await grove.system.stop(children[0]) == .stopped)
        #expect(try grove.system.children(of: root) == [children[1]])
        #expect(grove.system.status(of: children[0]) == .stopped)
        try await grove.system.restart(children[1])
        #expect(grove.system.restarts(of: children[1]) == 1)
        #expect(grove.system.status(of: children[1]) == .running)
        try await grove.system.restart(root)
        #expect(grove.system.status(of: root) == .running)
        #expect(try grove.system.children(of: root).count == 2)
        await grove.system.shutDown()
        #expect(grove.system.engine.guestsLive == 0)
    }

    @Test("terminating a parent ends children that loop and that wait")
    func terminate() async throws {
        let grove = try Grove(children: [declared("a"), declared("b")])
        let (root, children) = try await grove.start()
        async let spin = grove.stage.failure(children[0], "test:worker/worker.spin")
        async let wait = grove.stage.failure(
            children[1], "test:worker/worker.wait", [.string("tree")])
        await Gate.of("tree").arrived()
        #expect(try await grove.system.terminate(root) == .killed)
        #expect(try await spin.code == .killed)
        #expect(try await wait.code == .killed)
        #expect(grove.system.engine.guestsLive == 0)
    }

    @Test("an actor's children can be added at any time; only its parent may act on them")
    func dynamic() async throws {
        let grove = try Grove(children: [])
        let (root, _) = try await grove.start()
        var request = grove.root
        request.name = "added"
        request.parent = root
        request.childSpec = ChildSpec(restart: .transient)
        let child = try await grove.system.spawn(request)
        #expect(try grove.system.children(of: root) == [child])
        try await grove.crash(child)
        await grove.lives(2, child)
        request.name = "stranger"
        request.parent = nil
        let stranger = try await grove.system.spawn(request)
        let refused = await #expect(throws: ActorError.self) {
            try await grove.system.removeChild(child, of: stranger)
        }
        #expect(refused?.code == .notAChild)
        try await grove.system.removeChild(child, of: root)
        #expect(grove.system.status(of: child) == .stopped)
        #expect(try grove.system.children(of: root).isEmpty)
        await grove.system.shutDown()
    }
}
