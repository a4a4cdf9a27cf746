// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform

@testable import TheaterChain

@Suite("Damage")
struct DamageTests {
    static let index = SimulatedDisk.directory + "/journal.index"

    /// The records of a segment, by where they are.
    static func records(
        _ bytes: [UInt8]
    ) -> [(range: Range<Int>, kind: RecordFormat.Kind, actor: ActorID, sequence: UInt64)] {
        bytes.withUnsafeBytes { buffer in
            var records: [(Range<Int>, RecordFormat.Kind, ActorID, UInt64)] = []
            var offset = SegmentHeader.size
            while case .record(let record) = Record.read(buffer.part(offset..<buffer.count)) {
                let range = offset..<offset + record.bytes.count
                records.append(
                    (range, record.kind, record.id, record.kind == .event ? record.sequence : 0))
                offset = range.upperBound
            }
            return records
        }
    }

    // Goal: no changed byte stays unseen, and the verifier names the event it is in. Method: change
    // every byte of a closed journal in turn; once with the index, once without. With a changed byte
    // the journal must not open for writing unless what is cut is the last mark, which says nothing
    // about an event.
    @Test("a changed byte anywhere is found, and the event named", arguments: [true, false])
    func flips(hasIndex: Bool) async throws {
        let whole = try await smallJournal()
        if !hasIndex { whole.put(Self.index, nil) }
        let clean = try whole.reader().verifyAll()
        #expect(clean.isValid && clean.eventCount == 12 && clean.tailSize == 0)
        let last = UInt32(clean.segmentCount)
        try #require(last >= 3)
        for number in 1...last {
            let path = SimulatedDisk.segment(number)
            let bytes = try #require(whole.contents(path))
            let records = Self.records(bytes)
            #expect(records.last?.range.upperBound == bytes.count)
            for offset in bytes.indices {
                var changed = bytes
                changed[offset] ^= 1 << (offset % 8)
                let disk = whole.copy()
                disk.put(path, changed)
                let place = "byte \(offset) of segment \(number)"
                let record = records.first { $0.range.contains(offset) }
                let isLastMark = number == last && record?.range.upperBound == bytes.count
                try expectFound(
                    disk, place, record, path, isLastMark: isLastMark, hasIndex: hasIndex)
            }
        }
    }

    private func expectFound(
        _ disk: SimulatedDisk, _ place: String,
        _ record: (range: Range<Int>, kind: RecordFormat.Kind, actor: ActorID, sequence: UInt64)?,
        _ path: String, isLastMark: Bool, hasIndex: Bool
    ) throws {
        do throws(JournalError) {
            let result = try disk.reader().verifyAll()
            let problem = result.problems.first
            if isLastMark, !hasIndex {
                #expect(result.isValid && result.tailSize > 0, "\(place)")
            } else {
                #expect(problem?.file == path, "\(place): \(result.problems)")
            }
            if let record, record.kind == .event {
                #expect(problem?.actor == record.actor, "\(place): \(result.problems)")
                #expect(problem?.sequence == record.sequence, "\(place): \(result.problems)")
                #expect(problem?.offset == UInt64(record.range.lowerBound), "\(place)")
                let other = record.actor == actor(1) ? actor(2) : actor(1)
                let named = result.chains.filter { $0.problem?.actor == other }
                #expect(named.isEmpty, "\(place): \(result.problems)")
            }
        } catch {
            #expect(error.code == .newerFormat, "\(place): \(error)")
        }
        do throws(JournalError) {
            let journal = try disk.open()
            // With an index, opening reads only what the index does not cover.
            if !hasIndex {
                #expect(isLastMark && journal.recovery.cutSize > 0, "\(place) went unseen")
            }

        } catch {
            #expect([.damaged, .newerFormat].contains(error.code), "\(place): \(error)")
        }
    }

