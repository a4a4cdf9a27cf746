// SPDX-License-Identifier: Apache-2.0

/// What repeated measurements of one thing came to.
struct Distribution: Codable, Sendable {
    let median: Double
    let p10: Double
    let p90: Double
    let p99: Double
    let count: Int

    /// Sums samples up; `nil` when there are none.
    init?(_ samples: [Double]) {
        guard !samples.isEmpty else { return nil }
        let sorted = samples.sorted()
        func percentile(_ share: Double) -> Double {
            let place = share * Double(sorted.count - 1)
            let low = Int(place.rounded(.down))
            let high = min(low + 1, sorted.count - 1)
            return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
        }
        median = percentile(0.5)
        p10 = percentile(0.1)
        p90 = percentile(0.9)
        p99 = percentile(0.99)
        count = sorted.count
    }
}

/// What a figure is counted in.
enum Unit: String, Codable, Sendable {
    case nanoseconds, perSecond, kibibytes, gigabytesPerSecond

    /// A number for people, such as `12.3 µs`.
    func text(_ value: Double) -> String {
        switch self {
        case .nanoseconds where value < 1000: "\(Self.digits(value)) ns"
        case .nanoseconds where value < 1_000_000: "\(Self.digits(value / 1000)) µs"
        case .nanoseconds: "\(Self.digits(value / 1_000_000)) ms"
        case .perSecond where value < 1000: "\(Self.digits(value)) /s"
        case .perSecond where value < 1_000_000: "\(Self.digits(value / 1000)) k/s"
        case .perSecond: "\(Self.digits(value / 1_000_000)) M/s"
        case .kibibytes: "\(Self.digits(value)) KiB"
        case .gigabytesPerSecond: "\(Self.digits(value)) GB/s"
        }
    }

    /// Kibibytes as mebibytes.
    static func mebibytes(_ kibibytes: Double) -> String { digits(kibibytes / 1024) + " MiB" }

    /// Three significant digits.
    static func digits(_ value: Double) -> String {
        let places = value < 10 ? 2 : value < 100 ? 1 : 0
        let scale = places == 2 ? 100.0 : places == 1 ? 10.0 : 1.0
        let scaled = Int((value * scale).rounded())
        guard places > 0 else { return "\(scaled)" }
        let fraction = "\(scaled % Int(scale))"
        let zeros = String(repeating: "0", count: max(0, places - fraction.utf8.count))
        return "\(scaled / Int(scale)).\(zeros)\(fraction)"
    }
}

/// What a figure should reach.
enum Target: Codable, Sendable {
    /// The median of ours over the peer's is at most this.
    case ratio(Double)
    /// The median is at most this.
    case atMost(Double)
    /// The median is at least this.
    case atLeast(Double)
    /// The 99th percentile is at most this.
    case p99(Double)
}

/// One measured line of the report.
struct Figure: Codable, Sendable {
    /// A sentence without spaces that sorts, such as `Spawn.warm.unrecorded`.
    var name: String
    /// What was done, in words.
    var what: String
    var unit: Unit
    var ours: Distribution?
    /// Who the peer is.
    var peerName: String?
    var peer: Distribution?
    /// Nanoseconds of processor time that one of ours took, all threads together.
    var oursProcessor: Distribution?
    /// The same of the peer's.
    var peerProcessor: Distribution?
    /// Ours over the peer's, round by round.
    var ratio: Distribution?
    var target: Target?
    /// Anything else to be known, such as why it was skipped.
    var note: String?

    /// Whether the target is met; `nil` without target or measurement.
    var isMet: Bool? {
        guard let target, let ours else { return nil }
        switch target {
        case .ratio(let most): return ratio.map { $0.median <= most }
        case .atMost(let most): return ours.median <= most
        case .atLeast(let least): return ours.median >= least
        case .p99(let most): return ours.p99 <= most
        }
    }
}
