// SPDX-License-Identifier: Apache-2.0

/// How long calls took, in buckets that grow with the duration: four for each doubling, from a
/// microsecond to 73 minutes, so that a bucket is at most a quarter wider than its lower end.
public struct LatencyHistogram: Sendable, Hashable {
    /// How many buckets there are.
    public static let bucketCount = 1 + 4 * (octaveMax - octaveMin) + 1

    /// The first bucket has what is below `1 << octaveMin` nanoseconds, the last what is not below
    /// `1 << octaveMax`.
    private static let octaveMin = 10
    private static let octaveMax = 42

    private var counts: [UInt64]

    /// Makes an empty histogram.
    public init() { counts = [] }

    /// Makes a histogram of counts by bucket.
    init(counts: [UInt64]) { self.counts = Array(counts.prefix(Self.bucketCount)) }

    /// How many calls are in it.
    public var count: UInt64 { counts.reduce(0, &+) }

    /// Takes note of a call.
    public mutating func add(_ duration: Duration) {
        widen()
        counts[Self.bucket(of: duration.wholeNanoseconds)] += 1
    }

    /// Adds what another histogram has.
    public mutating func merge(_ other: LatencyHistogram) {
        guard !other.counts.isEmpty else { return }
        widen()
        for (index, count) in other.counts.enumerated() { counts[index] &+= count }
    }

    /// A duration that this share of the calls did not exceed, rounded up to the end of its bucket;
    /// `nil` without calls.
    ///
    /// - Parameter share: from 0 to 1, such as 0.99.
    public func quantile(_ share: Double) -> Duration? {
        let total = count
        guard total > 0 else { return nil }
        let wanted = max(1, (min(max(share, 0), 1) * Double(total)).rounded(.up))
        var seen: UInt64 = 0
        for (index, count) in counts.enumerated() where count > 0 {
            seen += count
            if Double(seen) >= wanted { return .nanoseconds(Self.upperBound(of: index)) }
        }
        return nil
    }

    /// The buckets that have calls: where each ends in nanoseconds (`Int64.max` for the last one),
    /// and its calls.
    public var buckets: [(upperBound: Int64, count: UInt64)] {
        counts.enumerated().filter { $0.element > 0 }.map {
            (Self.upperBound(of: $0.offset), $0.element)
        }
    }

    private mutating func widen() {
        if counts.count < Self.bucketCount {
            counts += [UInt64](repeating: 0, count: Self.bucketCount - counts.count)
        }
    }

    /// The bucket of a duration in nanoseconds.
    static func bucket(of nanoseconds: Int64) -> Int {
        let value = UInt64(max(0, nanoseconds))
        let octave = 63 - value.leadingZeroBitCount
        if octave < octaveMin { return 0 }
        if octave >= octaveMax { return bucketCount - 1 }
        return 1 + 4 * (octave - octaveMin) + Int(value >> UInt64(octave - 2) & 3)
    }

    /// Where a bucket ends; the next one begins there.
    static func upperBound(of bucket: Int) -> Int64 {
        if bucket <= 0 { return 1 << octaveMin }
        if bucket >= bucketCount - 1 { return .max }
        let (octave, quarter) = ((bucket - 1) / 4 + octaveMin, (bucket - 1) % 4)
        return Int64(5 + quarter) << Int64(octave - 2)
    }
}

extension LatencyHistogram: Codable {
    private struct Bucket: Codable {
        let below: Int64
        let count: UInt64
    }

    /// Reads a list of `{below, count}`, `below` in nanoseconds.
    public init(from decoder: any Decoder) throws {
        self.init()
        for bucket in try [Bucket](from: decoder) {
            widen()
            counts[Self.bucket(of: bucket.below - 1)] &+= bucket.count
        }
    }

    /// Writes the buckets that have calls, as a list of `{below, count}`.
    public func encode(to encoder: any Encoder) throws {
        try buckets.map { Bucket(below: $0.upperBound, count: $0.count) }.encode(to: encoder)
    }
}

extension Duration {
    /// The duration in nanoseconds, saturating.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, past) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return past ? (seconds < 0 ? .min : .max) : sum
    }
}
