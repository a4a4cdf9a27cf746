// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
public import TheaterPlatform

/// Immutable content by its digest, in namespaces with labels.
///
/// Content is kept once, whoever stores it, and verified whenever it is read. What an operation has
/// answered survives the process and the machine. Content of a namespace can be read in that
/// namespace only, whether or not another one has the same. Labels name content of their own
/// namespace, and change atomically.
///
/// Any thread may use a store. Its methods block for the disk; ``perform(_:)`` calls them from tasks.
public final class ContentStore: Sendable {
    struct State: Sendable {
        var index = StoreIndex()
        /// `nil` in memory, and for reading.
        var catalogue: Catalogue?
        /// Held while the store is open for writing on disk.
        var lock: DiskFile?
        var isReadOnly = false
        var isClosed = false
        var isCollecting = false
    }

    /// The bounds.
    public let options: StoreOptions
    /// Where the store is; `nil` in memory.
    public let directory: String?
    let state: Mutex<State>
    let blobs: any BlobKeeper
    let pool: WorkerPool?
    private let disk: (any Disk)?

    private init(
        _ state: consuming State, _ blobs: any BlobKeeper, _ options: StoreOptions,
        directory: String? = nil, disk: (any Disk)? = nil
    ) {
        self.state = Mutex(state)
        self.blobs = blobs
        self.options = options
        self.directory = directory
        self.disk = disk
        pool =
            disk == nil
            ? nil
            : WorkerPool(
                name: "theater-store", threadsMax: options.threadsMax,
                waitingMax: options.waitingMax)
    }

    deinit { closeFiles() }

    // MARK: Opening

    /// A store that ends with the process.
    public static func inMemory(options: StoreOptions = StoreOptions()) -> ContentStore {
        ContentStore(State(), BlobMemory(sizeMax: options.memorySizeMax), options)
    }

    /// Opens a store on disk, or begins one. Makes the directory, but not the one above it.
    ///
    /// Takes the store's lock. After a crash it removes what was being written.
    ///
    /// - Throws: `store.locked`, `store.damaged`, `store.newer-format`, `store.disk`.
    public static func open(
        directory: String, options: StoreOptions = StoreOptions(), disk: any Disk = SystemDisk()
    ) throws(StoreError) -> ContentStore {
        let lock = try takeLock(directory, disk)
        do throws(StoreError) {
            let files = BlobFiles(disk, directory)
            let hasBlobs = try files.prepare()
            var state = State()
            state.catalogue = try Catalogue.open(
                disk, directory, hasBlobs: hasBlobs, into: &state.index)
            state.lock = lock
            return ContentStore(state, files, options, directory: directory, disk: disk)
        } catch {
            disk.release(lock)
            throw error
        }
    }

    /// Opens a store for reading as it is now. Needs no lock: it works while a node runs, and after a
    /// crash. What a node collects meanwhile is missed as damaged.
    ///
    /// - Returns: `nil` when there is no store.
    /// - Throws: `store.damaged`, `store.newer-format`, `store.disk`.
    public static func openReadOnly(
        directory: String, options: StoreOptions = StoreOptions(), disk: any Disk = SystemDisk()
    ) throws(StoreError) -> ContentStore? {
        var state = State()
        state.isReadOnly = true
        guard try Catalogue.read(disk, directory, into: &state.index) else { return nil }
        return ContentStore(
            state, BlobFiles(disk, directory), options, directory: directory, disk: disk)
    }

    private static func takeLock(
        _ directory: String, _ disk: any Disk
    ) throws(StoreError) -> DiskFile {
        let path = directory + "/lock"
        let (file, isMine) = try StoreError.wrapping { () throws(DiskError) in
            try disk.makeDirectoryIfMissing(directory)
            let file = try disk.open(path, .write)
            do throws(DiskError) {
                return (file, try disk.lock(file))
            } catch {
                disk.close(file)
                throw error
            }
        }
        guard isMine else {
            disk.close(file)
            throw StoreError(
                .locked, "the store in '\(directory)' is in use by another process",
                remedy: "Stop that process first, or use another data directory.")
        }
        return file
    }

