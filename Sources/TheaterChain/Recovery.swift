// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// Opening a journal for writing: the lock, what a crash left, and the heads.
enum Recovery {
    /// A journal that is ready to be written.
    struct Recovered {
        let heads: HeadTable
        let end: Position
        let files: SegmentWriter
        let report: JournalRecovery
    }

    static func open(
        directory: String, options: JournalOptions, disk: any Disk
    ) throws(JournalError) -> Recovered {
        let lock = try takeLock(directory, disk)
        do throws(JournalError) {
            return try recover(directory, disk, lock)
        } catch {
            disk.release(lock)
            throw error
        }
    }

    // MARK: The lock

    static func takeLock(_ directory: String, _ disk: any Disk) throws(JournalError)
        -> DiskFile
    {
        do throws(DiskError) {
            try disk.makeDirectory(directory)
        } catch  where error.errno == DiskError.existsErrno {
            // It is there, as it should be.
        } catch {
            throw .directory(directory, error)
        }
        let path = JournalFiles.path(directory, JournalFiles.lock)
        var holder: Int32?
        do throws(DiskError) {
            let file = try disk.open(path, .write)
            if try lock(file, disk) { return file }
            holder = readHolder(file, disk)
            disk.close(file)
        } catch {
            throw .directory(directory, error)
        }
        throw .locked(directory, holder: holder)
    }

    private static func lock(_ file: DiskFile, _ disk: any Disk) throws(DiskError) -> Bool {
        do throws(DiskError) {
            guard try disk.lock(file) else { return false }
            try writeHolder(file, disk)
            return true
        } catch {
            disk.release(file)
            throw error
        }
    }

    private static func writeHolder(_ file: DiskFile, _ disk: any Disk) throws(DiskError) {
        try disk.truncate(file, to: 0)
        try Array("\(CurrentProcess.id)\n".utf8).withBytes { (bytes) throws(DiskError) in
            try disk.writeAll(file, from: bytes, at: 0)
        }
    }

