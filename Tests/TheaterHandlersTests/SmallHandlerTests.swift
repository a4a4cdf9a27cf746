// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization
import Testing
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterHandlers

@Suite("Random sources")
struct RandomSourceTests {
    @Test("a seed gives the words of SplitMix64")
    func words() {
        let source = RandomSource(world: .system, seed: 1_234_567)
        #expect(
            (0..<5).map { _ in source.word() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
    }

    @Test("a range is even, and reaches both its ends")
    func even() {
        let source = RandomSource(world: .system, seed: 1)
        var counts = [Int](repeating: 0, count: 6)
        for _ in 0..<60_000 { counts[Int(source.number(below: 6))] += 1 }
        #expect(counts.allSatisfy { (9_500...10_500).contains($0) }, "\(counts)")
        // A bound of two thirds of all words: taking words modulo it would favour the lower half 2 to 1.
        let bound: UInt64 = 3 << 62
        let low = (0..<30_000).count { _ in source.number(below: bound) < bound / 2 }
        #expect((14_500...15_500).contains(low), "\(low)")
        #expect(source.number(below: 1) == 0 && source.number(below: 0) == 0)
    }

    @Test("a world whose words are all alike ends no one's patience")
    func stuck() {
        let world = World(
            clock: StillClock(), words: { 0 }, executor: globalConcurrentExecutor)
        let source = RandomSource(world: world, seed: nil)
        #expect(source.number(below: 3 << 62) == 0)
        #expect(source.fraction() == 0)
        let top = World(
            clock: StillClock(), words: { .max }, executor: globalConcurrentExecutor)
        #expect(RandomSource(world: top, seed: nil).fraction() < 1)
        #expect(RandomSource(world: top, seed: nil).number(below: 10) == 9)
    }

    @Test("there are as many bytes as are asked for", arguments: [0, 1, 7, 8, 9, 1000])
    func bytes(count: Int) {
        let bytes = RandomSource(world: .system, seed: 3).bytes(count)
        #expect(bytes.count == count)
        let all = RandomSource(world: .system, seed: 3).bytes(1000)
        #expect(bytes == Array(all.prefix(count)), "the same words, cut")
    }
}

private struct StillClock: SimulatedClock {
    func monotonic() -> MonotonicTime { MonotonicTime(nanoseconds: 0) }
    func wall() -> WallTime { WallTime(nanoseconds: 0) }
    func sleep(until time: MonotonicTime) async throws { throw CancellationError() }
}

@Suite("Timer schedules")
struct TimerScheduleTests {
    // Goal: the next time is the first multiple of the interval that is not past. Method: random times
    // against a plain count upwards.
    @Test("skip what was missed and keep the beat", arguments: [1, 2, 3] as [UInt64])
    func beat(seed: UInt64) {
        var random = SplitMix(seed: seed)
        for round in 0..<500 {
            let interval = 1 + random.next(below: 50)
            let start = random.next(below: 1000)
            let now = start + random.next(below: 2000)
            var expected = start + interval
            while expected < now { expected += interval }
            var schedule = TimerSchedule(
                due: MonotonicTime(nanoseconds: Int64(start)),
                interval: .nanoseconds(interval))
            schedule.advance(now: MonotonicTime(nanoseconds: Int64(now)))
            #expect(schedule.due.nanoseconds == Int64(expected), "seed \(seed), round \(round)")
        }
    }
}

@Suite("Owned tasks", .timeLimit(.minutes(1)))
struct OwnedTasksTests {
    @Test("are bounded, and closing ends and awaits them all")
    func close() async throws {
        let tasks = OwnedTasks(world: .system, countMax: 3)
        let ended = Mutex(0)
        for _ in 0..<3 {
            let number = try #require(tasks.reserve())
            tasks.start(number) {
                try? await World.system.sleep(for: .seconds(3600))
                ended.withLock { $0 += 1 }
            }
        }
        #expect(tasks.reserve() == nil, "it is full")
        await tasks.close()
        #expect(ended.withLock { $0 } == 3)
        #expect(tasks.reserve() == nil, "it is closed")
    }

