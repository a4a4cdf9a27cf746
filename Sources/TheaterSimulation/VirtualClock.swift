// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
package import TheaterPlatform

/// The clocks of a simulated world: they stand still until the executor moves them.
package final class VirtualClock: SimulatedClock, Sendable {
    private struct Sleeper {
        let time: Int64
        let number: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        /// Monotonic; the wall clock is so much ahead.
        var now: Int64 = 1_000_000_000
        /// The next to wake last.
        var sleepers: [Sleeper] = []
        var lastNumber: UInt64 = 0
    }

    static let wallOffset: Int64 = 1_700_000_000_000_000_000
    private let state = Mutex(State())

    init() {}

    package func monotonic() -> MonotonicTime {
        MonotonicTime(nanoseconds: state.withLock { $0.now })
    }

    package func wall() -> WallTime {
        WallTime(nanoseconds: state.withLock { $0.now } + Self.wallOffset)
    }

    /// How many tasks sleep.
    var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    package func sleep(until time: MonotonicTime) async throws {
        try Task.checkCancellation()
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isPast = state.withLock { state in
                    if time.nanoseconds <= state.now { return true }
                    let sleeper = Sleeper(
                        time: time.nanoseconds, number: number, continuation: continuation)
                    let index =
                        state.sleepers.lastIndex { $0.time > time.nanoseconds }.map { $0 + 1 } ?? 0
                    state.sleepers.insert(sleeper, at: index)
                    return false
                }
                if isPast { return continuation.resume() }
                if Task.isCancelled { cancel(number) }
            }
        } onCancel: {
            cancel(number)
        }
    }

    private func cancel(_ number: UInt64) {
        let sleeper = state.withLock { state in
            state.sleepers.firstIndex { $0.number == number }.map { state.sleepers.remove(at: $0) }
        }
        sleeper?.continuation.resume(throwing: CancellationError())
    }

    /// Moves the time to the next sleeper's, and wakes all whose time has come.
    ///
    /// - Returns: whether anybody slept.
    func advance() -> Bool {
        guard let next = state.withLock({ $0.sleepers.last?.time }) else { return false }
        move(to: next)
        return true
    }

    /// Lets time pass.
    func pass(_ nanoseconds: Int64) {
        if nanoseconds > 0 { move(to: state.withLock { $0.now } + nanoseconds) }
    }

    private func move(to time: Int64) {
        let due = state.withLock { state -> [Sleeper] in
            state.now = max(state.now, time)
            var due: [Sleeper] = []
            while let next = state.sleepers.last, next.time <= state.now {
                due.append(next)
                state.sleepers.removeLast()
            }
            return due
        }
        for sleeper in due { sleeper.continuation.resume() }
    }
}
