// SPDX-License-Identifier: Apache-2.0

/// Which trace something belongs to, and which of its spans it was caused by; as W3C Trace Context has it.
public struct TraceContext: Sendable, Hashable {
    /// The trace: 128 bits, not all zero.
    public let traceHigh: UInt64
    /// Its lower half.
    public let traceLow: UInt64
    /// The span: 64 bits, not zero.
    public let span: UInt64

    /// What caused what the present task does.
    @TaskLocal public static var current: TraceContext?

    /// Names a span of a trace.
    public init(traceHigh: UInt64, traceLow: UInt64, span: UInt64) {
        self.traceHigh = traceHigh
        self.traceLow = traceLow
        self.span = span
    }

    /// Reads the header `traceparent`; `nil` for what is none, or not to be traced.
    public init?(header: String) {
        let parts = header.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].utf8.count == 2, parts[0] != "ff",
            parts[0] != "00" || parts.count == 4, parts[1].utf8.count == 32,
            parts[2].utf8.count == 16, parts[3].utf8.count == 2,
            let high = Self.number(parts[1].prefix(16)), let low = Self.number(parts[1].suffix(16)),
            let span = Self.number(parts[2]), let flags = Self.number(parts[3]),
            high != 0 || low != 0, span != 0, flags & 1 == 1
        else { return nil }
        self.init(traceHigh: high, traceLow: low, span: span)
    }

    /// The trace in 32 hexadecimal digits.
    public var traceText: String { Self.text(traceHigh) + Self.text(traceLow) }

    /// The span in 16 hexadecimal digits.
    public var spanText: String { Self.text(span) }

    /// 16 hexadecimal digits.
    public static func text(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// Small letters alone are allowed.
    private static func number(_ text: some StringProtocol) -> UInt64? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        return UInt64(text, radix: 16)
    }
}
