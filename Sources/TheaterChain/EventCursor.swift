// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// The events of one chain, oldest first. Use it from one task at a time.
///
/// Records point backwards. So a cursor looks for its first event from the nearest one after it whose
/// place is known, and notes the places that it passes for those who come later.
public struct EventCursor {
    /// How many records ``step(readsMax:)`` reads unless it is told.
    public static let sliceSize = 128

    /// What came of a step.
    public enum Step: Sendable {
        /// The next event.
        case event(ChainEvent)
        /// The next event is further away than this step was allowed to read; go on.
        case more
        /// There are no more events.
        case end
    }

    private let segments: SegmentSet
    private let entry: HeadEntry
    private let range: Range<UInt64>
    private let waypoints: Waypoints
    /// Known events at or after the next one, the nearest last.
    private var anchors: [Waypoints.Place] = []
    /// How far the way back from the nearest anchor has come; `nil` between two ways.
    private var walker: Waypoints.Place?
    /// Positions of the next events, the next one last. Complete when there is no walker.
    private var positions: [Position] = []
    private var sequence: UInt64
    private var source: (number: UInt32, source: SegmentSource)?
    private var buffer: [UInt8] = []
    /// How many records the present slice has read.
    private var reads = 0
    /// Where the event is that was read last.
    private var place = Position.none

    init(
        _ segments: SegmentSet, _ entry: HeadEntry, _ range: Range<UInt64>, _ waypoints: Waypoints
    ) {
        self.segments = segments
        self.entry = entry
        self.range = range
        self.waypoints = waypoints
        sequence = range.lowerBound
        guard !range.isEmpty, isThere(entry.last) else { return }
        var known = waypoints.places(of: entry.actor, in: range)
        known.removeAll { !isThere($0.position) || $0.sequence >= entry.count }
        anchors = known.reversed()
        if known.last.map({ $0.sequence < range.upperBound - 1 }) ?? true {
            anchors.insert(
                Waypoints.Place(sequence: entry.count - 1, position: entry.last), at: 0)
        }
    }

    /// The next event; `nil` after the last. Reads as much as it takes to find it.
    ///
    /// - Throws: `damaged` or `disk`. Calling it again gives the same answer.
    public mutating func next() throws(JournalError) -> ChainEvent? {
        while true {
            switch try step(readsMax: .max) {
            case .event(let event): return event
            case .more: continue
            case .end: return nil
            }
        }
    }

    /// The next event, and where it stands in the log; `nil` after the last.
    ///
    /// - Throws: as ``next()``.
    public mutating func nextWithPlace() throws(JournalError) -> (event: ChainEvent, at: LogPlace)?
    {
        guard let event = try next() else { return nil }
        return (event, LogPlace(position: place))
    }

    /// The next event; `nil` after the last. Lets other tasks run after every few records.
    ///
    /// - Throws: `damaged` or `disk`. Calling it again gives the same answer.
    public mutating func nextYielding() async throws(JournalError) -> ChainEvent? {
        while true {
            let result = try step(readsMax: Self.sliceSize - min(reads, Self.sliceSize - 1))
            if reads >= Self.sliceSize {
                reads = 0
                await Task.yield()
            }
            switch result {
            case .event(let event): return event
            case .more: continue
            case .end: return nil
            }
        }
    }

    /// Goes on towards the next event, and reads no more than a number of records for it.
    ///
    /// - Throws: `damaged` or `disk`. Calling it again gives the same answer.
    public mutating func step(readsMax: Int = sliceSize) throws(JournalError) -> Step {
        var left = max(1, readsMax)
        while positions.isEmpty || walker != nil {
            guard sequence < range.upperBound, let anchor = anchors.last else { return .end }
            guard left > 0 else { return .more }
            if walker == nil { collect(anchor) }
            let place = walker ?? anchor
            walker = place
            if place.sequence <= sequence {
                arrive()
                continue
            }
            left -= 1
            try back(from: place)
        }
        guard let position = positions.last else { return .end }
        guard left > 0 else { return .more }
        reads += 1
        let event = try read(position)
        place = position
        positions.removeLast()
        sequence += 1
        return .event(event)
    }

