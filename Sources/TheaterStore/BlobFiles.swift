// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterPlatform

/// Blobs as files: `blobs/ab/abcd…`, by the digits of their names, and `tmp/` for what is being
/// written.
///
/// A file gets its name when its content is on the disk, and never changes afterwards.
final class BlobFiles: BlobKeeper {
    private let disk: any Disk
    private let directory: String
    private let nextNumber = Atomic<UInt64>(0)
    /// The folders that are known to be on the disk.
    private let shards = Mutex<Set<String>>([])

    private var blobs: String { directory + "/blobs" }
    private var temporary: String { directory + "/tmp" }

    init(_ disk: any Disk, _ directory: String) {
        self.disk = disk
        self.directory = directory
    }

    /// Makes the folders, and removes what was being written when the last process ended.
    ///
    /// - Returns: whether there are blobs.
    func prepare() throws(StoreError) -> Bool {
        try StoreError.wrapping { () throws(DiskError) in
            try disk.makeDirectoryIfMissing(blobs)
            try disk.makeDirectoryIfMissing(temporary)
            try disk.syncDirectory(directory)
            for name in try disk.list(temporary) { try disk.remove(temporary + "/" + name) }
            for shard in try shardNames() {
                if try !disk.list(blobs + "/" + shard).isEmpty { return true }
            }
            return false
        }
    }

    func keep(_ content: [UInt8], as id: ContentID, isKnown: Bool) throws(StoreError) {
        try StoreError.wrapping { () throws(DiskError) in
            if isKnown, try load(id, sizeMax: content.count)?.bytes == content { return }
            let path = nextPath()
            do throws(DiskError) {
                try write(content, to: path)
            } catch {
                removeDraft(path)
                throw error
            }
            try place(path, as: id)
        }
    }

    func draft() throws(StoreError) -> any BlobDraft {
        let path = nextPath()
        let file = try StoreError.wrapping { () throws(DiskError) in try disk.open(path, .replace) }
        return Draft(files: self, file: file, path: path)
    }

    /// A file that grows until it gets its name.
    private final class Draft: BlobDraft {
        private let files: BlobFiles
        private let file: DiskFile
        private let path: String

        init(files: BlobFiles, file: DiskFile, path: String) {
            self.files = files
            self.file = file
            self.path = path
        }

        func append(_ part: [UInt8], at offset: UInt64) throws(StoreError) {
            try StoreError.wrapping { () throws(DiskError) in
                try part.withDiskBytes { (bytes) throws(DiskError) in
                    try files.disk.writeAll(file, from: bytes, at: offset)
                }
            }
        }

        func keep(as id: ContentID) throws(StoreError) {
            try StoreError.wrapping { () throws(DiskError) in
                do throws(DiskError) {
                    defer { files.disk.close(file) }
                    try files.disk.sync(file)
                } catch {
                    files.removeDraft(path)
                    throw error
                }
                try files.place(path, as: id)
            }
        }

        func discard() {
            files.disk.close(file)
            files.removeDraft(path)
        }
    }

    func read(_ id: ContentID, size: UInt64) throws(StoreError) -> [UInt8]? {
        let sizeMax = Int(clamping: size)
        let loaded = try StoreError.wrapping { () throws(DiskError) in
            try load(id, sizeMax: sizeMax)
        }
        guard let loaded else { return nil }
        guard loaded.size == size else {
            throw .damaged(id, "'\(path(of: id))' has \(loaded.size) bytes instead of \(size)")
        }
        guard ContentID(of: loaded.bytes) == id else {
            throw .damaged(id, "the bytes of '\(path(of: id))' do not have its digest")
        }
        return loaded.bytes
    }

    func remove(_ id: ContentID) throws(StoreError) {
        do throws(DiskError) {
            try disk.remove(path(of: id))
        } catch {
            if error.errno != DiskError.missingErrno { throw .disk(error) }
        }
    }

    func forEachBatch(_ body: ([ContentID]) throws(StoreError) -> Void) throws(StoreError) {
        for shard in try StoreError.wrapping({ () throws(DiskError) in try shardNames() }) {
            let names = try StoreError.wrapping { () throws(DiskError) in
                try disk.list(blobs + "/" + shard)
            }
            try body(names.compactMap { ContentID($0) }.filter { "\($0)".hasPrefix(shard) })
        }
    }

    // MARK: Files

    private func nextPath() -> String {
        temporary + "/\(nextNumber.wrappingAdd(1, ordering: .relaxed).newValue)"
    }

    /// Gives a file that is on the disk its name.
    private func place(_ path: String, as id: ContentID) throws(DiskError) {
        do throws(DiskError) {
            try makeShard(of: id)
            try disk.rename(path, to: self.path(of: id))
        } catch {
            removeDraft(path)
            throw error
        }
        try disk.syncDirectory(shard(of: id))
    }

    /// If this fails, it is done when the store is opened.
    private func removeDraft(_ path: String) {
        do throws(DiskError) { try disk.remove(path) } catch {}
    }

    /// Every part of a path comes from the digits of a digest.
    private func path(of id: ContentID) -> String { shard(of: id) + "/\(id)" }

    private func shard(of id: ContentID) -> String { blobs + "/" + "\(id)".prefix(2) }

    private func shardNames() throws(DiskError) -> [String] {
        try disk.list(blobs).filter { name in
            name.utf8.count == 2 && name.utf8.allSatisfy { ContentID.digit($0) != nil }
        }
    }

    private func write(_ content: [UInt8], to path: String) throws(DiskError) {
        let file = try disk.open(path, .replace)
        defer { disk.close(file) }
        try content.withDiskBytes { (bytes) throws(DiskError) in
            try disk.writeAll(file, from: bytes, at: 0)
        }
        try disk.sync(file)
    }

    /// Makes a folder durably; others who need it may not go on before it is.
    private func makeShard(of id: ContentID) throws(DiskError) {
        let path = shard(of: id)
        if shards.withLock({ $0.contains(path) }) { return }
        try disk.makeDirectoryIfMissing(path)
        try disk.syncDirectory(blobs)
        shards.withLock { _ = $0.insert(path) }
    }

    /// The size of a file and its bytes, unless there are more than `sizeMax`; `nil` for no file.
    private func load(
        _ id: ContentID, sizeMax: Int
    ) throws(DiskError) -> (size: UInt64, bytes: [UInt8])? {
        let file: DiskFile
        do throws(DiskError) {
            file = try disk.open(path(of: id), .read)
        } catch {
            if error.errno == DiskError.missingErrno { return nil }
            throw error
        }
        defer { disk.close(file) }
        let size = try disk.size(of: file)
        guard size <= UInt64(sizeMax) else { return (size, []) }
        var bytes = [UInt8](repeating: 0, count: Int(clamping: size))
        let count = try bytes.withDiskBuffer { (buffer) throws(DiskError) in
            try disk.readAll(file, into: buffer, at: 0)
        }
        return (size, count == bytes.count ? bytes : Array(bytes.prefix(count)))
    }
}

extension Disk {
    /// Makes a directory unless it is there.
    func makeDirectoryIfMissing(_ path: String) throws(DiskError) {
        do throws(DiskError) {
            try makeDirectory(path)
        } catch {
            if error.errno != DiskError.existsErrno { throw error }
        }
    }
}
