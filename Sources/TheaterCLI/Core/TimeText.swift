// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import TheaterPlatform

/// Points in time as text.
enum TimeText {
    /// The local time of day: `HH:MM:SS.mmm`.
    static func clock(_ time: WallTime) -> String {
        let (parts, milliseconds) = split(time)
        return
            "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(three(milliseconds))"
    }

    /// The local day and time: `YYYY-MM-DD HH:MM:SS`.
    static func local(_ time: WallTime) -> String {
        let (parts, _) = split(time)
        return "\(date(parts)) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    }

    private static func split(_ time: WallTime) -> (tm, Int) {
        let (quotient, remainder) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        var seconds = time_t(remainder < 0 ? quotient - 1 : quotient)
        let rest = remainder < 0 ? remainder + 1_000_000_000 : remainder
        var parts = tm()
        localtime_r(&seconds, &parts)
        return (parts, Int(rest / 1_000_000))
    }

    private static func date(_ parts: tm) -> String {
        "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    }

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func three(_ number: Int) -> String {
        Printable.padLeft(String(number), 3).replacing(" ", with: "0")
    }
}

extension String {
    /// The text with one character in place of another.
    fileprivate func replacing(_ old: Character, with new: Character) -> String {
        String(map { $0 == old ? new : $0 })
    }
}
