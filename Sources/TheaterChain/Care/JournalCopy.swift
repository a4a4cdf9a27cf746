// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// What a copy of a journal holds.
public struct JournalCopyReport: Sendable, Hashable {
    /// How many chains.
    public let chainCount: Int
    /// How many events.
    public let eventCount: UInt64
    /// How many segments.
    public let segmentCount: Int
    /// The size of all segments in bytes.
    public let size: UInt64
}

extension Journal {
    /// Copies a journal as it is at this moment, also while a node writes it. The copy is verified, and
    /// is a journal itself: it can be read, and put back with ``restore(from:to:disk:progress:)``.
    ///
    /// - Parameters:
    ///   - target: a directory without a journal; made, when its parent exists.
    ///   - progress: told now and then how much is done, of how much.
    /// - Throws: `notEmpty`; `damaged` when the journal is not whole; `locked`, `directory`, `disk`,
    ///   `newerFormat`.
    @discardableResult
    public static func backup(
        from directory: String, to target: String, disk: any Disk = SystemDisk(),
        progress: @escaping (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws(JournalError) -> JournalCopyReport {
        try JournalCopy(
            source: directory, target: target, disk: disk,
            passes: Passes(JournalCopy.passCount, progress)
        ).perform(isBackup: true)
    }

    /// Puts a backup in the place of a journal that is gone. Verifies it before.
    ///
    /// - Parameters:
    ///   - target: a directory without a journal; made, when its parent exists.
    ///   - progress: told now and then how much is done, of how much.
    /// - Throws: `notEmpty`; `damaged` when the backup is not whole, or was never finished; `locked`,
    ///   `directory`, `disk`, `newerFormat`.
    @discardableResult
    public static func restore(
        from backup: String, to target: String, disk: any Disk = SystemDisk(),
        progress: @escaping (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws(JournalError) -> JournalCopyReport {
        try JournalCopy(
            source: backup, target: target, disk: disk,
            passes: Passes(JournalCopy.passCount, progress)
        ).perform(isBackup: false)
    }
}

/// Copies the segments of one directory to another, all or none.
struct JournalCopy {
    /// How many times it goes over the segments: to verify, to copy, and to verify the copy.
    static let passCount = 3

    let source: String
    let target: String
    let disk: any Disk
    let passes: Passes

    func perform(isBackup: Bool) throws(JournalError) -> JournalCopyReport {
        // The index first: what it names must be among the segments.
        let index = isBackup ? HeadIndex.load(disk, source) : try finishedIndex()
        let segments = try SegmentSet.opening(disk, source)
        let walk = try verified(segments, index)
        let lock = try Recovery.takeLock(target, disk)
        defer { disk.release(lock) }
        try refuseJournal()
        return try copy(segments, walk, writesIndex: isBackup)
    }

    /// The index of a backup, which is written last.
    private func finishedIndex() throws(JournalError) -> HeadIndex {
        do throws(DiskError) {
            if try disk.list(source).contains(JournalFiles.index),
                let index = try HeadIndex.read(disk, source)
            {
                return index
            }
        } catch {
            throw .directory(source, error)
        }
        throw JournalError(
            .damaged, "'\(source)' is no finished backup: it has no index that is whole",
            remedy:
                "Name a folder that `theater chain backup` has finished, or make the backup again.",
            path: source)
    }

    /// The journal as it is now; the beginnings of a record at its end do not count.
    private func verified(
        _ segments: SegmentSet, _ index: HeadIndex?
    ) throws(JournalError) -> JournalWalk {
        passes.begin(segments)
        var walk = JournalWalk(segments, depth: .hashes(of: nil), stopsAtProblem: true)
        try walk.run { _ in passes.step() }
        walk.checkReach(index)
        if let problem = walk.problems.first { throw Recovery.refusal(problem, disk) }
        guard walk.journal != nil else {
            throw .damaged("it has no segment", path: source, offset: 0)
        }
        return walk
    }

    private func refuseJournal() throws(JournalError) {
        let names: [String]
        do throws(DiskError) {
            names = try disk.list(target)
            guard JournalFiles.segments(in: names).isEmpty, !names.contains(JournalFiles.index),
                try SegmentSwap.load(disk, target, names: names) == nil
            else { throw DiskError(operation: .list, path: target, errno: DiskError.existsErrno) }
            try SegmentSwap.discard(disk, target, names: names)
        } catch  where error.errno == DiskError.existsErrno {
            throw .notEmpty(target)
        } catch {
            throw .directory(target, error)
        }
    }

    private func copy(
        _ segments: SegmentSet, _ walk: JournalWalk, writesIndex: Bool
    ) throws(JournalError) -> JournalCopyReport {
        // A last segment without a whole header holds nothing.
        let numbers = segments.numbers.filter { !(walk.isLastHeaderCut && $0 == walk.end.segment) }
        guard let first = numbers.first, let last = numbers.last, let journal = walk.journal else {
            throw .damaged("it has no segment", path: source, offset: 0)
        }
        let swap = SegmentSwap(first: first, last: last)
        var size: UInt64 = 0
        var end = walk.end
        do throws(JournalError) {
            for number in numbers {
                let known = number == walk.end.segment ? UInt64(walk.end.offset) : nil
                let copied = try copy(number, of: segments, upTo: known)
                size += copied
                passes.step()
                end = Position(segment: number, offset: UInt32(truncatingIfNeeded: copied))
            }
            try check(swap, walk)
        } catch {
            let names = (try? disk.list(target)) ?? []
            try? SegmentSwap.discard(disk, target, names: names)
            throw error
        }
        let index = HeadIndex(
            journal: journal, end: end, digest: walk.digest, heads: walk.heads)
        do throws(DiskError) {
            try swap.commit(disk, target)
            try swap.apply(disk, target, index: writesIndex ? index : nil)
        } catch {
            throw .disk(error)
        }
        return JournalCopyReport(
            chainCount: walk.heads.count, eventCount: walk.eventCount,
            segmentCount: numbers.count, size: size)
    }

    private func copy(
        _ number: UInt32, of segments: SegmentSet, upTo end: UInt64?
    ) throws(JournalError) -> UInt64 {
        do throws(DiskError) {
            let file = try segments.open(number)
            let end = if let end { end } else { try file.size() }
            let path = JournalFiles.path(target, JournalFiles.newSegment(number))
            let copy = try disk.open(path, .replace)
            defer { disk.close(copy) }
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            var offset: UInt64 = 0
            while offset < end {
                let wanted = Int(min(UInt64(buffer.count), end - offset))
                let count = try buffer.withMutableBytes { (bytes) throws(DiskError) in
                    let part = UnsafeMutableRawBufferPointer(rebasing: bytes[0..<wanted])
                    return try file.read(into: part, at: offset)
                }
                guard count > 0 else { break }
                try buffer.withBytes { (bytes) throws(DiskError) in
                    try disk.writeAll(copy, from: bytes.part(0..<count), at: offset)
                }
                offset += UInt64(count)
            }
            try disk.sync(copy)
            return offset
        } catch {
            throw .disk(error)
        }
    }

    /// Verifies that the copy holds what was read before.
    private func check(_ swap: SegmentSwap, _ walk: JournalWalk) throws(JournalError) {
        let copied: SegmentSet
        do throws(DiskError) {
            copied = SegmentSet(
                disk, directory: target, names: try disk.list(target), swap: swap)
        } catch {
            throw .disk(error)
        }
        var check = JournalWalk(copied, depth: .hashes(of: nil), stopsAtProblem: true)
        try check.run { _ in passes.step() }
        if let problem = check.problems.first { throw Recovery.refusal(problem, disk) }
        guard check.heads.entries.map(\.head) == walk.heads.entries.map(\.head),
            check.digest == walk.digest, check.tailSize == 0
        else {
            throw .damaged(
                "the journal was changed while it was copied; try again", path: source, offset: 0)
        }
    }
}
