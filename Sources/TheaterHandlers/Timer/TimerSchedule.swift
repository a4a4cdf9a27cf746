// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// When a timer is due.
struct TimerSchedule: Sendable {
    /// When it is due next.
    private(set) var due: MonotonicTime
    /// The time between ticks; `nil` for a timer that fires once.
    let interval: Duration?

    /// Moves on to the next time that is not past: ticks that were missed are not made up for.
    mutating func advance(now: MonotonicTime) {
        guard let interval else { return }
        let next = due.advanced(by: interval)
        guard next < now else {
            due = next
            return
        }
        let step = MonotonicTime(nanoseconds: 0).advanced(by: interval).nanoseconds
        guard step > 0 else {
            due = now
            return
        }
        // `now` is later than `due`, and both are on one clock.
        let missed = (now.nanoseconds - due.nanoseconds) / step
        let late = (now.nanoseconds - due.nanoseconds) % step
        due = due.advanced(by: .nanoseconds(missed * step)).advanced(
            by: late > 0 ? interval : .zero)
    }

    /// Tries the same tick again after a pause.
    mutating func retry(now: MonotonicTime, after pause: Duration) {
        due = now.advanced(by: pause)
    }
}
