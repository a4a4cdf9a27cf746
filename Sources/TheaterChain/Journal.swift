// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// The chains of a node, in append-only files that survive a crash.
///
/// One process, and one part of it, has a journal open for writing at a time. Many actors append at
/// once; a thread of the journal writes for all of them, and one wait for the disk serves everybody
/// who waits. `Documentation/JournalFormat.md` describes the files.
///
/// **When the disk fails** the journal stops for good: ``failure`` says why, every waiter and every
/// later append gets that error, and everything acknowledged before is kept. Open it again after
/// the cause is gone.
///
/// **Bounds.** What waits to be written is bounded by ``JournalOptions/bufferSizeMax``. Heed
/// ``isUnderPressure`` before appending, and wait with ``waitForSpace()``; an append beyond the
/// bound is refused.
public final class Journal: Sendable {
    /// What opening found after an unclean end.
    public let recovery: JournalRecovery
    /// The directory; `nil` for a journal in memory.
    public let directory: String?

    let core: JournalCore
    private let disk: any Disk

    private init(
        core: JournalCore, disk: any Disk, directory: String?, recovery: JournalRecovery
    ) {
        self.core = core
        self.disk = disk
        self.directory = directory
        self.recovery = recovery
    }

    deinit { core.beginClose() }

    /// Opens a journal for writing, and makes it when there is none.
    ///
    /// Makes the directory, but not the one above it. Takes the journal's lock. After a crash it cuts
    /// what was being written; ``recovery`` tells. Blocks for the disk.
    ///
    /// - Throws: `locked` with the holder's process; `directory` or `disk` with the system's reason;
    ///   `damaged` when bytes that were durable are missing or changed, which nothing is cut for;
    ///   `newerFormat`; `badOptions`; `noThread`.
    public static func open(
        directory: String, options: JournalOptions = JournalOptions(), disk: any Disk = SystemDisk()
    ) throws(JournalError) -> Journal {
        if let problem = options.problem { throw problem }
        let recovered = try Recovery.open(directory: directory, options: options, disk: disk)
        let core = JournalCore(options: options, heads: recovered.heads, end: recovered.end)
        let report = recovered.report
        let files = recovered.files
        let started = WorkerThread.start(name: "journal") { core.run(files) }
        guard started else {
            files.abandon()
            throw JournalError(
                .noThread, "the journal's writer thread cannot start",
                remedy: "Raise the limit of threads (ulimit -u).", path: directory)
        }
        return Journal(core: core, disk: disk, directory: directory, recovery: report)
    }

    /// Makes a journal that keeps everything in memory, the oldest events dropped beyond
    /// ``JournalOptions/memorySizeMax``.
    public static func inMemory(options: JournalOptions = JournalOptions()) -> Journal {
        Journal(
            core: JournalCore(options: options, heads: HeadTable(), end: nil), disk: SystemDisk(),
            directory: nil, recovery: JournalRecovery())
    }

    /// Opens a journal for reading. Needs no lock: it works while a node writes and after a crash,
    /// and sees what is whole on disk at that moment.
    ///
    /// - Throws: `directory`, `disk` or `newerFormat`. Damage is not an error: ``JournalReader``
    ///   reads around it, and its `verify` names it.
    public static func openReadOnly(
        directory: String, disk: any Disk = SystemDisk()
    ) throws(JournalError) -> JournalReader {
        try JournalReader(directory: directory, disk: disk)
    }

    // MARK: Chains

    /// Begins the chain of an actor.
    ///
    /// - Throws: `chainExists`; `tooManyChains`; `badName` for a name that is empty or too long; what
    ///   an append throws.
    public func makeChain(
        actor: ActorID, name: String? = nil, durability: Durability = .async
    ) throws(JournalError) -> ChainWriter {
        if let size = name?.utf8.count, !(1...EventType.sizeMax).contains(size) {
            throw .badName("a chain's name", size)
        }
        var entry = HeadEntry(actor: actor, name: name)
        entry.isInMemory = durability == .memory
        let record = ChainRecord.make(actor: actor, name: name, time: .now())
        let slot = try core.begin(entry, record: record.bytes)
        let kept = directory == nil ? Durability.memory : durability
        let end = kept == .memory ? 0 : core.end
        return ChainWriter(core: core, slot: slot, entry: entry, durability: kept, end: end)
    }

