// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// What a store holds, in memory: who has which content, what labels name, and what is in the making.
///
/// Content belongs to a namespace by an *entry*; several namespaces may have entries of one blob. A
/// change is decided here as records, which the catalogue makes durable before ``apply(_:)`` lets
/// anybody see it.
struct StoreIndex: Sendable {
    /// One piece of content of one namespace.
    struct Entry: Sendable {
        let size: UInt64
        /// When it was stored last.
        var time: WallTime
    }

    /// One namespace.
    struct Space: Sendable {
        var entries: [ContentID: Entry] = [:]
        var labels: [StoreLabel: ContentID] = [:]
        var size: UInt64 = 0
        /// Content that is being written, and by how many at once.
        var coming: [ContentID: (size: UInt64, writers: Int)] = [:]

        var isEmpty: Bool { entries.isEmpty && labels.isEmpty && coming.isEmpty }
    }

    private(set) var spaces: [StoreNamespace: Space] = [:]
    /// How many entries each blob has.
    private var holders: [ContentID: (entries: Int, size: UInt64)] = [:]
    /// How many labels of all namespaces name a blob.
    private var labelCounts: [ContentID: Int] = [:]
    /// Blobs that an operation works with: they stay.
    private var pins: [ContentID: Int] = [:]
    /// What was stored or labelled since a collection began; `nil` while none runs.
    private var fresh: [ContentID]?
    /// How many entries and labels there are.
    private(set) var entryCount = 0
    /// The bytes of all blobs, each counted once.
    private(set) var size: UInt64 = 0

    // MARK: Looking

    /// The names of all blobs, sorted.
    var blobs: [ContentID] { holders.keys.sorted() }

    var blobCount: Int { holders.count }

    func blobSize(_ id: ContentID) -> UInt64? { holders[id]?.size }

    func size(of id: ContentID, in space: StoreNamespace) -> UInt64? {
        spaces[space]?.entries[id]?.size
    }

    func target(of label: StoreLabel, in space: StoreNamespace) -> ContentID? {
        spaces[space]?.labels[label]
    }

    func usage(of name: StoreNamespace) -> StoreUsage {
        let space = spaces[name]
        return StoreUsage(
            namespace: name, size: space?.size ?? 0, count: space?.entries.count ?? 0,
            labelCount: space?.labels.count ?? 0)
    }

    /// The first label of a namespace that names a blob.
    func label(naming id: ContentID, in name: StoreNamespace) -> StoreLabel? {
        guard labelCounts[id] != nil else { return nil }
        return spaces[name]?.labels.filter { $0.value == id }.keys.min()
    }

    /// How many namespaces have an entry of a blob.
    func entryCount(of id: ContentID) -> Int { holders[id]?.entries ?? 0 }

    /// The namespaces that have an entry of a blob, sorted.
    func spaces(holding id: ContentID) -> [StoreNamespace] {
        spaces.filter { $0.value.entries[id] != nil }.keys.sorted()
    }

    // MARK: Storing

    /// Sets room aside for content that is about to be written, and keeps it from being collected.
    ///
    /// - Returns: whether the store has the blob already.
    mutating func reserve(
        _ id: ContentID, size: UInt64, in name: StoreNamespace, label: StoreLabel?,
        quota: StoreQuota, entriesMax: Int
    ) throws(StoreError) -> Bool {
        let space = spaces[name] ?? Space()
        let isNew = space.entries[id] == nil && space.coming[id] == nil
        if isNew {
            // What one of several writers has stored already is an entry, and counts once.
            let coming = space.coming.filter { space.entries[$0.key] == nil }
            let count = space.entries.count + coming.count
            guard count < quota.countMax else {
                throw Self.overQuota(name, "\(count) of \(quota.countMax) pieces of content")
            }
            let used = space.size + coming.values.reduce(0) { $0 + $1.0 }
            guard used <= quota.sizeMax, size <= quota.sizeMax - used else {
                throw Self.overQuota(
                    name, "\(used) of \(quota.sizeMax) bytes, and \(size) more do not fit")
            }
            guard entryCount < entriesMax else { throw .full("\(entryCount) entries") }
        }
        if let label { try checkRoom(for: label, in: name, quota: quota, entriesMax: entriesMax) }
        let writers = space.coming[id]?.writers ?? 0
        let isEntry = space.entries[id] != nil
        if !isEntry { spaces[name, default: Space()].coming[id] = (size, writers + 1) }
        pins[id, default: 0] += 1
        return holders[id] != nil
    }

    /// Gives back what ``reserve(_:size:in:label:quota:entriesMax:)`` set aside.
    mutating func release(_ id: ContentID, in name: StoreNamespace) {
        if let count = pins[id] { pins[id] = count > 1 ? count - 1 : nil }
        guard let (size, writers) = spaces[name]?.coming[id] else { return }
        if writers > 1 {
            spaces[name]?.coming[id] = (size, writers - 1)
        } else {
            spaces[name]?.coming[id] = nil
            if spaces[name]?.isEmpty == true { spaces[name] = nil }
        }
    }

