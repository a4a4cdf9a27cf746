// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization
import TheaterPlatform

@testable import TheaterRuntime

/// A world whose time stands still until the test moves it; its tasks run on threads of their own.
final class ManualClock: SimulatedClock {
    private struct State {
        var now: Int64 = 1_000_000_000
        var sleepers: [Int: (until: Int64, continuation: CheckedContinuation<Bool, Never>)] = [:]
        var last = 0
        /// How often anybody went to sleep, by how long.
        var counts: [Int64: Int] = [:]
    }

    private let state = Mutex(State())

    /// How often anybody went to sleep.
    var sleepCount: Int { state.withLock { $0.last } }

    /// How often anybody went to sleep for exactly this long.
    func sleepCount(of duration: Duration) -> Int {
        state.withLock { $0.counts[duration.wholeNanoseconds, default: 0] }
    }

    var world: World {
        World(clock: self, words: { Randomness.twoWords().0 }, executor: Threads())
    }

    func monotonic() -> MonotonicTime { MonotonicTime(nanoseconds: state.withLock { $0.now }) }

    func wall() -> WallTime { WallTime(nanoseconds: state.withLock { $0.now }) }

    func sleep(until time: MonotonicTime) async throws {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        let isOver = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known = state.withLock { state -> Bool? in
                    if Task.isCancelled { return false }
                    if state.now >= time.nanoseconds { return true }
                    state.sleepers[number] = (time.nanoseconds, continuation)
                    state.counts[time.nanoseconds - state.now, default: 0] += 1
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            let sleeper = state.withLock { $0.sleepers.removeValue(forKey: number) }
            sleeper?.continuation.resume(returning: false)
        }
        if !isOver { throw CancellationError() }
    }

    /// Lets time pass and wakes whoever slept until then.
    func advance(by duration: Duration) {
        let awake = state.withLock { state in
            state.now = MonotonicTime(nanoseconds: state.now).advanced(by: duration).nanoseconds
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values.map(\.continuation)
        }
        for sleeper in awake { sleeper.resume(returning: true) }
    }
}

private final class Threads: TaskExecutor {
    private let queue = DispatchQueue(label: "manual", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }
}
