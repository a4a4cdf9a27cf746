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

    /// Whether a payload is one of an effect.
    static func concerns(_ payload: UnsafeRawBufferPointer) -> Bool {
        switch EventPayload.tag(of: payload) {
        case .intent?, .outcome?, .redactedOutcome?, .outcomeError?, .settled?: true
        default: false
        }
    }

    /// Takes the next event. One whose payload was dropped, or is none of ``EventPayload``'s, is none
    /// of an effect.
    public mutating func take(_ event: ChainEvent) {
        guard event.payload?.withUnsafeBytes({ Self.concerns($0) }) == true,
            let payload = try? event.decodedPayload()
        else { return }
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
            .exited, .note, .upgrade:
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
    /// - Parameter progress: told how many events were read, of so many.
    /// - Throws: what ``events(of:in:)`` throws.
    public func doubts(
        of actor: ActorID, progress: (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws(JournalError) -> [EffectDoubt] {
        guard let summary = summary(of: actor) else { throw .unknownChain(actor) }
        var ledger = EffectLedger(summary)
        var cursor = try events(of: actor)
        while let event = try cursor.next() {
            ledger.take(event)
            progress(event.sequence + 1, summary.count)
        }
        return ledger.doubts
    }
}

extension JournalWalk {
    /// How many of a chain's newest events are read: an actor that waits for an effect records nothing
    /// but why it was denied before its outcome.
    private static let cutOffMax: UInt64 = 2

    /// Finds the effects that the end of a process cut off and nobody has settled since. The heads say where
    /// to look, and are put right where there is nothing.
    mutating func findCutOffEffects() throws(JournalError) -> [EffectDoubt] {
        var found: [EffectDoubt] = []
        for slot in 0..<heads.count where heads[slot].endsInEffect {
            let entry = heads[slot]
            guard entry.count > 0, !entry.isInMemory else { continue }
            var ledger = EffectLedger(actor: entry.actor, name: entry.name)
            let first = entry.count - min(entry.count, Self.cutOffMax)
            var cursor = EventCursor(segments, entry, first..<entry.count, Waypoints())
            while let event = try cursor.next() { ledger.take(event) }
            heads[slot].endsInEffect = !ledger.doubts.isEmpty
            found += ledger.doubts
        }
        return found
    }
}
