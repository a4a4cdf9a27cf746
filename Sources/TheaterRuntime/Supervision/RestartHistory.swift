// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// When a supervisor started children again within its period, oldest first.
///
/// Noting a restart looks at those that leave the period and no others, however many are in it.
struct RestartHistory: Sendable {
    private var times: [MonotonicTime] = []
    /// The position of the oldest one within the period.
    private var first = 0

    /// How many the period saw, as of the last one.
    var count: Int { times.count - first }

    /// Notes one that happens now, and forgets those that are older than the period.
    mutating func note(_ now: MonotonicTime, within period: Duration) {
        while first < times.count, times[first].advanced(by: period) < now { first += 1 }
        if first > 64, first * 2 > times.count {
            times.removeFirst(first)
            first = 0
        }
        times.append(now)
    }
}
