// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterPlatform

/// What stands in the `Date` of responses, made once in a second.
final class DateHeader: Sendable {
    private let made = Mutex<(second: Int64, text: String)>((.min, ""))

    func text(at time: WallTime) -> String {
        let second = time.nanoseconds / 1_000_000_000
        return made.withLock { made in
            if made.second != second { made = (second, time.httpDate) }
            return made.text
        }
    }
}
