// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// A point in time on the wall clock, in nanoseconds since the Unix epoch.
public struct WallTime: Hashable, Sendable, Comparable {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    public let nanoseconds: Int64

    /// Makes a point in time.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Reads the wall clock.
    public static func now() -> WallTime { WallTime(nanoseconds: SystemClock.read(CLOCK_REALTIME)) }

    /// Orders points in time.
    public static func < (left: WallTime, right: WallTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

/// A point in time on a clock that never goes backwards, in nanoseconds since an arbitrary start.
public struct MonotonicTime: Hashable, Sendable, Comparable {
    /// Nanoseconds since the clock's start.
    public let nanoseconds: Int64

    /// Makes a point in time.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Reads the monotonic clock.
    public static func now() -> MonotonicTime {
        MonotonicTime(nanoseconds: SystemClock.read(CLOCK_MONOTONIC))
    }

    /// The point in time that lies `duration` later; saturates.
    public func advanced(by duration: Duration) -> MonotonicTime {
        let (seconds, attoseconds) = duration.components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let limit = MonotonicTime(nanoseconds: seconds < 0 ? .min : .max)
        guard !overflow else { return limit }
        let (sum, past) = nanoseconds.addingReportingOverflow(product + attoseconds / 1_000_000_000)
        return past ? limit : MonotonicTime(nanoseconds: sum)
    }

    /// Orders points in time.
    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

enum SystemClock {
    static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// Randomness from the system's generator, fetched in portions.
public enum Randomness {
    private struct Portion {
        var words: [UInt64] = []
    }
    private static let portion = Mutex(Portion())
    private static let portionCount = 512

    /// Two random 64-bit words.
    public static func twoWords() -> (UInt64, UInt64) {
        portion.withLock { portion in
            if portion.words.count < 2 {
                portion.words = [UInt64](repeating: 0, count: portionCount)
                portion.words.withUnsafeMutableBytes { bytes in
                    if let start = bytes.baseAddress { arc4random_buf(start, bytes.count) }
                }
            }
            return (portion.words.removeLast(), portion.words.removeLast())
        }
    }
}

/// Waits that can be cancelled.
public enum Sleeper {
    /// Suspends the task.
    ///
    /// - Throws: `CancellationError` when the task is cancelled meanwhile.
    public static func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration, clock: .continuous)
    }
}
