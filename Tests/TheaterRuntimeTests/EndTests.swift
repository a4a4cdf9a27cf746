// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterEngine
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

@Suite("End")
struct EndTests {
    private static let wait = "test:waiter/waiter.wait"

    @Test("stop finishes what waits, then ends; the watchers learn it once")
    func stop() async throws {
        let stage = try Stage()
        let gate = Gate.of("stop")
        let id = try await stage.spawn(waiter(), grants: ["gate"])
        async let first = stage.system.call(id, Self.wait, [.string("stop")])
        await gate.arrived()
        async let second = stage.system.call(id, Self.wait, [.string("stop")])
        while stage.system.actors()[0].mailboxDepth < 1 { await Task.yield() }
        async let watched = stage.system.awaitEnd(of: id)
        async let stopped = stage.system.stop(id, grace: .seconds(60))
        while stage.system.status(of: id) != .stopping { await Task.yield() }
        #expect(try await stage.failure(id, Self.wait, [.string("stop")]).code == .stopping)
        gate.open()
        _ = try await (first, second)
        #expect(try await stopped == .stopped)
        #expect(try await watched == .stopped)
        #expect(stage.system.status(of: id) == .stopped)
    }

    @Test("stop ends an actor that does not finish within its grace period")
    func graceOver() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(waiter(), grants: ["gate"])
        let call = Task { try await stage.failure(id, Self.wait, [.string("grace")]) }
        await Gate.of("grace").arrived()
        #expect(try await stage.system.stop(id, grace: .milliseconds(1)) == .killed)
        #expect(try await call.value.code == .killed)
        #expect(stage.system.status(of: id) == .killed)
    }

    @Test("terminate ends at once inside a wait and inside a loop, and gives the place back")
    func terminate() async throws {
        let stage = try Stage()
        let waiting = try await stage.spawn(waiter(), name: "waiting", grants: ["gate"])
        let call = Task { try await stage.failure(waiting, Self.wait, [.string("terminate")]) }
        await Gate.of("terminate").arrived()
        #expect(try await stage.system.terminate(waiting) == .killed)
        #expect(try await call.value.code == .killed)
        let events = try await stage.events(of: waiting)
        #expect(
            events.contains {
                if case .hostError("test:gate/gate", "wait", _, let why) = $0 {
                    why.contains("whether the call took effect is not known")
                        && why.hasSuffix("[host.in-doubt]")
                } else {
                    false
                }
            }, "a call that never came back is in the chain")
        let looping = try await stage.spawn(FixtureActor.wat, name: "looping")
        let spin = Task { try await stage.failure(looping, "spin") }
        while !(try await stage.events(of: looping).contains { $0.isCall(of: "spin") }) {
            await Task.yield()
        }
        #expect(try await stage.system.terminate(looping) == .killed)
        #expect(try await spin.value.code == .killed)
        #expect(stage.system.engine.guestsLive == 0)
        #expect(stage.system.actors().isEmpty)
    }

    @Test("an idle actor is stopped and terminated too")
    func idle() async throws {
        let stage = try Stage()
        let first = try await stage.spawn(FixtureActor.wat, name: "a")
        #expect(try await stage.system.stop(first) == .stopped)
        let second = try await stage.spawn(FixtureActor.wat, name: "b")
        #expect(stage.system.actorIDs() == [second])
        #expect(stage.system.actors(among: [second, first]).map(\.name) == ["b"])
        #expect(try await stage.system.terminate(second) == .killed)
        #expect(try await stage.system.awaitEnd(of: second) == .killed)
    }

    @Test("an actor that asks for its own end completes with its result after the present call")
    func shutdown() async throws {
        let stage = try Stage()
        let data = Value.option(.list(.primitive(.u8)), .bytes(Array("done".utf8)))
        let bytes = try CGRF.encode(data)
        let wat = try actor(
            """
            imports { theater:simple/runtime { shutdown: func(data: option<list<u8>>) -> result<_, string> } }
            exports { test:a/a { leave: func() -> value } }
            """
        ) { actor in
            actor.imports = [
                WatActor.importing("theater:simple/runtime", "shutdown", as: "shutdown")
            ]
            actor.body = [
                WatActor.data(bytes, at: 60000),
                WatActor.function(
                    "test:a/a.leave",
                    """
                    (drop (call $shutdown (i32.const 60000) (i32.const \(bytes.count)) (i32.const 512)
                      (i32.const 516)))
                    (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516))
                      (local.get $slot) (local.get $lenslot)) (i32.const 0)
                    """),
            ]
        }
        let id = try await stage.spawn(wat)
        #expect(try await stage.system.call(id, "test:a/a.leave").asResult != nil)
        #expect(try await stage.system.awaitEnd(of: id) == .completed(Array("done".utf8)))
        #expect(stage.system.status(of: id) == .completed)
        let last = try await stage.events(of: id).last
        guard case .exited("completed", _, .some(Array("done".utf8)))? = last else {
            Issue.record("\(String(describing: last))")
            return
        }
    }

    @Test("shutting the system down ends every actor and starts no more")
    func systemShutdown() async throws {
        let stage = try Stage()
        for index in 0..<10 { _ = try await stage.spawn(FixtureActor.wat, name: "a\(index)") }
        await stage.system.shutDown()
        #expect(stage.system.actors().isEmpty)
        #expect(try await stage.refusal(FixtureActor.wat).code == .shuttingDown)
    }

    @Test("a crash on the way to an ordered stop is a crash")
    func crashWhileStopping() async throws {
        let stage = try Stage()
        let wat = try actor(
            """
            imports { test:gate/gate { wait: func(name: string) -> result<string, string> } }
            exports { test:waiter/waiter { wait: func(name: string) -> value } }
            """
        ) { actor in
            actor.imports = [WatActor.importing("test:gate/gate", "wait", as: "wait")]
            actor.body = [
                WatActor.function(
                    Self.wait,
                    """
                    (drop (call $wait (local.get $in) (local.get $size) (i32.const 512)
                      (i32.const 516))) (unreachable)
                    """)
            ]
        }
        let id = try await stage.spawn(wat, grants: ["gate"])
        let call = Task { try await stage.failure(id, Self.wait, [.string("crash-stop")]) }
        await Gate.of("crash-stop").arrived()
        async let stopped = stage.system.stop(id, grace: .seconds(60))
        while stage.system.status(of: id) != .stopping { await Task.yield() }
        Gate.of("crash-stop").open()
        #expect(try await call.value.code == .crashed)
        guard case .failed = try await stopped else {
            Issue.record("the crash was reported as a stop")
            return
        }
    }

    @Test("a crash after asking for the end is a crash")
    func crashAfterShutdown() async throws {
        let stage = try Stage()
        let none = try CGRF.encode(.option(.list(.primitive(.u8)), nil))
        let wat = try actor(
            """
            imports { theater:simple/runtime { shutdown: func(data: option<list<u8>>) -> result<_, string> } }
            exports { test:a/a { leave: func() } }
            """
        ) { actor in
            actor.imports = [
                WatActor.importing("theater:simple/runtime", "shutdown", as: "shutdown")
            ]
            actor.body = [
                WatActor.data(none, at: 60000),
                WatActor.function(
                    "test:a/a.leave",
                    """
                    (drop (call $shutdown (i32.const 60000) (i32.const \(none.count)) (i32.const 512)
                      (i32.const 516))) (unreachable)
                    """),
            ]
        }
        let id = try await stage.spawn(wat)
        #expect(try await stage.failure(id, "test:a/a.leave").code == .crashed)
        guard case .failed = try await stage.system.awaitEnd(of: id) else {
            Issue.record("the crash was reported as a completion")
            return
        }
    }

    @Test("a handler may ask for the end while no call runs")
    func shutdownFromOutside() async throws {
        let stage = try Stage(handlers: [QuitHandler.self])
        let wat = try actor("exports { test:a/a { f: func() } }") { _ in }
        let id = try await stage.spawn(wat, grants: ["quit"])
        #expect(try await stage.system.awaitEnd(of: id) == .completed(nil))
        #expect(stage.system.engine.guestsLive == 0)
    }

    // Goal: no actor lives on after the system was shut down, however the two raced.
    @Test("spawns that race with the shutdown are refused or ended")
    func spawnsDuringShutdown() async throws {
        for _ in 0..<20 {
            let stage = try Stage(guestsMax: 64)
            let request = try Stage.request(FixtureActor.wat)
            await withTaskGroup { group in
                for index in 0..<16 {
                    group.addTask {
                        var request = request
                        request.name = "a\(index)"
                        _ = try? await stage.system.spawn(request)
                    }
                }
                group.addTask { await stage.system.shutDown(grace: .seconds(60)) }
            }
            #expect(stage.system.actors().isEmpty)
            #expect(stage.system.engine.guestsLive == 0)
        }
    }

    // Goal: whatever happens in whatever order, every actor ends exactly once and holds nothing after.
    // Method: calls, crashes, stops and terminations race on actors; the seed decides who does what.
    @Test("races of calls, crashes, stops and kills leave nothing behind")
    func races() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed: seed)
        let stage = try Stage(guestsMax: 64)
        for round in 0..<40 {
            let id = try await stage.spawn(FixtureActor.wat, name: "r\(round)")
            let steps = (0..<8).map { _ in random.next(below: 6) }
            await withTaskGroup { group in
                for step in steps {
                    group.addTask {
                        switch step {
                        case 0: _ = try? await stage.system.stop(id, grace: .milliseconds(50))
                        case 1: _ = try? await stage.system.terminate(id)
                        case 2: _ = try? await stage.system.call(id, "trap")
                        case 3: _ = try? await stage.system.call(id, "fail")
                        default: _ = try? await stage.system.call(id, "echo", [.string("x")])
                        }
                    }
                }
            }
            _ = try? await stage.system.stop(id)
            let reason = try await stage.system.awaitEnd(of: id)
            let events = try await stage.events(of: id)
            let exits = events.filter { if case .exited = $0 { true } else { false } }
            #expect(exits.count == 1, "seed \(seed), round \(round), ended \(reason.status)")
            if case .exited? = events.last {
            } else {
                Issue.record("seed \(seed): an event after the exit")
            }
        }
        #expect(stage.system.actors().isEmpty, "seed \(seed)")
        #expect(stage.system.engine.guestsLive == 0, "seed \(seed)")
    }
}

extension EventPayload {
    func isCall(of function: String) -> Bool {
        if case .called(function, _, _, _) = self { true } else { false }
    }
}
