// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// The writer thread's side of the disk: segments, marks and the index.
final class SegmentWriter: @unchecked Sendable {
    // SAFETY: made by the opener, then used by the writer thread only.

    private let disk: any Disk
    private let directory: String
    private let journal: ActorID
    private let lock: DiskFile
    private var file: DiskFile
    private var position: Position
    private var digest: Digest
    /// Whether the newest bytes say already that everything before them is durable.
    private var endsMarked: Bool

    init(
        disk: any Disk, directory: String, journal: ActorID, lock: DiskFile, file: DiskFile,
        position: Position, digest: Digest, endsMarked: Bool
    ) {
        self.disk = disk
        self.directory = directory
        self.journal = journal
        self.lock = lock
        self.file = file
        self.position = position
        self.digest = digest
        self.endsMarked = endsMarked
    }

    /// Writes a batch and waits until it is durable. After an error nothing more may be written.
    func write(_ batch: JournalState.Batch) -> JournalError? {
        attempt { () throws(DiskError) in
            MarkRecord.write(
                batch.buffer.mutable(0..<RecordFormat.markSize), journal: journal,
                position: position, digest: digest)
            let bytes = batch.buffer.bytes
            var start = 0
            for cut in batch.cuts {
                try append(bytes.part(start..<cut.offset))
                try disk.sync(file)
                try beginSegment()
                try HeadIndex(journal: journal, end: position, digest: digest, heads: cut.heads)
                    .write(disk, directory)
                start = cut.offset
            }
            try append(bytes.part(start..<bytes.count))
            try disk.sync(file)
            endsMarked = false
        }
    }

    /// Marks everything durable, writes the index and gives up the lock. `nil` heads: the disk has
    /// failed, so only give up.
    func finish(_ heads: HeadTable?) -> JournalError? {
        defer { abandon() }
        guard let heads else { return nil }
        return seal(heads)
    }

    /// Marks everything durable and writes the index.
    func seal(_ heads: HeadTable) -> JournalError? {
        attempt { () throws(DiskError) in
            if !endsMarked {
                var mark = [UInt8](repeating: 0, count: RecordFormat.markSize)
                mark.withUnsafeMutableBytes { [self] record in
                    MarkRecord.write(record, journal: journal, position: position, digest: digest)
                }
                try mark.withBytes { (bytes) throws(DiskError) in try append(bytes) }
                try disk.sync(file)
                endsMarked = true
            }
            try HeadIndex(journal: journal, end: position, digest: digest, heads: heads)
                .write(disk, directory)
        }
    }

    /// Closes the files as they are.
    func abandon() {
        disk.close(file)
        disk.release(lock)
    }

    private func attempt(_ work: () throws(DiskError) -> Void) -> JournalError? {
        do throws(DiskError) {
            try work()
            return nil
        } catch {
            return .disk(error)
        }
    }

    private func append(_ bytes: UnsafeRawBufferPointer) throws(DiskError) {
        guard !bytes.isEmpty else { return }
        try disk.writeAll(file, from: bytes, at: UInt64(position.offset))
        position.offset += UInt32(truncatingIfNeeded: bytes.count)
        var offset = 0
        while offset < bytes.count {
            if bytes[offset + RecordFormat.kindOffset] != RecordFormat.Kind.mark.rawValue {
                digest = Hashing.fold(
                    digest, Digest(bytes, at: offset + RecordFormat.hashOffset))
            }
            offset += Int(bytes.load(UInt32.self, at: offset + RecordFormat.sizeOffset))
        }
    }

    private func beginSegment() throws(DiskError) {
        let number = position.segment + 1
        let next = try Self.makeSegment(
            disk, directory, journal: journal, number: number, previous: digest)
        disk.close(file)
        file = next
        position = Position(segment: number, offset: UInt32(SegmentHeader.size))
    }

    /// Makes a segment that has a durable header and nothing else.
    static func makeSegment(
        _ disk: any Disk, _ directory: String, journal: ActorID, number: UInt32, previous: Digest
    ) throws(DiskError) -> DiskFile {
        let path = JournalFiles.path(directory, JournalFiles.segment(number))
        let file = try disk.open(path, .replace)
        do throws(DiskError) {
            let header = SegmentHeader(
                journal: journal, number: number, created: WallTime.now().nanoseconds,
                previous: previous)
            try header.bytes.withBytes { (bytes) throws(DiskError) in
                try disk.writeAll(file, from: bytes, at: 0)
            }
            try disk.sync(file)
            try disk.syncDirectory(directory)
            return file
        } catch {
            disk.close(file)
            throw error
        }
    }
}
