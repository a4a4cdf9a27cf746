// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterHandler
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterChain
@testable import TheaterRuntime

/// Goal: many subscribers get what one gets. Method: so many that a task of the feed's own tells them.
@Suite("Feed with many subscribers")
struct FeedCrowdTests {
    @Test("each gets all there is, in order and to the end, while others come and go")
    func crowd() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        let options = FeedOptions(eventsMax: 10_000, sizeMax: 1 << 30)
        let subscriptions = try (0..<100).map { number in
            try stage.system.subscribe(
                to: id, from: number % 2 == 0 ? .sequence(0) : .now, options: options)
        }
        let before = try #require(stage.journal.existingHead(actor: id)).count
        for index in UInt32(0)..<200 {
            if index == 50 { subscriptions[0].cancel() }
            if index == 60 {
                // Comes and goes in the middle.
                let other = try stage.system.subscribe(to: id)
                other.cancel()
            }
            try await stage.system.call(id, "echo", [.u32(index)])
        }
        try await stage.system.stop(id)
        var cursor = try await stage.journal.events(of: id)
        var events: [FeedItem] = []
        while let event = try cursor.next() { events.append(.event(event)) }
        for (number, subscription) in subscriptions.enumerated().dropFirst() {
            var items: [FeedItem] = []
            for try await item in subscription { items.append(item) }
            #expect(items == Array(events[(number % 2 == 0 ? 0 : Int(before))...]), "\(number)")
        }
    }

    @Test("what has no room on its way is read from the journal, by those who are quick enough")
    func hole() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        let feed = try stage.system.cell(id).recorder.feed
        let subscription = try stage.system.subscribe(to: id)
        let first = try #require(stage.journal.existingHead(actor: id)).count
        try await stage.system.call(id, "echo", [.u8(1)])
        // As if the next two had been passed over on their way.
        feed.remove(subscription.subscriber)
        try await stage.system.call(id, "echo", [.u8(2)])
        #expect(feed.add(subscription.subscriber))
        subscription.subscriber.passedOver(before: first + 4)
        try await stage.system.call(id, "echo", [.u8(3)])
        try await stage.system.stop(id)
        var sequences: [UInt64] = []
        for try await item in subscription {
            guard case .event(let event) = item else {
                Issue.record("there is a gap: \(item)")
                continue
            }
            sequences.append(event.sequence)
        }
        let last = try #require(stage.journal.existingHead(actor: id)).count
        #expect(sequences == Array(first..<last))
    }

    @Test("the way has a bound, and knows from where on it is whole")
    func bound() {
        func event(_ sequence: UInt64, size: Int = 1) -> FeedQueue.Item {
            .event(
                FeedEvent(
                    head: EventHead(sequence: sequence, hash: .zero), parent: .zero,
                    type: .called, time: WallTime(nanoseconds: 0),
                    payload: .called(
                        function: "f", parameters: [UInt8](repeating: 0, count: size), fuel: 0,
                        deadlineNanoseconds: nil)))
        }
        var outbox = FeedOutbox()
        for sequence in UInt64(0)..<10 { outbox.add(event(sequence)) }
        var batch = outbox.take()
        #expect(batch.items.count == 10)
        #expect(batch.passedOverBefore == nil)
        for sequence in UInt64(10)..<5010 { outbox.add(event(sequence)) }
        batch = outbox.take()
        #expect(batch.items.count == FeedOutbox.itemsMax)
        #expect(batch.items.first?.sequence == 5010 - UInt64(FeedOutbox.itemsMax))
        #expect(batch.passedOverBefore == batch.items.first?.sequence)
        #expect(outbox.take().items.isEmpty)
        outbox.add(event(5010))
        #expect(outbox.take().passedOverBefore == nil)
        // Large ones; one always has room.
        for sequence in UInt64(5011)..<5021 { outbox.add(event(sequence, size: 1 << 20)) }
        batch = outbox.take()
        #expect(batch.items.count == 3)
        outbox.add(event(6000, size: 8 << 20))
        #expect(outbox.take().items.count == 1)
    }
}
