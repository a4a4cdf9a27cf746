// SPDX-License-Identifier: Apache-2.0

public import TheaterChain

/// Which events of a chain are wanted.
public struct EventFilter: Sendable, Hashable {
    /// The most events that one page has.
    public static let countMax = 10_000
    /// How many events are looked at for one page.
    static let scanMax = 100_000
    /// How large the payloads of one page may be together, in bytes. One event always fits.
    static let sizeMax = 8 << 20

    /// The sequences; `nil` for all.
    public var range: Range<UInt64>?
    /// The types, such as `theater.runtime/called`; one that ends in `/` stands for all that begin with it. Empty
    /// for all.
    public var types: [String]
    /// How many events at the most.
    public var limit: Int

    /// Makes a filter.
    public init(range: Range<UInt64>? = nil, types: [String] = [], limit: Int = 1000) {
        self.range = range
        self.types = types
        self.limit = min(max(1, limit), Self.countMax)
    }

    /// Whether an event of a type is wanted.
    func wants(_ type: String) -> Bool {
        types.isEmpty
            || types.contains { $0 == type || ($0.hasSuffix("/") && type.hasPrefix($0)) }
    }

    /// The filter for a log.
    var facts: String {
        "range: \(range.map { "\($0.lowerBound)..<\($0.upperBound)" } ?? "all"), "
            + "types: \(types.count), limit: \(limit)"
    }
}

/// Some events of a chain, oldest first.
public struct EventPage: Sendable, Hashable {
    /// The events.
    public let events: [ChainEvent]
    /// Where to go on, because a bound was reached; `nil` when nothing is left.
    public let next: UInt64?
}
