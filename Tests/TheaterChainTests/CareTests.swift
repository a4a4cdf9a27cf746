// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import TheaterPlatform

@testable import TheaterChain

@Suite("Care of a journal")
struct CareTests {
    static let options = smallOptions(segment: 900)

    /// A closed journal of several segments: two chains of `count` events with payloads of 100 bytes,
    /// at times 0, 1, 2 …, and a chain with an effect in doubt.
    static func journal(count: Int = 10) async throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        let journal = try disk.open(options)
        let doubtful = try journal.makeChain(actor: actor(9), name: "doubtful")
        try doubtful.append(
            .intent(
                interface: "a:b/c", function: "put", input: [1, 2, 3], effect: .once, policy: .ask),
            time: WallTime(nanoseconds: 0))
        let chains = try (1...2).map { try journal.makeChain(actor: actor($0), name: "a\($0)") }
        for index in 0..<count {
            for chain in chains {
                try chain.append(
                    log, payload: payload(index), time: WallTime(nanoseconds: Int64(index)))
            }
            // A batch, and so a mark, for each round.
            try await journal.sync()
        }
        try await journal.close()
        return disk
    }

    static func payload(_ index: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: 100)
    }

    /// Which payloads of a chain are there, after it has verified with the head that it had.
    static func kept(_ disk: SimulatedDisk, _ number: UInt64, like before: SimulatedDisk) throws
        -> [Bool]
    {
        let result = try disk.reader().verifyAll()
        #expect(result.isValid, "\(result.problems)")
        let (old, new) = (try before.reader(), try disk.reader())
        #expect(old.actors() == new.actors())
        let events = try TheaterChainTests.events(new, actor(number))
        for (index, event) in events.enumerated() {
            #expect(event.sequence == UInt64(index))
            if let bytes = event.payload { #expect(bytes == payload(index)) }
        }
        #expect(
            events.map(\.hash) == (try TheaterChainTests.events(old, actor(number))).map(\.hash))
        return events.map { $0.payload != nil }
    }

    @discardableResult
    static func prune(
        _ disk: SimulatedDisk, _ retention: Retention, isTrial: Bool = false
    ) throws(JournalError) -> PruneReport {
        try Journal.prune(
            directory: SimulatedDisk.directory, keeping: retention, isTrial: isTrial,
            options: options, disk: disk)
    }

    @Test("pruning by count drops the oldest payloads of each chain, and nothing else")
    func count() async throws {
        let whole = try await Self.journal()
        let disk = whole.copy()
        var retention = Retention()
        retention.eventsPerChain = 3
        let trial = try Self.prune(disk, retention, isTrial: true)
        #expect(trial.sizeAfter == nil)
        #expect(try Self.kept(disk, 1, like: whole) == Array(repeating: true, count: 10))
        let report = try Self.prune(disk, retention)
        #expect(report.payloadCount == 14 && report.payloadSize == 1400)
        #expect(trial.payloadCount == 14 && trial.payloadSize == 1400)
        #expect(try #require(report.sizeAfter) + 1400 <= report.sizeBefore)
        let expected = (0..<10).map { $0 >= 7 }
        #expect(try Self.kept(disk, 1, like: whole) == expected)
        #expect(try Self.kept(disk, 2, like: whole) == expected)
        #expect(try disk.reader().doubts(of: actor(9)).count == 1)
        // A second time there is nothing to do.
        #expect(try Self.prune(disk, retention).sizeAfter == nil)
    }

    @Test("pruning by age drops what is older")
    func age() async throws {
        let whole = try await Self.journal()
        let disk = whole.copy()
        var retention = Retention()
        retention.since = WallTime(nanoseconds: 4)
        let report = try Self.prune(disk, retention)
        #expect(report.payloadCount == 8 && report.keptDoubts == 1)
        #expect(try Self.kept(disk, 1, like: whole) == (0..<10).map { $0 >= 4 })
    }

    @Test(
        "pruning by age keeps no event before one that goes, whatever clock they were recorded by")
    func clockSetBack() async throws {
        let disk = SimulatedDisk()
        let journal = try disk.open(Self.options)
        let chain = try journal.makeChain(actor: actor(1), name: nil)
        let (interface, function) = ("a:b/c", "put")
        try chain.append(
            .intent(
                interface: interface, function: function, input: [1], effect: .once, policy: .ask),
            time: WallTime(nanoseconds: 10))
        try chain.append(
            .outcome(interface: interface, function: function, intent: 0, output: [2]),
            time: WallTime(nanoseconds: 2))
        try chain.append(log, payload: [3], time: WallTime(nanoseconds: 6))
        try await journal.close()
        var retention = Retention()
        retention.since = WallTime(nanoseconds: 5)
        #expect(try Self.prune(disk, retention).payloadCount == 2)
        let reader = try disk.reader()
        #expect(try events(reader, actor(1)).map { $0.payload == nil } == [true, true, false])
        #expect(try reader.doubts(of: actor(1)).isEmpty)
    }

    @Test(
        "pruning by size keeps the newest bytes of the whole journal",
        arguments: [0, 99, 500, 1950])
    func size(bytes: UInt64) async throws {
        let whole = try await Self.journal()
        let disk = whole.copy()
        var retention = Retention()
        retention.payloadSize = bytes
        let report = try Self.prune(disk, retention)
        let kept = try (1...2 as ClosedRange<UInt64>).map {
            try Self.kept(disk, $0, like: whole)
        }
        let count = kept.joined().filter(\.self).count
        #expect(report.payloadCount == UInt64(20 - count))
        #expect(count * 100 <= bytes)
        #expect((count + 2) * 100 > bytes, "more went than had to")
        for chain in kept { #expect(chain == chain.sorted { !$0 && $1 }, "a newer one went first") }
    }

    @Test("pruning one chain leaves the others")
    func oneChain() async throws {
        let whole = try await Self.journal()
        let disk = whole.copy()
        var retention = Retention()
        retention.eventsPerChain = 0
        retention.actors = [actor(2)]
        #expect(try Self.prune(disk, retention).payloadCount == 10)
        #expect(try Self.kept(disk, 1, like: whole).allSatisfy { $0 == true })
        #expect(try Self.kept(disk, 2, like: whole).allSatisfy { $0 == false })
    }

    @Test("a pruned journal goes on, and is pruned again")
    func goesOn() async throws {
        let whole = try await Self.journal()
        let disk = whole.copy()
        var retention = Retention()
        retention.eventsPerChain = 2
        try Self.prune(disk, retention)
        let journal = try disk.open(Self.options)
        let chain = try journal.resumeChain(actor: actor(1))
        for index in 10..<20 {
            try chain.append(
                log, payload: Self.payload(index), time: WallTime(nanoseconds: Int64(index)))
        }
        try await journal.close()
        let longer = disk.copy()
        #expect(try Self.kept(disk, 1, like: longer) == (0..<20).map { $0 >= 8 })
        #expect(try Self.prune(disk, retention).payloadCount == 10)
        #expect(try Self.kept(disk, 1, like: longer) == (0..<20).map { $0 >= 18 })
    }

    @Test("compacting changes no event and needs less room")
    func compact() async throws {
        let whole = try await Self.journal()
        let disk = whole.copy()
        let report = try Journal.compact(
            directory: SimulatedDisk.directory, options: smallOptions(segment: 8192), disk: disk)
        #expect(report.payloadCount == 0)
        #expect(try #require(report.sizeAfter) < report.sizeBefore)
        #expect(try disk.reader().verifyAll().segmentCount == 1)
        #expect(try Self.kept(disk, 1, like: whole).allSatisfy { $0 == true })
        let journal = try disk.open(Self.options)
        try await journal.close()
    }

    @Test("caring for a journal that is open or damaged is refused, and changes nothing")
    func refused() async throws {
        let disk = try await Self.journal()
        let journal = try disk.open(Self.options)
        var retention = Retention()
        retention.eventsPerChain = 0
        #expect(throws: JournalError.self) { try Self.prune(disk, retention) }
        #expect(try Self.prune(disk, retention, isTrial: true).payloadCount == 20)
        try await journal.close()
        let path = SimulatedDisk.segment(2)
        var bytes = try #require(disk.contents(path))
        bytes[bytes.count / 2] ^= 1
        disk.put(path, bytes)
        let error = #expect(throws: JournalError.self) { try Self.prune(disk, retention) }
        #expect(error?.code == .damaged)
        #expect(disk.contents(path) == bytes)
    }

    // MARK: Copies

    static let backup = "/backup"

    @Test("a backup of an open journal has what was on disk, and can be put back")
    func copies() async throws {
        let disk = SimulatedDisk()
        let journal = try disk.open(Self.options)
        let chain = try journal.makeChain(actor: actor(1), name: "a1")
        for index in 0..<10 { try chain.append(log, payload: Self.payload(index)) }
        try await journal.sync()
        try chain.append(
            .intent(
                interface: "a:b/c", function: "put", input: [], effect: .once, policy: .ask))
        try await journal.sync()
        let saved = chain.head
        let report = try Journal.backup(
            from: SimulatedDisk.directory, to: Self.backup, disk: disk)
        #expect(report.chainCount == 1 && report.eventCount == 11 && report.segmentCount >= 3)
        try chain.append(log, payload: [])
        try await journal.close()
        // A backup is a journal.
        let copy = try Journal.openReadOnly(directory: Self.backup, disk: disk)
        #expect(try copy.verifyAll().isValid)
        #expect(copy.summary(of: actor(1))?.head == saved.hash)
        let restored = "/restored"
        try Journal.restore(from: Self.backup, to: restored, disk: disk)
        let again = try Journal.open(directory: restored, options: Self.options, disk: disk)
        #expect(again.existingHead(actor: actor(1)) == saved)
        // What was under way when the backup was made is in doubt.
        #expect(again.recovery.doubts.map(\.id.sequence) == [10])
        try again.resumeChain(actor: actor(1)).append(log, payload: [])
        try await again.close()
        #expect(try Journal.openReadOnly(directory: restored, disk: disk).verifyAll().isValid)
    }

    @Test("a copy replaces no journal, and an unfinished or damaged backup is not put back")
    func refusedCopies() async throws {
        let disk = try await Self.journal()
        let journal = SimulatedDisk.directory
        try Journal.backup(from: journal, to: Self.backup, disk: disk)
        for (source, target) in [
            (journal, Self.backup), (Self.backup, journal), (journal, journal),
        ] {
            let error = #expect(throws: JournalError.self) {
                try Journal.backup(from: source, to: target, disk: disk)
            }
            #expect(error?.code == .notEmpty)
        }
        let index = try #require(disk.contents(Self.backup + "/journal.index"))
        disk.put(Self.backup + "/journal.index", nil)
        var error = #expect(throws: JournalError.self) {
            try Journal.restore(from: Self.backup, to: "/other", disk: disk)
        }
        #expect(error?.code == .damaged)
        #expect(error?.fact.contains("no finished backup") == true)
        disk.put(Self.backup + "/journal.index", index)
        let path = Self.backup + "/000002.journal"
        var bytes = try #require(disk.contents(path))
        bytes[bytes.count / 2] ^= 1
        disk.put(path, bytes)
        error = #expect(throws: JournalError.self) {
            try Journal.restore(from: Self.backup, to: "/other", disk: disk)
        }
        #expect(error?.code == .damaged)
        #expect(try disk.list("/other").isEmpty)
    }
}
