// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The files of this machine.
public struct SystemDisk: Disk {
    /// Makes the door to the files of this machine.
    public init() {}

    /// Makes a directory.
    public func makeDirectory(_ path: String) throws(DiskError) {
        guard Glibc.mkdir(path, 0o700) == 0 else { throw DiskError(.makeDirectory, path) }
    }

    /// Lists a directory.
    public func list(_ path: String) throws(DiskError) -> [String] {
        guard let directory = opendir(path) else { throw DiskError(.list, path) }
        defer { closedir(directory) }
        var names: [String] = []
        while true {
            Glibc.errno = 0
            guard let entry = readdir(directory) else {
                guard Glibc.errno == 0 else { throw DiskError(.list, path) }
                return names.sorted()
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }

    /// Opens a file.
    public func open(_ path: String, _ mode: DiskMode) throws(DiskError) -> DiskFile {
        let flags =
            switch mode {
            case .read: O_RDONLY
            case .write: O_RDWR | O_CREAT
            case .replace: O_RDWR | O_CREAT | O_TRUNC
            }
        let descriptor = retrying { Int(Glibc.open(path, flags | O_CLOEXEC, 0o600)) }
        guard descriptor >= 0 else { throw DiskError(.open, path) }
        return DiskFile(descriptor: Int32(descriptor), path: path)
    }

    /// Reads the size of a file.
    public func size(of file: DiskFile) throws(DiskError) -> UInt64 {
        var status = stat()
        guard fstat(file.descriptor, &status) == 0 else { throw DiskError(.size, file.path) }
        return UInt64(max(0, status.st_size))
    }

    /// Reads at an offset.
    public func read(
        _ file: DiskFile, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int {
        let position = off_t(clamping: offset)
        let count = retrying { pread(file.descriptor, buffer.baseAddress, buffer.count, position) }
        guard count >= 0 else { throw DiskError(.read, file.path) }
        return count
    }

    /// Writes at an offset.
    public func write(
        _ file: DiskFile, from buffer: UnsafeRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int {
        let position = off_t(clamping: offset)
        let count = retrying { pwrite(file.descriptor, buffer.baseAddress, buffer.count, position) }
        guard count >= 0 else { throw DiskError(.write, file.path) }
        return count
    }

    /// Waits for stable storage.
    public func sync(_ file: DiskFile) throws(DiskError) {
        guard fdatasync(file.descriptor) == 0 else { throw DiskError(.sync, file.path) }
    }

    /// Cuts a file.
    public func truncate(_ file: DiskFile, to size: UInt64) throws(DiskError) {
        guard ftruncate(file.descriptor, off_t(clamping: size)) == 0 else {
            throw DiskError(.truncate, file.path)
        }
    }

    /// Takes a file's lock.
    public func lock(_ file: DiskFile) throws(DiskError) -> Bool {
        if retrying({ Int(flock(file.descriptor, LOCK_EX | LOCK_NB)) }) == 0 { return true }
        guard Glibc.errno == EWOULDBLOCK else { throw DiskError(.lock, file.path) }
        return false
    }

    /// Gives up a file's lock and closes it.
    public func release(_ file: DiskFile) {
        // Closing alone would leave the lock to a child that is being started: it has all descriptors of its
        // parent until it becomes its program.
        _ = flock(file.descriptor, LOCK_UN)
        close(file)
    }

    /// Closes a file.
    public func close(_ file: DiskFile) { _ = Glibc.close(file.descriptor) }

    /// Renames a file.
    public func rename(_ path: String, to newPath: String) throws(DiskError) {
        guard Glibc.rename(path, newPath) == 0 else { throw DiskError(.rename, path) }
    }

    /// Removes a file.
    public func remove(_ path: String) throws(DiskError) {
        guard unlink(path) == 0 else { throw DiskError(.remove, path) }
    }

    /// Waits until names are on stable storage.
    public func syncDirectory(_ path: String) throws(DiskError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DiskError(.syncDirectory, path) }
        defer { _ = Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw DiskError(.syncDirectory, path) }
    }

    /// Repeats a call that a signal interrupted.
    private func retrying(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result != -1 || Glibc.errno != EINTR { return result }
        }
    }
}

extension DiskError {
    /// An input or output error.
    public static let ioErrno = EIO
    /// No space is left.
    public static let fullErrno = ENOSPC
    /// The file exists already.
    public static let existsErrno = EEXIST
    /// There is no such file.
    public static let missingErrno = ENOENT

    /// The error that the system reported last on this thread.
    init(_ operation: Operation, _ path: String) {
        self.init(operation: operation, path: path, errno: Glibc.errno)
    }

    /// What the system calls the error.
    public var reason: String {
        var text = [CChar](repeating: 0, count: 256)
        guard strerror_r(errno, &text, text.count) == 0 else { return "error \(errno)" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// What a person can do about it.
    public var remedy: String {
        switch errno {
        case ENOSPC, EDQUOT, EFBIG: "Free space on that file system, or choose another directory."
        case EROFS:
            "The file system is read-only: remount it for writing, or choose another directory."
        case EACCES, EPERM: "Give this user the right to read and write there."
        case ENOENT: "Check the path, and make the directory above it first."
        case ENOTDIR: "A file stands where a directory is needed: choose another path."
        case EMFILE, ENFILE: "Raise the limit of open files (ulimit -n)."
        default: "Check the disk and the system's log."
        }
    }
}

/// Facts about this process.
public enum CurrentProcess {
    /// The number of this process.
    public static var id: Int32 { getpid() }
}
