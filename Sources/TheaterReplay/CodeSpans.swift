// SPDX-License-Identifier: Apache-2.0

public import TheaterChain
internal import TheaterPlatform

/// Which code an actor ran on, from event to event, as its chain tells it.
public struct CodeSpans: Sendable, Hashable {
    /// Where code began that did not come to nothing.
    private struct Span: Hashable {
        let birth: ReplayBirth
        let isUpgrade: Bool
    }

    private var spans: [Span] = []
    /// The span that the newest one replaced, as long as it may come back.
    private var replaced: Span?
    private var isMigrating = false
    /// The newest step of an exchange that is not over: begun, or done and on trial.
    public private(set) var pending: CodeUpgrade?

    /// Makes spans of no events.
    public init() {}

    /// Reads events to their end.
    public init(_ events: ReplayEvents) throws(ReplayError) {
        while let event = try events.next() { take(event) }
    }

    /// Takes the next event.
    public mutating func take(_ event: ChainEvent) {
        switch event.type {
        case EventType.spawned.name:
            guard let birth = ReplayBirth(event) else { return }
            settle()
            spans.append(Span(birth: birth, isUpgrade: false))
        case EventType.upgradeBegun.name:
            guard let birth = ReplayBirth(event) else { return }
            settle()
            replaced = spans.last
            isMigrating = true
            spans.append(Span(birth: birth, isUpgrade: true))
            note(event)
        case EventType.upgradeDone.name:
            isMigrating = false
            note(event)
        case EventType.upgradeKept.name: settle()
        case EventType.upgradeUndone.name:
            isMigrating = true
            settle()
        // An exchange ends with the life, and is not the fork's.
        case EventType.exited.name, EventType.forked.name: settle()
        default: break
        }
    }

    /// Forgets an exchange that did not come about; one that did stays.
    private mutating func settle() {
        if isMigrating, replaced != nil { spans.removeLast() }
        (replaced, isMigrating, pending) = (nil, false, nil)
    }

    private mutating func note(_ event: ChainEvent) {
        if case .upgrade(let step)? = try? event.decodedPayload() { pending = step }
    }

    private var settled: [Span] {
        var copy = self
        copy.settle()
        return copy.spans
    }

    /// Where the code began that the actor has at the end; `nil` when it never lived.
    public var present: ReplayBirth? { settled.last?.birth }

    /// Whether other code can be asked to do what was done from a birth on: it came after the last
    /// upgrade that came about. What was before is another actor's doing in all but name, with states
    /// of another kind.
    public func isComparable(_ birth: ReplayBirth) -> Bool {
        let spans = settled
        let first = spans.lastIndex(where: \.isUpgrade) ?? 0
        return spans[first...].contains {
            $0.birth.actor == birth.actor && $0.birth.sequence == birth.sequence
        }
    }
}
