// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Small files that nobody but their owner may read, such as keys.
public enum PrivateFile {
    /// Reads a file; `nil` when it does not exist.
    ///
    /// - Throws: ``PrivateFileError`` when it is not a regular file of this user with no right for anybody
    ///   else, when others may write to its folder, when it is larger than `sizeMax`, or when it cannot
    ///   be read.
    public static func read(
        _ path: String, sizeMax: Int
    ) throws(PrivateFileError) -> [UInt8]? {
        guard let folder = try status(of: folder(of: path)) else { return nil }
        guard folder.st_mode & (S_IWGRP | S_IWOTH) == 0, isOurs(folder) else {
            throw PrivateFileError(
                "others may write to the folder of '\(path)'",
                remedy:
                    "Make it yours alone with `chmod 700`; if others had access, replace the file.")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw PrivateFileError(system: path, "read")
        }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw PrivateFileError(system: path, "read") }
        guard facts.st_mode & S_IFMT == S_IFREG else {
            throw PrivateFileError("'\(path)' is not a file", remedy: "Put the file in its place.")
        }
        guard facts.st_mode & (S_IRWXG | S_IRWXO) == 0 else {
            throw PrivateFileError(
                "others may read or change '\(path)'",
                remedy: "Make it yours alone with `chmod 600`; if others had access, replace it.")
        }
        guard isOurs(facts) else {
            throw PrivateFileError(
                "'\(path)' belongs to another user",
                remedy: "Run as its owner, or choose another data directory.")
        }
        return try readAll(descriptor, path, sizeMax)
    }

    /// Makes a file with its folder, unless it exists already, which is not an error.
    ///
    /// It appears whole or not at all, and is on stable storage when this returns.
    public static func make(_ path: String, _ bytes: [UInt8]) throws(PrivateFileError) {
        let folder = folder(of: path)
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw PrivateFileError(system: folder, "make")
        }
        let (word, _) = Randomness.twoWords()
        let draft = path + "." + String(word, radix: 36)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw PrivateFileError(system: draft, "make") }
        defer {
            close(descriptor)
            unlink(draft)
        }
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count == bytes.count, fsync(descriptor) == 0 else {
            throw PrivateFileError(system: draft, "write")
        }
        // Unlike a rename, a link never takes the place of a file.
        guard link(draft, path) == 0 || errno == EEXIST else {
            throw PrivateFileError(system: path, "make")
        }
        do throws(DiskError) {
            try SystemDisk().syncDirectory(folder)
            try SystemDisk().syncDirectory(Self.folder(of: folder))
        } catch {
            throw PrivateFileError("\(error)", remedy: error.remedy)
        }
    }

    /// Puts a file in the place of the one that is there, if there is one.
    ///
    /// At every moment the old one is there or the new one, whole; the new one is on stable storage when this
    /// returns.
    public static func replace(_ path: String, with bytes: [UInt8]) throws(PrivateFileError) {
        let (word, _) = Randomness.twoWords()
        let draft = path + "." + String(word, radix: 36)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw PrivateFileError(system: draft, "make") }
        defer {
            close(descriptor)
            unlink(draft)
        }
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count == bytes.count, fsync(descriptor) == 0, rename(draft, path) == 0 else {
            throw PrivateFileError(system: path, "write")
        }
        do throws(DiskError) {
            try SystemDisk().syncDirectory(folder(of: path))
        } catch {
            throw PrivateFileError("\(error)", remedy: error.remedy)
        }
    }

    private static func readAll(
        _ descriptor: Int32, _ path: String, _ sizeMax: Int
    ) throws(PrivateFileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= sizeMax {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw PrivateFileError(system: path, "read") }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
        throw PrivateFileError(
            "'\(path)' is longer than \(sizeMax) bytes", remedy: "Put the right file in its place.")
    }

    /// The administrator may use what belongs to others.
    private static func isOurs(_ facts: stat) -> Bool {
        facts.st_uid == geteuid() || facts.st_uid == 0 || geteuid() == 0
    }

    private static func status(of path: String) throws(PrivateFileError) -> stat? {
        var facts = stat()
        if stat(path, &facts) == 0 { return facts }
        if errno == ENOENT { return nil }
        throw PrivateFileError(system: path, "look at")
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// A private file that cannot be used.
public struct PrivateFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, with which file.
    public let description: String
    /// What to do about it.
    public let remedy: String

    init(_ description: String, remedy: String) {
        self.description = description
        self.remedy = remedy
    }

    init(system path: String, _ operation: String) {
        let error = DiskError(.open, path)
        self.init("cannot \(operation) '\(path)': \(error.reason)", remedy: error.remedy)
    }
}
