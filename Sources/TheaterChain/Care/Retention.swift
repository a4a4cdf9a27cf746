// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// Which payloads a journal keeps: what any of the bounds excludes goes. Without a bound, all stay.
///
/// Only payloads go. The events stay with their digests, so every chain verifies as before, and proofs
/// about it hold. The payload of an effect in doubt always stays.
public struct Retention: Sendable, Hashable {
    /// How many of the newest events of each chain keep theirs.
    public var eventsPerChain: UInt64?
    /// How many bytes of payloads the journal keeps; the oldest go first.
    public var payloadSize: UInt64?
    /// Since when events keep theirs.
    public var since: WallTime?
    /// Whose payloads may go; `nil` means everybody's. The bound of the size counts these alone.
    public var actors: Set<ActorID>?

    /// Keeps everything.
    public init() {}

}

/// What the bounds of a retention mean for the chains of a journal.
struct RetentionBounds {
    let retention: Retention
    private let heads: HeadTable
    /// How many of the first events of a chain are too old. Clocks may be set back, so the newest event that
    /// is too old decides: an effect's outcome never goes before its intent.
    private var tooOld: [ActorID: UInt64] = [:]

    init(
        _ retention: Retention, _ heads: HeadTable, _ segments: SegmentSet
    ) throws(JournalError) {
        self.retention = retention
        self.heads = heads
        guard let since = retention.since else { return }
        var tooOld: [ActorID: UInt64] = [:]
        try segments.forEachRecord { record, _ in
            guard record.kind == .event, record.time < since.nanoseconds else { return }
            tooOld[record.id] = max(tooOld[record.id] ?? 0, record.sequence + 1)
        }
        self.tooOld = tooOld
    }

    /// Whether the bounds are about an event's chain.
    func concern(_ record: Record) -> Bool { retention.actors?.contains(record.id) ?? true }

    /// Whether an event goes because of its place or its age.
    func exclude(_ record: Record) -> Bool {
        let count = heads.entry(of: record.id)?.count ?? 0
        if let kept = retention.eventsPerChain, count - min(count, record.sequence) > kept {
            return true
        }
        return record.sequence < tooOld[record.id] ?? 0
    }
}

/// What pruning or compacting a journal did, or would do.
public struct PruneReport: Sendable, Hashable {
    /// How many payloads went.
    public var payloadCount: UInt64 = 0
    /// How many bytes they had.
    public var payloadSize: UInt64 = 0
    /// How many payloads stayed although a bound excludes them: those of effects in doubt.
    public var keptDoubts: UInt64 = 0
    /// The size of all segments before, in bytes.
    public var sizeBefore: UInt64 = 0
    /// The size of all segments after; `nil` when nothing was done.
    public var sizeAfter: UInt64?
}

/// Decides payload by payload, in file order, what goes.
struct RetentionPlan {
    let bounds: RetentionBounds
    /// The intents of effects in doubt.
    let doubts: Set<EffectID>
    /// How many bytes stay unless the bound of the size excludes them.
    private var remaining: UInt64
    private(set) var report = PruneReport()

    init(_ bounds: RetentionBounds, doubts: Set<EffectID>, remaining: UInt64) {
        self.bounds = bounds
        self.doubts = doubts
        self.remaining = remaining
    }

    /// Whether the payload of a record goes.
    mutating func drops(_ record: Record) -> Bool {
        guard record.kind == .event, let payload = record.payload, !payload.isEmpty,
            bounds.concern(record)
        else { return false }
        let size = UInt64(payload.count)
        let isExcluded = bounds.exclude(record)
        let isOver = !isExcluded && bounds.retention.payloadSize.map { remaining > $0 } == true
        guard isExcluded || isOver else { return false }
        if doubts.contains(EffectID(actor: record.id, sequence: record.sequence)) {
            report.keptDoubts += 1
            return false
        }
        if isOver { remaining -= min(remaining, size) }
        report.payloadCount += 1
        report.payloadSize += size
        return true
    }
}
