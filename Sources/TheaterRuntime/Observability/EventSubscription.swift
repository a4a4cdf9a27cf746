// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterChain
public import TheaterPlatform

/// The events of one actor's chain as they are recorded, and before that the past ones if asked for.
///
/// In order, without gap or duplicate, until the chain ends for good or the subscriber leaves; a
/// subscriber who is too slow meets its ``FeedOptions``. It never slows the actor. What is past is read from the
/// journal at the subscriber's pace and counts towards no bound.
///
/// One iterator reads it, from one task at a time. Letting it go ends it, and so does cancelling the
/// task that waits at it.
public final class EventSubscription: AsyncSequence, Sendable {
    /// An event, or a gap in them.
    public typealias Element = FeedItem
    /// `feed.overrun`, `feed.taken`, or `actor.journal` when the past cannot be read.
    public typealias Failure = ActorError

    /// Whose chain it is.
    public let actor: ActorID
    fileprivate let first: UInt64
    fileprivate let startsInPast: Bool
    fileprivate let journal: Journal
    let subscriber: FeedSubscriber
    private let feed: EventFeed?
    private let isTaken = Atomic<Bool>(false)

    /// Subscribes.
    ///
    /// - Parameter feed: `nil` for an actor that is over.
    init(
        actor: ActorID, journal: Journal, feed: EventFeed?, from start: FeedStart,
        options: FeedOptions
    ) throws(ActorError) {
        self.actor = actor
        self.journal = journal
        self.feed = feed
        startsInPast = start != .now
        subscriber = FeedSubscriber(options, isCatchingUp: startsInPast)
        if let feed {
            guard feed.add(subscriber) else {
                first = 0
                throw ActorError(
                    .feedFull,
                    "the actor \(actor) has \(EventFeed.subscribersMax) subscribers, which is the most; "
                        + "end one, or share one")
            }
        } else {
            subscriber.finish()
        }
        switch start {
        case .now: first = journal.existingHead(actor: actor)?.count ?? 0
        case .sequence(let sequence): first = sequence
        }
    }

    deinit { cancel() }

    /// Ends it: nothing more is delivered, not even what waits.
    public func cancel() {
        subscriber.close()
        feed?.remove(subscriber)
    }

    /// How many events were dropped because the subscriber was too slow.
    public var droppedCount: UInt64 { subscriber.dropped }

    /// How many events wait for the subscriber.
    public var waitingCount: Int { subscriber.waiting }

    /// The one iterator; a second one fails with `feed.taken`.
    public func makeAsyncIterator() -> Iterator {
        Iterator(self, isFirst: !isTaken.exchange(true, ordering: .relaxed))
    }

    /// Reads a subscription.
    public struct Iterator: AsyncIteratorProtocol {
        private let subscription: EventSubscription
        private let isFirst: Bool
        /// The sequence of the next event.
        private var next: UInt64
        /// What is being read from the journal, and where that ends.
        private var past: (cursor: EventCursor, end: UInt64)?
        /// What came and is not delivered yet.
        private var heldEvent: FeedEvent?
        private var heldPast: ChainEvent?
        private var hasLooked: Bool

        fileprivate init(_ subscription: EventSubscription, isFirst: Bool) {
            self.subscription = subscription
            self.isFirst = isFirst
            next = subscription.first
            hasLooked = !subscription.startsInPast
        }

        /// The next event or gap; `nil` after the last.
        public mutating func next() async throws(ActorError) -> FeedItem? {
            guard isFirst else {
                throw ActorError(
                    .feedTaken,
                    "the subscription to \(subscription.actor) is read by another iterator; subscribe "
                        + "again for a second one")
            }
            while !subscription.subscriber.isClosed {
                if let item = try await fromPast() { return item }
                if let item = try await fromHeld() { return item }
                guard past == nil, heldEvent == nil else { continue }
                if !hasLooked {
                    hasLooked = true
                    try await openPast(to: count)
                    continue
                }
                switch await subscription.subscriber.next() {
                case .item(.event(let event)): heldEvent = event
                case .item(.grown(let count)): try await openPast(to: Swift.min(count, self.count))
                case .wait: continue
                case .overrun:
                    throw ActorError(
                        .feedOverrun,
                        "the subscriber to \(subscription.actor) was too slow and is disconnected; "
                            + "subscribe again from sequence \(next), or take events faster")
                case .finished:
                    // An event may have passed while the subscription began.
                    guard !subscription.subscriber.isClosed, next < count else { return nil }
                    try await openPast(to: count)
                }
            }
            return nil
        }

        private var count: UInt64 {
            subscription.journal.existingHead(actor: subscription.actor)?.count ?? 0
        }

        private mutating func openPast(to end: UInt64) async throws(ActorError) {
            guard next < end else { return }
            do throws(JournalError) {
                past = (
                    try await subscription.journal.events(of: subscription.actor, in: next..<end),
                    end
                )
            } catch {
                throw ActorError(
                    .journal, "the past of \(subscription.actor) cannot be read: \(error)")
            }
        }

        private mutating func fromPast() async throws(ActorError) -> FeedItem? {
            if let event = heldPast {
                heldPast = nil
                next = event.sequence + 1
                return .event(event)
            }
            guard let end = past?.end else { return nil }
            let event: ChainEvent?
            do throws(JournalError) {
                event = try await past?.cursor.nextYielding()
            } catch {
                throw ActorError(
                    .journal, "the past of \(subscription.actor) cannot be read: \(error)")
            }
            guard let event else {
                past = nil
                return gap(to: end)
            }
            if let gap = gap(to: event.sequence) {
                heldPast = event
                return gap
            }
            next = event.sequence + 1
            return .event(event)
        }

        private mutating func fromHeld() async throws(ActorError) -> FeedItem? {
            guard let event = heldEvent else { return nil }
            let sequence = event.head.sequence
            if sequence < next {
                heldEvent = nil
                return nil
            }
            let liveFrom = subscription.subscriber.liveFrom ?? sequence
            if sequence > next, next < liveFrom {
                try await openPast(to: Swift.min(sequence, liveFrom))
                return nil
            }
            if let gap = gap(to: sequence) { return gap }
            heldEvent = nil
            next = sequence + 1
            subscription.subscriber.caughtUp(to: next)
            return .event(event.event(of: subscription.actor))
        }

        private mutating func gap(to sequence: UInt64) -> FeedItem? {
            guard sequence > next else { return nil }
            defer { next = sequence }
            return .gap(first: next, count: sequence - next)
        }
    }
}
