// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// Reads a catalogue from its beginning.
struct CatalogueScan {
    private static let chunkSize = 1 << 20

    private let disk: any Disk
    private let file: DiskFile
    private let fileSize: UInt64
    private var buffer: [UInt8] = []
    /// Where the buffer begins in the file.
    private var start: UInt64 = 0
    /// The next byte to look at in the buffer.
    private var position = 0

    private var offset: UInt64 { start + UInt64(position) }

    /// Applies every change to the index.
    ///
    /// - Returns: where the last whole frame ends; `nil` for a file without a whole header.
    /// - Throws: `store.damaged`, `store.newer-format`, `store.disk`.
    static func read(
        _ disk: any Disk, _ file: DiskFile, into index: inout StoreIndex
    ) throws(StoreError) -> UInt64? {
        let size = try StoreError.wrapping { () throws(DiskError) in try disk.size(of: file) }
        var scan = CatalogueScan(disk: disk, file: file, fileSize: size)
        guard try scan.readHeader() else { return nil }
        return try scan.readFrames(&index)
    }

    private init(disk: any Disk, file: DiskFile, fileSize: UInt64) {
        self.disk = disk
        self.file = file
        self.fileSize = fileSize
    }

    private mutating func readHeader() throws(StoreError) -> Bool {
        try fill()
        guard buffer.count >= CatalogueFormat.headerSize else {
            guard CatalogueFormat.header.starts(with: buffer) else { throw damaged("its header") }
            return false
        }
        guard let version = CatalogueFormat.version(of: buffer) else { throw damaged("its header") }
        guard version == CatalogueFormat.version else {
            throw StoreError(
                .newerFormat, "the store's catalogue '\(file.path)' has version \(version)",
                remedy: "Use the version of Theater that wrote it, or a newer one.")
        }
        position = CatalogueFormat.headerSize
        return true
    }

    private mutating func readFrames(_ index: inout StoreIndex) throws(StoreError) -> UInt64 {
        while true {
            switch CatalogueFormat.parse(buffer[position...]) {
            case .frame(let records, let size):
                for record in records where !index.apply(record) {
                    throw damaged("a change contradicts those before it")
                }
                position += size
            case .short where start + UInt64(buffer.count) < fileSize: try fill()
            case .short, .damaged: return try endOfFrames()
            }
        }
    }

    /// Decides what bytes that are no frame are: the last append, cut off, or damage.
    private mutating func endOfFrames() throws(StoreError) -> UInt64 {
        let end = offset
        guard end < fileSize else { return end }
        let frameMax = UInt64(CatalogueFormat.prefixSize + CatalogueFormat.bodyMax)
        guard fileSize - end <= frameMax else { throw damaged("a frame") }
        while start + UInt64(buffer.count) < fileSize { try fill() }
        for place in (position + 1)..<max(position + 1, buffer.count) {
            if case .frame = CatalogueFormat.parse(buffer[place...]) { throw damaged("a frame") }
        }
        return end
    }

    /// Drops what was looked at, and reads on.
    private mutating func fill() throws(StoreError) {
        buffer.removeFirst(position)
        start += UInt64(position)
        position = 0
        let place = start + UInt64(buffer.count)
        var chunk = [UInt8](repeating: 0, count: Self.chunkSize)
        let count = try StoreError.wrapping { () throws(DiskError) in
            try chunk.withDiskBuffer { (bytes) throws(DiskError) in
                try disk.readAll(file, into: bytes, at: place)
            }
        }
        guard count > 0 || place >= fileSize else { throw damaged("it was cut meanwhile") }
        buffer += chunk.prefix(count)
    }

    private func damaged(_ what: String) -> StoreError {
        .damagedCatalogue(file.path, offset, what)
    }
}

extension StoreError {
    /// Runs disk operations.
    static func wrapping<Result>(
        _ body: () throws(DiskError) -> Result
    ) throws(StoreError) -> Result {
        do throws(DiskError) {
            return try body()
        } catch {
            throw .disk(error)
        }
    }
}

extension [UInt8] {
    /// `withUnsafeBytes` with a typed error.
    func withDiskBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws(DiskError) -> Result
    ) throws(DiskError) -> Result {
        try span.bytes.withUnsafeBytes(body)
    }

    /// `withUnsafeMutableBytes` with a typed error.
    mutating func withDiskBuffer<Result>(
        _ body: (UnsafeMutableRawBufferPointer) throws(DiskError) -> Result
    ) throws(DiskError) -> Result {
        var span = mutableSpan
        var bytes = span.mutableBytes
        return try bytes.withUnsafeMutableBytes(body)
    }
}
