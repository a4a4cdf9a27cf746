// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform

@testable import TheaterChain

/// What it costs to find an event, counted in operations of the disk.
@Suite("Cursors find their start", .timeLimit(.minutes(2)))
struct WaypointTests {
    private static let count: UInt64 = 3000
    /// What a cursor does beside reading events: it lists the directory and opens segments.
    private static let fixedCost = 128

    /// A journal with two chains whose events alternate.
    private static func journal(_ disk: SimulatedDisk) async throws -> Journal {
        let journal = try disk.open(smallOptions(segment: 256 << 10))
        let chains = try (1...2).map { try journal.makeChain(actor: actor($0)) }
        for index in 0..<count {
            for chain in chains {
                try chain.append(
                    log, payload: Array("\(index)".utf8), time: WallTime(nanoseconds: 7))
            }
            if index % 2048 == 0 { try await journal.sync() }
        }
        try await journal.sync()
        return journal
    }

    /// The events of a range, and how many operations they took.
    private static func read(
        _ journal: Journal, _ disk: SimulatedDisk, _ range: Range<UInt64>
    ) async throws -> (sequences: [UInt64], cost: Int) {
        disk.inject(nil)
        var cursor = try await journal.events(of: actor(1), in: range)
        var sequences: [UInt64] = []
        while let event = try await cursor.nextYielding() {
            #expect(event.payload == Array("\(event.sequence)".utf8))
            sequences.append(event.sequence)
        }
        return (sequences, disk.operations)
    }

    @Test("a page costs its own events and the way to the next known one, wherever it is")
    func pages() async throws {
        let disk = SimulatedDisk()
        let journal = try await Self.journal(disk)
        let stride = Int(Waypoints.stride)
        for first in [0, 1, 1023, 1024, 1500, 2047, 2048, 2900] as [UInt64] {
            let (sequences, cost) = try await Self.read(journal, disk, first..<first + 100)
            #expect(sequences == Array(first..<first + 100))
            #expect(cost <= 100 + 100 + stride + Self.fixedCost, "from \(first): \(cost)")
        }
        let newest = try await Self.read(journal, disk, Self.count - 256..<Self.count)
        #expect(newest.sequences == Array(Self.count - 256..<Self.count))
        #expect(newest.cost <= 2 * 256 + Self.fixedCost, "\(newest.cost)")
        let whole = try await Self.read(journal, disk, 0..<Self.count)
        #expect(whole.sequences == Array(0..<Self.count))
        #expect(whole.cost <= 2 * Int(Self.count) + Self.fixedCost, "\(whole.cost)")
        try await journal.close()
    }

    @Test("a journal that was opened again learns the way once, and a reader too")
    func again() async throws {
        let disk = SimulatedDisk()
        try await Self.journal(disk).close()
        let journal = try disk.open(smallOptions(segment: 256 << 10))
        let first = try await Self.read(journal, disk, 0..<10)
        #expect(first.sequences == Array(0..<10))
        #expect(first.cost <= Int(Self.count) + 10 + Self.fixedCost, "\(first.cost)")
        for start in [0, 1500] as [UInt64] {
            let next = try await Self.read(journal, disk, start..<start + 10)
            #expect(next.cost <= 20 + Int(Waypoints.stride) + Self.fixedCost, "\(next.cost)")
        }
        try await journal.close()
        let reader = try disk.reader()
        for (range, costMax) in [(0..<10, 3200), (20..<30, 1200)] as [(Range<UInt64>, Int)] {
            disk.inject(nil)
            #expect(try events(reader, actor(1), in: range).map(\.sequence) == Array(range))
            #expect(disk.operations <= costMax, "\(range): \(disk.operations)")
        }
    }

    @Test("a step reads no more than it is allowed to")
    func steps() async throws {
        let disk = SimulatedDisk()
        try await Self.journal(disk).close()
        var cursor = try disk.reader().events(of: actor(2), in: 100..<103)
        var (sequences, steps): ([UInt64], Int) = ([], 0)
        loop: while true {
            disk.inject(nil)
            let step = try cursor.step(readsMax: 10)
            #expect(disk.operations <= 10 + 1)
            steps += 1
            switch step {
            case .event(let event): sequences.append(event.sequence)
            case .more: continue
            case .end: break loop
            }
        }
        #expect(sequences == [100, 101, 102])
        #expect(steps >= 250)
    }

    @Test("every range reads as it does without any known place")
    func ranges() async throws {
        let disk = SimulatedDisk()
        let journal = try await Self.journal(disk)
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed: seed)
        for _ in 0..<40 {
            let first = UInt64.random(in: 0..<Self.count, using: &random)
            let end = min(first + UInt64.random(in: 0...2500, using: &random), Self.count)
            let (sequences, _) = try await Self.read(journal, disk, first..<end)
            #expect(sequences == Array(first..<end), "seed \(seed)")
        }
        try await journal.close()
    }

    @Test("a chain has a bounded number of known places, which grow further apart")
    func bound() {
        let waypoints = Waypoints()
        let stride = Waypoints.stride
        let many = 3 * UInt64(Waypoints.countMax)
        for index in (1...many).reversed() {
            waypoints.note(
                actor(1), index * stride - 1, Position(segment: 1, offset: UInt32(index)))
            waypoints.note(actor(1), index * stride, Position(segment: 1, offset: 0))
        }
        let count = waypoints.count(of: actor(1))
        #expect((Waypoints.countMax / 2...Waypoints.countMax).contains(count))
        let all = waypoints.places(of: actor(1), in: 0..<many * stride)
        #expect(all.count == count)
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.sequence < $1.sequence })
        #expect(all.allSatisfy { UInt64($0.position.offset) * stride == $0.sequence + 1 })
        // The first known one after the range closes it.
        let some = waypoints.places(of: actor(1), in: 10..<20)
        #expect(some.count == 1)
        #expect(some[0].sequence >= 19)
        #expect(waypoints.places(of: actor(2), in: 0..<20).isEmpty)
    }

    @Test("of a chain in memory, ranges that were dropped are empty or begin later")
    func dropped() async throws {
        var options = JournalOptions()
        options.memorySizeMax = 600 << 10
        let journal = Journal.inMemory(options: options)
        let early = try journal.makeChain(actor: actor(2))
        try early.append(log, payload: [1])
        let chain = try journal.makeChain(actor: actor(1))
        for index in 0..<9000 { try chain.append(log, payload: Array("\(index)".utf8)) }
        let reader = try await journal.reader()
        let kept = try events(reader, actor(1))
        let first = try #require(kept.first?.sequence)
        #expect(first > 2048)
        #expect(kept.map(\.sequence) == Array(first..<9000))
        #expect(try events(reader, actor(1), in: 0..<100).isEmpty)
        #expect(try events(reader, actor(1), in: 0..<first + 3).map(\.sequence).count == 3)
        #expect(try events(reader, actor(2)).isEmpty)
    }
}
