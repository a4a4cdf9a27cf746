// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterPlatform

/// What a collection found and removed.
public struct StoreCollection: Sendable, Hashable {
    /// How many pieces of content of all namespaces stay.
    public var keptCount = 0
    /// How many are removed because nothing names them.
    public var removedCount = 0
    /// How many stay for now, because they were stored a short time ago.
    public var youngCount = 0
    /// How many files were left behind by a crash, and are removed.
    public var strayCount = 0
    /// How many bytes of blobs are freed, without the strays.
    public var freedSize: UInt64 = 0
}

extension ContentStore {
    /// The largest content that is searched for mentions of other content.
    static let mentionSizeMax: UInt64 = 1 << 20
    /// How much is removed under one lock.
    static let sweepCount = 64

    /// Removes content that nothing names.
    ///
    /// Kept is what a label of any namespace names, what `roots` answers, whatever kept content of at
    /// most 1 MiB mentions by digest (so a manifest keeps its module), and what was stored within
    /// `grace`. The store may be used meanwhile: others wait at most while 64 pieces are removed, and
    /// what is stored or labelled during the collection stays.
    ///
    /// - Parameters:
    ///   - grace: for how long content may lie about before it has a name.
    ///   - isTrial: count, but remove nothing.
    ///   - roots: content that is named elsewhere; called when the collection has begun.
    ///   - progress: told now and then how many blobs and entries were looked at, of so many.
    /// - Throws: `store.busy` when a collection runs; `store.disk`, `store.read-only`,
    ///   `store.closed`. What was removed so far is gone then.
    public func collect(
        grace: Duration, isTrial: Bool = false,
        roots: () throws(StoreError) -> Set<ContentID> = { [] },
        progress: (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws(StoreError) -> StoreCollection {
        var marked = try write { (state) throws(StoreError) in
            guard !state.isCollecting else {
                throw StoreError(
                    .busy, "a collection is running already", remedy: "Wait for its end.")
            }
            state.isCollecting = true
            return state.index.beginCollection()
        }
        defer {
            state.withLock { state in
                state.isCollecting = false
                state.index.endCollection()
            }
        }
        var sweep = Sweep(cutoff: cutoff(grace), isTrial: isTrial)
        marked.formUnion(try roots())
        let first = marked
        marked = []
        let blobCount = try read { UInt64($0.blobCount) }
        let total = try read { blobCount + UInt64($0.entryCount) }
        try mark(first, into: &marked) { progress(min(UInt64($0), blobCount), total) }
        var done = blobCount
        for (space, ids) in try candidates() {
            for start in stride(from: 0, to: ids.count, by: Self.sweepCount) {
                let batch = ids[start..<min(start + Self.sweepCount, ids.count)]
                try self.sweep(&sweep, space, batch, &marked)
                done += UInt64(batch.count)
                progress(min(done, total), total)
            }
        }
        if !isTrial { try removeStrays(&sweep) }
        return sweep.report
    }

    /// What a collection goes by.
    private struct Sweep {
        /// Content stored later than this stays.
        let cutoff: Int64
        let isTrial: Bool
        var report = StoreCollection()
        /// Blobs that a trial would have removed an entry of, with their entries left.
        var entriesLeft: [ContentID: Int] = [:]
    }

    private func cutoff(_ grace: Duration) -> Int64 {
        let (seconds, attoseconds) = grace.components
        let (whole, isLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let nanoseconds = isLong ? Int64.max : whole &+ attoseconds / 1_000_000_000
        let now = options.world.wallTime().nanoseconds
        let (cutoff, isPast) = now.subtractingReportingOverflow(max(0, nanoseconds))
        return isPast ? .min : cutoff
    }

    /// All content by namespace, sorted, so that the same store is collected in the same order.
    private func candidates() throws(StoreError) -> [(StoreNamespace, [ContentID])] {
        let names = try read { $0.spaces.keys.sorted() }
        var found: [(StoreNamespace, [ContentID])] = []
        for name in names {
            let ids = try read { $0.spaces[name].map { Array($0.entries.keys) } ?? [] }
            found.append((name, ids.sorted()))
        }
        return found
    }

    /// Marks content, and what it mentions.
    ///
    /// - Parameter progress: told how much is marked.
    private func mark(
        _ ids: Set<ContentID>, into marked: inout Set<ContentID>,
        progress: (Int) -> Void = { _ in }
    ) throws(StoreError) {
        var waiting = ids.sorted()
        while let id = waiting.popLast() {
            guard let size = try read({ $0.blobSize(id) }), marked.insert(id).inserted,
                size >= UInt64(ContentID.digitCount), size <= Self.mentionSizeMax
            else { continue }
            progress(marked.count)
            let content: [UInt8]?
            do throws(StoreError) {
                content = try blobs.read(id, size: size)
            } catch {
                // A damaged blob mentions nothing; to find it is the business of `verify`.
                guard error.code == .damaged else { throw error }
                continue
            }
            if let content {
                waiting += ContentID.mentioned(in: content).subtracting(marked).sorted()
            }
        }
    }

    /// Removes those of some entries that nothing names.
    private func sweep(
        _ sweep: inout Sweep, _ space: StoreNamespace, _ batch: ArraySlice<ContentID>,
        _ marked: inout Set<ContentID>
    ) throws(StoreError) {
        while true {
            let fresh = try write { (state) throws(StoreError) in
                let fresh = Set(state.index.takeFresh()).subtracting(marked)
                // What came meanwhile may mention what is about to go.
                guard fresh.isEmpty else { return fresh }
                try remove(&sweep, space, batch, marked, &state)
                return []
            }
            if fresh.isEmpty { return }
            try mark(fresh, into: &marked)
        }
    }

    private func remove(
        _ sweep: inout Sweep, _ space: StoreNamespace, _ batch: ArraySlice<ContentID>,
        _ marked: Set<ContentID>, _ state: inout State
    ) throws(StoreError) {
        var loose: [ContentID] = []
        for id in batch {
            guard let entry = state.index.spaces[space]?.entries[id] else { continue }
            if marked.contains(id) || !state.index.isLoose(id) {
                sweep.report.keptCount += 1
            } else if entry.time.nanoseconds > sweep.cutoff {
                sweep.report.youngCount += 1
            } else {
                loose.append(id)
            }
        }
        guard !sweep.isTrial else { return count(loose, &sweep, state.index) }
        let size = state.index.size
        try state.commit(loose.map { .forgotten(space, $0) })
        sweep.report.removedCount += loose.count
        sweep.report.freedSize += size - state.index.size
        for id in loose { removeIfStray(id, state) }
    }

    /// Counts what a trial would remove.
    private func count(_ loose: [ContentID], _ sweep: inout Sweep, _ index: StoreIndex) {
        sweep.report.removedCount += loose.count
        for id in loose {
            let left = (sweep.entriesLeft[id] ?? index.entryCount(of: id)) - 1
            sweep.entriesLeft[id] = left
            if left == 0 { sweep.report.freedSize += index.blobSize(id) ?? 0 }
        }
    }

    /// Removes blobs without an entry: their process ended between the blob and the entry.
    private func removeStrays(_ sweep: inout Sweep) throws(StoreError) {
        var strays: [ContentID] = []
        try blobs.forEachBatch { (ids) throws(StoreError) in
            strays += try read { index in ids.filter { index.isStray($0) } }
        }
        for start in stride(from: 0, to: strays.count, by: Self.sweepCount) {
            let batch = strays[start..<min(start + Self.sweepCount, strays.count)]
            sweep.report.strayCount += try write { (state) throws(StoreError) in
                let still = batch.filter { state.index.isStray($0) }
                for id in still { try blobs.remove(id) }
                return still.count
            }
        }
    }
}