    /// Continues the chain of an actor after its newest event.
    ///
    /// - Throws: `unknownChain`; `chainInUse` while it has another writer.
    public func resumeChain(
        actor: ActorID, durability: Durability = .async
    ) throws(JournalError) -> ChainWriter {
        let (slot, entry) = try core.resume(actor)
        let kept = entry.isInMemory ? Durability.memory : durability
        return ChainWriter(core: core, slot: slot, entry: entry, durability: kept, end: 0)
    }

    /// Where the chain of an actor stands; `nil` when the journal has none.
    public func existingHead(actor: ActorID) -> ChainHead? {
        core.entry(of: actor).map { ChainHead(count: $0.count, hash: $0.head) }
    }

    /// The largest payload that an event may have, in bytes.
    public var payloadSizeMax: Int { core.options.payloadSizeMax }

    /// All chains, in the order in which they began.
    public func actors() -> [ChainSummary] { core.heads.entries.map(\.summary) }

    // MARK: Waiting

    /// Whether so much waits to be written that callers should wait before they append. Costs one
    /// load from memory.
    public var isUnderPressure: Bool { core.isUnderPressure }

    /// Returns once the pressure is gone, or the journal has failed. Ends when the disk answers;
    /// cancelling the task does not end it.
    public func waitForSpace() async { await core.waitForSpace() }

    /// Returns once everything appended to any chain before this call is on disk. Ends when the disk
    /// answers; cancelling the task does not end it.
    ///
    /// - Throws: ``failure``.
    public func sync() async throws(JournalError) { try await core.sync(upTo: core.end) }

    /// Returns once everything appended to any chain before this call is on disk, as ``sync()`` does, but
    /// hurries nobody: chains that are `async` are written after their delay. For those who watch.
    ///
    /// - Throws: ``failure``.
    public func settled() async throws(JournalError) { try await core.settle(upTo: core.end) }

    /// Why the journal stopped; `nil` while it works.
    public var failure: JournalError? { core.failure }

    /// Writes everything, releases the lock and refuses what is appended later. Closing twice is
    /// allowed. A journal that is let go without it is closed in the background.
    ///
    /// - Throws: ``failure``, also when it happened while closing.
    public func close() async throws(JournalError) { try await core.close() }

    /// The events of one chain, oldest first, up to its newest; waits until they are on disk.
    ///
    /// - Throws: what ``JournalReader/events(of:in:)`` throws, and ``failure``.
    public func events(
        of actor: ActorID, in range: Range<UInt64>? = nil
    ) async throws(JournalError) -> EventCursor {
        guard let entry = core.entry(of: actor) else { throw .unknownChain(actor) }
        let all = 0..<entry.count
        let wanted = (range ?? all).clamped(to: all)
        guard let directory, !entry.isInMemory else {
            return EventCursor(SegmentSet(core.log), entry, wanted, core.waypoints)
        }
        try await core.sync(upTo: core.end)
        let segments: SegmentSet
        do throws(DiskError) {
            segments = try SegmentSet(disk, directory: directory)
        } catch {
            throw .directory(directory, error)
        }
        return EventCursor(segments, entry, wanted, core.waypoints)
    }

    /// A reader of everything appended so far; waits until that is on disk.
    ///
    /// - Throws: ``failure``; what ``openReadOnly(directory:disk:)`` throws. After a failure, read
    ///   with ``openReadOnly(directory:disk:)``.
    public func reader() async throws(JournalError) -> JournalReader {
        let (heads, memory) = core.memory()
        try await core.sync(upTo: core.end)
        return try JournalReader(
            directory: directory, disk: disk, heads: heads, memory: memory,
            waypoints: core.waypoints)
    }
}

/// What opening a journal found after an unclean end.
public struct JournalRecovery: Sendable, Hashable {
    /// How many bytes at the end were not a whole record and were cut. None of them was acknowledged.
    public var cutSize: UInt64 = 0
    /// The file they were cut from.
    public var cutPath: String?
    /// The file that keeps what was cut, for inspection.
    public var copyPath: String?
    /// How many records were read to find the heads.
    public var recordsRead: UInt64 = 0
    /// The effects that the end of a process cut off, and that nobody has settled since: at most one of each
    /// chain.
    public var doubts: [EffectDoubt] = []
}
