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

    /// Whether an event goes because of its place or its age.
    func excludes(_ record: Record, chainCount: UInt64) -> Bool {
        if let eventsPerChain, chainCount - min(chainCount, record.sequence) > eventsPerChain {
            return true
        }
        if let since, record.time < since.nanoseconds { return true }
        return false
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
    let retention: Retention
    let heads: HeadTable
    /// The intents of effects in doubt.
    let doubts: Set<EffectID>
    /// How many bytes stay unless the bound of the size excludes them.
    private var remaining: UInt64
    private(set) var report = PruneReport()

    init(_ retention: Retention, _ heads: HeadTable, doubts: Set<EffectID>, remaining: UInt64) {
        self.retention = retention
        self.heads = heads
        self.doubts = doubts
        self.remaining = remaining
    }

    /// Whether the payload of a record goes.
    mutating func drops(_ record: Record) -> Bool {
        guard record.kind == .event, let payload = record.payload, !payload.isEmpty,
            Self.concerns(record, retention)
        else { return false }
        let size = UInt64(payload.count)
        let isExcluded = Self.isExcluded(record, retention, heads)
        let isOver = !isExcluded && retention.payloadSize.map { remaining > $0 } == true
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

    static func concerns(_ record: Record, _ retention: Retention) -> Bool {
        retention.actors?.contains(record.id) ?? true
    }

    static func isExcluded(
        _ record: Record, _ retention: Retention, _ heads: HeadTable
    ) -> Bool {
        retention.excludes(record, chainCount: heads.entry(of: record.id)?.count ?? 0)
    }
}
