// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

@Suite("The handler timing", .timeLimit(.minutes(1)))
struct TimingTests {
    private let clock = ManualClock()

    private func sleeper(
        _ stage: Stage, _ keys: [String: ManifestValue] = [:], name: String = "actor",
        parent: ActorID? = nil
    ) async throws -> ActorID {
        try await stage.small("timing", SmallHandler.timing, keys, name: name) {
            $0.parent = parent
        }
    }

    @Test("now is the wall time, sleep waits for its time, and both are recorded")
    func sleep() async throws {
        let stage = try Stage.small(clock)
        let id = try await sleeper(stage)
        let other = try await sleeper(stage, name: "other")
        #expect(try await stage.system.call(id, "test:m/m.now") == .u64(1000))
        let call = Task { try await stage.host(id, "sleep", .u64(250)) }
        try await clock.sleeps(1, of: 250)
        clock.advance(by: .milliseconds(249))
        #expect(
            try await stage.system.call(other, "test:m/m.now") == .u64(1249),
            "nobody else is held up")
        #expect(try stage.system.metrics(of: id).runningCallAge != nil, "it still sleeps")
        clock.advance(by: .milliseconds(1))
        #expect(try await call.value == .unit)
        let recorded = try await stage.events(of: id).compactMap { event -> String? in
            if case .hostCall(_, let function, _, _) = event { function } else { nil }
        }
        #expect(recorded == ["now", "sleep"])
        await stage.system.shutDown()
    }

    @Test("a deadline that is past is over at once, and one ahead when it is reached")
    func deadline() async throws {
        let stage = try Stage.small(clock)
        let id = try await sleeper(stage)
        for past: UInt64 in [0, 999, 1000] {
            #expect(try await stage.host(id, "deadline", .u64(past)) == .unit)
        }
        let call = Task { try await stage.host(id, "deadline", .u64(1070)) }
        try await clock.sleeps(1, of: 70)
        clock.advance(by: .milliseconds(70))
        #expect(try await call.value == .unit)
        await stage.system.shutDown()
    }

    @Test("what the grant does not allow is denied at once, bounds included")
    func bounds() async throws {
        let stage = try Stage.small(clock)
        let keys: [String: ManifestValue] = [
            "max_sleep_duration": .integer(500), "min_sleep_duration": .integer(5),
        ]
        let id = try await sleeper(stage, keys)
        for (function, value, code): (String, UInt64, String) in [
            ("sleep", 501, "long"), ("sleep", .max, "long"), ("sleep", 4, "short"),
            ("sleep", 0, "short"), ("deadline", 1501, "long"), ("deadline", .max, "long"),
        ] {
            let error = try await stage.hostError(id, function, .u64(value))
            #expect(error.hasSuffix("[timing.too-\(code)]"), "\(function) \(value)")
        }
        #expect(try await stage.denials(id).count == 6)
        for (function, value, wait): (String, UInt64, Int) in [
            ("sleep", 500, 500), ("sleep", 5, 5), ("deadline", 2005, 500),
        ] {
            let before = clock.sleepCount(of: .milliseconds(wait))
            let call = Task { try await stage.host(id, function, .u64(value)) }
            try await clock.sleeps(before + 1, of: wait)
            clock.advance(by: .milliseconds(wait))
            _ = try await call.value
        }
        let child = try await sleeper(
            stage, ["max_sleep_duration": .integer(9999)], name: "child", parent: id)
        let error = try await stage.hostError(child, "sleep", .u64(501))
        #expect(error.hasSuffix("[timing.too-long]"), "a child waits no longer than its parent")
        await stage.system.shutDown()
    }

    @Test("without keys, a sleep takes 1 ms to an hour")
    func defaults() async throws {
        let stage = try Stage.small(clock)
        let id = try await sleeper(stage)
        let short = try await stage.hostError(id, "sleep", .u64(0))
        #expect(short.hasSuffix("[timing.too-short]"))
        let long = try await stage.hostError(id, "sleep", .u64(3_600_001))
        #expect(long.hasSuffix("[timing.too-long]"))
        for keys: [String: ManifestValue] in [
            ["max_sleep_duration": .integer(-1)], ["max_sleep_duration": .integer(31_536_000_001)],
            ["min_sleep_duration": .string("1s")], ["sleep": .integer(1)],
        ] {
            await #expect(throws: ActorError.self, "\(keys)") {
                _ = try await sleeper(stage, keys, name: "wrong")
            }
        }
        await stage.system.shutDown()
    }

    // Goal: a sleeping actor ends at once. Method: the clock stands still, so only a cancelled sleep lets
    // the test go on.
    @Test("a sleeping actor is ended at once", arguments: ["sleep", "deadline"])
    func cancelled(function: String) async throws {
        let stage = try Stage.small(clock)
        let id = try await sleeper(stage)
        let value: UInt64 = function == "sleep" ? 3_600_000 : 3_601_000
        let call = Task { try await stage.failure(id, "test:m/m.\(function)", [.u64(value)]) }
        try await clock.sleeps(1, of: 3_600_000)
        try await stage.system.terminate(id)
        #expect(try await call.value.code == .killed)
        #expect(clock.monotonic().nanoseconds == 1_000_000_000)
        await stage.system.shutDown()
    }
}
