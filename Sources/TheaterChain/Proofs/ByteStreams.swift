// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// Where bytes come from, one part after the other.
public protocol ByteSource {
    /// The next bytes: at least one and at most so many; none at the end.
    mutating func read(_ sizeMax: Int) throws(ProofError) -> [UInt8]
}

/// Bytes in memory as a source.
public struct MemorySource: ByteSource, Sendable {
    private let bytes: [UInt8]
    private var place = 0

    /// Makes a source of bytes.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next bytes.
    public mutating func read(_ sizeMax: Int) -> [UInt8] {
        let part = bytes[place...].prefix(sizeMax)
        place += part.count
        return Array(part)
    }
}

/// A file as a source. It is closed when the last copy of the source goes away.
public struct FileSource: ByteSource, Sendable {
    private let file: OpenFile
    private var offset: UInt64 = 0

    /// Opens a file.
    ///
    /// - Throws: ``ProofError`` `proof.disk`.
    public init(_ path: String, disk: any Disk = SystemDisk()) throws(ProofError) {
        do throws(DiskError) {
            file = OpenFile(try disk.open(path, .read), disk)
        } catch {
            throw .disk(error)
        }
    }

    /// The next bytes.
    public mutating func read(_ sizeMax: Int) throws(ProofError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: sizeMax)
        do throws(DiskError) {
            let count = try bytes.withMutableBytes { (buffer) throws(DiskError) in
                try file.disk.read(file.file, into: buffer, at: offset)
            }
            offset += UInt64(count)
            return count < sizeMax ? Array(bytes.prefix(count)) : bytes
        } catch {
            throw .disk(error)
        }
    }
}

/// A file that is written from its beginning, in large parts.
struct FileSink: ~Copyable {
    private static let partSize = 1 << 20

    private let file: OpenFile
    private var offset: UInt64 = 0
    private var buffer: [UInt8] = []

    /// Makes a file, or empties it.
    init(_ path: String, disk: any Disk) throws(DiskError) {
        file = OpenFile(try disk.open(path, .replace), disk)
    }

    mutating func write(_ bytes: [UInt8]) throws(DiskError) {
        buffer += bytes
        if buffer.count >= Self.partSize { try flush() }
    }

    /// Returns once everything is on stable storage.
    mutating func finish() throws(DiskError) {
        try flush()
        try file.disk.sync(file.file)
    }

    private mutating func flush() throws(DiskError) {
        try buffer.withBytes { (bytes) throws(DiskError) in
            try file.disk.writeAll(file.file, from: bytes, at: offset)
        }
        offset += UInt64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }
}

/// Closes a file when nobody has it any more.
private final class OpenFile: Sendable {
    let file: DiskFile
    let disk: any Disk

    init(_ file: DiskFile, _ disk: any Disk) {
        self.file = file
        self.disk = disk
    }

    deinit { disk.close(file) }
}
