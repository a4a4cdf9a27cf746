// SPDX-License-Identifier: Apache-2.0

public import TheaterChain

/// Where a subscription begins.
public enum FeedStart: Sendable, Hashable {
    /// With the next event.
    case now
    /// With the event of this sequence, past or to come; what is past is read from the journal.
    case sequence(UInt64)
}

/// What happens to a subscriber who takes its events too slowly.
public enum FeedOverflow: String, Sendable, Hashable, Codable, CaseIterable {
    /// The oldest events that wait are dropped, and a gap says how many.
    case dropOldest = "drop-oldest"
    /// The subscription ends with `feed.overrun`.
    case disconnect
}

/// The bounds of a subscription.
public struct FeedOptions: Sendable, Hashable {
    /// How many events may wait for the subscriber.
    public var eventsMax: Int
    /// How large the waiting events may be together, in bytes. One event may always wait.
    public var sizeMax: Int
    /// What happens beyond that.
    public var overflow: FeedOverflow

    /// Makes options.
    public init(
        eventsMax: Int = 1024, sizeMax: Int = 4 << 20, overflow: FeedOverflow = .dropOldest
    ) {
        self.eventsMax = max(1, eventsMax)
        self.sizeMax = max(1, sizeMax)
        self.overflow = overflow
    }
}

/// What a subscriber gets.
public enum FeedItem: Sendable, Hashable {
    /// The next event.
    case event(ChainEvent)
    /// This many events, from that sequence on, are not delivered: the subscriber was too slow, or they
    /// are no longer kept. Those of a chain on disk can still be read.
    case gap(first: UInt64, count: UInt64)
}
