// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import TheaterChain
import TheaterEngine
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Goal: no command can hold up another kind, and each is answered exactly once, whatever happens. Method: actors
/// that never return, subscribers that never read, and the order in which answers come.
@Suite("Control plane")
struct ControlPlaneTests {
    private static let wait = "test:waiter/waiter.wait"

    @Test(
        "everything is answered while one actor loops, one ignores its stop and one subscriber sleeps"
    )
    func busy() async throws {
        let stage = try Stage(yieldInterval: 100_000)
        let control = ControlPlane(stage.system)
        let notices = LogStore()
        let looping = try await stage.spawn(FixtureActor.wat, name: "looping") {
            $0.manifest.limits.fuelPerCall = .max
        }
        let stubborn = try await stage.spawn(waiter(), name: "stubborn", grants: ["gate"])
        let unread = try stage.system.subscribe(to: looping, options: FeedOptions(eventsMax: 1))
        let spin = Task {
            let error = try await stage.failure(looping, "spin")
            notices.add("loop ended")
            return error
        }
        let stuck = Task {
            _ = try? await stage.system.call(stubborn, Self.wait, [.string("stubborn")])
        }
        await Gate.of("stubborn").arrived()
        let stop = Task {
            let reason = try await control.send {
                .stopActor(stubborn, grace: .seconds(3000), $0)
            }
            notices.add("stop answered")
            return reason
        }
        while stage.system.status(of: stubborn) != .stopping { await Task.yield() }
        while try stage.system.metrics(of: looping).runningCallAge == nil { await Task.yield() }

        for id in [looping, stubborn] {
            let state = try await control.send { .getActorState(id, $0) }
            #expect(state == (try stage.system.state(of: id)))
            _ = try await control.send { .getActorManifest(id, $0) }
            _ = try await control.send { .getActorStatus(id, $0) }
            _ = try await control.send { .getActorMetrics(id, $0) }
            _ = try await control.send { .getActorExportHashes(id, $0) }
            _ = try await control.send { .getActorHandle(id, $0) }
            _ = try await control.send { .listChildren(id, $0) }
            let page = try await control.send { .getActorEvents(id, EventFilter(), $0) }
            #expect(page.events.contains { $0.type == "theater.runtime/called" })
        }
        #expect(try await control.send { .getActors($0) }.count == 2)
        let request = try Stage.request(FixtureActor.wat, name: "new")
        let new = try await control.send { .spawnActor(request, $0) }
        #expect(try await control.send { .stopActor(new, grace: .seconds(5), $0) } == .stopped)
        notices.add("queries answered")

        #expect(try await control.send { .terminateActor(stubborn, $0) } == .killed)
        #expect(try await stop.value == .killed)
        #expect(try await control.send { .terminateActor(looping, $0) } == .killed)
        #expect(try await spin.value.code == .killed)
        #expect(
            Set(notices.lines) == ["queries answered", "stop answered", "loop ended"])
        #expect(notices.lines.first == "queries answered")
        _ = await stuck.value
        #expect(unread.droppedCount > 0)
        await control.close()
    }

    @Test("a spawn that hangs in init holds up nothing else")
    func hangingSpawn() async throws {
        let stage = try Stage()
        let control = ControlPlane(
            stage.system, options: ControlOptions(runningMax: 2, waitingMax: 2))
        let idle = try await stage.spawn(FixtureActor.wat, name: "idle")
        var hanging = MessageActor()
        hanging.messages = false
        hanging.exports = [
            (
                "theater:simple/actor", "init: func(state: value) -> value",
                .wait("control hanging", Behaviour.ok())
            )
        ]
        let request = try Stage.request(
            try hanging.wat, name: "hanging", grants: ["gate"])
        let spawned = Reply<ActorID>()
        control.submit(.spawnActor(request, spawned))
        await Gate.of("control hanging").arrived()

        let actors = try await control.send { .getActors($0) }
        #expect(Set(actors.map(\.name)) == ["idle", "hanging"])
        let starting = try #require(actors.first { $0.name == "hanging" })
        #expect(starting.status == .starting)
        for (id, status) in [(idle, ActorStatus.running), (starting.id, .starting)] {
            #expect(try await control.send { .getActorStatus(id, $0) } == status)
            _ = try await control.send { .getActorState(id, $0) }
            #expect(try await control.send { .listChildren(id, $0) }.isEmpty)
        }
        let another = try Stage.request(FixtureActor.wat, name: "another")
        let second = try await control.send { .spawnActor(another, $0) }
        #expect(stage.system.status(of: second) == .running)
        #expect(try await control.send { .stopActor(idle, grace: .seconds(5), $0) } == .stopped)
        #expect(spawned.result == nil, "it hangs on")

        Gate.of("control hanging").open()
        #expect(try await spawned.value() == starting.id)
        #expect(stage.system.status(of: starting.id) == .running)
        await control.close()
    }

    @Test("the state of a busy actor is that after its last call that is over")
    func state() async throws {
        let stage = try Stage()
        let answer = Value.result(
            ok: .tuple([]), err: .string, .ok(.tuple([.u32(41), .string("hi")])))
        let wat = try actor(
            """
            imports { test:gate/gate { wait: func(name: string) -> result<string, string> } }
            exports { test:a/a {
              next: func(state: value) -> result<tuple<u32, string>, string>
              wait: func(name: string) -> value } }
            """
        ) { actor in
            actor.imports = [WatActor.importing("test:gate/gate", "wait", as: "wait")]
            actor.body = [
                WatActor.answering("test:a/a.next", try CGRF.encode(answer), at: 40000),
                WatActor.function(
                    "test:a/a.wait",
                    """
                    (drop (call $wait (local.get $in) (local.get $size) (i32.const 512)
                      (i32.const 516)))
                    (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516))
                      (local.get $slot) (local.get $lenslot)) (i32.const 0)
                    """),
            ]
        }
        let id = try await stage.spawn(wat, grants: ["gate"])
        #expect(try stage.system.state(of: id) == CallShape.noState)
        try await stage.system.call(id, "test:a/a.next")
        let call = Task { try await stage.system.call(id, "test:a/a.wait", [.string("state")]) }
        await Gate.of("state").arrived()
        #expect(try stage.system.state(of: id) == .u32(41))
        Gate.of("state").open()
        _ = try await call.value
        try await stage.system.stop(id)
        let error = #expect(throws: ActorError.self) { try stage.system.state(of: id) }
        #expect(error?.code == .ended)
    }

    @Test("stops that last fill their own places only; beyond them a stop is refused at once")
    func lanes() async throws {
        let stage = try Stage()
        let control = ControlPlane(
            stage.system, options: ControlOptions(runningMax: 1, waitingMax: 1))
        var ids: [ActorID] = []
        var calls: [Task<Void, Never>] = []
        for index in 0..<3 {
            let id = try await stage.spawn(waiter(), name: "w\(index)", grants: ["gate"])
            ids.append(id)
            calls.append(
                Task { _ = try? await stage.system.call(id, Self.wait, [.string("lanes")]) })
        }
        await Gate.of("lanes").arrived(3)
        let replies = ids.map { id in
            let reply = Reply<ExitReason>()
            control.submit(.stopActor(id, grace: .seconds(3000), reply))
            return reply
        }
        #expect(control.load == ControlLoad(running: 1, waiting: 1))
        guard case .failure(let refused)? = replies[2].result else {
            Issue.record("the third stop was not refused")
            return
        }
        #expect(refused.code == .controlBusy)
        #expect(try await control.send { .terminateActor(ids[2], $0) } == .killed)
        let other = try await control.send {
            .spawnActor(try! Stage.request(FixtureActor.wat, name: "other"), $0)
        }
        #expect(try await control.send { .getActorStatus(other, $0) } == .running)
        Gate.of("lanes").open()
        for call in calls { await call.value }
        #expect(try await replies[0].value() == .stopped)
        #expect(try await replies[1].value() == .stopped)
        await control.close()
        #expect(control.load == ControlLoad(running: 0, waiting: 0))
    }

    @Test(
        "a command that is not done by its deadline is answered then; an actor that starts later ends"
    )
    func deadline() async throws {
        let clock = ManualClock()
        let stage = try Stage(world: clock.world, observability: .init(interval: nil))
        let control = ControlPlane(
            stage.system, options: ControlOptions(deadline: .seconds(10)))
        let input = try CGRF.encode(CallShape.input(state: nil, arguments: [.string("late")]))
        let wat = try actor(
            """
            imports { test:gate/gate { wait: func(name: string) -> result<string, string> } }
            exports { theater:simple/actor { init: func(state: value) -> result<string, string> } }
            """
        ) { actor in
            actor.imports = [WatActor.importing("test:gate/gate", "wait", as: "wait")]
            actor.body = [
                WatActor.data(input, at: 60000),
                WatActor.function(
                    "theater:simple/actor.init",
                    """
                    (drop (call $wait (i32.const 60000) (i32.const \(input.count)) (i32.const 512)
                      (i32.const 516)))
                    (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516))
                      (local.get $slot) (local.get $lenslot)) (i32.const 0)
                    """),
            ]
        }
        var request = try Stage.request(wat, grants: ["gate"])
        request.manifest.limits.initTimeout = .seconds(3600)
        let reply = Reply<ActorID>()
        control.submit(.spawnActor(request, reply))
        await Gate.of("late").arrived()
        clock.advance(by: .seconds(10))
        let error = await #expect(throws: ActorError.self) { try await reply.value() }
        #expect(error?.code == .controlDeadline)
        let id = try #require(stage.system.actors().first?.id)
        Gate.of("late").open()
        await control.close()
        #expect(stage.system.status(of: id)?.isEnded == true, "nobody knows of it")
        #expect(stage.system.actors().isEmpty)
    }

    @Test(
        "who waits for an end is answered when it comes, at the deadline, or when the plane closes")
    func waits() async throws {
        let clock = ManualClock()
        let stage = try Stage(world: clock.world, observability: .init(interval: nil))
        let id = try await stage.spawn(FixtureActor.wat)
        let first = ControlPlane(stage.system, options: ControlOptions(deadline: .seconds(10)))
        let reply = Reply<ExitReason>()
        first.submit(.actorShutdownComplete(id, reply))
        clock.advance(by: .seconds(10))
        let late = await #expect(throws: ActorError.self) { try await reply.value() }
        #expect(late?.code == .controlDeadline)
        await first.close()
        let second = ControlPlane(stage.system)
        let other = Reply<ExitReason>()
        second.submit(.actorShutdownComplete(id, other))
        await second.close()
        let closed = await #expect(throws: ActorError.self) { try await other.value() }
        #expect(closed?.code == .cancelled)
        let refused = await #expect(throws: ActorError.self) {
            try await second.send { .getActorStatus(id, $0) }
        }
        #expect(refused?.code == .controlClosed)
        await stage.system.shutDown()
    }
}
