// SPDX-License-Identifier: Apache-2.0

internal import Glibc

extension WallTime {
    /// The time in UTC as RFC 3339 has it, to the millisecond.
    public var rfc3339: String {
        let (parts, rest) = utc
        return "\(parts.tm_year + 1900)-\(Self.two(parts.tm_mon + 1))-\(Self.two(parts.tm_mday))T"
            + Self.clock(parts) + ".\(rest < 100 ? "0" : "")\(rest < 10 ? "0" : "")\(rest)Z"
    }

    /// The time as the headers of HTTP have it (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    public var httpDate: String {
        let (parts, _) = utc
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        return
            "\(days[Int(parts.tm_wday)]), \(Self.two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) "
            + "\(parts.tm_year + 1900) \(Self.clock(parts)) GMT"
    }

    /// The parts of the time in UTC, and its milliseconds.
    private var utc: (parts: tm, milliseconds: Int64) {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        var seconds = time_t(remainder < 0 ? quotient - 1 : quotient)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return (parts, (remainder < 0 ? remainder + 1_000_000_000 : remainder) / 1_000_000)
    }

    private static func clock(_ parts: tm) -> String {
        "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    }

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