    private static func readHolder(_ file: DiskFile, _ disk: any Disk) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = bytes.withUnsafeMutableBytes { (try? disk.readAll(file, into: $0, at: 0)) ?? 0 }
        let text = String(decoding: bytes.prefix(count).prefix { $0 != 10 }, as: UTF8.self)
        return Int32(text)
    }

    // MARK: The segments

    private static func recover(
        _ directory: String, _ disk: any Disk, _ lock: DiskFile
    ) throws(JournalError) -> Recovered {
        let segments: SegmentSet
        do throws(DiskError) {
            try SegmentSwap.settle(disk, directory)
            segments = try SegmentSet(disk, directory: directory)
        } catch {
            throw .directory(directory, error)
        }
        let index = HeadIndex.load(disk, directory)
        guard let last = segments.numbers.last else {
            if let index {
                throw .damaged(
                    "the index names \(index.heads.count) chains, but all segments are missing",
                    path: segments.path(index.end.segment), offset: 0)
            }
            return try begin(directory, disk, lock, journal: .random(), number: 1, heads: nil)
        }
        var walk = JournalWalk(
            segments, depth: .hashes(of: nil), stopsAtProblem: true, from: index)
        try walk.run()
        walk.checkReach(index)
        if let problem = walk.problems.first { throw refusal(problem, disk) }
        var report = JournalRecovery()
        report.recordsRead = walk.recordCount
        report.doubts = try walk.findCutOffEffects()
        if walk.isLastHeaderCut {
            // The crash came while the segment was made: make it again.
            guard last > 1 else {
                return try begin(directory, disk, lock, journal: .random(), number: 1, heads: nil)
            }
            guard let journal = walk.journal else {
                throw .damaged("no segment has a header", path: segments.path(last), offset: 0)
            }
            return try begin(
                directory, disk, lock, journal: journal, number: last,
                heads: (walk.heads, walk.digest), report)
        }
        do throws(DiskError) {
            return try settle(&report, directory, disk, lock, walk, last)
        } catch {
            throw .disk(error)
        }
    }

    static func refusal(_ problem: ChainProblem, _ disk: any Disk) -> JournalError {
        if problem.check == .segmentHeader, problem.offset == 8 {
            return .newerFormat(problem.file, problem.detail)
        }
        return .damaged(
            problem.description, path: problem.file, offset: problem.offset)
    }

    private static func begin(
        _ directory: String, _ disk: any Disk, _ lock: DiskFile, journal: ActorID, number: UInt32,
        heads: (HeadTable, Digest)?, _ report: JournalRecovery = JournalRecovery()
    ) throws(JournalError) -> Recovered {
        let digest = heads?.1 ?? Hashing.journalStart(journal)
        do throws(DiskError) {
            let file = try SegmentWriter.makeSegment(
                disk, directory, journal: journal, number: number, previous: digest)
            let end = Position(segment: number, offset: UInt32(SegmentHeader.size))
            return Recovered(
                heads: heads?.0 ?? HeadTable(), end: end,
                files: SegmentWriter(
                    disk: disk, directory: directory, journal: journal, lock: lock, file: file,
                    position: end, digest: digest, endsMarked: true),
                report: report)
        } catch {
            throw .directory(directory, error)
        }
    }

    /// Cuts the tail and makes sure that what stays is durable.
    private static func settle(
        _ report: inout JournalRecovery, _ directory: String, _ disk: any Disk, _ lock: DiskFile,
        _ walk: JournalWalk, _ last: UInt32
    ) throws(DiskError) -> Recovered {
        let path = walk.segments.path(last)
        let file = try disk.open(path, .write)
        do throws(DiskError) {
            let end = UInt64(walk.end.offset)
            if walk.tailSize > 0 {
                report.cutSize = walk.tailSize
                report.cutPath = path
                report.copyPath = path + ".cut"
                try copyTail(disk, file, from: end, size: walk.tailSize, to: path + ".cut")
                try disk.truncate(file, to: end)
            }
            if UInt64(walk.durableEnd) < end || walk.tailSize > 0 {
                // After a failed sync the system may believe that bytes are on disk which are not.
                // Writing them again makes it write them.
                try rewrite(disk, file, from: UInt64(walk.durableEnd), to: end)
                try disk.sync(file)
            }
            try disk.syncDirectory(directory)
            return Recovered(
                heads: walk.heads, end: walk.end,
                files: SegmentWriter(
                    disk: disk, directory: directory, journal: walk.journal ?? .random(),
                    lock: lock, file: file, position: walk.end, digest: walk.digest,
                    endsMarked: walk.endsWithMark || walk.recordCount == 0),
                report: report)
        } catch {
            disk.close(file)
            throw error
        }
    }

    private static func copyTail(
        _ disk: any Disk, _ file: DiskFile, from offset: UInt64, size: UInt64, to path: String
    ) throws(DiskError) {
        let copy = try disk.open(path, .replace)
        defer { disk.close(copy) }
        try forEachPart(disk, file, from: offset, to: offset + size) {
            (bytes, place) throws(DiskError) in
            try disk.writeAll(copy, from: bytes, at: place - offset)
        }
        try disk.sync(copy)
    }

    private static func rewrite(
        _ disk: any Disk, _ file: DiskFile, from offset: UInt64, to end: UInt64
    ) throws(DiskError) {
        try forEachPart(disk, file, from: offset, to: end) { (bytes, place) throws(DiskError) in
            try disk.writeAll(file, from: bytes, at: place)
        }
    }

    private static func forEachPart(
        _ disk: any Disk, _ file: DiskFile, from offset: UInt64, to end: UInt64,
        _ body: (UnsafeRawBufferPointer, UInt64) throws(DiskError) -> Void
    ) throws(DiskError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        var place = offset
        while place < end {
            let size = Int(min(UInt64(buffer.count), end - place))
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<size])
            let count = try disk.readAll(file, into: part, at: place)
            guard count > 0 else { return }
            try body(UnsafeRawBufferPointer(part).part(0..<count), place)
            place += UInt64(count)
        }
    }
}

extension HeadIndex {
    /// Reads the index of a journal; `nil` when there is none that can be used.
    static func load(_ disk: any Disk, _ directory: String) -> HeadIndex? {
        (try? read(disk, directory)).flatMap(\.self)
    }

    /// Reads the index of a journal that has one; `nil` when it is not whole.
    static func read(_ disk: any Disk, _ directory: String) throws(DiskError) -> HeadIndex? {
        let file = try disk.open(JournalFiles.path(directory, JournalFiles.index), .read)
        defer { disk.close(file) }
        let size = try disk.size(of: file)
        guard size <= 1 << 32 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(size))
        let count = try bytes.withMutableBytes { (buffer) throws(DiskError) in
            try disk.readAll(file, into: buffer, at: 0)
        }
        return HeadIndex(Array(bytes.prefix(count)))
    }
}
