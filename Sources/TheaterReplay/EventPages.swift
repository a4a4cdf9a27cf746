// SPDX-License-Identifier: Apache-2.0

public import TheaterChain

/// The events of a chain by their numbers, in pages.
public struct EventPages {
    /// How many events there are.
    public let count: UInt64
    private let load: (Range<UInt64>) throws(ReplayError) -> [ChainEvent]

    /// Events from a function.
    ///
    /// - Parameter load: all events of a range below the count, in order.
    public init(
        count: UInt64, _ load: @escaping (Range<UInt64>) throws(ReplayError) -> [ChainEvent]
    ) {
        self.count = count
        self.load = load
    }

    /// Events in memory, from the first on.
    public init(_ events: [ChainEvent]) {
        self.init(count: UInt64(events.count)) { (range) throws(ReplayError) in
            Array(events[Int(clamping: range.lowerBound)..<Int(clamping: range.upperBound)])
        }
    }

    /// The events of a chain in a journal.
    ///
    /// - Parameter progress: told up to where the chain is read, whenever a page is.
    public init(
        _ chain: ChainSummary, in reader: JournalReader,
        progress: @escaping (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) {
        self.init(count: chain.count) { (range) throws(ReplayError) in
            do throws(JournalError) {
                var cursor = try reader.events(of: chain.actor, in: range)
                var events: [ChainEvent] = []
                while let event = try cursor.next() { events.append(event) }
                progress(range.upperBound, chain.count)
                return events
            } catch {
                throw ReplayError.unreadable("the chain", error)
            }
        }
    }

    /// The events of a range, cut to what there is.
    ///
    /// - Throws: what reading throws; `replay.incomplete` when events of the range are gone.
    func events(_ range: Range<UInt64>) throws(ReplayError) -> [ChainEvent] {
        let range = range.clamped(to: 0..<count)
        let events = try load(range)
        guard UInt64(events.count) == range.upperBound - range.lowerBound,
            events.first.map({ $0.sequence == range.lowerBound }) ?? true
        else {
            throw ReplayError(
                .incomplete, "events of \(range.lowerBound)..<\(range.upperBound) were dropped")
        }
        return events
    }
}
