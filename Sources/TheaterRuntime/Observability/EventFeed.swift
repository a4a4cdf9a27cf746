// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterChain
internal import TheaterPlatform

/// Where the events of one actor's chain go to those who subscribed: through all lives of the actor.
///
/// The recorder asks ``isObserved`` before each event, which is one load from memory, and publishes
/// only when somebody listens. Publishing takes a lock for a moment and never waits for a subscriber. A few
/// subscribers are told by the recorder itself. Many are told by a task of the feed's own, so that an event costs the
/// actor the same however many there are; what that task cannot keep up with is read from the journal.
final class EventFeed: Sendable {
    private struct State {
        var subscribers: [FeedSubscriber] = []
        var isFinished = false
        var endWaiters: [UInt64: CheckedContinuation<Bool, Never>] = [:]
        var lastWaiter: UInt64 = 0
        /// What waits for the task that tells many subscribers.
        var outbox = FeedOutbox()
        /// That task, from the first item on until it found nothing more.
        var distributor: Task<Void, Never>?
    }

    /// How many subscribers one actor may have.
    static let subscribersMax = 4096
    /// How many the recorder tells itself.
    static let directMax = 8

    private let state = Mutex(State())
    private let observed = Atomic<Bool>(false)
    private let world: World
    private let onDrop: @Sendable (Int) -> Void

    /// Makes a feed without subscribers.
    ///
    /// - Parameters:
    ///   - world: whose tasks tell many subscribers.
    ///   - onDrop: told how many events were dropped; must not block.
    init(world: World = .system, onDrop: @escaping @Sendable (Int) -> Void = { _ in }) {
        self.world = world
        self.onDrop = onDrop
    }

    /// Whether anybody listens.
    var isObserved: Bool { observed.load(ordering: .relaxed) }

    /// Adds a subscriber. One that comes after the end is told at once.
    ///
    /// - Returns: whether there was room.
    func add(_ subscriber: FeedSubscriber) -> Bool {
        let isFinished = state.withLock { state -> Bool? in
            if state.isFinished { return true }
            guard state.subscribers.count < Self.subscribersMax else { return nil }
            state.subscribers.append(subscriber)
            observed.store(true, ordering: .relaxed)
            return false
        }
        if isFinished == true { subscriber.finish() }
        return isFinished != nil
    }

    func remove(_ subscriber: FeedSubscriber) {
        state.withLock { state in
            // In any order: they are told one after the other under one lock.
            if let index = state.subscribers.firstIndex(where: { $0 === subscriber }) {
                state.subscribers.swapAt(index, state.subscribers.count - 1)
                state.subscribers.removeLast()
            }
            if state.subscribers.isEmpty { observed.store(false, ordering: .relaxed) }
        }
    }

    /// Gives an event to all who listen.
    func publish(_ event: FeedEvent) { _ = offer(.event(event)) }

    /// Tells all who listen that the chain has so many events.
    ///
    /// - Returns: how many were told.
    func announce(count: UInt64) -> Int { offer(.grown(count)) }

    private func offer(_ item: FeedQueue.Item) -> Int {
        // In one order for all: offered under the lock, which every offer leaves soon.
        let (dropped, count) = state.withLock { state in
            let count = state.subscribers.count
            guard count > Self.directMax || state.distributor != nil else {
                return (state.subscribers.reduce(0) { $0 + $1.offer(item) }, count)
            }
            state.outbox.add(item)
            if state.distributor == nil {
                state.distributor = world.start { [self] in await distribute() }
            }
            return (0, count)
        }
        if dropped > 0 { onDrop(dropped) }
        return count
    }

    /// Tells all subscribers what is in the outbox, until nothing is.
    private func distribute() async {
        while true {
            let (batch, subscribers, isLast) = state.withLock { state in
                let batch = state.outbox.take()
                guard batch.items.isEmpty else { return (batch, state.subscribers, false) }
                state.distributor = nil
                guard state.isFinished else { return (batch, [FeedSubscriber](), true) }
                defer { state.subscribers = [] }
                return (batch, state.subscribers, true)
            }
            guard !isLast else {
                for subscriber in subscribers { subscriber.finish() }
                return
            }
            // To each the whole batch: one that waits wakes up once, or finds more when it does.
            for subscriber in subscribers {
                if let sequence = batch.passedOverBefore {
                    subscriber.passedOver(before: sequence)
                }
                let dropped = batch.items.reduce(0) { $0 + subscriber.offer($1) }
                if dropped > 0 { onDrop(dropped) }
            }
            await Task.yield()
        }
    }

    /// The chain has ended for good.
    func finish() {
        let (subscribers, waiters) = state.withLock { state in
            state.isFinished = true
            observed.store(false, ordering: .relaxed)
            defer { state.endWaiters = [:] }
            // What is on its way comes before the end.
            guard state.distributor == nil else {
                return ([FeedSubscriber](), Array(state.endWaiters.values))
            }
            defer { state.subscribers = [] }
            return (state.subscribers, Array(state.endWaiters.values))
        }
        for subscriber in subscribers { subscriber.finish() }
        for waiter in waiters { waiter.resume(returning: true) }
    }

    /// Waits until the chain has ended for good.
    ///
    /// - Returns: `false` when the task was cancelled before.
    func awaitFinish() async -> Bool {
        let number = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known = state.withLock { state -> Bool? in
                    if state.isFinished { return true }
                    if Task.isCancelled { return false }
                    state.endWaiters[number] = continuation
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            let waiter = state.withLock { $0.endWaiters.removeValue(forKey: number) }
            waiter?.resume(returning: false)
        }
    }
}