    // Goal: a crash leaves a cut record, and opening gives exactly the whole records before it.
    // Method: cut the last segment of a journal that was not closed at every length.
    @Test("a journal cut at any byte opens with exactly its whole records")
    func truncations() async throws {
        let whole = SimulatedDisk()
        let journal = try whole.open(smallOptions(segment: 1 << 20))
        let chain = try journal.makeChain(actor: actor(1), name: "cut")
        for index in 0..<6 as Range<UInt8> { try chain.append(log, payload: [index, 7, 7]) }
        try await journal.sync()
        let crashed = whole.copy()
        try await journal.close()
        let path = SimulatedDisk.segment(1)
        let bytes = try #require(crashed.contents(path))
        let records = Self.records(bytes)
        #expect(records.count == 8)
        for size in 0...bytes.count {
            let disk = crashed.copy()
            disk.put(path, Array(bytes.prefix(size)))
            let expected = records.filter { $0.range.upperBound <= size }
            let eventCount = expected.filter { $0.kind == .event }.count
            let end =
                size < SegmentHeader.size
                ? 0 : expected.last?.range.upperBound ?? SegmentHeader.size
            #expect(try disk.reader().verifyAll().isValid, "cut to \(size)")
            let opened = try disk.open()
            #expect(
                opened.actors().map(\.count).reduce(0, +) == UInt64(eventCount), "cut to \(size)")
            if size > SegmentHeader.size {
                #expect(opened.recovery.cutSize == UInt64(size - end), "cut to \(size)")
            }
            let again =
                try expected.isEmpty || expected.allSatisfy { $0.kind == .mark }
                ? opened.makeChain(actor: actor(1)) : opened.resumeChain(actor: actor(1))
            try again.append(log, payload: [99])
            try await opened.close()
            let result = try disk.reader().verifyAll()
            #expect(result.isValid && result.eventCount == UInt64(eventCount + 1), "cut to \(size)")
        }
    }

    @Test("a closed journal that is cut at any byte is refused, because its index remembers")
    func cutAfterClose() async throws {
        let whole = try await smallJournal(segment: 1 << 20)
        let path = SimulatedDisk.segment(1)
        let bytes = try #require(whole.contents(path))
        for size in 0..<bytes.count {
            let disk = whole.copy()
            disk.put(path, Array(bytes.prefix(size)))
            let error = #expect(throws: JournalError.self, "cut to \(size)") { try disk.open() }
            #expect(error?.code == .damaged, "cut to \(size): \(String(describing: error))")
            let problem = try disk.reader().verifyAll().problems.first
            #expect(problem?.check == .cutTail, "cut to \(size)")
        }
    }

    @Test("what is cut is kept beside the segment")
    func copyOfTail() async throws {
        let disk = try await smallJournal(segment: 1 << 20)
        let path = SimulatedDisk.segment(1)
        let bytes = try #require(disk.contents(path))
        disk.put(path, bytes + [1, 2, 3])
        let journal = try disk.open()
        #expect(journal.recovery.cutSize == 3)
        #expect(journal.recovery.copyPath == path + ".cut")
        #expect(disk.contents(path + ".cut") == [1, 2, 3])
        #expect(disk.contents(path) == bytes)
        try await journal.close()
    }

    @Test("a missing, foreign, swapped or doubled segment is named", arguments: 0..<4)
    func segments(kind: Int) async throws {
        let disk = try await smallJournal()
        disk.put(Self.index, nil)
        let second = try #require(disk.contents(SimulatedDisk.segment(2)))
        let third = try #require(disk.contents(SimulatedDisk.segment(3)))
        switch kind {
        case 0: disk.put(SimulatedDisk.segment(2), nil)
        case 1:
            let other = try await smallJournal()
            disk.put(SimulatedDisk.segment(2), other.contents(SimulatedDisk.segment(2)))
        case 2:
            disk.put(SimulatedDisk.segment(2), third)
            disk.put(SimulatedDisk.segment(3), second)
        default: disk.put(SimulatedDisk.segment(3), second)
        }
        let result = try disk.reader().verifyAll()
        #expect(!result.isValid)
        let checks: [ChainProblem.Check] = [
            .missingSegment, .segmentHeader, .segmentHeader, .segmentHeader,
        ]
        #expect(result.problems.first?.check == checks[kind], "\(result.problems)")
        let error = #expect(throws: JournalError.self) { try disk.open() }
        #expect(error?.code == .damaged)
    }

    // Goal: somebody who can compute checksums and hashes still cannot take an event out, put two in
    // another order, or give a chain to another actor. Method: rebuild the segment from its records.
    @Test("records taken out, doubled or reordered are named", arguments: 0..<4)
    func rearranged(kind: Int) async throws {
        let disk = try await smallJournal(segment: 1 << 20)
        disk.put(Self.index, nil)
        let path = SimulatedDisk.segment(1)
        let bytes = try #require(disk.contents(path))
        var records = Self.records(bytes)
        let place = try #require(records.firstIndex { $0.actor == actor(1) && $0.sequence == 2 })
        switch kind {
        case 0: records.remove(at: place)
        case 1: records.insert(records[place], at: place)
        case 2: records.swapAt(place, place + 1)
        default: records.removeAll { $0.actor == actor(2) }
        }
        disk.put(
            path, Array(bytes.prefix(SegmentHeader.size)) + records.flatMap { bytes[$0.range] })
        let result = try disk.reader().verifyAll()
        #expect(!result.isValid)
        if kind < 2 {
            let problem = result.chains.first { $0.actor == actor(1) }?.problem
            #expect(problem?.check == .sequence, "\(result.problems)")
            #expect(problem?.sequence == (kind == 0 ? 3 : 2), "\(result.problems)")
        }
        #expect(throws: JournalError.self) { try disk.open() }
    }

    @Test("a damaged index is not used")
    func index() async throws {
        let whole = try await smallJournal()
        let bytes = try #require(whole.contents(Self.index))
        for offset in bytes.indices {
            let disk = whole.copy()
            var changed = bytes
            changed[offset] ^= 1 << (offset % 8)
            disk.put(Self.index, changed)
            #expect(try disk.reader().actors() == whole.reader().actors(), "byte \(offset)")
            #expect(try disk.reader().verifyAll().isValid)
            let journal = try disk.open()
            #expect(journal.recovery.recordsRead > 12, "byte \(offset)")

        }
    }

    @Test("verifying one chain finds what is wrong in it, and not what is wrong in another")
    func oneChain() async throws {
        let disk = try await smallJournal(segment: 1 << 20)
        let path = SimulatedDisk.segment(1)
        var bytes = try #require(disk.contents(path))
        let record = try #require(
            Self.records(bytes).first {
                $0.kind == .event && $0.actor == actor(2) && $0.sequence == 4
            })
        bytes[record.range.upperBound - 1] ^= 1
        disk.put(path, bytes)
        let reader = try disk.reader()
        #expect(try reader.verify(actor(1)).isValid)
        let report = try reader.verify(actor(2))
        #expect(report.problem?.check == .payload)
        #expect(report.problem?.sequence == 4)
        #expect(report.problem?.description.contains("event 4 of actor") == true)
        #expect(throws: JournalError.unknownChain(actor(3))) { try reader.verify(actor(3)) }
        #expect(try events(reader, actor(1)).count == 6)
        #expect(throws: JournalError.self) { try events(reader, actor(2)) }
        #expect(try events(reader, actor(2), in: 0..<4).count == 4)
    }
}
