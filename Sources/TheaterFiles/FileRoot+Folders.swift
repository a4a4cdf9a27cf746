// SPDX-License-Identifier: Apache-2.0

internal import Glibc

extension FileRoot {
    /// How deep folders may lie in each other for all to be deleted: each is held open meanwhile.
    public static let depthMax = 128
    /// The most entries that one call deletes.
    public static let deletedMax = 1_000_000

    // MARK: Listing

    /// What is in a folder.
    ///
    /// - Parameters:
    ///   - countMax: the most entries.
    ///   - sizeMax: the most bytes of their names.
    /// - Throws: `filesystem.too-many`.
    public func list(_ path: FilePath, countMax: Int, sizeMax: Int) throws(FileError) -> Listing {
        let folder = try open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK)
        var listing = Listing()
        var size = 0
        let number = folder.number
        let error = try Self.forEachName(in: folder, path) { (bytes) throws(FileError) in
            guard listing.entries.count + listing.namelessCount < countMax, size < sizeMax else {
                throw FileError(
                    .tooMany,
                    "'\(path.shown)' has more entries than the \(countMax) that can be listed; raise "
                        + "max_entries, or keep fewer in one folder")
            }
            size += bytes.count
            guard let name = String(validating: bytes, as: UTF8.self) else {
                listing.namelessCount += 1
                return
            }
            var status = stat()
            // One that went away meanwhile is not in the folder.
            guard fstatat(number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return }
            listing.entries.append(Entry(name: name, status: Status(status)))
        }
        if error != 0 { throw .system(error, path) }
        listing.entries.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        return listing
    }

    /// Calls for each name in a folder, but `.` and `..`.
    ///
    /// - Returns: 0, or the `errno` of reading the folder.
    private static func forEachName(
        in folder: borrowing OpenFile, _ path: FilePath,
        _ body: ([UInt8]) throws(FileError) -> Void
    ) throws(FileError) -> Int32 {
        // The stream closes its descriptor.
        let copy = fcntl(folder.number, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { return errno }
        guard let stream = fdopendir(copy) else {
            defer { close(copy) }
            return errno
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else { return errno }
            // SAFETY: the system ends each name with a NUL, inside the entry's own length.
            let start = UnsafeRawPointer(entry) + (MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
            let size = strlen(start.assumingMemoryBound(to: CChar.self))
            let name = Array(UnsafeRawBufferPointer(start: start, count: size))
            if name == [0x2E] || name == [0x2E, 0x2E] { continue }
            try body(name)
        }
    }

    // MARK: Making and deleting

    /// Makes a folder in one that exists.
    public func makeFolder(_ path: FilePath, _ budget: inout FileBudget) throws(FileError) {
        let place = try openFolder(of: path)
        try budget.check(size: 0, count: 1)
        guard mkdirat(place.folder.number, place.name, 0o777) == 0 else {
            throw .system(errno, path)
        }
        budget.note(size: 0, count: 1)
    }

    /// Deletes a file, or anything else that is no folder. A link is deleted, not what it leads to.
    public func delete(_ path: FilePath, _ budget: inout FileBudget) throws(FileError) {
        let place = try openFolder(of: path)
        guard let status = place.status else { throw .system(errno, path) }
        guard Kind(status.st_mode) != .folder else { throw .system(EISDIR, path) }
        guard unlinkat(place.folder.number, place.name, 0) == 0 else { throw .system(errno, path) }
        budget.note(size: -Self.freed(status), count: -1)
    }

    /// How many bytes are free when a name of a file goes.
    static func freed(_ status: stat) -> Int64 {
        Kind(status.st_mode) == .file && status.st_nlink <= 1 ? Int64(status.st_size) : 0
    }

    /// Deletes a folder with all that is in it. Links are deleted, not what they lead to.
    ///
    /// What was deleted before an error stays deleted.
    ///
    /// - Throws: `filesystem.too-deep`, `filesystem.too-many`, and `filesystem.busy` where another disk is
    ///   mounted.
    public func deleteFolder(_ path: FilePath, _ budget: inout FileBudget) throws(FileError) {
        let place = try openFolder(of: path)
        guard let status = place.status else { throw .system(errno, path) }
        guard Kind(status.st_mode) == .folder else { throw .system(ENOTDIR, path) }
        var left = Self.deletedMax
        try Self.empty(
            place.folder, Array(place.name.utf8), path, depth: 1, left: &left, &budget)
        guard unlinkat(place.folder.number, place.name, AT_REMOVEDIR) == 0 else {
            throw .system(errno, path)
        }
        budget.note(size: 0, count: -1)
    }

    /// Deletes what is in a folder. Bounded by ``depthMax`` in its recursion.
    private static func empty(
        _ parent: borrowing OpenFile, _ name: [UInt8], _ path: FilePath, depth: Int,
        left: inout Int, _ budget: inout FileBudget
    ) throws(FileError) {
        guard depth <= depthMax else {
            throw FileError(
                .tooDeep,
                "'\(path.shown)' has folders more than \(depthMax) deep in each other; delete the inner "
                    + "ones first")
        }
        let number = name.withCText { name in
            OpenFile.open(
                name, in: parent.number, O_RDONLY | O_DIRECTORY | O_NONBLOCK,
                [.beneath, .noLinks, .sameDisk])
        }
        guard let folder = OpenFile(number) else {
            throw .system(errno == EXDEV ? EBUSY : errno, path)
        }
        // Read to its end first: what is deleted while a folder is read may hide other names.
        var names: [[UInt8]] = []
        let room = left
        let error = try forEachName(in: folder, path) { (name) throws(FileError) in
            guard names.count < room else {
                throw FileError(
                    .tooMany,
                    "'\(path.shown)' has more than \(deletedMax) entries, which is the most to delete at "
                        + "once; call again for the rest, part by part")
            }
            names.append(name)
        }
        if error != 0 { throw .system(error, path) }
        left -= names.count
        for name in names {
            var status = stat()
            let file = folder.number
            guard name.withCText({ fstatat(file, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else {
                if errno == ENOENT { continue }
                throw .system(errno, path)
            }
            let isFolder = Kind(status.st_mode) == .folder
            if isFolder {
                try empty(folder, name, path, depth: depth + 1, left: &left, &budget)
            }
            guard name.withCText({ unlinkat(file, $0, isFolder ? AT_REMOVEDIR : 0) }) == 0 else {
                if errno == ENOENT { continue }
                throw .system(errno, path)
            }
            budget.note(size: -freed(status), count: -1)
        }
    }
}

extension [UInt8] {
    /// The bytes as the system takes names, which need not be text.
    fileprivate func withCText<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        body(map { CChar(bitPattern: $0) } + [0])
    }
}
