// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

/// Goal: timers tick when they should and never otherwise. Method: guests on a clock that only the test
/// moves; the clock counts who sleeps for how long, so each tick is awaited and none is guessed.
@Suite("The handler timer", .timeLimit(.minutes(1)))
struct TimerTests {
    private let clock = ManualClock()
    private static let tick = SmallHandler.tick

    private func ticker(
        _ stage: Stage, _ keys: [String: ManifestValue] = [:],
        tick: Behaviour? = .answer(Behaviour.ok()),
        change: (inout SpawnRequest) -> Void = { _ in },
        make: (inout MessageActor) -> Void = { _ in }
    ) async throws -> ActorID {
        try await stage.small("timer", SmallHandler.timer, keys, change: change) { actor in
            if let tick { actor.onTick(tick) }
            make(&actor)
        }
    }

    @Test("its interfaces have the hashes that actors were built against")
    func hashes() {
        #expect(
            TimerHandler.interfaces.map(\.name)
                == ["theater:simple/timer", "theater:simple/timer-once"])
        #expect(
            TimerHandler.interfaces.first.map { "\($0.pact.hash(rules: .host))" }
                == "376e169568000435cb382b39f9ab2e65f4000d8f4d15e8420659cb6403d436ae")
    }

    @Test("the first tick comes at once, then one each interval, with the timer's name")
    func interval() async throws {
        let stage = try Stage.small(clock)
        let id = try await ticker(stage)
        #expect(try await stage.host(id, "set-interval", .string("t"), .u64(100)) == .string("t"))
        try await clock.sleeps(1, of: 100)
        #expect(try await stage.calls(id, of: Self.tick) == [.string("t")])
        clock.advance(by: .milliseconds(99))
        try await stage.settle(id)
        #expect(try await stage.calls(id, of: Self.tick).count == 1)
        clock.advance(by: .milliseconds(1))
        try await clock.sleeps(2, of: 100)
        clock.advance(by: .milliseconds(100))
        try await clock.sleeps(3, of: 100)
        #expect(
            try await stage.calls(id, of: Self.tick) == [.string("t"), .string("t"), .string("t")])
        await stage.system.shutDown()
    }

    @Test("now is the wall time in milliseconds, bare")
    func now() async throws {
        let stage = try Stage.small(clock)
        let id = try await ticker(stage, tick: nil)
        #expect(try await stage.system.call(id, "test:m/m.now") == .u64(1000))
        clock.advance(by: .milliseconds(25))
        #expect(try await stage.system.call(id, "test:m/m.now") == .u64(1025))
        await stage.system.shutDown()
    }

    @Test("names are unique, and a cleared timer ticks no more")
    func names() async throws {
        let stage = try Stage.small(clock)
        let id = try await ticker(stage)
        try await stage.host(id, "set-interval", .string("t"), .u64(100))
        for function in ["set-interval", "set-timeout"] {
            let error = try await stage.hostError(id, function, .string("t"), .u64(100))
            #expect(error.hasSuffix("[timer.exists]"))
        }
        try await clock.sleeps(1, of: 100)
        try await stage.host(id, "clear-interval", .string("t"))
        let error = try await stage.hostError(id, "clear-interval", .string("t"))
        #expect(error.hasSuffix("[timer.not-found]"))
        clock.advance(by: .seconds(1))
        try await stage.settle(id)
        #expect(try await stage.calls(id, of: Self.tick).count == 1)
        try await stage.host(id, "set-interval", .string("t"), .u64(100))
        try await stage.wait(for: 2, of: Self.tick, id)
        await stage.system.shutDown()
    }

    @Test("zero and what is out of bounds are refused, and leave nothing behind")
    func bounds() async throws {
        let stage = try Stage.small(clock)
        let id = try await ticker(stage, ["min_interval_ms": .integer(50)])
        func error(_ function: String, _ name: String, _ milliseconds: UInt64) async throws
            -> String
        {
            try await stage.hostError(id, function, .string(name), .u64(milliseconds))
        }
        for wrong in [0, 31_536_000_001, UInt64.max] {
            #expect(try await error("set-interval", "t", wrong).hasSuffix("[timer.bad-interval]"))
        }
        #expect(try await error("set-timeout", "t", .max).hasSuffix("[timer.bad-interval]"))
        for name in ["", String(repeating: "x", count: 257)] {
            #expect(try await error("set-interval", name, 100).hasSuffix("[timer.bad-name]"))
        }
        #expect(try await stage.denials(id).isEmpty)
        #expect(try await error("set-interval", "t", 49).hasSuffix("[timer.too-short]"))
        #expect(try await stage.denials(id).count == 1)
        let missing = try await stage.hostError(id, "clear-interval", .string("t"))
        #expect(missing.hasSuffix("[timer.not-found]"), "a refused timer is not there")
        try await stage.host(id, "set-interval", .string("t"), .u64(50))
        try await stage.wait(for: 1, of: Self.tick, id)
        await stage.system.shutDown()
    }

    @Test("an actor has so many timers as its grant allows")
    func count() async throws {
        let stage = try Stage.small(clock)
        let id = try await ticker(stage, ["timers_max": .integer(3)])
        for index in 0..<3 {
            try await stage.host(id, "set-timeout", .string("\(index)"), .u64(100))
        }
        let error = try await stage.hostError(id, "set-interval", .string("3"), .u64(100))
        #expect(error.hasSuffix("[timer.too-many]"))
        try await stage.host(id, "clear-interval", .string("1"))
        try await stage.host(id, "set-timeout", .string("3"), .u64(100))
        await stage.system.shutDown()
    }

    @Test("an actor without the callback is told so, and interval_ms is skipped for it")
    func absent() async throws {
        let stage = try Stage.small(clock)
        let id = try await ticker(stage, ["interval_ms": .integer(100)], tick: nil)
        let error = try await stage.hostError(id, "set-interval", .string("t"), .u64(100))
        #expect(error.hasSuffix("[timer.no-callback]"))
        clock.advance(by: .seconds(1))
        try await stage.settle(id)
        #expect(stage.system.status(of: id) == .running)
        await stage.system.shutDown()
    }

    @Test("interval_ms starts a timer with the actor, which can be cleared")
    func manifest() async throws {
        let stage = try Stage.small(clock)
        let id = try await ticker(stage, ["interval_ms": .integer(100)])
        try await clock.sleeps(1, of: 100)
        #expect(try await stage.calls(id, of: Self.tick) == [.string("default")])
        try await stage.host(id, "clear-interval", .string("default"))
        clock.advance(by: .seconds(1))
        try await stage.settle(id)
        #expect(try await stage.calls(id, of: Self.tick).count == 1)
        await stage.system.shutDown()
    }

    @Test("ticks that are missed while one runs are skipped, not made up for")
    func coalesced() async throws {
        let stage = try Stage.small(clock)
        let gate = Gate.of("timer coalesced")
        let id = try await ticker(stage, tick: .wait("timer coalesced", Behaviour.ok()))
        try await stage.host(id, "set-interval", .string("t"), .u64(100))
        await gate.arrived()
        clock.advance(by: .milliseconds(1050))
        gate.open()
        // The next is due at 1100, which is 50 ms away.
        try await clock.sleeps(1, of: 50)
        #expect(try await stage.calls(id, of: Self.tick).count == 1)
        clock.advance(by: .milliseconds(50))
        try await clock.sleeps(1, of: 100)
        #expect(try await stage.calls(id, of: Self.tick).count == 2)
        await stage.system.shutDown()
    }

    @Test("the tick of an interval that meets a full mailbox is skipped; a timeout is tried again")
    func full() async throws {
        let stage = try Stage.small(clock)
        let gate = Gate.of("timer full")
        let id = try await ticker(
            stage, change: { $0.manifest.limits.mailbox = 1 },
            make: { $0.offer("busy", .wait("timer full", Behaviour.ok())) })
        try await stage.host(id, "set-interval", .string("each"), .u64(100))
        try await clock.sleeps(1, of: 100)
        try await stage.host(id, "set-timeout", .string("once"), .u64(250))
        try await clock.sleeps(1, of: 250)
        let first = Task { try await stage.system.call(id, "test:x/x.busy") }
        await gate.arrived()
        let second = Task { try await stage.system.call(id, "test:x/x.busy") }
        while try stage.system.metrics(of: id).mailboxDepth < 1 { try await Stage.pause() }
        clock.advance(by: .milliseconds(250))
        // 200 ms were due, 300 ms are next; the timeout comes back after the shortest interval.
        try await clock.sleeps(1, of: 50)
        try await clock.sleeps(1, of: 10)
        gate.open()
        _ = try await (first.value, second.value)
        #expect(try await stage.calls(id, of: Self.tick).count == 1)
        clock.advance(by: .milliseconds(10))
        try await stage.wait(for: 2, of: Self.tick, id)
        #expect(try await stage.calls(id, of: Self.tick) == [.string("each"), .string("once")])
        clock.advance(by: .milliseconds(40))
        try await stage.wait(for: 3, of: Self.tick, id)
        #expect(stage.system.status(of: id) == .running)
        await stage.system.shutDown()
    }

    @Test("clearing withdraws a tick that waits for its turn")
    func withdrawn() async throws {
        let stage = try Stage.small(clock)
        let gate = Gate.of("timer withdrawn")
        let id = try await ticker(
            stage,
            make: { actor in
                actor.offer(
                    "busy",
                    .steps(
                        [
                            ("set-interval", .tuple([.string("t"), .u64(100)])),
                            ("wait", .string("timer withdrawn")), ("clear-interval", .string("t")),
                        ], Behaviour.ok()))
            })
        let call = Task { try await stage.system.call(id, "test:x/x.busy") }
        await gate.arrived()
        while try stage.system.metrics(of: id).mailboxDepth < 1 { try await Stage.pause() }
        gate.open()
        _ = try await call.value
        try await stage.settle(id)
        #expect(try await stage.calls(id, of: Self.tick).isEmpty)
        await stage.system.shutDown()
    }

    @Test("a tick may clear its own timer and go on waiting for others")
    func clearedWithin() async throws {
        let stage = try Stage.small(clock)
        let gate = Gate.of("timer within")
        let id = try await ticker(
            stage,
            tick: .steps(
                [("clear-interval", .string("t")), ("wait", .string("timer within"))],
                Behaviour.ok()))
        try await stage.host(id, "set-interval", .string("t"), .u64(100))
        await gate.arrived()
        gate.open()
        try await stage.settle(id)
        clock.advance(by: .seconds(1))
        try await stage.settle(id)
        #expect(try await stage.calls(id, of: Self.tick).count == 1)
        let passed = try await stage.events(of: id).contains { event in
            guard case .hostCall(_, "wait", _, let output) = event else { return false }
            return (try? CGRF.decode(output).asResult).map { "\($0)".contains("passed") } ?? false
        }
        #expect(passed, "its own wait was not cancelled")
        await stage.system.shutDown()
    }

    @Test("a timeout fires once, not before its time, and can be set anew from its own tick")
    func once() async throws {
        let stage = try Stage.small(clock)
        let id = try await ticker(
            stage,
            tick: .steps([("set-timeout", .tuple([.string("t"), .u64(30)]))], Behaviour.ok())
        )
        #expect(try await stage.host(id, "set-timeout", .string("t"), .u64(20)) == .string("t"))
        try await clock.sleeps(1, of: 20)
        clock.advance(by: .milliseconds(19))
        try await stage.settle(id)
        #expect(try await stage.calls(id, of: Self.tick).isEmpty)
        clock.advance(by: .milliseconds(1))
        try await clock.sleeps(1, of: 30)
        #expect(try await stage.calls(id, of: Self.tick) == [.string("t")])
        clock.advance(by: .milliseconds(30))
        try await clock.sleeps(2, of: 30)
        #expect(try await stage.calls(id, of: Self.tick).count == 2)
        await stage.system.shutDown()
    }

    @Test("a timeout that has fired is gone, and a delay of zero fires at once")
    func gone() async throws {
        let stage = try Stage.small(clock)
        let id = try await ticker(stage)
        try await stage.host(id, "set-timeout", .string("t"), .u64(0))
        try await stage.wait(for: 1, of: Self.tick, id)
        // Its task may be about to give the name back.
        while true {
            let answer = try? await stage.system.call(
                id, "test:m/m.clear-interval", [.string("t")])
            if answer == nil { break }
            try await Stage.pause()
        }
        clock.advance(by: .seconds(1))
        try await stage.settle(id)
        #expect(try await stage.calls(id, of: Self.tick).count == 1)
        await stage.system.shutDown()
    }

    @Test("an error of the callback ends the actor, or is skipped when its manifest says so")
    func errors() async throws {
        let stage = try Stage.small(clock)
        let fails = try await ticker(stage, tick: .answer(Behaviour.err("no")))
        try await stage.host(fails, "set-interval", .string("t"), .u64(100))
        let end = try await stage.system.awaitEnd(of: fails)
        #expect("\(String(describing: end))".contains("no"))
        let continues = try await ticker(
            stage, tick: .answer(Behaviour.err("no")), change: { $0.manifest.onError = .continue })
        try await stage.host(continues, "set-interval", .string("t"), .u64(70))
        try await clock.sleeps(1, of: 70)
        clock.advance(by: .milliseconds(70))
        try await clock.sleeps(2, of: 70)
        #expect(try await stage.calls(continues, of: Self.tick).count == 2)
        await stage.system.shutDown()
    }

    @Test("a callback that is declared otherwise ends its timer and nothing else")
    func misdeclared() async throws {
        let stage = try Stage.small(clock)
        let id = try await ticker(
            stage, tick: nil,
            make: { actor in
                actor.exports.append(
                    (
                        "theater:simple/timer",
                        "handle-tick: func(state: value, name: string, late: u64) -> value",
                        .answer(Behaviour.ok())
                    ))
            })
        try await stage.host(id, "set-interval", .string("t"), .u64(100))
        while !stage.log.lines.contains(where: { $0.contains("timer 't' ended") }) {
            try await Stage.pause()
        }
        try await stage.settle(id)
        #expect(stage.system.status(of: id) == .running)
        await stage.system.shutDown()
    }

    // Goal: an actor that ends leaves no timer behind. Method: three ways to end, with a timer that sleeps
    // and one whose tick is running; whoever still slept would be woken by the last step.
    @Test("all timers end with the actor", arguments: ["stop", "terminate", "trap"])
    func ends(how: String) async throws {
        let stage = try Stage.small(clock)
        let id = try await ticker(stage, make: { $0.offer("trap", .trap) })
        try await stage.host(id, "set-interval", .string("t"), .u64(100))
        try await stage.host(id, "set-interval", .string("u"), .u64(110))
        try await clock.sleeps(1, of: 100)
        try await clock.sleeps(1, of: 110)
        switch how {
        case "stop": try await stage.system.stop(id)
        case "terminate": try await stage.system.terminate(id)
        default: _ = try await stage.failure(id, "test:x/x.trap")
        }
        _ = try? await stage.system.awaitEnd(of: id)
        let before = try await stage.events(of: id).count
        clock.advance(by: .seconds(10))
        #expect(try await stage.events(of: id).count == before)
        #expect(clock.sleepCount(of: .milliseconds(100)) == 1)
        await stage.system.shutDown()
    }

    @Test("a child's timers are no faster and no more than its parent's")
    func child() async throws {
        let stage = try Stage.small(clock)
        let parent = try await ticker(
            stage, ["min_interval_ms": .integer(200), "timers_max": .integer(1)],
            change: { $0.name = "parent" })
        let child = try await ticker(
            stage, ["min_interval_ms": .integer(1)],
            change: {
                $0.parent = parent
                $0.name = "child"
            })
        let error = try await stage.hostError(child, "set-interval", .string("t"), .u64(199))
        #expect(error.hasSuffix("[timer.too-short]"))
        try await stage.host(child, "set-interval", .string("t"), .u64(200))
        let more = try await stage.hostError(child, "set-interval", .string("u"), .u64(200))
        #expect(more.hasSuffix("[timer.too-many]"))
        await stage.system.shutDown()
    }

    @Test("keys that contradict each other or are out of bounds are refused")
    func keys() async throws {
        let stage = try Stage.small(clock)
        for keys: [String: ManifestValue] in [
            ["min_interval_ms": .integer(0)], ["timers_max": .integer(1025)],
            ["interval_ms": .integer(0)], ["interval_ms": .integer(9)],
            ["interval_ms": .integer(100), "timers_max": .integer(0)], ["interval": .integer(5)],
        ] {
            await #expect(throws: ActorError.self, "\(keys)") {
                _ = try await ticker(stage, keys)
            }
        }
        await stage.system.shutDown()
    }
}
