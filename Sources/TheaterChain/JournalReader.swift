// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// Reads the chains of a journal as it was when the reader was made.
public struct JournalReader: Sendable {
    private let files: SegmentSet?
    private let memory: SegmentSet?
    private let heads: HeadTable
    private let index: HeadIndex?
    private let waypoints: Waypoints

    /// Opens the files of a journal without its lock.
    init(directory: String, disk: any Disk) throws(JournalError) {
        do throws(DiskError) {
            files = try SegmentSet(disk, directory: directory)
        } catch {
            throw .directory(directory, error)
        }
        memory = nil
        // During a swap of segments the index names places in the old ones.
        index = files?.isSwapping == true ? nil : HeadIndex.load(disk, directory)
        waypoints = Waypoints()
        guard let files else {
            heads = HeadTable()
            return
        }
        let reachable = index.flatMap { files.numbers.contains($0.end.segment) ? $0 : nil }
        var walk = JournalWalk(files, depth: .records, from: reachable)
        try walk.run()
        if let problem = walk.problems.first(where: { $0.check == .segmentHeader && $0.offset == 8 }
        ) {
            throw .newerFormat(problem.file, problem.detail)
        }
        heads = walk.heads
    }

    /// Reads what an open journal has written and keeps in memory.
    init(
        directory: String?, disk: any Disk, heads: HeadTable, memory: MemoryLog,
        waypoints: Waypoints
    ) throws(JournalError) {
        do throws(DiskError) {
            files = try directory.map { (path) throws(DiskError) in
                try SegmentSet(disk, directory: path)
            }
        } catch {
            throw .directory(directory ?? "", error)
        }
        self.memory = SegmentSet(memory)
        self.heads = heads
        self.waypoints = waypoints
        index = nil
    }

    /// All chains, in the order in which they began.
    public func actors() -> [ChainSummary] { heads.entries.map(\.summary) }

    /// The chains of actors, in the order in which they began: all but the inboxes of durable ones.
    public func lifeChains() -> [ChainSummary] { actors().withoutInboxes() }

    /// The chain of an actor in brief; `nil` when the journal has none.
    public func summary(of actor: ActorID) -> ChainSummary? { heads.entry(of: actor)?.summary }

    /// The events of a chain, oldest first; all of them, or those with a sequence in a range.
    ///
    /// Needs memory for one event, and 16 bytes for each 1,024 events of the range. The first event is
    /// found from the nearest one after it whose place is known: what was appended or read through the
    /// same journal or reader is known at every 1,024th event at least, of chains of four million events
    /// and more at fewer. Of a chain in memory, events that were dropped are left out.
    ///
    /// - Throws: `unknownChain`. The cursor throws `damaged` when the chain cannot be followed back.
    public func events(
        of actor: ActorID, in range: Range<UInt64>? = nil
    ) throws(JournalError) -> EventCursor {
        guard let entry = heads.entry(of: actor) else { throw .unknownChain(actor) }
        guard let segments = entry.isInMemory ? memory : files else { throw .unknownChain(actor) }
        let all = 0..<entry.count
        return EventCursor(segments, entry, (range ?? all).clamped(to: all), waypoints)
    }

    /// Returns once what this reader sees is on stable storage; nothing to do for what is in memory.
    ///
    /// - Throws: `disk`.
    public func sync() throws(JournalError) {
        // The segments before the newest were synced before it was begun.
        guard let files, let newest = files.numbers.last else { return }
        do throws(DiskError) {
            try files.sync(newest)
        } catch {
            throw .disk(error)
        }
    }

    /// Checks one chain: that every event is as it was recorded, follows the one before it, belongs
    /// to this actor and appears once. Reads the whole journal, but hashes this chain only.
    ///
    /// - Parameter progress: told now and then how many events were read, of so many.
    /// - Throws: `unknownChain`; `disk`. What is wrong is not an error but in the report.
    public func verify(
        _ actor: ActorID, progress: (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws(JournalError) -> VerificationReport {
        guard let entry = heads.entry(of: actor) else { throw .unknownChain(actor) }
        guard let segments = entry.isInMemory ? memory : files else { throw .unknownChain(actor) }
        var walk = JournalWalk(segments, depth: .hashes(of: actor))
        let total = heads.entries.reduce(0) { $0 + $1.count }
        try walk.run { progress($0, total) }
        walk.checkReach(index)
        return report(entry, walk)
    }

    /// Checks every chain, and that no record is missing among those the journal marked as durable.
    ///
    /// - Parameter progress: told now and then how many events were checked, of so many.
    /// - Throws: `disk`. What is wrong is not an error but in the result.
    public func verifyAll(
        progress: (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws(JournalError) -> JournalVerification {
        let total = heads.entries.reduce(0) { $0 + $1.count }
        var walks: [JournalWalk] = []
        for segments in [files, memory] {
            guard let segments else { continue }
            var walk = JournalWalk(segments, depth: .hashes(of: nil))
            let before = walks.reduce(0) { $0 + $1.eventCount }
            try walk.run { progress(before + $0, total) }
            if !segments.isInMemory { walk.checkReach(index) }
            walks.append(walk)
        }
        var chains: [VerificationReport] = []
        for walk in walks {
            for entry in walk.heads.entries {
                let known = heads.entry(of: entry.actor) ?? entry
                chains.append(report(known, walk))
            }
        }
        let found = Set(chains.map(\.actor))
        for entry in heads.entries where !found.contains(entry.actor) {
            if let walk = entry.isInMemory ? walks.last : walks.first {
                chains.append(report(entry, walk))
            }
        }
        return JournalVerification(
            chains: chains, problems: walks.flatMap(\.problems),
            segmentCount: (files?.numbers.count ?? 0) + (memory?.numbers.count ?? 0),
            eventCount: walks.reduce(0) { $0 + $1.eventCount },
            tailSize: walks.first?.tailSize ?? 0)
    }

    private func report(_ entry: HeadEntry, _ walk: JournalWalk) -> VerificationReport {
        let found = walk.heads.entry(of: entry.actor) ?? HeadEntry(actor: entry.actor, name: nil)
        let journalProblem = walk.problems.first { $0.actor == nil }
        return VerificationReport(
            actor: entry.actor, name: entry.name,
            firstSequence: walk.firstSequences[entry.actor] ?? 0, count: found.count,
            head: found.head, problem: walk.problemOfChain[entry.actor] ?? journalProblem)
    }
}
