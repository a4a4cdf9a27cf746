// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// An open segment: a file, or a block of a chain in memory.
final class SegmentSource: Sendable {
    private enum Storage: Sendable {
        case file(any Disk, DiskFile)
        case memory([UInt8])
    }

    private let storage: Storage
    /// The path, for messages.
    let path: String

    /// Opens a file; it is closed with this object.
    init(_ disk: any Disk, path: String) throws(DiskError) {
        storage = .file(disk, try disk.open(path, .read))
        self.path = path
    }

    init(block: [UInt8], number: UInt32) {
        storage = .memory(block)
        path = "memory block \(number)"
    }

    deinit {
        if case .file(let disk, let file) = storage { disk.close(file) }
    }

    func size() throws(DiskError) -> UInt64 {
        switch storage {
        case .file(let disk, let file): try disk.size(of: file)
        case .memory(let block): UInt64(block.count)
        }
    }

    /// Reads until the buffer is full or the segment ends.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int {
        switch storage {
        case .file(let disk, let file):
            return try disk.readAll(file, into: buffer, at: offset)
        case .memory(let block):
            let start = Int(min(offset, UInt64(block.count)))
            let count = min(buffer.count, block.count - start)
            buffer.copyBytes(from: block[start..<start + count])
            return count
        }
    }
}

/// Reads the records of a segment one after another through a window that is reused.
final class SegmentScanner {
    /// What is next.
    enum Found {
        /// A record, valid until the next call.
        case record(Record, offset: UInt64)
        /// Bytes that are not a record. The window begins there and is valid until the next call.
        case damaged(String, offset: UInt64, window: UnsafeRawBufferPointer)
        /// The segment ends here.
        case end(UInt64)
    }

    private static let windowSize = 256 << 10

    let source: SegmentSource
    private var window = UnsafeMutableRawBufferPointer.allocate(
        byteCount: SegmentScanner.windowSize, alignment: 16)
    private var start = 0
    private var end = 0
    /// The offset in the segment of the window's first byte.
    private var base: UInt64
    private var isAtEnd = false

    init(_ source: SegmentSource, at offset: UInt64) {
        self.source = source
        base = offset
    }

    deinit { window.deallocate() }

    /// Reads what is next.
    func next() throws(DiskError) -> Found {
        while true {
            let rest = UnsafeRawBufferPointer(window).part(start..<end)
            let offset = base + UInt64(start)
            switch Record.read(rest) {
            case .record(let record):
                start += record.bytes.count
                return .record(record, offset: offset)
            case .damaged(let reason):
                return .damaged(reason, offset: offset, window: rest)
            case .needs(let size):
                guard isAtEnd else {
                    try fill(size)
                    continue
                }
                if rest.isEmpty { return .end(offset) }
                return .damaged("the record is cut", offset: offset, window: rest)
            }
        }
    }

    /// Goes on at another offset.
    func move(to offset: UInt64) {
        (start, end, base, isAtEnd) = (0, 0, offset, false)
    }

    /// Reads on until the window has a number of bytes from `start`, or the segment ends.
    private func fill(_ size: Int) throws(DiskError) {
        let kept = end - start
        if size > window.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
            larger.copyMemory(from: UnsafeRawBufferPointer(window).part(start..<end))
            window.deallocate()
            window = larger
        } else if kept > 0 {
            window.copyMemory(from: UnsafeRawBufferPointer(window).part(start..<end))
        }
        base += UInt64(start)
        (start, end) = (0, kept)
        let room = UnsafeMutableRawBufferPointer(rebasing: window[kept...])
        let count = try source.read(into: room, at: base + UInt64(kept))
        end += count
        if count < room.count { isAtEnd = true }
    }
}
