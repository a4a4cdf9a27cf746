// SPDX-License-Identifier: Apache-2.0

import MetricsTestKit
import Testing
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Goal: an actor that is stuck is seen, once, and no longer when it goes on. Method: time that only the
/// test moves.
@Suite("Watchdog")
struct WatchdogTests {
    private static let call = "test:waiter/waiter.wait"

    @Test("flags a running call and a message older than the limit, once, and takes it back")
    func flags() async throws {
        let (clock, sink) = (ManualClock(), TestMetrics())
        let stage = try Stage(
            world: clock.world, observability: .init(interval: .seconds(1), metrics: sink))
        let id = try await stage.spawn(waiter(), grants: ["gate"]) {
            $0.manifest.limits.callTimeout = .seconds(3600)
        }
        let limit = try stage.system.cell(id).messageAgeMax
        let gate = Gate.of("watchdog")
        let first = Task { try await stage.system.call(id, Self.call, [.string("watchdog")]) }
        await gate.arrived()
        let second = Task { try await stage.system.call(id, Self.call, [.string("watchdog")]) }
        while try stage.system.metrics(of: id).mailboxDepth < 1 { await Task.yield() }
        try await tick(clock, by: limit)
        #expect(try stage.system.metrics(of: id).warnings.isEmpty, "the limit itself is no fault")
        try await tick(clock, by: .seconds(1))
        #expect(try stage.system.metrics(of: id).warnings == [.runningCall, .oldestMessage])
        try await tick(clock, by: .seconds(1))
        try await tick(clock, by: .seconds(1))
        for kind in ["running-call", "oldest-message"] {
            #expect(
                sink.counterTotal(
                    label: "theater.watchdog.flagged", dimensions: [("kind", kind)]) == 1)
        }
        #expect(
            stage.log.lines == [
                "[actor] a call runs longer than the limit",
                "[actor] a message has waited longer than the limit",
            ])
        gate.open()
        _ = try await (first.value, second.value)
        try await tick(clock, by: .seconds(1))
        #expect(try stage.system.metrics(of: id).warnings.isEmpty)
        await stage.system.shutDown()
    }

    @Test("an endless loop is flagged while it runs")
    func loop() async throws {
        let clock = ManualClock()
        let stage = try Stage(
            yieldInterval: 100_000, world: clock.world,
            observability: .init(interval: .seconds(1)))
        let id = try await stage.spawn(FixtureActor.wat) {
            $0.manifest.limits.callTimeout = .seconds(3600)
            $0.manifest.limits.fuelPerCall = .max
            $0.manifest.limits.messageAgeMax = .seconds(30)
        }
        let spin = Task { try await stage.failure(id, "spin") }
        while try stage.system.metrics(of: id).runningCallAge == nil { await Task.yield() }
        try await tick(clock, by: .seconds(31))
        #expect(try stage.system.metrics(of: id).warnings == [.runningCall])
        try await stage.system.terminate(id)
        #expect(try await spin.value.code == .killed)
        await stage.system.shutDown()
    }

    @Test("looks at a bounded number of actors each time, and at all in turn")
    func turns() async throws {
        let clock = ManualClock()
        let stage = try Stage(
            world: clock.world, observability: .init(interval: .seconds(1), actorsPerRound: 1))
        var calls: [Task<Value, any Error>] = []
        var ids: [ActorID] = []
        for index in 0..<3 {
            let id = try await stage.spawn(waiter(), name: "a\(index)", grants: ["gate"]) {
                $0.manifest.limits.callTimeout = .seconds(3600)
            }
            ids.append(id)
            calls.append(
                Task { try await stage.system.call(id, Self.call, [.string("watchdog turns")]) })
        }
        await Gate.of("watchdog turns").arrived(3)
        func flagged() throws -> Int {
            try ids.count { try !stage.system.metrics(of: $0).warnings.isEmpty }
        }
        try await tick(clock, by: .seconds(61))
        #expect(try flagged() == 1)
        try await tick(clock, by: .seconds(1))
        #expect(try flagged() == 2)
        try await tick(clock, by: .seconds(1))
        #expect(try flagged() == 3)
        Gate.of("watchdog turns").open()
        for call in calls { _ = try await call.value }
        await stage.system.shutDown()
    }

    @Test("sleeps only while there are actors")
    func rests() async throws {
        let clock = ManualClock()
        let stage = try Stage(
            world: clock.world, observability: .init(interval: .seconds(1)))
        #expect(clock.sleepCount == 0)
        let id = try await stage.spawn(FixtureActor.wat)
        while clock.sleepCount == 0 { await Task.yield() }
        try await stage.system.terminate(id)
        clock.advance(by: .seconds(1))
        // It looked, and did not lie down again: the next actor starts it anew.
        _ = try await stage.spawn(FixtureActor.wat)
        while clock.sleepCount < 2 { await Task.yield() }
        await stage.system.shutDown()
    }

    /// Lets time pass and waits until the watchdog has looked: it sleeps again.
    private func tick(_ clock: ManualClock, by duration: Duration) async throws {
        while clock.sleepCount(of: .seconds(1)) == 0 { await Task.yield() }
        let before = clock.sleepCount(of: .seconds(1))
        clock.advance(by: duration)
        while clock.sleepCount(of: .seconds(1)) == before { await Task.yield() }
    }
}
