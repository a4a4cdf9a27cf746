// SPDX-License-Identifier: Apache-2.0

/// Durations as text: `500ms`, `30s`, `24h`.
public enum DurationText {
    private static let units: [(name: String, nanoseconds: UInt64)] = [
        ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
        ("us", 1_000), ("ns", 1),
    ]

    /// Reads a whole number and one of the units `ns`, `us` (or `µs`), `ms`, `s`, `m`, `h`, `d`;
    /// `nil` for anything else, a number without a unit included.
    ///
    /// Bounds: less than 2^63 nanoseconds, about 292 years.
    public static func parse(_ text: String) -> Duration? {
        guard var (number, unit) = Quantity.split(text) else { return nil }
        if unit == "µs" || unit == "μs" { unit = "us" }
        if unit == "d" {
            let (hours, overflow) = number.multipliedReportingOverflow(by: 24)
            guard !overflow else { return nil }
            (number, unit) = (hours, "h")
        }
        guard let size = units.first(where: { $0.name == unit })?.nanoseconds else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: size)
        guard !overflow, let nanoseconds = Int64(exactly: product) else { return nil }
        return .nanoseconds(nanoseconds)
    }

    /// Prints a duration in the largest unit that divides it, `90s` for a minute and a half.
    ///
    /// Exact for whole nanoseconds; finer parts are dropped. Durations that `parse` accepts read
    /// back to the same duration.
    public static func format(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let sign = seconds < 0 || attoseconds < 0 ? "-" : ""
        let whole = seconds.magnitude
        let rest = attoseconds.magnitude / 1_000_000_000
        if rest == 0 {
            guard whole != 0 else { return "0s" }
            for (name, size) in units.prefix(3) where whole % (size / 1_000_000_000) == 0 {
                return "\(sign)\(whole / (size / 1_000_000_000))\(name)"
            }
        }
        let (high, overflow) = whole.multipliedReportingOverflow(by: 1_000_000_000)
        let (nanoseconds, past) = high.addingReportingOverflow(rest)
        guard !overflow, !past else { return "\(sign)\(whole)s" }
        for (name, size) in units.dropFirst(3) where nanoseconds % size == 0 {
            return "\(sign)\(nanoseconds / size)\(name)"
        }
        return "\(sign)\(nanoseconds)ns"
    }
}
