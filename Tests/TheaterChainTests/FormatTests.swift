// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform

@testable import TheaterChain

// The bytes below were made by a program that follows Documentation/JournalFormat.md and shares no
// code with this package. A change of them is a new format version.
@Suite("Journal format")
struct FormatTests {
    static let journal = ActorID(high: 0xF0F1_F2F3_F4F5_F6F7, low: 0xF8F9_FAFB_FCFD_FEFF)
    static let actor = ActorID(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF)

    static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static func event() -> (bytes: [UInt8], hash: Digest) {
        let payload: [UInt8] = [1, 2, 3]
        let fields = EventFields(
            actor: actor, sequence: 0, parent: ChainHead.genesis(of: actor),
            time: WallTime(nanoseconds: 1000), payloadDigest: Digest.sha256(of: payload),
            payloadSize: payload.count, previous: .none)
        var head = [UInt8](repeating: 0xEE, count: RecordFormat.eventSize + 3)
        let hash = head.withUnsafeMutableBytes { fields.write($0, type: Array("a/b".utf8)) }
        return (head + payload, hash)
    }

    @Test("the header of a segment has these bytes")
    func header() {
        let header = SegmentHeader(
            journal: Self.journal, number: 1, created: 1_234_567_890_123_456_789,
            previous: Hashing.journalStart(Self.journal))
        #expect(Self.hex(header.bytes) == Golden.header)
        guard case .header(let read) = header.bytes.withUnsafeBytes({ SegmentHeader.read($0) })
        else {
            Issue.record("the header does not read back")
            return
        }
        #expect(read == header)
    }

    @Test("the beginning of a chain has these bytes")
    func chain() {
        let record = ChainRecord.make(
            actor: Self.actor, name: "hello", time: WallTime(nanoseconds: 5))
        #expect(Self.hex(record.bytes) == Golden.chain)
    }

    @Test("an event has these bytes")
    func eventRecord() {
        let (bytes, hash) = Self.event()
        #expect(Self.hex(bytes) == Golden.event)
        #expect(hash.description == Golden.eventHash)
    }

    @Test("a mark has these bytes")
    func mark() {
        let chain = ChainRecord.make(
            actor: Self.actor, name: "hello", time: WallTime(nanoseconds: 5))
        let event = Self.event()
        var digest = Hashing.fold(Hashing.journalStart(Self.journal), chain.hash)
        digest = Hashing.fold(digest, event.hash)
        let offset = SegmentHeader.size + chain.bytes.count + event.bytes.count
        var bytes = [UInt8](repeating: 0xEE, count: RecordFormat.markSize)
        bytes.withUnsafeMutableBytes {
            MarkRecord.write(
                $0, journal: Self.journal,
                position: Position(segment: 1, offset: UInt32(offset)), digest: digest)
        }
        #expect(Self.hex(bytes) == Golden.mark)
    }

    @Test("an event whose payload was dropped still verifies")
    func dropped() async throws {
        let disk = SimulatedDisk()
        let chain = ChainRecord.make(actor: Self.actor, name: nil, time: WallTime(nanoseconds: 5))
        var event = Array(Self.event().bytes.dropLast(3))
        event.withUnsafeMutableBytes { record in
            record.store(UInt32(record.count), at: RecordFormat.sizeOffset)
            record.store(RecordFormat.payloadDropped, at: RecordFormat.flagsOffset)
            RecordFormat.seal(record)
        }
        let header = SegmentHeader(
            journal: Self.journal, number: 1, created: 0,
            previous: Hashing.journalStart(Self.journal))
        disk.put(SimulatedDisk.segment(1), header.bytes + chain.bytes + event)
        let reader = try disk.reader()
        #expect(try reader.verifyAll().isValid)
        #expect(try reader.verifyAll().eventCount == 1)
        let read = try #require(try events(reader, Self.actor).first)
        #expect(read.payload == nil)
        #expect(read.payloadDigest == Digest.sha256(of: [1, 2, 3]))
        let journal = try disk.open()
        try journal.resumeChain(actor: Self.actor).append(log, payload: [4])
        try await journal.close()
        #expect(try disk.reader().verifyAll().isValid)
    }

    @Test("a segment of a newer version is refused, and nothing is cut")
    func newer() async throws {
        let disk = try await smallJournal()
        var bytes = try #require(disk.contents(SimulatedDisk.segment(1)))
        bytes[8] = 2
        disk.put(SimulatedDisk.segment(1), bytes)
        disk.put(SimulatedDisk.directory + "/journal.index", nil)
        for open in [{ _ = try disk.open() }, { _ = try disk.reader() }] as [() throws -> Void] {
            let error = #expect(throws: JournalError.self) { try open() }
            #expect(error?.code == .newerFormat)
        }
        #expect(disk.contents(SimulatedDisk.segment(1)) == bytes)
    }
}

/// Bytes that the format page gives.
enum Golden {
    static let header =
        "8954484a524e4c0a01004c0001000000f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff1581e97df4102211"
        + "b491bc691af87b3a6be07e51dce4c5671e2e572ff4349341023210c1ff6ce1bbe7b4e7f1"
    static let chain =
        "0c77d59b4d000000020105000000000000112233445566778899aabbccddeeff0500000000000000"
        + "f661d410d591fe82bbf99e0ba0555aba68ce576066fd59839728fe59d70a809d68656c6c6f"
    static let event =
        "2cf12bfba0000000010000000300000000112233445566778899aabbccddeeff0000000000000000"
        + "0273da4952361ba193c74bc2e754f5aeef164d0af3aa1282b70b1cd09a54539687e73461f89f92e3"
        + "9edbd2876d7c57437dda5a26af971d69d8233450c3858f070000000000000000e803000000000000"
        + "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb810300612f62010203"
    static let eventHash =
        "0273da4952361ba193c74bc2e754f5aeef164d0af3aa1282b70b1cd09a545396"
    static let mark =
        "0757aa79480000000300000000000000f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff0100000039010000"
        + "a792e18edae7e5096470dddf80b8260555619ea32da889a2e92b634eb9bf9aeb"
}
