// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// Reads the events of one chain in order and keeps the effects that are in doubt.
///
/// It needs memory for what is in doubt, not for what is settled.
public struct EffectLedger: Sendable {
    /// Whose chain is read.
    public let actor: ActorID
    private let name: String?
    private var open: [UInt64: EffectDoubt] = [:]

    /// Begins before the first event of a chain.
    public init(_ chain: ChainSummary) { self.init(actor: chain.actor, name: chain.name) }

    init(actor: ActorID, name: String?) {
        self.actor = actor
        self.name = name
    }

    /// Takes the next event. One whose payload was dropped, or is none of ``EventPayload``'s, is none
    /// of an effect.
    public mutating func take(_ event: ChainEvent) {
        guard let payload = try? event.decodedPayload() else { return }
        switch payload {
        case .intent(let interface, let function, let input, let kind, let policy):
            open[event.sequence] = EffectDoubt(
                id: EffectID(actor: actor, sequence: event.sequence), name: name, time: event.time,
                interface: interface, function: function, input: input, kind: kind,
                policy: policy)
        case .outcome(_, _, let intent, _), .outcomeError(_, _, let intent, _),
            .settled(let intent, _, _):
            open[intent] = nil
        case .spawned, .forked, .called, .returned, .failed, .hostCall, .hostError, .denied, .limit,
            .exited, .note:
            break
        }
    }

    /// The effects in doubt, oldest first.
    public var doubts: [EffectDoubt] {
        open.values.sorted { $0.id.sequence < $1.id.sequence }
    }
}

extension JournalReader {
    /// The effects in doubt of one chain, oldest first. Reads the whole chain.
    ///
    /// While the actor lives, an effect that is under way is among them.
    ///
    /// - Throws: what ``events(of:in:)`` throws.
    public func doubts(of actor: ActorID) throws(JournalError) -> [EffectDoubt] {
        guard let summary = summary(of: actor) else { throw .unknownChain(actor) }
        var ledger = EffectLedger(summary)
        var cursor = try events(of: actor)
        while let event = try cursor.next() { ledger.take(event) }
        return ledger.doubts
    }
}

/// Finding the effects that the end of a process cut off.
enum CutOffEffects {
    /// How many of a chain's newest events are read: an actor that waits for an effect records nothing
    /// but why it was denied before its outcome.
    private static let eventsMax: UInt64 = 2

    /// The effects of chains that end with an intent.
    static func find(
        _ heads: HeadTable, in segments: SegmentSet
    ) throws(JournalError) -> [EffectDoubt] {
        var found: [EffectDoubt] = []
        for entry in heads.entries where entry.count > 0 && !entry.isInMemory {
            var ledger = EffectLedger(actor: entry.actor, name: entry.name)
            let first = entry.count - min(entry.count, eventsMax)
            var cursor = EventCursor(segments, entry, first..<entry.count, Waypoints())
            while let event = try cursor.next() { ledger.take(event) }
            found += ledger.doubts
        }
        return found
    }
}
