// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// One subscriber's end of a feed: the queue, and whoever waits at it.
final class FeedSubscriber: Sendable {
    private struct State {
        var queue: FeedQueue
        var waiter: CheckedContinuation<Void, Never>?
        var dropped: UInt64 = 0
    }

    private let state: Mutex<State>

    init(_ options: FeedOptions, isCatchingUp: Bool) {
        state = Mutex(State(queue: FeedQueue(options, isCatchingUp: isCatchingUp)))
    }

    /// See ``FeedQueue/liveFrom``.
    var liveFrom: UInt64? { state.withLock { $0.queue.liveFrom } }

    /// See ``FeedQueue/caughtUp(to:)``.
    func caughtUp(to sequence: UInt64) { state.withLock { $0.queue.caughtUp(to: sequence) } }

    /// Whether the subscriber left.
    var isClosed: Bool { state.withLock { $0.queue.isClosed } }

    /// How many events were lost because it was too slow.
    var dropped: UInt64 { state.withLock { $0.dropped } }

    /// How many events wait for it.
    var waiting: Int { state.withLock { $0.queue.count } }

    /// The next item comes after some that were not offered here, and that have to be read from the journal.
    func passedOver(before sequence: UInt64) {
        state.withLock { $0.queue.passedOver(before: sequence) }
    }

    /// Takes an item in. Never waits.
    ///
    /// - Returns: how many events were lost.
    func offer(_ item: FeedQueue.Item) -> Int {
        let (dropped, waiter) = state.withLock { state in
            let dropped = state.queue.offer(item)
            state.dropped += UInt64(dropped)
            defer { state.waiter = nil }
            return (dropped, state.waiter)
        }
        waiter?.resume()
        return dropped
    }

    func finish() { change { $0.finish() } }

    func close() { change { $0.close() } }

    private func change(_ body: (inout FeedQueue) -> Void) {
        let waiter = state.withLock { state in
            body(&state.queue)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// The next item, or `finished` or `overrun`. When the task is cancelled the subscriber leaves.
    func next() async -> FeedQueue.Next {
        while true {
            let next = state.withLock { $0.queue.take() }
            guard case .wait = next else { return next }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let other = state.withLock { state -> CheckedContinuation<Void, Never>? in
                        guard state.queue.count == 0, !Task.isCancelled, state.queue.isOpen else {
                            return continuation
                        }
                        // Whoever waited before looks again.
                        defer { state.waiter = continuation }
                        return state.waiter
                    }
                    other?.resume()
                }
            } onCancel: {
                close()
            }
            if Task.isCancelled { close() }
        }
    }
}
