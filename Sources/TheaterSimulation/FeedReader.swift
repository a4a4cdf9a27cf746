// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterPlatform
internal import TheaterRuntime

/// A subscriber of a simulated run: reads at its own pace and keeps what it got.
final class FeedReader: @unchecked Sendable {
    // SAFETY: used by the one thread that runs the simulation.
    let subscription: EventSubscription
    private(set) var events: [(sequence: UInt64, hash: Digest)] = []
    /// How many events were said to be missing.
    private(set) var gap: UInt64 = 0
    /// The sequence that comes next; `nil` before the first of those who began with the present.
    private var expected: UInt64?
    private(set) var isDisordered = false
    private(set) var hasLeft = false
    /// Whether the subscription ended because the chain did.
    private(set) var isComplete = false

    init(_ subscription: EventSubscription, start: FeedStart) {
        self.subscription = subscription
        if case .sequence(let sequence) = start { expected = sequence }
    }

    var next: UInt64 { expected ?? 0 }

    /// Reads to the end, or so many items.
    func read(_ world: World, pause: Duration, leavesAfter: Int) async {
        var iterator = subscription.makeAsyncIterator()
        var count = 0
        do throws(ActorError) {
            while let item = try await iterator.next() {
                take(item)
                count += 1
                if count >= leavesAfter {
                    hasLeft = true
                    return subscription.cancel()
                }
                if pause > .zero { try? await world.sleep(for: pause) }
            }
            isComplete = expected != nil
        } catch {
            // What was dropped when it was thrown out is no gap that it saw.
            if error.code == .feedOverrun {
                gap = subscription.droppedCount
            } else {
                isDisordered = true
            }
        }
    }

    private func take(_ item: FeedItem) {
        switch item {
        case .event(let event):
            if let expected, expected != event.sequence { isDisordered = true }
            events.append((event.sequence, event.hash))
            expected = event.sequence + 1
        case .gap(let first, let count):
            if let expected, expected != first { isDisordered = true }
            gap += count
            expected = first + count
        }
    }
}