    @Test("one that was cancelled before it began does not begin")
    func early() async throws {
        let tasks = OwnedTasks(world: .system, countMax: 1)
        let first = try #require(tasks.reserve())
        tasks.cancel(first)
        tasks.start(first) { Issue.record("it began") }
        let second = try #require(tasks.reserve(), "its place is free again")
        tasks.forget(second)
        #expect(tasks.reserve() != nil)
        await tasks.close()
    }
}

/// Sleeps last until they are cancelled; counts those who sleep.
private final class EndlessClock: SimulatedClock {
    private struct State {
        var sleepers: [Int: CheckedContinuation<Void, Never>] = [:]
        var last = 0
    }

    private let state = Mutex(State())

    var sleepers: Int { state.withLock { $0.sleepers.count } }

    var world: World {
        World(clock: self, words: { 0 }, executor: globalConcurrentExecutor)
    }

    func monotonic() -> MonotonicTime { MonotonicTime(nanoseconds: 0) }
    func wall() -> WallTime { WallTime(nanoseconds: 5_000_000_000) }

    func sleep(until time: MonotonicTime) async throws {
        if time <= monotonic() { return }
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state -> Bool in
                    if Task.isCancelled { return true }
                    state.sleepers[number] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: number) }?.resume()
        }
        throw CancellationError()
    }
}

/// Has every callback; each answers at once.
private struct ReadyCell: CellPort {
    func requestShutdown(result: [UInt8]?) {}
    func recentEvents(_ countMax: Int) -> [RecentEvent] { [] }
    func exports(_ function: String) -> Bool { true }
    func call(_ function: String, _ arguments: [Value]) async -> Result<Value, CallbackError> {
        .success(.bytes([1]))
    }
}

/// Goal: a closed handler has no task left. Method: sleeps that nothing but a cancellation ends.
@Suite("Closing small handlers", .timeLimit(.minutes(1)))
struct ClosingTests {
    private let clock = EndlessClock()

    private func make<H: Handler>(
        _ type: H.Type, _ keys: [String: ManifestValue] = [:]
    ) throws -> H {
        let context = HandlerContext(
            actorID: ActorID(high: 1, low: 2), actorName: "test",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, cell: ReadyCell(),
            world: clock.world)
        var reader = HandlerGrant(type: H.name, configuration: keys).reader()
        return try H(grant: &reader, context: context)
    }

    private func call(_ handler: any Handler, _ function: String, _ arguments: Value...)
        -> HostReply
    {
        handler.answer(
            HostCall(
                interface: type(of: handler).interfaces[0].name, function: function,
                arguments: arguments))
    }

    private func asleep(_ count: Int) async throws {
        while clock.sleepers != count {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test("a timer handler ends its timers, also the one of its manifest")
    func timer() async throws {
        let handler = try make(TimerHandler.self, ["interval_ms": .integer(50)])
        for name in ["a", "b", "c"] {
            guard case .value = call(handler, "set-interval", .string(name), .u64(100)) else {
                Issue.record("'\(name)' was not set")
                return
            }
        }
        try await asleep(4)
        _ = call(handler, "clear-interval", .string("a"))
        try await asleep(3)
        await handler.close()
        #expect(clock.sleepers == 0)
    }

    @Test("a loop handler ends its loop, also one started after a stop")
    func loop() async throws {
        let handler = try make(LoopHandler.self)
        for _ in 0..<2 {
            guard case .value = call(handler, "start-loop", .bytes([])) else {
                Issue.record("the loop was not started")
                return
            }
            try await asleep(1)
            _ = call(handler, "stop-loop")
            try await asleep(0)
        }
        _ = call(handler, "start-loop", .bytes([]))
        try await asleep(1)
        await handler.close()
        #expect(clock.sleepers == 0)
    }

    @Test("timers that are set and cleared without end are refused at last")
    func churn() async throws {
        let handler = try make(TimerHandler.self)
        for _ in 0..<20_000 {
            switch call(handler, "set-interval", .string("a"), .u64(100)) {
            case .value: _ = call(handler, "clear-interval", .string("a"))
            case .failure(let error):
                #expect(error.code == "timer.too-many")
            default: Issue.record("neither set nor refused")
            }
        }
        await handler.close()
        #expect(clock.sleepers == 0)
    }

    @Test("a past deadline needs no wait")
    func past() throws {
        let handler = try make(TimingHandler.self)
        for past: UInt64 in [0, 4999, 5000] {
            guard case .value = call(handler, "deadline", .u64(past)) else {
                Issue.record("\(past) waits")
                continue
            }
        }
        guard case .later = call(handler, "deadline", .u64(5001)) else {
            Issue.record("5001 does not wait")
            return
        }
    }
}
