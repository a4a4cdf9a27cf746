// SPDX-License-Identifier: Apache-2.0

internal import Glibc

extension FileRoot {
    /// How a file is written.
    public enum WriteMode: Sendable, Hashable {
        /// In place of what it has; it is made when it is not there.
        case replace
        /// Behind what it has; it is made when it is not there.
        case append
        /// Only when it is not there.
        case create
    }

    /// How often a file is looked for again that others make or delete meanwhile.
    private static let triesMax = 16

    /// Writes a file where it lies.
    ///
    /// What could not be appended completely is taken back. What could not be put in a file's place is there
    /// in part.
    ///
    /// - Returns: the file's size.
    public func write(
        _ path: FilePath, _ content: [UInt8], _ mode: WriteMode, _ budget: inout FileBudget
    ) throws(FileError) -> UInt64 {
        let file = try openToWrite(path, content.count, mode, budget)
        if file.isNew { budget.note(size: 0, count: 1) }
        return try write(content, to: file.descriptor, path, mode, &budget)
    }

    private struct Writable: ~Copyable {
        let descriptor: OpenFile
        let isNew: Bool
    }

    private func openToWrite(
        _ path: FilePath, _ size: Int, _ mode: WriteMode, _ budget: FileBudget
    ) throws(FileError) -> Writable {
        let flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | (mode == .append ? O_APPEND : 0)
        for _ in 0..<Self.triesMax {
            if mode != .create {
                do throws(FileError) {
                    return Writable(descriptor: try open(path, flags), isNew: false)
                } catch {
                    guard error.code == .notFound else { throw error }
                }
            }
            // Not there: whether there may be another file is asked before it is made.
            try budget.check(size: Int64(size), count: 1)
            try budget.check(fileSize: Int64(size), of: path)
            _ = try openFolder(of: path)
            do throws(FileError) {
                let file = try open(path, flags | O_CREAT | O_EXCL, mode: 0o666)
                return Writable(descriptor: file, isNew: true)
            } catch {
                guard error.code == .exists, mode != .create else { throw error }
            }
        }
        // It exists when it is to be made, and not when it is opened.
        throw FileError(
            .notFound,
            "'\(path.shown)' is a link that leads nowhere, or others replace it; delete it")
    }

    private func write(
        _ content: [UInt8], to file: borrowing OpenFile, _ path: FilePath, _ mode: WriteMode,
        _ budget: inout FileBudget
    ) throws(FileError) -> UInt64 {
        try Self.check(file, path)
        let before = Int64(file.status.st_size)
        let kept = mode == .append ? before : 0
        let (after, isOver) = kept.addingReportingOverflow(Int64(content.count))
        try budget.check(fileSize: isOver ? .max : after, of: path)
        try budget.check(size: after - before)
        if mode == .replace, before > 0, ftruncate(file.number, 0) != 0 {
            throw .system(errno, path)
        }
        let written = file.write(content)
        guard written == content.count else {
            let error = errno
            let isTakenBack = mode == .append && ftruncate(file.number, off_t(before)) == 0
            budget.note(size: isTakenBack ? 0 : kept + Int64(written) - before)
            throw .system(error, path)
        }
        budget.note(size: after - before)
        return UInt64(clamping: after)
    }

    // MARK: As a whole

    /// Puts a file in the place of another as a whole: whoever reads it, and after a crash too, sees one or the
    /// other. The new one is on disk when this returns. A link in its place is replaced, not followed.
    ///
    /// - Parameter mark: a random number, which no other file beside it has.
    public func writeWhole(
        _ path: FilePath, _ content: [UInt8], mark: UInt64, _ budget: inout FileBudget
    ) throws(FileError) {
        let place = try openFolder(of: path, O_RDONLY)
        let folder = place.folder.number
        let old = place.status
        guard old != nil || errno == ENOENT else { throw .system(errno, path) }
        if let old, Kind(old.st_mode) == .folder { throw .system(EISDIR, path) }
        let size = Int64(content.count) - (old.map(Self.freed) ?? 0)
        let count: Int64 = old == nil ? 1 : 0
        try budget.check(fileSize: Int64(content.count), of: path)
        try budget.check(size: size, count: count)

        let temporary = ".theater-\(String(mark, radix: 16)).tmp"
        let number = OpenFile.open(
            temporary, in: folder, O_WRONLY | O_CREAT | O_EXCL, [.beneath, .noLinks], mode: 0o666)
        guard let file = OpenFile(number) else { throw .system(errno, path) }
        if let old, Kind(old.st_mode) == .file { fchmod(file.number, old.st_mode & 0o777) }
        guard file.write(content) == content.count, fsync(file.number) == 0,
            renameat(folder, temporary, folder, place.name) == 0
        else {
            let error = errno
            unlinkat(folder, temporary, 0)
            throw .system(error, path)
        }
        budget.note(size: size, count: count)
        guard fsync(folder) == 0 else { throw .system(errno, path) }
    }

    // MARK: Moving

    /// Gives a file or folder another path. A file in its way is replaced, and an empty folder by a folder.
    public func rename(
        _ path: FilePath, to target: FilePath, _ budget: inout FileBudget
    ) throws(FileError) {
        let source = try openFolder(of: path)
        let place = try openFolder(of: target)
        guard let moved = source.status else { throw .system(errno, path) }
        let replaced = place.status
        guard renameat(source.folder.number, source.name, place.folder.number, place.name) == 0
        else {
            let error = errno
            guard error == EXDEV else { throw .system(error, target) }
            throw FileError(
                .failed,
                "'\(path.shown)' cannot be moved to '\(target.shown)', which is on another disk; copy it"
            )
        }
        // Two names of one file stay two.
        if let replaced, moved.st_ino != replaced.st_ino || moved.st_dev != replaced.st_dev {
            budget.note(size: -Self.freed(replaced), count: -1)
        }
    }
}
