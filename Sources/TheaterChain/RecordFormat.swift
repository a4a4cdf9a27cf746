// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// The place of a record: a segment, counted from one, and an offset in it.
struct Position: Hashable, Sendable, Comparable {
    var segment: UInt32
    var offset: UInt32

    /// Stands where there is no record.
    static let none = Position(segment: 0, offset: 0)

    static func < (left: Position, right: Position) -> Bool {
        (left.segment, left.offset) < (right.segment, right.offset)
    }
}

/// What all records share. `Documentation/JournalFormat.md` has the tables.
enum RecordFormat {
    static let payloadSizeMax = 256 << 20
    static let eventSize = 154
    static let chainSize = 72
    static let markSize = 72

    /// The kinds of record.
    enum Kind: UInt8 {
        /// An event of a chain.
        case event = 1
        /// The beginning of a chain.
        case chain = 2
        /// The statement that everything before it in the segment is durable.
        case mark = 3
    }

    /// Offsets shared by all records.
    static let sizeOffset = 4
    static let kindOffset = 8
    static let flagsOffset = 9
    static let smallOffset = 10
    static let payloadSizeOffset = 12
    static let idOffset = 16

    /// Offsets in an event.
    static let previousOffset = 32
    static let hashOffset = 40
    static let hashedOffset = 72
    static let sequenceOffset = 104
    static let timeOffset = 112
    static let payloadDigestOffset = 120
    static let typeSizeOffset = 152

    /// Flags of an event.
    static let payloadDropped: UInt8 = 1

    /// Flags of the beginning of a chain.
    static let hasName: UInt8 = 1

    /// Writes the checksum of a head that is otherwise complete.
    static func seal(_ head: UnsafeMutableRawBufferPointer) {
        let rest = UnsafeRawBufferPointer(head).part(sizeOffset..<head.count)
        head.store(CRC32C.checksum(rest), at: 0)
    }
}

/// The head of an event record, before it is written.
struct EventFields {
    var actor: ActorID
    var sequence: UInt64
    var parent: Digest
    var time: WallTime
    var payloadDigest: Digest
    var payloadSize: Int
    var previous: Position

    /// Fills a buffer of ``RecordFormat/eventSize`` plus the type's size, and returns the hash.
    func write(_ head: UnsafeMutableRawBufferPointer, type: [UInt8]) -> Digest {
        head.store(
            UInt32(truncatingIfNeeded: head.count + payloadSize), at: RecordFormat.sizeOffset)
        head.store(RecordFormat.Kind.event.rawValue, at: RecordFormat.kindOffset)
        head.store(UInt8(0), at: RecordFormat.flagsOffset)
        head.store(UInt16(0), at: RecordFormat.smallOffset)
        head.store(
            UInt32(truncatingIfNeeded: payloadSize), at: RecordFormat.payloadSizeOffset)
        head.store(actor, at: RecordFormat.idOffset)
        head.store(previous.segment, at: RecordFormat.previousOffset)
        head.store(previous.offset, at: RecordFormat.previousOffset + 4)
        parent.store(head, at: RecordFormat.hashedOffset)
        head.store(sequence, at: RecordFormat.sequenceOffset)
        head.store(time.nanoseconds, at: RecordFormat.timeOffset)
        payloadDigest.store(head, at: RecordFormat.payloadDigestOffset)
        head.store(UInt16(truncatingIfNeeded: type.count), at: RecordFormat.typeSizeOffset)
        type.withUnsafeBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: head[RecordFormat.eventSize...])
                .copyMemory(from: bytes)
        }
        // The tag stands right before the hashed part while it is hashed, in the field that the
        // hash then takes: one call instead of two.
        let start = RecordFormat.hashedOffset - Hashing.tagSize
        UnsafeMutableRawBufferPointer(rebasing: head[start..<RecordFormat.hashedOffset]).copyMemory(
            from: UnsafeRawBufferPointer(
                start: Hashing.eventTag.utf8Start, count: Hashing.tagSize))
        let hash = Digest.sha256(of: UnsafeRawBufferPointer(head).part(start..<head.count))
        hash.store(head, at: RecordFormat.hashOffset)
        RecordFormat.seal(head)
        return hash
    }
}

/// The record that begins a chain and carries its name.
enum ChainRecord {
    /// Builds the record.
    static func make(actor: ActorID, name: String?, time: WallTime) -> (
        bytes: [UInt8], hash: Digest
    ) {
        let text = Array((name ?? "").utf8)
        var bytes = [UInt8](repeating: 0, count: RecordFormat.chainSize + text.count)
        let hash = bytes.withUnsafeMutableBytes { record in
            record.store(UInt32(truncatingIfNeeded: record.count), at: RecordFormat.sizeOffset)
            record.store(RecordFormat.Kind.chain.rawValue, at: RecordFormat.kindOffset)
            record.store(name == nil ? 0 : RecordFormat.hasName, at: RecordFormat.flagsOffset)
            record.store(UInt16(truncatingIfNeeded: text.count), at: RecordFormat.smallOffset)
            record.store(actor, at: RecordFormat.idOffset)
            record.store(time.nanoseconds, at: RecordFormat.previousOffset)
            UnsafeMutableRawBufferPointer(rebasing: record[RecordFormat.chainSize...])
                .copyBytes(from: text)
            let hash = self.hash(UnsafeRawBufferPointer(record))
            hash.store(record, at: RecordFormat.hashOffset)
            RecordFormat.seal(record)
            return hash
        }
        return (bytes, hash)
    }

    /// The hash that such a record should carry.
    static func hash(_ record: UnsafeRawBufferPointer) -> Digest {
        withUnsafeTemporaryAllocation(byteCount: 24 + record.count, alignment: 8) { buffer in
            let name = record.part(RecordFormat.chainSize..<record.count)
            let id = record.part(RecordFormat.idOffset..<RecordFormat.hashOffset)
            UnsafeMutableRawBufferPointer(rebasing: buffer[0..<24]).copyMemory(from: id)
            UnsafeMutableRawBufferPointer(rebasing: buffer[24..<24 + name.count])
                .copyMemory(from: name)
            return Hashing.tagged(
                Hashing.nameTag, UnsafeRawBufferPointer(buffer).part(0..<24 + name.count))
        }
    }
}

/// The record that says that everything before it in its segment is durable.
enum MarkRecord {
    /// Fills a buffer of ``RecordFormat/markSize``.
    static func write(
        _ record: UnsafeMutableRawBufferPointer, journal: ActorID, position: Position,
        digest: Digest
    ) {
        record.initializeMemory(as: UInt8.self, repeating: 0)
        record.store(UInt32(truncatingIfNeeded: record.count), at: RecordFormat.sizeOffset)
        record.store(RecordFormat.Kind.mark.rawValue, at: RecordFormat.kindOffset)
        record.store(journal, at: RecordFormat.idOffset)
        record.store(position.segment, at: RecordFormat.previousOffset)
        record.store(position.offset, at: RecordFormat.previousOffset + 4)
        digest.store(record, at: RecordFormat.hashOffset)
        RecordFormat.seal(record)
    }
}
