// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import Glibc

/// A program that was found and opened. What is checked of it is what runs: the open file, not its path.
public struct ProgramFile: Sendable {
    /// The path under which it was found, absolute, links not followed. The program sees it as its name.
    public let foundPath: String
    /// Where the file really is.
    public let realPath: String
    /// Whether another program interprets it.
    public let isScript: Bool
    /// The device and the number of the file: which file it is.
    public let identity: FileIdentity
    let descriptor: Descriptor

    /// Which file it is.
    public struct FileIdentity: Sendable, Hashable {
        let device: UInt64
        let number: UInt64
        let size: Int64
        let changed: [Int64]
    }

    /// Where programs are looked for whose name has no slash. The node's own `PATH` has no say.
    public static let searchPath = [
        "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
    ]
    /// The longest name of a program, in bytes.
    public static let nameSizeMax = 4096
    /// The largest file that is read for its digest.
    public static let digestSizeMax = 256 * 1024 * 1024

    /// Finds and opens a program.
    ///
    /// - Parameter name: an absolute path, or a name without a slash.
    /// - Throws: `process.bad-program`, `process.no-program`.
    public static func open(_ name: String) throws(ProcessError) -> ProgramFile {
        guard !name.isEmpty, name.utf8.count <= nameSizeMax,
            name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else {
            throw ProcessError(
                .badProgram,
                "\"\(String(describing: name.prefix(64)))\" is no program: a name has 1 to "
                    + "\(nameSizeMax) bytes and no control characters")
        }
        if name.utf8.contains(UInt8(ascii: "/")) {
            guard name.utf8.first == UInt8(ascii: "/") else {
                throw ProcessError(
                    .badProgram,
                    "'\(name.prefix(64))' is relative, and processes have no folder to start from; "
                        + "give an absolute path, or a name without a slash")
            }
            if let file = try? openFile(name) { return file }
            throw ProcessError(
                .noProgram, "'\(name.prefix(256))' cannot be run: \(SystemError.text(errno))")
        }
        for folder in searchPath where name != "." && name != ".." {
            if let file = try? openFile(folder + "/" + name) { return file }
        }
        throw ProcessError(
            .noProgram,
            "there is no program '\(name.prefix(64))' in \(searchPath.joined(separator: ":")); give "
                + "an absolute path")
    }

    private struct Unfit: Error {}

    private static func openFile(_ path: String) throws(Unfit) -> ProgramFile {
        // A program that may be run but not read can still be named by a descriptor.
        let pathOnly: Int32 = 0o10000000
        guard
            let descriptor = Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
                ?? Descriptor.open(path, pathOnly)
        else { throw Unfit() }
        var status = stat()
        guard descriptor.use({ fstat($0, &status) }) == 0 else { throw Unfit() }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o111 != 0 else {
            errno = EACCES
            throw Unfit()
        }
        guard let realPath = realPath(of: descriptor, status) else {
            errno = ESTALE
            throw Unfit()
        }
        var start = [UInt8](repeating: 0, count: 2)
        let count = descriptor.use { pread($0, &start, 2, 0) } ?? 0
        return ProgramFile(
            foundPath: path, realPath: realPath, isScript: count == 2 && start == Array("#!".utf8),
            identity: FileIdentity(status), descriptor: descriptor)
    }

    /// The path of an open file; `nil` when that path leads to another one.
    static func realPath(of descriptor: Descriptor, _ status: stat) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count =
            descriptor.use { readlink("/proc/self/fd/\($0)", &bytes, bytes.count - 1) } ?? -1
        guard count > 0, bytes[0] == CChar(UInt8(ascii: "/")) else { return nil }
        let path = String(
            decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var found = stat()
        guard lstat(path, &found) == 0, found.st_dev == status.st_dev,
            found.st_ino == status.st_ino
        else { return nil }
        return path
    }

    /// The SHA-256 of the open file; `nil` when it cannot be read, or is too large.
    ///
    /// Reads all of it.
    public func digest() -> [UInt8]? {
        guard identity.size <= Int64(Self.digestSizeMax) else { return nil }
        var hash = SHA256()
        var offset: off_t = 0
        var buffer = [UInt8](repeating: 0, count: 256 * 1024)
        while true {
            let count = descriptor.use { pread($0, &buffer, buffer.count, offset) } ?? -1
            guard count >= 0 else { return nil }
            if count == 0 { break }
            hash.update(data: buffer[..<count])
            offset += off_t(count)
        }
        var status = stat()
        guard descriptor.use({ fstat($0, &status) }) == 0, FileIdentity(status) == identity
        else { return nil }
        return Array(hash.finalize())
    }
}

extension ProgramFile.FileIdentity {
    init(_ status: stat) {
        device = UInt64(status.st_dev)
        number = UInt64(status.st_ino)
        size = Int64(status.st_size)
        changed = [
            Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec),
            Int64(status.st_ctim.tv_sec), Int64(status.st_ctim.tv_nsec),
        ]
    }
}

/// A folder that was opened for a process to start in.
public struct WorkingFolder: Sendable {
    /// Where the folder really is.
    public let realPath: String
    let descriptor: Descriptor

    /// Opens a folder.
    ///
    /// - Parameter path: an absolute path.
    /// - Throws: `process.folder-denied`.
    public static func open(_ path: String) throws(ProcessError) -> WorkingFolder {
        func refuse(_ reason: String) -> ProcessError {
            ProcessError(
                .folderDenied,
                "a process cannot start in '\(path.prefix(256))': \(reason); give the absolute path "
                    + "of a folder in allowed_paths")
        }
        guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(0) else {
            throw refuse("it is not absolute")
        }
        let pathOnly: Int32 = 0o10000000
        guard let descriptor = Descriptor.open(path, pathOnly | O_DIRECTORY) else {
            throw refuse(SystemError.text(errno))
        }
        var status = stat()
        guard descriptor.use({ fstat($0, &status) }) == 0,
            let realPath = ProgramFile.realPath(of: descriptor, status)
        else { throw refuse("it is being replaced") }
        return WorkingFolder(realPath: realPath, descriptor: descriptor)
    }
}
