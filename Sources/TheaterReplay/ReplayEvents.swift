// SPDX-License-Identifier: Apache-2.0

public import TheaterChain
internal import TheaterPlatform

/// The events that a replay goes by, oldest first, wherever they come from.
public struct ReplayEvents {
    let next: () throws(ReplayError) -> ChainEvent?
    /// Whether somebody else has compared the payloads with their digests.
    let hasCheckedPayloads: Bool

    /// The events of a chain in a journal.
    public init(_ cursor: EventCursor) { self.init([cursor]) }

    /// The events of several chains one after the other; the one to begin with is the last.
    init(_ cursors: [EventCursor]) {
        var cursors = cursors
        next = { () throws(ReplayError) in
            do throws(JournalError) {
                while var cursor = cursors.popLast() {
                    guard let event = try cursor.next() else { continue }
                    cursors.append(cursor)
                    return event
                }
                return nil
            } catch {
                throw ReplayError.unreadable("the chain", error)
            }
        }
        hasCheckedPayloads = true
    }

    /// The same events, with somebody told of each as it is read.
    func observed(by observer: (@Sendable (ChainEvent) -> Void)?) -> ReplayEvents {
        guard let observer else { return self }
        let next = next
        return ReplayEvents(hasCheckedPayloads: hasCheckedPayloads) { () throws(ReplayError) in
            let event = try next()
            if let event { observer(event) }
            return event
        }
    }

    private init(
        hasCheckedPayloads: Bool, _ next: @escaping () throws(ReplayError) -> ChainEvent?
    ) {
        self.next = next
        self.hasCheckedPayloads = hasCheckedPayloads
    }

    /// Events in memory.
    public init(_ events: [ChainEvent]) {
        var iterator = events.makeIterator()
        self.init { () throws(ReplayError) in iterator.next() }
    }

    /// Events from a function, which answers `nil` after the last.
    public init(_ next: @escaping () throws(ReplayError) -> ChainEvent?) {
        self.next = next
        hasCheckedPayloads = false
    }
}

/// Events with one to look ahead at, each checked to follow the one before it.
final class EventStream {
    private let source: ReplayEvents
    /// Where the replay ends.
    private let end: UInt64
    private var ahead: ChainEvent?
    private var isOver = false
    /// The hash of the newest event that was read.
    private var head: Digest?
    /// Whose chain it is at present.
    private(set) var actor: ActorID?
    /// The sequence of the next event.
    private var next: UInt64 = 0
    /// How many events were read.
    private var count: UInt64 = 0
    /// How many events were read before the present chain.
    private var countBefore: UInt64 = 0
    /// Whether the stream may begin with an event that begins a life, wherever that stands.
    private let beginsAnywhere: Bool

    init(
        _ source: ReplayEvents, end: UInt64, beginsAnywhere: Bool = false,
        after image: LifeImage? = nil
    ) {
        if let image {
            (actor, next, head) = (image.actor, image.sequence, image.head)
            record = image.record
        }
        self.source = source
        self.end = end
        self.beginsAnywhere = beginsAnywhere
        notesLife = beginsAnywhere
    }

    /// What the chain notes of the present life, when that is wanted.
    private(set) var record = LifeRecord()
    private let notesLife: Bool

    /// How many events were taken.
    var taken: UInt64 { ahead == nil ? count : count - 1 }

    /// How many events stand before one of the present chain.
    func count(before sequence: UInt64) -> UInt64 { countBefore + sequence }

    /// The kind of the next event; `nil` at the end.
    func peekKind() throws(ReplayStop) -> EventPayload.Kind? {
        guard let event = try peek() else { return nil }
        return try kind(of: event)
    }

    /// The next event; `nil` at the end.
    func peek() throws(ReplayStop) -> ChainEvent? {
        while ahead == nil, !isOver {
            guard let event = try read(), let kind = event.payload.flatMap(EventPayload.kind)
            else { continue }
            if notesLife { record.take(event, kind) }
            // The code of the actor neither sees nor makes what is noted beside.
            if kind == .note { ahead = nil }
        }
        return ahead
    }

