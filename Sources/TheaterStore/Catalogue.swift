// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// The file that says who has which blob, and what labels name: appended to, and synced, with every
/// change.
///
/// When most of it is outdated it is written anew, to a file beside it that takes its place.
struct Catalogue: Sendable {
    private static let name = "catalogue"
    private static let newName = "catalogue.new"
    /// The size below which it is not written anew.
    private static let compactionMin: UInt64 = 1 << 20

    private let disk: any Disk
    private let directory: String
    private var file: DiskFile
    private var size: UInt64
    /// The size from which on it is written anew.
    private var sizeLimit: UInt64
    /// Why nothing is taken any more.
    private(set) var failure: StoreError?

    // MARK: Opening

    /// Opens the catalogue of a directory for writing, and reads it into an index.
    ///
    /// - Parameter hasBlobs: whether there are blobs, which cannot be without a catalogue.
    static func open(
        _ disk: any Disk, _ directory: String, hasBlobs: Bool, into index: inout StoreIndex
    ) throws(StoreError) -> Catalogue {
        let file = try StoreError.wrapping { () throws(DiskError) in
            if try disk.list(directory).contains(newName) {
                try disk.remove(directory + "/" + newName)
            }
            return try disk.open(directory + "/" + name, .write)
        }
        do throws(StoreError) {
            if let end = try CatalogueScan.read(disk, file, into: &index) {
                return try Catalogue(disk, directory, file, end, index)
            }
            guard !hasBlobs else {
                throw .damagedCatalogue(file.path, 0, "it is empty although there are blobs")
            }
            return try Catalogue(disk, directory, file)
        } catch {
            disk.close(file)
            throw error
        }
    }

    /// Reads the catalogue of a directory into an index, without changing anything.
    ///
    /// - Returns: whether there is one.
    static func read(
        _ disk: any Disk, _ directory: String, into index: inout StoreIndex
    ) throws(StoreError) -> Bool {
        let file: DiskFile
        do throws(DiskError) {
            file = try disk.open(directory + "/" + name, .read)
        } catch {
            if error.errno == DiskError.missingErrno { return false }
            throw .disk(error)
        }
        defer { disk.close(file) }
        return try CatalogueScan.read(disk, file, into: &index) != nil
    }

    /// Goes on after the last whole frame.
    private init(
        _ disk: any Disk, _ directory: String, _ file: DiskFile, _ end: UInt64, _ index: StoreIndex
    ) throws(StoreError) {
        self.disk = disk
        self.directory = directory
        self.file = file
        size = end
        // A record has about a hundred bytes.
        sizeLimit = max(Self.compactionMin, UInt64(index.entryCount) * 400)
        try StoreError.wrapping { () throws(DiskError) in
            guard try disk.size(of: file) > end else { return }
            try disk.truncate(file, to: end)
            try disk.sync(file)
        }
    }

    /// Begins an empty catalogue.
    private init(_ disk: any Disk, _ directory: String, _ file: DiskFile) throws(StoreError) {
        self.disk = disk
        self.directory = directory
        self.file = file
        size = UInt64(CatalogueFormat.headerSize)
        sizeLimit = Self.compactionMin
        try StoreError.wrapping { () throws(DiskError) in
            try CatalogueFormat.header.withDiskBytes { (bytes) throws(DiskError) in
                try disk.writeAll(file, from: bytes, at: 0)
            }
            try disk.sync(file)
            try disk.syncDirectory(directory)
        }
    }

    // MARK: Writing

    /// Makes changes durable, all of them or none.
    ///
    /// A write that fails is taken back, and the next one may succeed. After a sync that failed
    /// nobody knows what the disk has, so nothing more is taken.
    ///
    /// - Parameter records: no more than fit in a frame.
    mutating func append(_ records: [CatalogueRecord]) throws(StoreError) {
        if let failure { throw .refusing(failure) }
        let frame = CatalogueFormat.frame(records.flatMap(CatalogueFormat.encode))
        do throws(DiskError) {
            try frame.withDiskBytes { (bytes) throws(DiskError) in
                try disk.writeAll(file, from: bytes, at: size)
            }
        } catch {
            do throws(DiskError) {
                try disk.truncate(file, to: size)
            } catch {
                failure = .disk(error)
            }
            throw .disk(error)
        }
        do throws(DiskError) {
            try disk.sync(file)
        } catch {
            failure = .disk(error)
            // What was refused should not come back; whether that helps is not known either.
            do throws(DiskError) { try disk.truncate(file, to: size) } catch {}
            throw .disk(error)
        }
        size += UInt64(frame.count)
    }

    /// Writes the catalogue anew when it has grown to twice its size.
    mutating func compactIfLarge(_ index: StoreIndex) throws(StoreError) {
        guard size > sizeLimit, failure == nil else { return }
        // Whatever happens, not again before it has grown.
        sizeLimit = size * 2
        let path = directory + "/" + Self.newName
        let (disk, directory) = (disk, directory)
        let new = try StoreError.wrapping { () throws(DiskError) in try disk.open(path, .replace) }
        var end: UInt64 = 0
        do throws(DiskError) {
            end = try Self.write(index, disk, new)
            try disk.sync(new)
            try disk.rename(path, to: directory + "/" + Self.name)
        } catch {
            disk.close(new)
            throw .disk(error)
        }
        disk.close(file)
        file = DiskFile(descriptor: new.descriptor, path: directory + "/" + Self.name)
        size = end
        sizeLimit = max(Self.compactionMin, end * 2)
        do throws(DiskError) {
            try disk.syncDirectory(directory)
        } catch {
            // Later appends might be lost with the new file.
            failure = .disk(error)
            throw .disk(error)
        }
    }

    private static func write(
        _ index: StoreIndex, _ disk: any Disk, _ file: DiskFile
    ) throws(DiskError) -> UInt64 {
        var end: UInt64 = 0
        func put(_ bytes: [UInt8]) throws(DiskError) {
            try bytes.withDiskBytes { (buffer) throws(DiskError) in
                try disk.writeAll(file, from: buffer, at: end)
            }
            end += UInt64(bytes.count)
        }
        try put(CatalogueFormat.header)
        var body: [UInt8] = []
        try index.forEachRecord { (record) throws(DiskError) in
            body += CatalogueFormat.encode(record)
            guard body.count > CatalogueFormat.bodyMax - CatalogueFormat.recordMax else { return }
            try put(CatalogueFormat.frame(body))
            body.removeAll(keepingCapacity: true)
        }
        if !body.isEmpty { try put(CatalogueFormat.frame(body)) }
        return end
    }

    /// Closes the file.
    func close() { disk.close(file) }
}
