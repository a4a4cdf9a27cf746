// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// A walk over all records in file order that checks each against what came before it.
///
/// Recovery, opening for reading and verification are this walk with different answers to what it
/// finds.
struct JournalWalk {
    /// How much is checked of each event, beside its place in its chain.
    enum Depth {
        /// Sizes and checksums.
        case records
        /// Payload digests and event hashes too, of one chain or of all.
        case hashes(of: ActorID?)
    }

    private static let problemsMax = 1000

    let segments: SegmentSet
    let depth: Depth
    /// Whether to stop at the first thing that is wrong.
    let stopsAtProblem: Bool

    var heads: HeadTable
    /// The segment digest after the last record.
    private(set) var digest: Digest
    /// The journal's identity, once a header was read.
    private(set) var journal: ActorID?
    private(set) var problems: [ChainProblem] = []
    /// The first thing wrong in each chain.
    private(set) var problemOfChain: [ActorID: ChainProblem] = [:]
    /// The first event that was read of chains that do not begin with event zero.
    private(set) var firstSequences: [ActorID: UInt64] = [:]
    private(set) var recordCount: UInt64 = 0
    private(set) var eventCount: UInt64 = 0
    /// Where the whole records end.
    private(set) var end: Position
    /// Whether the newest record is a mark.
    private(set) var endsWithMark = false
    /// How far the newest mark, or else the index, says that the last segment is durable.
    private(set) var durableEnd: UInt32 = 0
    /// How many bytes of the last segment are not whole records.
    private(set) var tailSize: UInt64 = 0
    /// Whether the last segment has not even a whole header.
    private(set) var isLastHeaderCut = false
    /// Whether `digest` is known: not after damage, until the next mark or header.
    private var knowsDigest = true
    private var isStopped = false
    /// Where the head of the newest event's chain is.
    private var lastSlot = (actor: ActorID(high: 0, low: 0), slot: -1)

    init(
        _ segments: SegmentSet, depth: Depth, stopsAtProblem: Bool = false,
        from index: HeadIndex? = nil
    ) {
        self.segments = segments
        self.depth = depth
        self.stopsAtProblem = stopsAtProblem
        heads = index?.heads ?? HeadTable()
        digest = index?.digest ?? .zero
        journal = index?.journal
        let first = segments.numbers.first ?? 0
        end = index?.end ?? Position(segment: first, offset: 0)
    }

    /// Walks to the end, or to the first problem.
    ///
    /// - Parameter passed: told after each segment how many events there were.
    mutating func run(_ passed: (UInt64) -> Void = { _ in }) throws(JournalError) {
        let start = end
        var expected = start.segment
        if start.offset > 0, !segments.numbers.contains(start.segment) {
            report(.missingSegment, nil, start.segment, 0, "the index names it, but it is missing")
            return
        }
        for number in segments.numbers where number >= start.segment {
            if number != expected, !segments.isInMemory {
                report(.missingSegment, nil, number, 0, "segment \(expected) is missing")
                knowsDigest = false
            }
            if isStopped { return }
            expected = number &+ 1
            do throws(DiskError) {
                try walkSegment(number, from: number == start.segment ? UInt64(start.offset) : 0)
            } catch {
                throw .disk(error)
            }
            passed(eventCount)
            if isStopped { return }
        }
    }