    /// Goes past the event that was looked at.
    func advance() { ahead = nil }

    /// The next event, which is passed by; `nil` at the end.
    func take() throws(ReplayStop) -> ChainEvent? {
        defer { ahead = nil }
        return try peek()
    }

    /// What kind of event it is.
    func kind(of event: ChainEvent) throws(ReplayStop) -> EventPayload.Kind {
        if let kind = event.payload.flatMap(EventPayload.kind) { return kind }
        throw .diverged(
            ReplayDivergence(
                .unreadableEvent, event.sequence, "the payload is not one that this version knows"))
    }

    /// The payload of an event.
    func payload(of event: ChainEvent) throws(ReplayStop) -> EventPayload {
        do throws(PayloadError) {
            if let payload = try event.decodedPayload() { return payload }
        } catch {
            throw .diverged(
                ReplayDivergence(.unreadableEvent, event.sequence, "the payload: \(error)"))
        }
        throw .failed(Self.dropped(event))
    }

    private func read() throws(ReplayStop) -> ChainEvent? {
        guard count < end else {
            isOver = true
            return nil
        }
        let event: ChainEvent?
        do throws(ReplayError) {
            event = try source.next()
        } catch {
            throw .failed(error)
        }
        guard let event else {
            isOver = true
            return nil
        }
        if event.actor != actor { try change(to: event) }
        try check(event)
        head = event.hash
        next = event.sequence &+ 1
        count += 1
        ahead = event
        return event
    }

    /// Goes on with another chain, which must be a fork of the present one at its last event.
    private func change(to event: ChainEvent) throws(ReplayStop) {
        let isFork = event.type == EventType.forked.name
        if isFork, actor == nil {
            throw .failed(
                ReplayError(
                    .incomplete,
                    "the chain is a fork, and a replay needs the chain that it left, too"))
        }
        if let actor {
            guard isFork, case .forked(let fork)? = try? event.decodedPayload(),
                fork.actor == actor, fork.sequence &+ 1 == next, fork.hash == head
            else {
                isOver = true
                throw .diverged(
                    ReplayDivergence(
                        .alteredEvent, event.sequence,
                        "the chain does not go on from event \(next &- 1) of \(actor)"))
            }
            countBefore = count
        } else if beginsAnywhere, event.type == EventType.spawned.name {
            next = event.sequence
            head = event.parent
        }
        if isFork {
            next = 0
            head = nil
        }
        actor = event.actor
    }

    private func check(_ event: ChainEvent) throws(ReplayStop) {
        if head == nil, event.sequence > 0 {
            throw .failed(
                ReplayError(
                    .incomplete,
                    "the oldest kept event is \(event.sequence): the events before it were dropped, and "
                        + "a replay needs all of them"))
        }
        guard let payload = event.payload else { throw .failed(Self.dropped(event)) }
        let problem: String? =
            if event.sequence != next {
                "event \(next) is missing"
            } else if event.parent != head ?? ChainHead.genesis(of: event.actor) {
                "it does not follow the event before it"
            } else if !source.hasCheckedPayloads, event.payloadDigest != .sha256(of: payload) {
                "its payload is not what was recorded"
            } else if event.hash != event.computedHash {
                "it does not have the hash that it names"
            } else {
                nil
            }
        guard let problem else { return }
        isOver = true
        throw .diverged(ReplayDivergence(.alteredEvent, next, "the chain was altered: \(problem)"))
    }

    private static func dropped(_ event: ChainEvent) -> ReplayError {
        ReplayError(
            .payloadDropped,
            "the payload of event \(event.sequence) was dropped to save space, and a replay needs all "
                + "payloads from the first event on; replay a backup that was made before")
    }
}
