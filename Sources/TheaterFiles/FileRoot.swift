// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A folder that is held open, and below which files are found. No path leads out of it, whatever links
/// there are and whoever changes them meanwhile: the kernel follows each path from the open folder and refuses
/// one that leaves it.
///
/// Its methods block for the disk.
public final class FileRoot: Sendable {
    /// Where it was when it was opened.
    public let path: String
    private let folder: OpenFile

    /// What a file is.
    public enum Kind: Int, Sendable, Hashable, CaseIterable {
        /// An ordinary file.
        case file
        /// A folder.
        case folder
        /// A symbolic link.
        case link
        /// A pipe, a socket or a device.
        case other

        init(_ mode: mode_t) {
            switch mode & S_IFMT {
            case S_IFREG: self = .file
            case S_IFDIR: self = .folder
            case S_IFLNK: self = .link
            default: self = .other
            }
        }
    }

    /// What is known of a file.
    public struct Status: Sendable, Hashable {
        /// What it is.
        public let kind: Kind
        /// Its bytes; 0 for what is no ordinary file.
        public let size: UInt64
        /// When its content was last changed, in milliseconds since 1970.
        public let modified: UInt64

        init(_ status: stat) {
            kind = Kind(status.st_mode)
            size = kind == .file ? UInt64(clamping: status.st_size) : 0
            let (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
            modified =
                UInt64(clamping: seconds) &* 1000 &+ UInt64(clamping: nanoseconds) / 1_000_000
        }
    }

    /// An entry of a folder.
    public struct Entry: Sendable, Hashable {
        /// Its name.
        public let name: String
        /// What is known of it, links not followed.
        public let status: Status
    }

    /// A folder's entries.
    public struct Listing: Sendable, Hashable {
        /// Those whose names are text, sorted by their bytes.
        public internal(set) var entries: [Entry] = []
        /// How many others there are.
        public internal(set) var namelessCount = 0
    }

    private init(path: String, folder: consuming OpenFile) {
        self.path = path
        self.folder = folder
    }

    /// Opens a folder as a root.
    ///
    /// - Parameter path: absolute and canonical: a link on it is one that was put there since.
    /// - Throws: `filesystem.no-root`, `filesystem.unsupported`.
    public static func open(_ path: String) throws(FileError) -> FileRoot {
        let number = OpenFile.open(
            path, in: AT_FDCWD, OpenFile.pathOnly | O_DIRECTORY, [.noLinks, .noMagicLinks])
        guard let folder = OpenFile(number) else { throw .root(errno, path) }
        return FileRoot(path: path, folder: folder)
    }

    // MARK: Finding

    /// Opens a path below the root.
    func open(
        _ path: FilePath, _ flags: Int32, mode: UInt64 = 0
    ) throws(FileError) -> OpenFile {
        let number = OpenFile.open(
            path.text, in: folder.number, flags, [.beneath, .noMagicLinks], mode: mode)
        guard let file = OpenFile(number) else { throw .system(errno, path) }
        return file
    }

    /// A name in an open folder. Nothing that others do to links changes which folder that is.
    struct Place: ~Copyable {
        let folder: OpenFile
        let name: String

        /// What has the name; `nil` with `errno`.
        var status: stat? {
            var status = stat()
            return fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
        }
    }

    /// Opens the folder that a path lies in.
    func openFolder(
        of path: FilePath, _ flags: Int32 = OpenFile.pathOnly
    ) throws(FileError) -> Place {
        guard let (folder, name) = path.parts else {
            throw FileError(.badPath, "the root itself can be neither made, moved nor deleted")
        }
        do throws(FileError) {
            return Place(folder: try open(folder, flags | O_DIRECTORY), name: name)
        } catch {
            // About the path that was asked for.
            guard error.code == .notFound else { throw error }
            throw FileError(
                .notFound,
                "'\(path.shown)' has no folder to lie in; create '\(folder.shown)' first")
        }
    }

    // MARK: Reading

    /// What is known of a file; links are followed.
    ///
    /// - Throws: as all operations: `filesystem.outside`, `filesystem.not-found` and what else the system says.
    public func status(_ path: FilePath) throws(FileError) -> Status {
        Status(try open(path, OpenFile.pathOnly).status)
    }

    /// Whether there is a file, a folder or anything else.
    public func exists(_ path: FilePath) throws(FileError) -> Bool {
        do throws(FileError) {
            _ = try open(path, OpenFile.pathOnly)
            return true
        } catch {
            if error.code == .notFound || error.code == .notAFolder { return false }
            throw error
        }
    }

    private func openToRead(_ path: FilePath) throws(FileError) -> OpenFile {
        // Nothing waits for a pipe's other side.
        let file = try open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
        try Self.check(file, path)
        return file
    }

    static func check(_ file: borrowing OpenFile, _ path: FilePath) throws(FileError) {
        switch Kind(file.status.st_mode) {
        case .file: return
        case .folder: throw .system(EISDIR, path)
        case .link, .other: throw .system(ENXIO, path)
        }
    }

    /// All of a file.
    ///
    /// - Throws: `filesystem.too-large` for one of more than `sizeMax` bytes.
    public func read(_ path: FilePath, sizeMax: Int) throws(FileError) -> [UInt8] {
        let file = try openToRead(path)
        let size = Int(clamping: file.status.st_size)
        // One more, for a file that grows.
        let wanted = min(max(size, 0), sizeMax) + 1
        guard size <= sizeMax, let bytes = file.read(wanted, from: 0) else {
            if size <= sizeMax { throw .system(errno, path) }
            throw Self.tooLarge(path, size, sizeMax)
        }
        if bytes.count < wanted { return bytes }
        // It is longer than it says, as files of `/proc` are, or grew.
        guard let all = file.read(sizeMax + 1, from: 0) else { throw .system(errno, path) }
        guard all.count <= sizeMax else { throw Self.tooLarge(path, all.count, sizeMax) }
        return all
    }

    private static func tooLarge(_ path: FilePath, _ size: Int, _ sizeMax: Int) -> FileError {
        FileError(
            .tooLarge,
            "'\(path.shown)' has \(size) bytes or more, and \(sizeMax) can be read at once; read a range, "
                + "or raise max_read")
    }

    /// A part of a file: less at its end, and nothing behind it.
    ///
    /// - Parameter size: how many bytes.
    public func read(_ path: FilePath, from offset: UInt64, _ size: Int) throws(FileError)
        -> [UInt8]
    {
        let file = try openToRead(path)
        let left = UInt64(clamping: file.status.st_size).subtractingReportingOverflow(offset)
        // What is not there needs no memory.
        let wanted = left.overflow ? 0 : min(size, Int(clamping: left.partialValue))
        guard let bytes = file.read(wanted, from: offset) else { throw .system(errno, path) }
        return bytes
    }
}
