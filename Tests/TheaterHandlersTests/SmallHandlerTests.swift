// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import TheaterPlatform
import TheaterTesting

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
