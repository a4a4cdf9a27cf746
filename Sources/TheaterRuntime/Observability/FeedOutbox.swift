// SPDX-License-Identifier: Apache-2.0

/// What waits for the task that tells many subscribers: bounded. What has no room leaves from its front, and is in
/// the journal.
struct FeedOutbox {
    /// What is told at once.
    struct Batch {
        var items: [FeedQueue.Item] = []
        /// Events before this one, which is among the items, had no room.
        var passedOverBefore: UInt64?
    }

    /// How many items may wait, and how large they may be together.
    static let itemsMax = 1024
    static let sizeMax = 4 << 20

    private var items: [FeedQueue.Item] = []
    private var first = 0
    private var size = 0
    private var hasPassedOver = false

    mutating func add(_ item: FeedQueue.Item) {
        items.append(item)
        size += item.size
        while items.count - first > Self.itemsMax
            || (size > Self.sizeMax && items.count - first > 1)
        {
            size -= items[first].size
            items[first] = .grown(0)
            first += 1
            hasPassedOver = true
        }
        if first > Self.itemsMax {
            items.removeFirst(first)
            first = 0
        }
    }

    /// Takes everything.
    mutating func take() -> Batch {
        guard first < items.count else { return Batch() }
        var batch = Batch(items: Array(items[first...]))
        let sequence = batch.items.lazy.compactMap(\.sequence).first
        // Without an event the next batch says so.
        if hasPassedOver, let sequence {
            batch.passedOverBefore = sequence
            hasPassedOver = false
        }
        (items, first, size) = ([], 0, 0)
        return batch
    }
}
