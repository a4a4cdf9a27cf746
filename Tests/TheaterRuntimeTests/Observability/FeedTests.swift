// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Testing
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterHandlers
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Goal: a subscriber gets exactly what the chain has, in order, or is told what is missing; and whatever it
/// does, the actor does not notice. Method: real actors write while subscribers read, leave, or sleep.
@Suite("Feed")
struct FeedTests {
    /// Everything that comes until the chain ends.
    private func all(_ subscription: EventSubscription) async throws -> [FeedItem] {
        var items: [FeedItem] = []
        for try await item in subscription { items.append(item) }
        return items
    }

    private func recorded(_ id: ActorID, _ journal: Journal) async throws -> [ChainEvent] {
        var cursor = try await journal.events(of: id)
        var events: [ChainEvent] = []
        while let event = try cursor.next() { events.append(event) }
        return events
    }

    @Test("from now: what is recorded from then on, byte for byte as in the journal, to the end")
    func fromNow() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        try await stage.system.call(id, "echo", [.string("before")])
        let subscription = try stage.system.subscribe(to: id)
        let before = try #require(stage.journal.existingHead(actor: id)).count
        try await stage.system.call(id, "echo", [.string("after")])
        _ = try await stage.failure(id, "fail")
        _ = try await stage.failure(id, "trap")
        _ = try await stage.system.awaitEnd(of: id)
        let events = try await recorded(id, stage.journal)
        #expect(try await all(subscription) == events[Int(before)...].map(FeedItem.event))
        #expect(subscription.droppedCount == 0)
    }

    // Goal: whoever reads events may ask about the actor, and even call it, without anything getting stuck.
    // Method: a reader that sends commands for each event and calls for some, which makes further events.
    @Test("a reader that sends commands for each event gets them all")
    func commanding() async throws {
        let stage = try Stage()
        let control = ControlPlane(stage.system)
        let id = try await stage.spawn(FixtureActor.wat)
        let subscription = try stage.system.subscribe(
            to: id, from: .sequence(0), options: FeedOptions(eventsMax: 10_000))
        for index in UInt8(0)..<10 { try await stage.system.call(id, "echo", [.u8(index)]) }
        var items: [FeedItem] = []
        var calls = 10
        for try await item in subscription {
            items.append(item)
            guard stage.system.status(of: id)?.isEnded == false else { continue }
            let metrics = try await control.send { .getActorMetrics(id, $0) }
            _ = try await control.send { .getActorStatus(id, $0) }
            let page = try await control.send { .getActorEvents(id, EventFilter(), $0) }
            #expect(!page.events.isEmpty && metrics.calls > 0)
            if calls < 15 {
                calls += 1
                try await stage.system.call(id, "echo", [.u8(0)])
            } else if items.count == 25 {
                _ = try await control.send { .stopActor(id, grace: .seconds(5), $0) }
            }
        }
        let events = try await recorded(id, stage.journal)
        #expect(items == events.map(FeedItem.event))
        #expect(events.count { $0.type == "theater.runtime/called" } == 16, "init, and the calls")
        await control.close()
    }

    @Test("host calls, denials and refusals reach subscribers as the chain has them")
    func hostCalls() async throws {
        let stage = try Stage()
        let gate = Gate.of("feed host call")
        let id = try await stage.spawn(waiter(), grants: ["gate"])
        let subscription = try stage.system.subscribe(to: id)
        let call = Task {
            try await stage.system.call(id, "test:waiter/waiter.wait", [.string("feed host call")])
        }
        await gate.arrived()
        gate.open()
        _ = try await call.value
        try await stage.system.stop(id)
        let events = try await recorded(id, stage.journal)
        #expect(try await all(subscription) == events.dropFirst().map(FeedItem.event))
        #expect(events.contains { $0.type == "test:gate/gate/wait" })
    }

    @Test(
        "from a sequence: past and present without gap or duplicate while the actor writes",
        arguments: [0, 1, 7])
    func fromSequence(first: UInt64) async throws {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "feed-\(ActorID.random())").path
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let stage = try Stage(journal: try Journal.open(directory: directory))
        let id = try await stage.spawn(FixtureActor.wat)
        let writer = Task {
            for index in UInt32(0)..<400 { try await stage.system.call(id, "echo", [.u32(index)]) }
            try await stage.system.stop(id)
        }
        // Subscribers come while it writes; a small queue does not matter to who still reads the past.
        var readers: [Task<[FeedItem], any Error>] = []
        for count in 0..<8 {
            while (stage.journal.existingHead(actor: id)?.count ?? 0) < count * 50 {
                await Task.yield()
            }
            let subscription = try stage.system.subscribe(
                to: id, from: .sequence(first), options: FeedOptions(eventsMax: 4096))
            readers.append(Task { try await all(subscription) })
        }
        try await writer.value
        let events = try await recorded(id, stage.journal)
        for reader in readers {
            #expect(try await reader.value == events[Int(first)...].map(FeedItem.event))
        }
        try await stage.journal.close()
    }

    @Test("a queue too small for who still reads the past loses nothing and disconnects nobody")
    func catchingUp() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        let subscription = try stage.system.subscribe(
            to: id, from: .sequence(0),
            options: FeedOptions(eventsMax: 2, overflow: .disconnect))
        for index in UInt8(0)..<50 { try await stage.system.call(id, "echo", [.u8(index)]) }
        try await stage.system.stop(id)
        let events = try await recorded(id, stage.journal)
        #expect(try await all(subscription) == events.map(FeedItem.event))
        #expect(subscription.droppedCount == 0)
    }

    @Test("a subscriber who never reads costs the actor nothing; a gap says what was dropped")
    func dropOldest() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        let first = try #require(stage.journal.existingHead(actor: id)).count
        let subscription = try stage.system.subscribe(
            to: id, options: FeedOptions(eventsMax: 3))
        for index in UInt8(0)..<100 { try await stage.system.call(id, "echo", [.u8(index)]) }
        try await stage.system.stop(id)
        let events = try await recorded(id, stage.journal)
        #expect(events.count == Int(first) + 201)
        #expect(
            try await all(subscription) == [.gap(first: first, count: 198)]
                + events.suffix(3).map(FeedItem.event))
        #expect(subscription.droppedCount == 198)
    }

    @Test("large events count by their size")
    func sizes() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        let subscription = try stage.system.subscribe(
            to: id, options: FeedOptions(sizeMax: 4096))
        for _ in 0..<4 {
            try await stage.system.call(id, "echo", [.string(String(repeating: "x", count: 3000))])
        }
        try await stage.system.stop(id)
        let items = try await all(subscription)
        guard case .gap(_, let count)? = items.first else {
            Issue.record("\(items.count) items and no gap")
            return
        }
        #expect(count == 7, "only the last answer and the end fit")
        #expect(items.count == 3)
    }

    @Test("a gap and the events around it are the whole chain, once each, under pressure")
    func accounted() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        let subscription = try stage.system.subscribe(
            to: id, from: .sequence(0), options: FeedOptions(eventsMax: 4))
        let reader = Task {
            var next: UInt64 = 0
            for try await item in subscription {
                switch item {
                case .event(let event):
                    #expect(event.sequence == next)
                    next += 1
                case .gap(let first, let count):
                    #expect(first == next)
                    next += count
                }
            }
            return next
        }
        for index in UInt32(0)..<300 { try await stage.system.call(id, "echo", [.u32(index)]) }
        try await stage.system.stop(id)
        #expect(try await reader.value == stage.journal.existingHead(actor: id)?.count)
    }

    @Test("with disconnect, a slow subscriber is told so, and where to go on")
    func disconnect() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        let subscription = try stage.system.subscribe(
            to: id, options: FeedOptions(eventsMax: 3, overflow: .disconnect))
        let first = try #require(stage.journal.existingHead(actor: id)).count
        for index in UInt8(0)..<3 { try await stage.system.call(id, "echo", [.u8(index)]) }
        let error = await #expect(throws: ActorError.self) { try await all(subscription) }
        #expect(error?.code == .feedOverrun)
        #expect(error?.message.contains("from sequence \(first)") == true)
        #expect(stage.system.status(of: id) == .running)
    }

    @Test("who leaves gets nothing more, and the actor no longer publishes")
    func cancel() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        let feed = try stage.system.cell(id).recorder.feed
        #expect(!feed.isObserved)
        let subscription = try stage.system.subscribe(to: id)
        #expect(feed.isObserved)
        try await stage.system.call(id, "echo", [.u8(1)])
        var iterator = subscription.makeAsyncIterator()
        #expect(try await iterator.next() != nil)
        subscription.cancel()
        #expect(try await iterator.next() == nil, "one more event was waiting")
        #expect(!feed.isObserved)
        // Also past events stop at once.
        let past = try stage.system.subscribe(to: id, from: .sequence(0))
        var pastIterator = past.makeAsyncIterator()
        #expect(try await pastIterator.next() != nil)
        past.cancel()
        #expect(try await pastIterator.next() == nil)
    }

    @Test("cancelling the task that waits, and letting the subscription go, ends it")
    func cancelTask() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        let feed = try stage.system.cell(id).recorder.feed
        let subscription = try stage.system.subscribe(to: id)
        let reader = Task { try await all(subscription) }
        await Task.yield()
        reader.cancel()
        #expect(try await reader.value.isEmpty)
        do {
            let other = try stage.system.subscribe(to: id)
            #expect(other.droppedCount == 0)
        }
        subscription.cancel()
        #expect(!feed.isObserved)
    }

    @Test("an actor that is over gives its past and ends; one that never was is not found")
    func ended() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        try await stage.system.stop(id)
        let events = try await recorded(id, stage.journal)
        let past = try stage.system.subscribe(to: id, from: .sequence(0))
        #expect(try await all(past) == events.map(FeedItem.event))
        let now = try stage.system.subscribe(to: id)
        #expect(try await all(now).isEmpty)
        let error = #expect(throws: ActorError.self) {
            try stage.system.subscribe(to: .random())
        }
        #expect(error?.code == .notFound)
    }

    @Test("a subscription goes on through a restart")
    func restart() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        let subscription = try stage.system.subscribe(to: id, from: .sequence(0))
        try await stage.system.restart(id)
        try await stage.system.call(id, "echo", [.u8(1)])
        try await stage.system.stop(id)
        let events = try await recorded(id, stage.journal)
        #expect(try await all(subscription) == events.map(FeedItem.event))
        #expect(events.filter { $0.type == "theater.runtime/spawned" }.count == 2)
    }

    @Test("subscribers are bounded, and so are iterators")
    func bounds() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        var kept: [EventSubscription] = []
        for _ in 0..<EventFeed.subscribersMax { kept.append(try stage.system.subscribe(to: id)) }
        let full = #expect(throws: ActorError.self) { try stage.system.subscribe(to: id) }
        #expect(full?.code == .feedFull)
        kept.removeLast()
        _ = try stage.system.subscribe(to: id)
        _ = kept[0].makeAsyncIterator()
        var second = kept[0].makeAsyncIterator()
        let taken = await #expect(throws: ActorError.self) { try await second.next() }
        #expect(taken?.code == .feedTaken)
    }

    @Test("without a journal there are no events, and the error says so")
    func unrecorded() async throws {
        let system = ActorSystem(
            engine: try Engine(EngineOptions(guestsMax: 4)), journal: nil,
            handlers: HandlerRegistry([RuntimeHandler.self]), logger: Logger(label: "test"))
        let id = try await system.spawn(try Stage.request(FixtureActor.wat))
        let error = #expect(throws: ActorError.self) { try system.subscribe(to: id) }
        #expect(error?.code == .unrecorded)
        #expect(try system.metrics(of: id).chainLength == nil)
        let events = await #expect(throws: ActorError.self) { try await system.events(of: id) }
        #expect(events?.code == .unrecorded)
        await system.shutDown()
    }

    @Test("what a chain in memory no longer has is a gap")
    func forgotten() async throws {
        var options = JournalOptions()
        options.memorySizeMax = 1
        let stage = try Stage(journal: .inMemory(options: options))
        let id = try await stage.spawn(FixtureActor.wat)
        let large = Value.string(String(repeating: "x", count: 100_000))
        for _ in 0..<6 { try await stage.system.call(id, "echo", [large]) }
        try await stage.system.stop(id)
        let subscription = try stage.system.subscribe(to: id, from: .sequence(0))
        let items = try await all(subscription)
        guard case .gap(0, let count)? = items.first else {
            Issue.record("\(items.count) items and no gap")
            return
        }
        #expect(UInt64(items.count - 1) + count == stage.journal.existingHead(actor: id)?.count)
    }
}