    private mutating func walkSegment(_ number: UInt32, from start: UInt64) throws(DiskError) {
        let source = try segments.open(number)
        let isLast = number == segments.numbers.last
        let offset = max(start, segments.firstOffset)
        if !segments.isInMemory {
            let size = try source.size()
            if start > size {
                end.offset = UInt32(truncatingIfNeeded: size)
                report(
                    .cutTail, nil, number, size, "the file ends here, but its index knows of more")
                return
            }
            guard try walkHeader(source, number, isLast: isLast, isWalked: start > 0) else {
                return
            }
        }
        durableEnd = UInt32(truncatingIfNeeded: start)
        end = Position(segment: number, offset: UInt32(truncatingIfNeeded: offset))
        let scanner = SegmentScanner(source, at: offset)
        while !isStopped {
            switch try scanner.next() {
            case .record(let record, let offset):
                let place = Position(segment: number, offset: UInt32(truncatingIfNeeded: offset))
                // The checksum is of the head: of a record that was being written, the head may be
                // there and the payload not.
                let hasPayload: Bool? =
                    isLast && !segments.isInMemory ? record.payloadMatches : nil
                if hasPayload == false,
                    !Marks.hasMark(source, after: offset, in: number, of: journal)
                {
                    let size = try source.size()
                    tailSize = size > offset ? size - offset : 0
                    return
                }
                check(record, at: place, hasPayload: hasPayload)
                if isStopped { return }
                end.offset = place.offset + UInt32(truncatingIfNeeded: record.bytes.count)
                endsWithMark = record.kind == .mark
                // The mark itself may not be durable.
                if endsWithMark { durableEnd = place.offset }
                recordCount += 1
            case .damaged(let reason, let offset, let window):
                let size = try source.size()
                if isLast, !Marks.hasMark(source, after: offset, in: number, of: journal) {
                    tailSize = size > offset ? size - offset : 0
                    return
                }
                reportDamage(reason, window, number, offset)
                knowsDigest = false
                guard !isStopped,
                    let next = try resume(scanner, source, number, after: offset, window, size)
                else { return }
                scanner.move(to: next)
            case .end:
                return
            }
        }
    }

    /// Reads and checks the header. `isWalked`: what follows it was read already, as far as the walk
    /// begins. Returns `false` when the rest is not to be read.
    private mutating func walkHeader(
        _ source: SegmentSource, _ number: UInt32, isLast: Bool, isWalked: Bool
    ) throws(DiskError) -> Bool {
        var bytes = [UInt8](repeating: 0, count: SegmentHeader.size)
        let count = try bytes.withMutableBytes { (buffer) throws(DiskError) in
            try source.read(into: buffer, at: 0)
        }
        let found = bytes.withUnsafeBytes { SegmentHeader.read($0.part(0..<count)) }
        switch found {
        case .header(let header):
            let journal = self.journal ?? header.journal
            if self.journal == nil, number == 1 { digest = Hashing.journalStart(journal) }
            let isFirst = self.journal == nil && number != 1
            self.journal = journal
            if header.number != number || header.journal != journal {
                report(
                    .segmentHeader, nil, number, 0,
                    "it is segment \(header.number) of journal \(header.journal)")
            } else if knowsDigest, !isFirst, !isWalked, header.previous != digest {
                report(
                    .segmentDigest, nil, number, 0,
                    "the segment before it is not the one that it continues")
            }
            if !isWalked {
                digest = header.previous
                knowsDigest = true
            }
            return !isStopped
        case .newer(let version):
            report(.segmentHeader, nil, number, 8, "it has format version \(version)")
            knowsDigest = false
            return false
        case .damaged(let reason):
            // A new segment's header is durable before anything follows it.
            let size = try source.size()
            if isLast, !isWalked, size <= UInt64(SegmentHeader.size) {
                (tailSize, isLastHeaderCut) = (size, true)
                end = Position(segment: number, offset: 0)
                return false
            }
            report(.segmentHeader, nil, number, 0, reason)
            knowsDigest = false
            return !isStopped
        }
    }

    // MARK: Records

    /// - Parameter hasPayload: whether the payload matches, if that is known.
    private mutating func check(_ record: Record, at place: Position, hasPayload: Bool?) {
        switch record.kind {
        case .mark: checkMark(record, at: place)
        case .chain: checkChain(record, at: place)
        case .event: checkEvent(record, at: place, hasPayload: hasPayload)
        }
    }

