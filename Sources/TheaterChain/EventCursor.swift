// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// The events of one chain, oldest first. Use it from one task at a time.
public struct EventCursor {
    /// How many positions are found at once by following the chain backwards.
    private static let stride: UInt64 = 1024

    private let segments: SegmentSet
    private let entry: HeadEntry
    private let range: Range<UInt64>
    /// Positions of events `stride - 1`, `2 * stride - 1` … of the range, and of its last, newest
    /// first.
    private var checkpoints: [(sequence: UInt64, position: Position)] = []
    /// Positions of the next events, the next one last.
    private var positions: [Position] = []
    private var sequence: UInt64
    private var source: (number: UInt32, source: SegmentSource)?
    private var buffer: [UInt8] = []

    init(_ segments: SegmentSet, _ entry: HeadEntry, _ range: Range<UInt64>) throws(JournalError) {
        self.segments = segments
        self.entry = entry
        self.range = range
        sequence = range.lowerBound
        guard !range.isEmpty else { return }
        try findCheckpoints()
    }

    /// The next event; `nil` after the last.
    ///
    /// - Throws: `damaged` or `disk`. Calling it again gives the same answer.
    public mutating func next() throws(JournalError) -> ChainEvent? {
        if positions.isEmpty {
            guard let checkpoint = checkpoints.last else { return nil }
            positions = try walk(
                back: checkpoint.position, from: checkpoint.sequence, to: sequence)
            checkpoints.removeLast()
        }
        guard let position = positions.last else { return nil }
        let event = try read(position)
        positions.removeLast()
        sequence += 1
        return event
    }

    private mutating func findCheckpoints() throws(JournalError) {
        var place = entry.last
        var number = entry.count - 1
        let first = range.lowerBound
        while true {
            let isCheckpoint = (number - first) % Self.stride == Self.stride - 1
            if number == range.upperBound - 1 || (number < range.upperBound - 1 && isCheckpoint) {
                checkpoints.append((number, place))
            }
            guard number > first else { return }
            guard let previous = try previous(of: place, number) else {
                // The oldest events of a chain in memory are gone.
                sequence = number
                checkpoints.removeAll { $0.sequence < number }
                return
            }
            place = previous
            number -= 1
        }
    }

    /// The positions from one event back to an older one, newest first.
    private mutating func walk(
        back position: Position, from newest: UInt64, to oldest: UInt64
    ) throws(JournalError) -> [Position] {
        var found = [position]
        var number = newest
        while number > oldest, let place = found.last {
            guard let previous = try previous(of: place, number) else { break }
            found.append(previous)
            number -= 1
        }
        return found
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
