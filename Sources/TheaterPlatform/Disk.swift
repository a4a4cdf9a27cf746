// SPDX-License-Identifier: Apache-2.0

/// What a component needs from a file system, and nothing more.
///
/// ``SystemDisk`` is the real one; tests put a disk in its place that fails at a chosen operation or
/// forgets what was not synced. Every operation blocks its thread.
public protocol Disk: Sendable {
    /// Makes one directory, readable by its owner only. Its parent must exist.
    func makeDirectory(_ path: String) throws(DiskError)
    /// The names of the files in a directory, sorted.
    func list(_ path: String) throws(DiskError) -> [String]
    /// Opens a file.
    func open(_ path: String, _ mode: DiskMode) throws(DiskError) -> DiskFile
    /// The size of a file in bytes.
    func size(of file: DiskFile) throws(DiskError) -> UInt64
    /// Reads at an offset. Returns how many bytes were read: fewer than asked at the end of the file.
    func read(
        _ file: DiskFile, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int
    /// Writes at an offset. Returns how many bytes were written, which may be fewer than asked.
    func write(
        _ file: DiskFile, from buffer: UnsafeRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int
    /// Returns once the contents of a file are on stable storage. Never repeat it after an error:
    /// the system may have forgotten what it could not write.
    func sync(_ file: DiskFile) throws(DiskError)
    /// Cuts a file to a size.
    func truncate(_ file: DiskFile, to size: UInt64) throws(DiskError)
    /// Takes the exclusive lock of a file without waiting; `false` when someone else holds it.
    func lock(_ file: DiskFile) throws(DiskError) -> Bool
    /// Gives up a file's lock and closes it. A lock also goes with its process.
    func release(_ file: DiskFile)
    /// Closes a file without a lock.
    func close(_ file: DiskFile)
    /// Gives a file another name in the same file system, in place of a file that has it already.
    func rename(_ path: String, to newPath: String) throws(DiskError)
    /// Removes a file, but no directory.
    func remove(_ path: String) throws(DiskError)
    /// Returns once the names in a directory are on stable storage.
    func syncDirectory(_ path: String) throws(DiskError)
}

extension Disk {
    /// Writes all of a buffer at an offset.
    public func writeAll(
        _ file: DiskFile, from buffer: UnsafeRawBufferPointer, at offset: UInt64
    ) throws(DiskError) {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
            let count = try write(file, from: rest, at: offset + UInt64(done))
            guard count > 0 else {
                throw DiskError(operation: .write, path: file.path, errno: DiskError.ioErrno)
            }
            done += count
        }
    }

    /// Reads until the buffer is full or the file ends. Returns how many bytes were read.
    public func readAll(
        _ file: DiskFile, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = try read(file, into: rest, at: offset + UInt64(done))
            if count <= 0 { break }
            done += count
        }
        return done
    }
}

/// How a file is opened.
public enum DiskMode: Sendable, Hashable {
    /// For reading a file that exists.
    case read
    /// For reading and writing; made, readable by its owner only, when it does not exist.
    case write
    /// As `write`, and emptied first.
    case replace
}

/// An open file. Whoever opened it closes it, once.
public struct DiskFile: Sendable, Hashable {
    /// The number by which its disk knows it.
    public let descriptor: Int32
    /// The path it was opened by, for messages.
    public let path: String

    /// Names an open file.
    public init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }
}

/// A file operation that the system refused.
public struct DiskError: Error, Sendable, Hashable {
    /// The operations of ``Disk``.
    public enum Operation: String, Sendable, Hashable {
        /// The operation that was refused.
        case makeDirectory = "make directory", list, open, size = "read the size of", read, write
        /// The operation that was refused.
        case sync, truncate, lock, rename, remove, syncDirectory = "sync directory"
    }
    /// What was refused.
    public let operation: Operation
    /// On which file.
    public let path: String
    /// The system's error number.
    public let errno: Int32

    /// Describes a refusal.
    public init(operation: Operation, path: String, errno: Int32) {
        self.operation = operation
        self.path = path
        self.errno = errno
    }
}

extension DiskError: CustomStringConvertible {
    /// The operation, the file and the system's reason.
    public var description: String {
        "cannot \(operation.rawValue) '\(path)': \(reason)"
    }
}
