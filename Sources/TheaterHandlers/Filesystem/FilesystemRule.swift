// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterFiles
internal import TheaterHandler
internal import TheaterManifest

/// What a grant of files allows. Opens its root when that is first needed, and keeps it.
final class FilesystemRule: Sendable {
    /// The most bytes that one call reads: what crosses the boundary is recorded, and an event has a bound
    /// of its own.
    static let readMaxMax = 16 << 20
    /// The most bytes of the names in one list.
    static let listSizeMax = 8 << 20

    /// Where the root is; `nil` for a grant without files.
    let path: String?
    let mayRead: Bool
    let mayWrite: Bool
    let readMax: Int
    let entriesMax: Int
    private let root = Mutex<FileRoot?>(nil)
    private let budget: Mutex<FileBudget>

    /// Reads the keys; what is wrong with them is left to the reader.
    init(_ grant: inout SectionReader) {
        let path = grant.string("path") ?? ""
        // Empty as well when the parent's root and this one have nothing in common.
        self.path = path.isEmpty ? nil : path
        mayRead = grant.bool("read") ?? true
        mayWrite = grant.bool("write") ?? false
        let readBounds = ByteCount(bytes: 1)...ByteCount(bytes: UInt64(Self.readMaxMax))
        readMax = Int(clamping: grant.bytes("max_read", in: readBounds)?.bytes ?? .max)
            .clamped(to: Self.readMaxMax)
        entriesMax = grant.integer("max_entries", in: 1...100_000) ?? Self.entriesDefault
        let size = grant.bytes("quota")?.bytes ?? Self.quotaDefault
        let count = grant.integer("count_max", in: 0...100_000_000) ?? Self.countDefault
        let fileSize = grant.bytes("max_file_size")?.bytes ?? Self.fileSizeDefault
        budget = Mutex(
            FileBudget(sizeMax: size, countMax: UInt64(clamping: count), fileSizeMax: fileSize))
    }

    static let entriesDefault = 10_000
    static let countDefault = 100_000
    static let quotaDefault: UInt64 = 1 << 30
    static let fileSizeDefault: UInt64 = 1 << 30

    /// The root, open. Blocks for the disk.
    ///
    /// - Throws: `filesystem.no-root`, `filesystem.unsupported`.
    func opened() throws(FileError) -> FileRoot {
        if let root = root.withLock({ $0 }) { return root }
        let opened = try FileRoot.open(path ?? "")
        return root.withLock { root in
            let kept = root ?? opened
            root = kept
            return kept
        }
    }

    /// Has something done that counts for the quota. An actor has one such operation at a time.
    func spend<Value>(
        _ work: (inout FileBudget) throws(FileError) -> Value
    ) throws(FileError) -> Value {
        var present = budget.withLock { $0 }
        defer { budget.withLock { [present] in $0 = present } }
        return try work(&present)
    }

    // MARK: Checking

    /// What an operation needs of the grant.
    enum Right {
        case reading
        case writing
    }

    /// Whether the grant covers an operation.
    ///
    /// - Throws: `filesystem.outside`, `filesystem.read-denied`, `filesystem.write-denied`.
    func check(_ right: Right) throws(FileError) {
        guard path != nil else {
            throw FileError(
                .outside,
                "the grant has no files: it names no path, or one that lies beside its parent's; set path"
            )
        }
        switch right {
        case .reading where !mayRead:
            throw FileError(.readDenied, "the grant does not cover reading; set read = true")
        case .writing where !mayWrite:
            throw FileError(.writeDenied, "the grant does not cover writing; set write = true")
        case .reading, .writing: return
        }
    }
}

extension Int {
    fileprivate func clamped(to most: Int) -> Int { Swift.min(self, most) }
}
