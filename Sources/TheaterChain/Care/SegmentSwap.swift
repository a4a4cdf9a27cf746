// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// Puts new segments in the place of old ones: after a crash either all are new or all are old.
///
/// The new segments are written beside the old ones, as `000003.journal.new`. Once they are durable,
/// the file `journal.swap` says that they count. Whoever opens the journal next finishes what a crash
/// interrupted, or discards what never counted.
struct SegmentSwap: Hashable {
    static let version: UInt16 = 1
    static let magic: UInt64 = 0x0A57_5357_4A48_5489
    private static let fixedSize = 20

    /// The first segment that is replaced.
    let first: UInt32
    /// The last segment there is afterwards.
    let last: UInt32

    /// The bytes of `journal.swap`.
    var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.fixedSize)
        bytes.withUnsafeMutableBytes { buffer in
            buffer.store(Self.magic, at: 0)
            buffer.store(Self.version, at: 8)
            buffer.store(first, at: 12)
            buffer.store(last, at: 16)
        }
        return bytes + Digest.sha256(of: bytes).bytes
    }

    init(first: UInt32, last: UInt32) {
        self.first = first
        self.last = last
    }

    /// Reads the bytes of `journal.swap`; `nil` when they are not whole: then they never counted.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.fixedSize + Digest.size else { return nil }
        let read = bytes.withUnsafeBytes { buffer -> (UInt32, UInt32)? in
            let fixed = buffer.part(0..<Self.fixedSize)
            guard Digest(buffer, at: Self.fixedSize) == Digest.sha256(of: fixed),
                buffer.load(UInt64.self, at: 0) == Self.magic,
                buffer.load(UInt16.self, at: 8) == Self.version
            else { return nil }
            return (buffer.load(UInt32.self, at: 12), buffer.load(UInt32.self, at: 16))
        }
        guard let (first, last) = read, first > 0, first <= last else { return nil }
        (self.first, self.last) = (first, last)
    }

    /// The swap that counts in a directory; `nil` when there is none.
    static func load(
        _ disk: any Disk, _ directory: String, names: [String]
    ) throws(DiskError) -> SegmentSwap? {
        guard names.contains(JournalFiles.swap) else { return nil }
        let file = try disk.open(JournalFiles.path(directory, JournalFiles.swap), .read)
        defer { disk.close(file) }
        var bytes = [UInt8](repeating: 0, count: fixedSize + Digest.size + 1)
        let count = try bytes.withMutableBytes { (buffer) throws(DiskError) in
            try disk.readAll(file, into: buffer, at: 0)
        }
        return SegmentSwap(Array(bytes.prefix(count)))
    }

    /// Makes new segments count: from here on they will replace the old ones, whatever happens.
    func commit(_ disk: any Disk, _ directory: String) throws(DiskError) {
        try disk.syncDirectory(directory)
        let file = try disk.open(JournalFiles.path(directory, JournalFiles.swap), .replace)
        do throws(DiskError) {
            try bytes.withBytes { (bytes) throws(DiskError) in
                try disk.writeAll(file, from: bytes, at: 0)
            }
            try disk.sync(file)
        } catch {
            disk.close(file)
            throw error
        }
        disk.close(file)
        try disk.syncDirectory(directory)
    }

    /// Replaces the segments. Doing it again after a crash at any point brings it to its end.
    ///
    /// - Parameter index: the index of the journal as it is then; without one, opening reads all.
    func apply(_ disk: any Disk, _ directory: String, index: HeadIndex?) throws(DiskError) {
        let names = Set(try disk.list(directory))
        // The old index names places in the old segments.
        if names.contains(JournalFiles.index) {
            try disk.remove(JournalFiles.path(directory, JournalFiles.index))
            try disk.syncDirectory(directory)
        }
        for number in JournalFiles.newSegments(in: Array(names)) {
            let path = JournalFiles.path(directory, JournalFiles.newSegment(number))
            guard (first...last).contains(number) else {
                try disk.remove(path)
                continue
            }
            try disk.rename(
                path, to: JournalFiles.path(directory, JournalFiles.segment(number)))
        }
        for number in JournalFiles.segments(in: Array(names)) where number > last {
            try disk.remove(JournalFiles.path(directory, JournalFiles.segment(number)))
        }
        try disk.syncDirectory(directory)
        try index?.write(disk, directory)
        try disk.remove(JournalFiles.path(directory, JournalFiles.swap))
        try disk.syncDirectory(directory)
    }

    /// Finishes a swap that a crash interrupted, and removes what never counted.
    static func settle(_ disk: any Disk, _ directory: String) throws(DiskError) {
        let names = try disk.list(directory)
        if let swap = try load(disk, directory, names: names) {
            return try swap.apply(disk, directory, index: nil)
        }
        try discard(disk, directory, names: names)
    }

    /// Removes new segments that do not count.
    static func discard(
        _ disk: any Disk, _ directory: String, names: [String]
    ) throws(DiskError) {
        if names.contains(JournalFiles.swap) {
            try disk.remove(JournalFiles.path(directory, JournalFiles.swap))
        }
        for number in JournalFiles.newSegments(in: names) {
            try disk.remove(JournalFiles.path(directory, JournalFiles.newSegment(number)))
        }
    }
}

extension JournalFiles {
    static let swap = "journal.swap"

    /// The name of a segment that is being written to replace one.
    static func newSegment(_ number: UInt32) -> String { segment(number) + ".new" }

    /// The numbers of all new segments among some names, ascending.
    static func newSegments(in names: [String]) -> [UInt32] {
        names.compactMap { $0.hasSuffix(".new") ? number(of: String($0.dropLast(4))) : nil }
            .sorted()
    }
}
