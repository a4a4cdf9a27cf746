// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import TheaterPlatform

/// The files of this machine, with what a test does to them.
class WrappedDisk: Disk, @unchecked Sendable {
    // SAFETY: no state of its own; subclasses guard theirs.
    private let disk = SystemDisk()

    /// Called before every operation, which fails if it throws.
    func before(_ operation: DiskError.Operation, _ path: String) throws(DiskError) {}

    func makeDirectory(_ path: String) throws(DiskError) {
        try before(.makeDirectory, path)
        try disk.makeDirectory(path)
    }

    func list(_ path: String) throws(DiskError) -> [String] {
        try before(.list, path)
        return try disk.list(path)
    }

    func open(_ path: String, _ mode: DiskMode) throws(DiskError) -> DiskFile {
        try before(.open, path)
        return try disk.open(path, mode)
    }

    func size(of file: DiskFile) throws(DiskError) -> UInt64 {
        try before(.size, file.path)
        return try disk.size(of: file)
    }

    func read(
        _ file: DiskFile, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int {
        try before(.read, file.path)
        return try disk.read(file, into: buffer, at: offset)
    }

    func write(
        _ file: DiskFile, from buffer: UnsafeRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int {
        do throws(DiskError) {
            try before(.write, file.path)
        } catch {
            // A write that fails may have reached the file in part.
            let part = UnsafeRawBufferPointer(rebasing: buffer[..<(buffer.count / 2)])
            _ = try disk.write(file, from: part, at: offset)
            throw error
        }
        return try disk.write(file, from: buffer, at: offset)
    }

    func sync(_ file: DiskFile) throws(DiskError) {
        try before(.sync, file.path)
        try disk.sync(file)
    }

    func truncate(_ file: DiskFile, to size: UInt64) throws(DiskError) {
        try before(.truncate, file.path)
        try disk.truncate(file, to: size)
    }

    func lock(_ file: DiskFile) throws(DiskError) -> Bool {
        try before(.lock, file.path)
        return try disk.lock(file)
    }

    func release(_ file: DiskFile) { disk.release(file) }
    func close(_ file: DiskFile) { disk.close(file) }

    func rename(_ path: String, to newPath: String) throws(DiskError) {
        try before(.rename, newPath)
        try disk.rename(path, to: newPath)
    }

    func remove(_ path: String) throws(DiskError) {
        try before(.remove, path)
        try disk.remove(path)
    }

    func syncDirectory(_ path: String) throws(DiskError) {
        try before(.syncDirectory, path)
        try disk.syncDirectory(path)
    }
}

/// Does not wait for stable storage, for tests of many operations.
final class UnsyncedDisk: WrappedDisk, @unchecked Sendable {
    override func sync(_ file: DiskFile) {}
    override func syncDirectory(_ path: String) {}
}

/// Fails at one operation, or from one operation on, as if the process had died there.
final class FailingDisk: WrappedDisk, @unchecked Sendable {
    private let state: Mutex<(count: Int, hits: Int)> = Mutex((0, 0))
    private let failing: Int
    private let isDeath: Bool
    private let errno: Int32

    init(at failing: Int, isDeath: Bool, errno: Int32 = EIO) {
        self.failing = failing
        self.isDeath = isDeath
        self.errno = errno
    }

    /// Whether the operation was reached.
    var isHit: Bool { state.withLock { $0.hits > 0 } }

    override func before(_ operation: DiskError.Operation, _ path: String) throws(DiskError) {
        let fails = state.withLock { state in
            defer { state.count += 1 }
            let fails = isDeath ? state.count >= failing : state.count == failing
            if fails { state.hits += 1 }
            return fails
        }
        if fails { throw DiskError(operation: operation, path: path, errno: errno) }
    }
}

/// Writes down what is done.
final class RecordingDisk: WrappedDisk, @unchecked Sendable {
    private let operations = Mutex<[(operation: DiskError.Operation, path: String)]>([])

    var log: [(operation: DiskError.Operation, path: String)] { operations.withLock { $0 } }

    override func before(_ operation: DiskError.Operation, _ path: String) {
        operations.withLock { $0.append((operation, path)) }
    }
}