    private mutating func checkMark(_ record: Record, at place: Position) {
        if record.id != journal || record.previous != place {
            report(.record, nil, place.segment, UInt64(place.offset), "a mark is not at its place")
        } else if knowsDigest, record.hash != digest {
            report(
                .segmentDigest, nil, place.segment, UInt64(place.offset),
                "records before this mark were taken out, put in or put in another order")
        }
        digest = record.hash
        knowsDigest = true
    }

    private mutating func checkChain(_ record: Record, at place: Position) {
        let actor = record.id
        if record.hash != ChainRecord.hash(record.bytes) {
            report(.chainRecord, actor, place, "the beginning of the chain was altered")
        } else if heads.slot(of: actor) != nil {
            report(.chainRecord, actor, place, "the chain begins twice")
        }
        if heads.slot(of: actor) == nil {
            _ = heads.add(HeadEntry(actor: actor, name: record.name))
        }
        digest = Hashing.fold(digest, record.hash)
    }

    private mutating func checkEvent(_ record: Record, at place: Position, hasPayload: Bool?) {
        let actor = record.id
        let hash = record.hash
        let sequence = record.sequence
        if lastSlot.slot < 0 || lastSlot.actor != actor {
            if heads.slot(of: actor) == nil {
                adopt(record)
                if !segments.isInMemory {
                    report(.chainRecord, actor, place, "the chain has no beginning", sequence)
                }
            }
            guard let slot = heads.slot(of: actor) else { return }
            lastSlot = (actor, slot)
        }
        let slot = lastSlot.slot
        if heads[slot].count == 0, sequence > 0, segments.isInMemory { adopt(record) }
        if let (check, detail) = problem(
            record, heads[slot], actor, hasPayload: hasPayload)
        {
            // An altered event is the one that was due, whatever it says of itself.
            report(
                check, actor, place, detail, check == .eventHash ? heads[slot].count : sequence)
            adopt(record)
        }
        if isStopped { return }
        heads[slot].advance(
            hash: hash, time: record.time, position: place,
            tag: record.payload.flatMap { EventPayload.tag(of: $0) })
        if !segments.isInMemory { digest = Hashing.fold(digest, hash) }
        eventCount += 1
    }

    private func problem(
        _ record: Record, _ entry: borrowing HeadEntry, _ actor: ActorID, hasPayload: Bool?
    ) -> (ChainProblem.Check, String)? {
        let sequence = record.sequence
        let isHashed: Bool =
            if case .hashes(let filter) = depth { filter == nil || filter == actor } else { false }
        guard sequence == entry.count else {
            if isHashed, record.hash != record.computedHash { return Self.altered }
            let what = sequence > entry.count ? "is missing" : "came already"
            return (
                .sequence,
                "it is numbered \(sequence) where \(entry.count) is due; "
                    + (sequence > entry.count
                        ? "event \(entry.count) \(what)" : "that event \(what)")
            )
        }
        guard record.parent == entry.head else {
            return (.parent, "its parent is not the event before it")
        }
        guard record.previous == entry.last || segments.isInMemory else {
            return (.backPointer, "it points back to a record that is not the one before it")
        }
        if isHashed {
            guard hasPayload ?? record.payloadMatches else {
                return (.payload, "its payload was altered")
            }
            guard record.hash == record.computedHash else { return Self.altered }
        }
        return nil
    }

    private static let altered = (
        ChainProblem.Check.eventHash, "it was altered: its hash does not match its fields"
    )

    /// Goes on as if this event was the one that was due.
    private mutating func adopt(_ record: Record) {
        let actor = record.id
        let slot = heads.slot(of: actor) ?? heads.add(HeadEntry(actor: actor, name: nil))
        heads[slot].count = record.sequence
        heads[slot].head = record.parent
        heads[slot].last = record.previous
        heads[slot].firstTime = record.time
        if segments.isInMemory { firstSequences[actor] = record.sequence }
    }