    /// Whether the store ends with the process, so that its methods do not block.
    public var isInMemory: Bool { disk == nil }

    /// Refuses what comes later, and gives up the lock. Operations that run are finished first.
    public func close() {
        pool?.close()
        closeFiles()
    }

    private func closeFiles() {
        let (catalogue, lock) = state.withLock { state in
            state.isClosed = true
            return (state.catalogue.take(), state.lock.take())
        }
        catalogue?.close()
        if let lock { disk?.release(lock) }
    }

    // MARK: Content

    /// Stores content; what the namespace has already is stored once.
    ///
    /// - Parameters:
    ///   - label: a label that names it from then on; both take effect together.
    ///   - quota: what the namespace may hold.
    /// - Throws: `store.too-large`, `store.quota`, `store.full`, `store.disk`, `store.read-only`,
    ///   `store.closed`. Nothing is stored then.
    @discardableResult
    public func put(
        _ content: [UInt8], in namespace: StoreNamespace, label: StoreLabel? = nil,
        quota: StoreQuota = .unlimited
    ) throws(StoreError) -> ContentID {
        guard content.count <= options.contentSizeMax else {
            throw .tooLarge(content.count, options.contentSizeMax)
        }
        let id = ContentID(of: content)
        try enter(id, size: UInt64(content.count), in: namespace, label: label, quota: quota) {
            (isKnown) throws(StoreError) in
            try blobs.keep(content, as: id, isKnown: isKnown)
        }
        return id
    }

    /// Begins content that comes in parts.
    ///
    /// - Throws: `store.disk`, `store.read-only`, `store.closed`.
    public func draft() throws(StoreError) -> ContentDraft {
        try write { (_) throws(StoreError) in }
        return ContentDraft(try blobs.draft(), sizeMax: options.contentSizeMax)
    }

    /// Stores what has come in parts, as ``put(_:in:label:quota:)`` does. A draft is stored once.
    ///
    /// - Throws: `store.quota`, `store.full`, `store.disk`, `store.read-only`, `store.closed`. Nothing is
    ///   stored then.
    @discardableResult
    public func put(
        _ draft: ContentDraft, in namespace: StoreNamespace, label: StoreLabel? = nil,
        quota: StoreQuota = .unlimited
    ) throws(StoreError) -> ContentID {
        let id = draft.id
        try enter(id, size: draft.size, in: namespace, label: label, quota: quota) {
            (_) throws(StoreError) in
            try draft.keep()
        }
        return id
    }

    /// Makes content that `keep` puts in its place an entry of a namespace.
    private func enter(
        _ id: ContentID, size: UInt64, in namespace: StoreNamespace, label: StoreLabel?,
        quota: StoreQuota, keep: (_ isKnown: Bool) throws(StoreError) -> Void
    ) throws(StoreError) {
        let isKnown = try write { (state) throws(StoreError) in
            try state.index.reserve(
                id, size: size, in: namespace, label: label, quota: quota,
                entriesMax: options.entriesMax)
        }
        defer { state.withLock { $0.index.release(id, in: namespace) } }
        try keep(isKnown)
        let now = options.world.wallTime()
        try write { (state) throws(StoreError) in
            var records: [CatalogueRecord] = []
            if state.index.size(of: id, in: namespace) == nil {
                records.append(.stored(namespace, id, size: size, time: now))
            } else {
                state.index.touch(id, in: namespace, at: now)
            }
            if let label, state.index.target(of: label, in: namespace) != id {
                try state.index.checkRoom(
                    for: label, in: namespace, quota: quota, entriesMax: options.entriesMax)
                records.append(.labelled(namespace, label, id))
            }
            try state.commit(records)
        }
    }

