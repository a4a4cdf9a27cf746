// SPDX-License-Identifier: Apache-2.0

/// A number of bytes.
public struct ByteCount: Sendable, Hashable, Comparable {
    /// The number of bytes.
    public let bytes: UInt64

    /// Makes a count of bytes.
    public init(bytes: UInt64) { self.bytes = bytes }

    /// Makes a count of kibibytes; saturates.
    public static func kibibytes(_ count: UInt64) -> ByteCount { of(count, 1 << 10) }
    /// Makes a count of mebibytes; saturates.
    public static func mebibytes(_ count: UInt64) -> ByteCount { of(count, 1 << 20) }
    /// Makes a count of gibibytes; saturates.
    public static func gibibytes(_ count: UInt64) -> ByteCount { of(count, 1 << 30) }

    /// Reads text such as `64MiB`, `64 MiB`, `10kB` or `512`; `nil` for anything else.
    ///
    /// A whole number and one of the units `B`, `KiB`, `MiB`, `GiB`, `TiB` (powers of 1024) or
    /// `kB`, `MB`, `GB`, `TB` (powers of 1000), in any case. Without a unit: bytes.
    public init?(_ text: String) {
        guard let (number, unit) = Quantity.split(text) else { return nil }
        let unitName = unit.lowercased()
        guard let size = unitName.isEmpty ? 1 : Self.sizes[unitName] else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: size)
        guard !overflow else { return nil }
        self.init(bytes: product)
    }

    /// Orders counts by size.
    public static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

    private static func of(_ count: UInt64, _ unit: UInt64) -> ByteCount {
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        return ByteCount(bytes: overflow ? .max : product)
    }

    private static let sizes: [String: UInt64] = [
        "b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
        "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000, "tb": 1_000_000_000_000,
    ]
}

extension ByteCount: CustomStringConvertible {
    /// The exact count in the largest binary unit that divides it: `64MiB`, `65537B`. Reads back
    /// to the same count.
    public var description: String {
        for (unit, shift) in [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)] {
            let size = UInt64(1) << UInt64(shift)
            if bytes != 0, bytes % size == 0 { return "\(bytes / size)\(unit)" }
        }
        return "\(bytes)B"
    }
}

/// A whole number with a unit, as people write it.
enum Quantity {
    /// Splits `64 MiB` into 64 and `MiB`. At most one space may stand between; `nil` if there is
    /// no number, the number is past 64 bits, or the unit is not made of letters.
    static func split(_ text: String) -> (number: UInt64, unit: String)? {
        guard text.utf8.count <= 32 else { return nil }
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == "_") }
        guard digits.first?.isNumber == true, digits.last != "_" else { return nil }
        guard let number = UInt64(digits.filter { $0 != "_" }) else { return nil }
        var unit = text.dropFirst(digits.count)
        if unit.first == " " {
            unit = unit.dropFirst()
            guard !unit.isEmpty else { return nil }
        }
        guard unit.allSatisfy({ $0.isLetter }) else { return nil }
        return (number, String(unit))
    }
}