    // MARK: Problems

    private mutating func reportDamage(
        _ reason: String, _ window: UnsafeRawBufferPointer, _ number: UInt32, _ offset: UInt64
    ) {
        let event = Self.guess(window, heads)
        report(.record, event?.actor, number, offset, reason, event?.sequence)
    }

    /// Which event a damaged record probably was: two of actor, sequence and parent must agree with
    /// a chain's head.
    private static func guess(
        _ window: UnsafeRawBufferPointer, _ heads: HeadTable
    ) -> (actor: ActorID, sequence: UInt64)? {
        guard window.count >= RecordFormat.eventSize else { return nil }
        let actor = ActorID(window, at: RecordFormat.idOffset)
        let sequence = window.load(UInt64.self, at: RecordFormat.sequenceOffset)
        let parent = Digest(window, at: RecordFormat.hashedOffset)
        if let entry = heads.entry(of: actor), entry.count == sequence || entry.head == parent {
            return (actor, entry.count)
        }
        let match = heads.entries.first { $0.head == parent && $0.count == sequence }
        return match.map { ($0.actor, $0.count) }
    }

    /// Where to go on after a damaged record: after it when one of its sizes leads to another record,
    /// else at the next mark.
    private func resume(
        _ scanner: SegmentScanner, _ source: SegmentSource, _ number: UInt32, after offset: UInt64,
        _ window: UnsafeRawBufferPointer, _ size: UInt64
    ) throws(DiskError) -> UInt64? {
        for recordSize in Self.possibleSizes(window) {
            let next = offset + recordSize
            guard next > offset, next <= size else { continue }
            if next == size { return next }
            scanner.move(to: next)
            if case .record = try scanner.next() { return next }
        }
        return Marks.nextMark(source, after: offset, in: number, of: journal)
    }

    /// An event's size is written twice: as such, and as the sizes of its parts.
    private static func possibleSizes(_ window: UnsafeRawBufferPointer) -> [UInt64] {
        guard window.count >= RecordFormat.markSize else { return [] }
        let whole = UInt64(window.load(UInt32.self, at: RecordFormat.sizeOffset))
        guard window.count >= RecordFormat.eventSize else { return [whole] }
        let type = UInt64(window.load(UInt16.self, at: RecordFormat.typeSizeOffset))
        let payload = UInt64(window.load(UInt32.self, at: RecordFormat.payloadSizeOffset))
        return [whole, UInt64(RecordFormat.eventSize) + type + payload]
    }

    private mutating func report(
        _ check: ChainProblem.Check, _ actor: ActorID?, _ place: Position, _ detail: String,
        _ sequence: UInt64? = nil
    ) {
        report(check, actor, place.segment, UInt64(place.offset), detail, sequence)
    }

    private mutating func report(
        _ check: ChainProblem.Check, _ actor: ActorID?, _ number: UInt32, _ offset: UInt64,
        _ detail: String, _ sequence: UInt64? = nil
    ) {
        if stopsAtProblem { isStopped = true }
        if let actor, problemOfChain[actor] != nil { return }
        let problem = ChainProblem(
            check: check, actor: actor, sequence: sequence, file: segments.path(number),
            offset: offset, detail: detail)
        if let actor { problemOfChain[actor] = problem }
        guard problems.count < Self.problemsMax else { return }
        problems.append(problem)
    }

    /// Checks that the journal reaches as far as its index says. During a swap of segments the index names
    /// places in the old ones, and says nothing.
    mutating func checkReach(_ index: HeadIndex?) {
        guard let index, !segments.isSwapping, index.journal == journal || journal == nil,
            end < index.end
        else { return }
        report(
            .cutTail, nil, end.segment, UInt64(end.offset),
            "the journal ends here, but its index names \(index.heads.count) chains up to byte "
                + "\(index.end.offset) of segment \(index.end.segment)")
    }
}
