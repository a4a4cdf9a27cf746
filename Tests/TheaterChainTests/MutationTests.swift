// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterPlatform

@testable import TheaterChain

@Suite("Mutations")
struct MutationTests {
    /// How many mutations are tried; `THEATER_MUTATIONS` in the environment changes it.
    static let count =
        ProcessInfo.processInfo.environment["THEATER_MUTATIONS"].flatMap(Int.init) ?? 20_000

    /// A closed journal, and where its records are.
    struct Original {
        let disk: SimulatedDisk
        let segments: [[UInt8]]
        let records: [[Found]]

        struct Found {
            let range: Range<Int>
            let kind: RecordFormat.Kind
            let actor: ActorID
            let sequence: UInt64
        }

        init(_ disk: SimulatedDisk) throws {
            self.disk = disk
            let count = try disk.reader().verifyAll().segmentCount
            segments = try (1...count).map {
                try #require(disk.contents(SimulatedDisk.segment(UInt32($0))))
            }
            records = segments.map { bytes in
                DamageTests.records(bytes).map {
                    Found(range: $0.range, kind: $0.kind, actor: $0.actor, sequence: $0.sequence)
                }
            }
        }

        /// A journal with payloads of many sizes, one whose oldest payloads are gone, and one in which
        /// marks are rare.
        static func all() async throws -> [Original] {
            let disk = SimulatedDisk()
            let journal = try disk.open(smallOptions(segment: 2000))
            let chains = try (1...3).map {
                try journal.makeChain(actor: actor($0), name: $0 == 1 ? nil : "actor-\($0)")
            }
            for index in 0..<8 {
                for (number, chain) in chains.enumerated() where (index + number) % 4 != 3 {
                    let size = (index * 37 + number * 11) % 90
                    try chain.append(log, payload: [UInt8](repeating: UInt8(index), count: size))
                }
                if index % 3 == 0 { try await journal.sync() }
            }
            try await journal.close()
            let pruned = disk.copy()
            var retention = Retention()
            retention.eventsPerChain = 3
            _ = try Journal.prune(
                directory: SimulatedDisk.directory, keeping: retention,
                options: smallOptions(segment: 2000), disk: pruned)
            let dense = disk.copy()
            try Journal.compact(
                directory: SimulatedDisk.directory, options: smallOptions(segment: 4000),
                disk: dense)
            return try [disk, pruned, dense].map(Original.init)
        }
    }

    enum Kind: CaseIterable {
        case flip, sealedFlip, drop, dropRecord, swapRecords, truncate, insert, insertRecord
    }

    /// What a mutation changed.
    struct Mutation {
        var segment: Int
        var bytes: [UInt8]
        /// The first record that is not as it was; `nil` for the header.
        var touched: Original.Found?
        /// Whether nothing but this record was changed.
        var isWithin = false
    }

