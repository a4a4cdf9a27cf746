// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// Writes the records of a journal anew, into new segments, perhaps without their payloads.
///
/// Hashes, digests and order stay, so the chains and the segment digests stay; places change.
struct SegmentRewriter {
    /// How much is written at once, after which a mark follows: verification goes on at one after damage.
    private static let partSize = 256 << 10

    private let disk: any Disk
    private let directory: String
    private let journal: ActorID
    private let sizeMax: Int
    private let first: UInt32
    private var file: DiskFile?
    private var buffer: [UInt8] = []
    /// Where the next record goes.
    private(set) var end: Position
    private(set) var digest: Digest
    /// The newest event of each chain.
    private(set) var last: [ActorID: Position]

    /// - Parameters:
    ///   - first: the segment to begin with; what is before stays.
    ///   - digest: the segment digest before it.
    ///   - last: the newest event of each chain before it.
    init(
        _ disk: any Disk, _ directory: String, journal: ActorID, sizeMax: Int, first: UInt32,
        digest: Digest, last: [ActorID: Position]
    ) {
        self.disk = disk
        self.directory = directory
        self.journal = journal
        self.sizeMax = sizeMax
        self.first = first
        self.digest = digest
        self.last = last
        end = Position(segment: first - 1, offset: 0)
    }

    /// Writes an event or the beginning of a chain.
    mutating func append(_ record: Record, withoutPayload: Bool) throws(DiskError) {
        let payloadSize = record.kind == .event ? record.payload?.count ?? 0 : 0
        let headSize = record.bytes.count - payloadSize
        let size = withoutPayload ? headSize : record.bytes.count
        if file == nil || Int(end.offset) + size > sizeMax { try beginSegment() }
        let start = buffer.count
        buffer.append(contentsOf: record.bytes.part(0..<size))
        if record.kind == .event {
            let previous = last[record.id] ?? .none
            buffer.withUnsafeMutableBytes { bytes in
                let head = UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + headSize])
                head.store(UInt32(truncatingIfNeeded: size), at: RecordFormat.sizeOffset)
                if withoutPayload {
                    head.store(RecordFormat.payloadDropped, at: RecordFormat.flagsOffset)
                }
                head.store(previous.segment, at: RecordFormat.previousOffset)
                head.store(previous.offset, at: RecordFormat.previousOffset + 4)
                RecordFormat.seal(head)
            }
            last[record.id] = end
        }
        digest = Hashing.fold(digest, record.hash)
        end.offset += UInt32(truncatingIfNeeded: size)
        if buffer.count >= Self.partSize {
            addMark()
            try flush()
        }
    }

    /// Makes everything durable under its new names, and says how it is to be swapped in.
    mutating func finish() throws(DiskError) -> SegmentSwap {
        if file == nil { try beginSegment() }
        try closeSegment()
        return SegmentSwap(first: first, last: end.segment)
    }

    /// Closes the open file.
    mutating func abandon() {
        if let file { disk.close(file) }
        file = nil
    }

    private mutating func beginSegment() throws(DiskError) {
        if file != nil { try closeSegment() }
        end = Position(segment: end.segment + 1, offset: UInt32(SegmentHeader.size))
        let path = JournalFiles.path(directory, JournalFiles.newSegment(end.segment))
        file = try disk.open(path, .replace)
        let header = SegmentHeader(
            journal: journal, number: end.segment, created: WallTime.now().nanoseconds,
            previous: digest)
        buffer = header.bytes
    }

    private mutating func closeSegment() throws(DiskError) {
        addMark()
        try flush()
        guard let file else { return }
        try disk.sync(file)
        disk.close(file)
        self.file = nil
    }

    private mutating func addMark() {
        var mark = [UInt8](repeating: 0, count: RecordFormat.markSize)
        mark.withUnsafeMutableBytes { [journal, end, digest] record in
            MarkRecord.write(record, journal: journal, position: end, digest: digest)
        }
        buffer += mark
        end.offset += UInt32(RecordFormat.markSize)
    }

    private mutating func flush() throws(DiskError) {
        guard let file else { return }
        let offset = UInt64(end.offset) - UInt64(buffer.count)
        try buffer.withBytes { (bytes) throws(DiskError) in
            try disk.writeAll(file, from: bytes, at: offset)
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
