// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterChain

/// Where the events of one actor's chain go to those who subscribed: through all lives of the actor.
///
/// The recorder asks ``isObserved`` before each event, which is one load from memory, and publishes
/// only when somebody listens. Publishing takes a lock for a moment and never waits for a subscriber.
final class EventFeed: Sendable {
    private struct State {
        var subscribers: [FeedSubscriber] = []
        var isFinished = false
        var endWaiters: [UInt64: CheckedContinuation<Bool, Never>] = [:]
        var lastWaiter: UInt64 = 0
    }

    /// How many subscribers one actor may have.
    static let subscribersMax = 64

    private let state = Mutex(State())
    private let observed = Atomic<Bool>(false)
    private let onDrop: @Sendable (Int) -> Void

    /// Makes a feed without subscribers.
    ///
    /// - Parameter onDrop: told how many events were dropped; must not block.
    init(onDrop: @escaping @Sendable (Int) -> Void = { _ in }) { self.onDrop = onDrop }

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
            state.subscribers.removeAll { $0 === subscriber }
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
            (
                state.subscribers.reduce(0) { $0 + $1.offer(item) }, state.subscribers.count
            )
        }
        if dropped > 0 { onDrop(dropped) }
        return count
    }

    /// The chain has ended for good.
    func finish() {
        let (subscribers, waiters) = state.withLock { state in
            state.isFinished = true
            observed.store(false, ordering: .relaxed)
            defer {
                state.subscribers = []
                state.endWaiters = [:]
            }
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