    /// Checks that a namespace may have a label, new or not.
    func checkRoom(
        for label: StoreLabel, in name: StoreNamespace, quota: StoreQuota, entriesMax: Int
    ) throws(StoreError) {
        guard let space = spaces[name], space.labels[label] == nil else { return }
        guard space.labels.count < quota.countMax else {
            throw Self.overQuota(name, "\(space.labels.count) of \(quota.countMax) labels")
        }
        guard entryCount < entriesMax else { throw .full("\(entryCount) entries") }
    }

    /// Notes that content was stored once more, so that it counts as young.
    mutating func touch(_ id: ContentID, in name: StoreNamespace, at time: WallTime) {
        if let entry = spaces[name]?.entries[id], entry.time < time {
            spaces[name]?.entries[id]?.time = time
        }
        fresh?.append(id)
    }

    private static func overQuota(_ name: StoreNamespace, _ fact: String) -> StoreError {
        StoreError(
            .quota, "namespace '\(name)' is full: it has \(fact)",
            remedy:
                "Forget what no label needs, or raise 'quota' or 'count_max' of the handler 'store'."
        )
    }

    // MARK: Changing

    /// Applies a durable record. `false` for one that contradicts what is there.
    mutating func apply(_ record: CatalogueRecord) -> Bool {
        switch record {
        case .stored(let name, let id, let size, let time): stored(name, id, size, time)
        case .forgotten(let name, let id): forgotten(name, id)
        case .labelled(let name, let label, let id): labelled(name, label, id)
        case .unlabelled(let name, let label): unlabelled(name, label)
        }
    }

    private mutating func stored(
        _ name: StoreNamespace, _ id: ContentID, _ size: UInt64, _ time: WallTime
    ) -> Bool {
        let holder = holders[id] ?? (0, size)
        guard holder.size == size else { return false }
        fresh?.append(id)
        if spaces[name]?.entries[id] != nil {
            spaces[name]?.entries[id]?.time = time
            return true
        }
        let (total, isTooLarge) = self.size.addingReportingOverflow(holder.entries == 0 ? size : 0)
        let used = spaces[name]?.size ?? 0
        let (sum, isSumTooLarge) = used.addingReportingOverflow(size)
        guard !isTooLarge, !isSumTooLarge else { return false }
        holders[id] = (holder.entries + 1, size)
        spaces[name, default: Space()].entries[id] = Entry(size: size, time: time)
        spaces[name]?.size = sum
        self.size = total
        entryCount += 1
        return true
    }

    private mutating func forgotten(_ name: StoreNamespace, _ id: ContentID) -> Bool {
        guard let entry = spaces[name]?.entries.removeValue(forKey: id), let holder = holders[id]
        else { return false }
        spaces[name]?.size -= entry.size
        entryCount -= 1
        if holder.entries > 1 {
            holders[id] = (holder.entries - 1, holder.size)
        } else {
            holders[id] = nil
            size -= holder.size
        }
        if spaces[name]?.isEmpty == true { spaces[name] = nil }
        return true
    }

    private mutating func labelled(
        _ name: StoreNamespace, _ label: StoreLabel, _ id: ContentID
    ) -> Bool {
        guard spaces[name]?.entries[id] != nil else { return false }
        fresh?.append(id)
        if let old = spaces[name]?.labels.updateValue(id, forKey: label) {
            uncount(old)
        } else {
            entryCount += 1
        }
        labelCounts[id, default: 0] += 1
        return true
    }

    private mutating func unlabelled(_ name: StoreNamespace, _ label: StoreLabel) -> Bool {
        guard let old = spaces[name]?.labels.removeValue(forKey: label) else { return false }
        uncount(old)
        entryCount -= 1
        if spaces[name]?.isEmpty == true { spaces[name] = nil }
        return true
    }

    private mutating func uncount(_ id: ContentID) {
        let count = labelCounts[id] ?? 0
        labelCounts[id] = count > 1 ? count - 1 : nil
    }

    /// The shortest sequence of records that makes this index.
    func forEachRecord<Failure: Error>(
        _ body: (CatalogueRecord) throws(Failure) -> Void
    ) throws(Failure) {
        for (name, space) in spaces {
            for (id, entry) in space.entries {
                try body(.stored(name, id, size: entry.size, time: entry.time))
            }
            for (label, id) in space.labels { try body(.labelled(name, label, id)) }
        }
    }

    // MARK: Collecting

    /// What labels name, and the beginning of a record of what is stored and labelled meanwhile.
    mutating func beginCollection() -> Set<ContentID> {
        fresh = []
        return Set(labelCounts.keys)
    }

    /// What was stored or labelled since the last question.
    mutating func takeFresh() -> [ContentID] {
        defer { fresh = fresh.map { _ in [] } }
        return fresh ?? []
    }

    mutating func endCollection() { fresh = nil }

    /// Whether a blob may lose an entry now: nothing names it or works with it.
    func isLoose(_ id: ContentID) -> Bool { labelCounts[id] == nil && pins[id] == nil }

    /// Whether a blob's file is nobody's.
    func isStray(_ id: ContentID) -> Bool { holders[id] == nil && pins[id] == nil }
}