    /// Goes one event back.
    private mutating func back(from place: Waypoints.Place) throws(JournalError) {
        reads += 1
        guard let position = try previous(of: place.position, place.sequence) else {
            // The oldest events of a chain in memory are gone.
            sequence = place.sequence
            if sequence >= range.upperBound { anchors = [] }
            return arrive()
        }
        let passed = Waypoints.Place(sequence: place.sequence - 1, position: position)
        walker = passed
        waypoints.note(entry.actor, passed.sequence, passed.position)
        if Waypoints.isCandidate(passed.sequence), passed.sequence > sequence {
            // From here there is a shorter way to the next event.
            anchors.append(passed)
            positions = []
        }
        collect(passed)
    }

    private mutating func collect(_ place: Waypoints.Place) {
        if place.sequence < range.upperBound, place.sequence >= sequence {
            positions.append(place.position)
        }
    }

    /// The way back is over: the next event is found.
    private mutating func arrive() {
        walker = nil
        if !anchors.isEmpty { anchors.removeLast() }
    }

    /// Whether a record is still kept.
    private func isThere(_ position: Position) -> Bool {
        !segments.isInMemory || segments.numbers.contains(position.segment)
    }

    /// Follows the pointer in a record; `nil` when that record is no longer in memory.
    private mutating func previous(
        of place: Position, _ number: UInt64
    ) throws(JournalError) -> Position? {
        let bytes = try load(place, RecordFormat.eventSize)
        let (id, found, previous) = bytes.withUnsafeBytes { buffer in
            (
                ActorID(buffer, at: RecordFormat.idOffset),
                buffer.load(UInt64.self, at: RecordFormat.sequenceOffset),
                Position(
                    segment: buffer.load(UInt32.self, at: RecordFormat.previousOffset),
                    offset: buffer.load(UInt32.self, at: RecordFormat.previousOffset + 4))
            )
        }
        guard id == entry.actor, found == number, previous < place else {
            throw broken(place, "event \(number) of actor \(entry.actor) is not there")
        }
        if segments.isInMemory, !segments.numbers.contains(previous.segment) { return nil }
        return previous
    }

    private mutating func read(_ place: Position) throws(JournalError) -> ChainEvent {
        var size = RecordFormat.eventSize + 4096
        while true {
            buffer = try load(place, size, exactly: false)
            let result = buffer.withUnsafeBytes { bytes -> Result<ChainEvent, Needs> in
                switch Record.read(bytes) {
                case .record(let record) where record.kind == .event:
                    guard
                        record.payload.map({ Digest.sha256(of: $0) == record.payloadDigest })
                            ?? true
                    else { return .failure(.damaged("its payload was altered")) }
                    return .success(record.event)
                case .record: return .failure(.damaged("the record is not an event"))
                case .needs(let size): return .failure(.bytes(size))
                case .damaged(let reason): return .failure(.damaged(reason))
                }
            }
            switch result {
            case .success(let event):
                guard event.actor == entry.actor, event.sequence == sequence else {
                    throw broken(place, "event \(sequence) of actor \(entry.actor) is not there")
                }
                return event
            case .failure(.damaged(let reason)):
                throw broken(place, "event \(sequence) of actor \(entry.actor): \(reason)")
            case .failure(.bytes(let needed)):
                guard buffer.count >= size, needed > size else {
                    throw broken(place, "event \(sequence) of actor \(entry.actor) is cut")
                }
                size = needed
            }
        }
    }

    private enum Needs: Error {
        case bytes(Int)
        case damaged(String)
    }

    private mutating func load(
        _ place: Position, _ size: Int, exactly: Bool = true
    ) throws(JournalError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(DiskError) {
            bytes = try read(place, size)
        } catch {
            throw .disk(error)
        }
        if exactly, bytes.count < size { throw broken(place, "the record is cut") }
        return bytes
    }

    /// Reads up to a number of bytes; the segment stays open for the next read.
    private mutating func read(_ place: Position, _ size: Int) throws(DiskError) -> [UInt8] {
        let open: SegmentSource
        if let source, source.number == place.segment {
            open = source.source
        } else {
            open = try segments.open(place.segment)
            source = (place.segment, open)
        }
        var bytes = [UInt8](repeating: 0, count: size)
        let count = try bytes.withMutableBytes { (buffer) throws(DiskError) in
            try open.read(into: buffer, at: UInt64(place.offset))
        }
        return count < size ? Array(bytes.prefix(count)) : bytes
    }

    private func broken(_ place: Position, _ fact: String) -> JournalError {
        .damaged(fact, path: segments.path(place.segment), offset: UInt64(place.offset))
    }
}