    /// Makes a mutation; `nil` when it turns out to change nothing.
    static func mutate(
        _ original: Original, _ kind: Kind, _ random: inout SplitMix
    ) -> Mutation? {
        let segment = Int.random(in: original.segments.indices, using: &random)
        let bytes = original.segments[segment]
        let records = original.records[segment]
        var mutation = Mutation(segment: segment, bytes: bytes)
        func record(at offset: Int) -> Original.Found? {
            records.first { $0.range.contains(offset) }
        }
        switch kind {
        case .flip:
            let start = Int.random(in: bytes.indices, using: &random)
            mutation.touched = record(at: start)
            mutation.isWithin = true
            let range = mutation.touched?.range ?? 0..<SegmentHeader.size
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                mutation.bytes[Int.random(in: start..<range.upperBound, using: &random)] =
                    UInt8.random(in: 0...255, using: &random)
            }
            mutation.bytes[start] ^= UInt8(1) << Int.random(in: 0..<8, using: &random)
        case .sealedFlip:
            // Somebody who can compute checksums.
            guard let found = records.filter({ $0.kind == .event }).randomElement(using: &random)
            else { return nil }
            mutation.touched = found
            mutation.isWithin = true
            let fields = RecordFormat.hashOffset..<RecordFormat.typeSizeOffset
            let place = Int.random(in: fields, using: &random)
            mutation.bytes[found.range.lowerBound + place] ^=
                UInt8.random(in: 1...255, using: &random)
            reseal(&mutation.bytes, found.range)
        case .drop:
            let start = Int.random(in: bytes.indices, using: &random)
            let end = min(bytes.count, start + Int.random(in: 1...200, using: &random))
            mutation.touched = record(at: start)
            mutation.bytes.removeSubrange(start..<end)
        case .dropRecord:
            guard let found = records.randomElement(using: &random) else { return nil }
            mutation.touched = found
            mutation.bytes.removeSubrange(found.range)
        case .swapRecords:
            guard let first = records.randomElement(using: &random),
                let second = records.randomElement(using: &random),
                first.range.upperBound <= second.range.lowerBound
            else { return nil }
            mutation.touched = first
            mutation.bytes =
                Array(bytes[..<first.range.lowerBound]) + bytes[second.range]
                + bytes[first.range.upperBound..<second.range.lowerBound] + bytes[first.range]
                + bytes[second.range.upperBound...]
        case .truncate:
            let size = Int.random(in: bytes.indices, using: &random)
            mutation.touched = record(at: size)
            mutation.bytes.removeSubrange(size...)
        case .insert:
            let place = Int.random(in: 0...bytes.count, using: &random)
            mutation.touched = record(at: place)
            let noise = (0..<Int.random(in: 1...200, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            mutation.bytes.insert(contentsOf: noise, at: place)
        case .insertRecord:
            let other = Int.random(in: original.segments.indices, using: &random)
            guard let found = original.records[other].randomElement(using: &random),
                let place = records.randomElement(using: &random)
            else { return nil }
            mutation.touched = place
            mutation.bytes.insert(
                contentsOf: original.segments[other][found.range], at: place.range.lowerBound)
        }
        guard mutation.bytes != bytes, !keepsRecords(mutation.bytes, bytes) else { return nil }
        return mutation
    }

    /// Whether all events are where they were, so that at most a mark at the end is gone or new.
    private static func keepsRecords(_ bytes: [UInt8], _ before: [UInt8]) -> Bool {
        guard bytes.count >= SegmentHeader.size else { return false }
        func events(_ bytes: [UInt8]) -> [[UInt8]] {
            DamageTests.records(bytes).filter { $0.kind != .mark }.map {
                [UInt8](bytes[$0.range]) + "\($0.range)".utf8
            }
        }
        let end = DamageTests.records(bytes).last?.range.upperBound ?? SegmentHeader.size
        return end == bytes.count
            && bytes.prefix(SegmentHeader.size) == before.prefix(SegmentHeader.size)
            && events(bytes) == events(before)
    }

    private static func reseal(_ bytes: inout [UInt8], _ range: Range<Int>) {
        bytes.withUnsafeMutableBytes { buffer in
            let record = UnsafeMutableRawBufferPointer(rebasing: buffer[range])
            let view = UnsafeRawBufferPointer(record)
            let type = Int(view.load(UInt16.self, at: RecordFormat.typeSizeOffset))
            RecordFormat.seal(
                UnsafeMutableRawBufferPointer(rebasing: record[0..<RecordFormat.eventSize + type]))
        }
    }

    // Goal: nothing that happens to the bytes of a journal stays unseen, and what changed within one
    // event is reported as that event. Method: a random mutation of one segment of a closed journal, each
    // time of the original; nothing may verify, no problem may lie before the mutation, and a change
    // within a record must be reported at that record, with its actor and sequence.
    @Test("none is missed, and the event is named", arguments: 0..<4)
    func all(part: Int) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed: seed)
        let originals = try await Original.all()
        let disks = originals.map { $0.disk.copy() }
        var tried: [Kind: Int] = [:]
        for round in 0..<max(1, Self.count / 4) {
            let choice = Int.random(in: originals.indices, using: &random)
            let (original, disk) = (originals[choice], disks[choice])
            let kind = Kind.allCases[round % Kind.allCases.count]
            guard let mutation = Self.mutate(original, kind, &random) else { continue }
            tried[kind, default: 0] += 1
            let path = SimulatedDisk.segment(UInt32(mutation.segment + 1))
            disk.put(path, mutation.bytes)
            let what = "seed \(seed), part \(part), round \(round), \(kind), journal \(choice)"
            Self.expectFound(disk, mutation, path, what)
            disk.put(path, original.segments[mutation.segment])
        }
        #expect(tried.count == Kind.allCases.count || Self.count < 1000)
    }

    private static func expectFound(
        _ disk: SimulatedDisk, _ mutation: Mutation, _ path: String, _ what: String
    ) {
        do throws(JournalError) {
            let result = try disk.reader().verifyAll()
            guard let problem = result.problems.first else {
                // What stands after the last record looks like the beginning of another.
                let isTail = path == SimulatedDisk.segment(UInt32(result.segmentCount))
                if mutation.touched != nil || !isTail || result.tailSize == 0 {
                    Issue.record("\(what): the mutation was not seen")
                }
                return
            }
            let place = UInt64(mutation.touched?.range.lowerBound ?? 0)
            if problem.file < path || (problem.file == path && problem.offset < place) {
                Issue.record("\(what): \(problem) is before byte \(place)")
            }
            guard mutation.isWithin, let touched = mutation.touched else { return }
            if problem.file != path || problem.offset != place {
                Issue.record("\(what): \(problem) is not at byte \(place)")
            }
            guard touched.kind == .event else { return }
            // With actor, sequence and parent changed at once there is nothing to know an event by, and
            // its place is all that can be told.
            let isKnown = problem.actor == touched.actor && problem.sequence == touched.sequence
            if !isKnown, problem.actor != nil || !Self.isUnknowable(mutation, touched) {
                Issue.record(
                    "\(what): \(problem) is not event \(touched.sequence) of \(touched.actor)")
            }
        } catch {
            if error.code != .newerFormat { Issue.record("\(what): \(error)") }
        }
    }

    /// Whether fewer than two of actor, sequence and parent are left.
    private static func isUnknowable(_ mutation: Mutation, _ touched: Original.Found) -> Bool {
        let start = touched.range.lowerBound
        let bytes = mutation.bytes
        let actorIsLeft = Array(bytes[start + 16..<start + 32]) == touched.actor.bytes
        let sequenceIsLeft = bytes[start + 104..<start + 112].enumerated().allSatisfy {
            $1 == UInt8(truncatingIfNeeded: touched.sequence >> UInt64(8 * $0))
        }
        return !(actorIsLeft && sequenceIsLeft)
    }
}
