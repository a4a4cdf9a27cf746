// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform

@testable import TheaterChain

@Suite("Effects in chains")
struct EffectLedgerTests {
    private static func intent(_ policy: DoubtPolicy = .ask) -> EventPayload {
        .intent(
            interface: "a:b/c", function: "put", input: [1, 2], effect: .once, policy: policy)
    }

    private static func outcome(_ sequence: UInt64) -> EventPayload {
        .outcome(interface: "a:b/c", function: "put", intent: sequence, output: [3])
    }

    @Test("are in doubt without an outcome or a settlement")
    func ledger() async throws {
        let journal = Journal.inMemory()
        let chain = try journal.makeChain(actor: actor(1), name: "one")
        func doubts() async throws -> [UInt64] {
            try await journal.reader().doubts(of: actor(1)).map(\.id.sequence)
        }
        try chain.append(Self.intent())
        #expect(try await doubts() == [0])
        try chain.append(Self.outcome(0))
        #expect(try await doubts() == [])
        try chain.append(Self.intent())
        try chain.append(log, payload: [0xFF])
        try chain.append(Self.intent())
        #expect(try await doubts() == [2, 4])
        try chain.append(
            .outcomeError(interface: "a:b/c", function: "put", intent: 4, message: "no"))
        try chain.append(Self.outcome(3))
        #expect(try await doubts() == [2])
        try chain.append(Self.intent())
        try chain.append(Self.outcome(7), isRedacted: true)
        #expect(try await doubts() == [2], "a redacted outcome is one")
        try chain.append(.settled(intent: 2, as: .notDone, note: "looked"))
        #expect(try await doubts() == [])
    }

    @Test("in doubt say everything that somebody needs who looks outside")
    func facts() async throws {
        let journal = Journal.inMemory()
        let chain = try journal.makeChain(actor: actor(1), name: "one")
        try chain.append(log, payload: [1])
        try chain.append(Self.intent(.retry), time: WallTime(nanoseconds: 77))
        let doubt = try #require(try await journal.reader().doubts(of: actor(1)).first)
        #expect(doubt.id == EffectID(actor: actor(1), sequence: 1))
        #expect(doubt.id.description == "\(actor(1)):1")
        #expect(doubt.name == "one")
        #expect(doubt.time.nanoseconds == 77)
        #expect(doubt.interface == "a:b/c" && doubt.function == "put")
        #expect(doubt.input == [1, 2])
        #expect(doubt.kind == .once && doubt.policy == .retry)
    }

    @Test("are settled without asking under the policy fail alone")
    func policies() {
        #expect(DoubtPolicy.allCases.map(\.settlement) == [.failed, nil, nil])
    }

    // Goal: opening after a crash finds the chains that end in an intent, wherever in the journal, and
    // none after an orderly end. Method: kill a simulated process with chains in every state.
    @Test("that a crash cut off are found when the journal is opened", arguments: [500, 4096])
    func cutOff(segment: Int) async throws {
        let disk = SimulatedDisk()
        let journal = try disk.open(smallOptions(segment: segment))
        let chains = try (1...5).map { try journal.makeChain(actor: actor($0), name: "a\($0)") }
        for chain in chains { try chain.append(log, payload: [1]) }
        try chains[0].append(Self.intent())
        try chains[1].append(Self.intent())
        try chains[1].append(Self.outcome(1))
        try chains[2].append(Self.intent(.fail))
        try chains[2].append(.denied(what: "put", reason: "no"))
        try chains[3].append(Self.intent())
        try chains[3].append(.settled(intent: 1, as: .done, note: ""))
        for index in 0..<20 as Range<UInt8> { try chains[4].append(log, payload: [index]) }
        try await journal.sync()
        disk.kill()
        let reopened = try disk.open(smallOptions(segment: segment))
        let doubts = reopened.recovery.doubts
        #expect(doubts.map(\.id.actor) == [actor(1), actor(3)])
        #expect(doubts.map(\.policy) == [.ask, .fail])
        try await reopened.close()
        #expect(try disk.reader().doubts(of: actor(1)).count == 1)
    }

    @Test("that a crash cut off are found behind an index without flags, too")
    func plainIndex() async throws {
        let disk = SimulatedDisk()
        let journal = try disk.open()
        for number in 1...3 as ClosedRange<UInt64> {
            let chain = try journal.makeChain(actor: actor(number), name: "a\(number)")
            try chain.append(Self.intent())
            if number == 2 { try chain.append(Self.outcome(0)) }
        }
        try await journal.close()
        let path = SimulatedDisk.directory + "/journal.index"
        var bytes = Array(try #require(disk.contents(path)).dropLast(32))
        bytes[8] = 1
        // Each entry: 82 bytes, the flags, and a name of two letters.
        for entry in (0..<3).reversed() { bytes.remove(at: 72 + entry * 85 + 82) }
        disk.put(path, bytes + Digest.sha256(of: bytes).bytes)
        let reopened = try disk.open()
        #expect(reopened.recovery.recordsRead == 0, "the index was used")
        #expect(reopened.recovery.doubts.map(\.id.actor) == [actor(1), actor(3)])
        #expect(reopened.actors().map(\.name) == ["a1", "a2", "a3"])
        try await reopened.close()
        #expect(try disk.open().recovery.doubts.count == 2)
    }

    @Test("whoever opens the journal in between, effects in doubt are found until they are settled")
    func between() async throws {
        let disk = SimulatedDisk()
        let journal = try disk.open()
        for number in 1...3 as ClosedRange<UInt64> {
            let chain = try journal.makeChain(actor: actor(number), name: nil)
            try chain.append(Self.intent(.fail))
        }
        try await journal.sync()
        disk.kill()
        // Somebody settles one of them.
        let first = try disk.open()
        try first.resumeChain(actor: actor(2)).append(.settled(intent: 0, as: .failed, note: ""))
        try await first.close()
        // Somebody cares for the journal.
        var retention = Retention()
        retention.eventsPerChain = 1
        try Journal.prune(
            directory: SimulatedDisk.directory, keeping: retention, disk: disk)
        try Journal.compact(directory: SimulatedDisk.directory, disk: disk)
        let second = try disk.open()
        #expect(second.recovery.doubts.map(\.id.actor) == [actor(1), actor(3)])
        for doubt in second.recovery.doubts {
            try second.resumeChain(actor: doubt.id.actor)
                .append(.settled(intent: doubt.id.sequence, as: .failed, note: ""))
        }
        try await second.close()
        #expect(try disk.open().recovery.doubts.isEmpty)
    }
}