    /// The content of a name, verified.
    ///
    /// - Throws: `store.not-found`; `store.damaged` with the name of the blob; `store.disk`.
    public func get(_ id: ContentID, in namespace: StoreNamespace) throws(StoreError) -> [UInt8] {
        guard let size = try size(of: id, in: namespace) else { throw .notFound(id, namespace) }
        if let content = try blobs.read(id, size: size) { return content }
        // Forgotten meanwhile, or lost.
        guard try self.size(of: id, in: namespace) != nil else { throw .notFound(id, namespace) }
        throw .damaged(id, "its bytes are missing")
    }

    /// The size of content; `nil` when the namespace does not have it.
    public func size(of id: ContentID, in space: StoreNamespace) throws(StoreError) -> UInt64? {
        try read { $0.size(of: id, in: space) }
    }

    /// Whether any namespace has content of that name.
    public func contains(_ id: ContentID) -> Bool {
        state.withLock { $0.index.blobSize(id) != nil }
    }

    /// Forgets content that no label of the namespace names.
    ///
    /// - Returns: whether the namespace had it and has it no longer.
    /// - Throws: `store.conflict` when a label of the namespace names it; `store.disk`,
    ///   `store.read-only`, `store.closed`.
    @discardableResult
    public func forget(_ id: ContentID, in space: StoreNamespace) throws(StoreError) -> Bool {
        try write { (state) throws(StoreError) in
            guard state.index.size(of: id, in: space) != nil else { return false }
            if let label = state.index.label(naming: id, in: space) {
                throw .conflict(label, found: id)
            }
            try state.commit([.forgotten(space, id)])
            removeIfStray(id, state)
            return true
        }
    }

    // MARK: Listing

    /// What each namespace holds, sorted by name.
    public func usage() throws(StoreError) -> [StoreUsage] {
        try read { index in index.spaces.keys.sorted().map { index.usage(of: $0) } }
    }

    /// What a namespace holds; nothing, for one that nobody has used.
    public func usage(of space: StoreNamespace) throws(StoreError) -> StoreUsage {
        try read { $0.usage(of: space) }
    }

    /// The content of a namespace, sorted by name, with its sizes.
    public func contents(
        of space: StoreNamespace
    ) throws(StoreError) -> [(id: ContentID, size: UInt64)] {
        let entries = try read { $0.spaces[space]?.entries ?? [:] }
        return entries.map { ($0.key, $0.value.size) }.sorted { $0.0 < $1.0 }
    }

    // MARK: The edge

    /// Removes the bytes of a blob that nobody has any more. If the disk refuses, the next collection
    /// does it.
    func removeIfStray(_ id: ContentID, _ state: State) {
        guard state.index.isStray(id) else { return }
        do throws(StoreError) { try blobs.remove(id) } catch {}
    }

    /// Looks at the index.
    func read<Result>(_ body: (StoreIndex) -> Result) throws(StoreError) -> Result {
        try state.withLock { (state) throws(StoreError) in
            if state.isClosed { throw .closed }
            return body(state.index)
        }
    }

    /// Changes the index.
    func write<Result>(
        _ body: (inout State) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try state.withLock { (state) throws(StoreError) in
            if state.isClosed { throw .closed }
            if state.isReadOnly { throw .readOnly }
            // Even what would change nothing: what the disk has may be newer than the index.
            if let failure = state.catalogue?.failure { throw .refusing(failure) }
            return try body(&state)
        }
    }
}

extension ContentStore.State {
    /// Makes changes durable, then visible.
    mutating func commit(_ records: [CatalogueRecord]) throws(StoreError) {
        guard !records.isEmpty else { return }
        try catalogue?.append(records)
        for record in records {
            let isConsistent = index.apply(record)
            assert(isConsistent, "a change was decided on the index that it applies to")
        }
        do throws(StoreError) {
            try catalogue?.compactIfLarge(index)
        } catch {
            // What was asked is done; an outdated catalogue is no less true.
        }
    }
}
