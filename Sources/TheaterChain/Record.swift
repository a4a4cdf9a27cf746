// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// A record in a buffer, its sizes and checksum checked. Valid as long as the buffer is.
struct Record {
    let kind: RecordFormat.Kind
    let bytes: UnsafeRawBufferPointer

    /// What the bytes at some place turned out to be.
    enum Found {
        case record(Record)
        /// That many bytes are needed to tell.
        case needs(Int)
        case damaged(String)
    }

    /// Reads the record at the beginning of a buffer.
    static func read(_ buffer: UnsafeRawBufferPointer) -> Found {
        guard buffer.count >= RecordFormat.markSize else { return .needs(RecordFormat.markSize) }
        let size = Int(buffer.load(UInt32.self, at: RecordFormat.sizeOffset))
        guard let kind = RecordFormat.Kind(rawValue: buffer[RecordFormat.kindOffset]) else {
            return .damaged("the record's kind \(buffer[RecordFormat.kindOffset]) is not known")
        }
        let headSize: Int
        switch kind {
        case .mark:
            guard size == RecordFormat.markSize else { return .damaged(wrongSize) }
            headSize = size
        case .chain:
            let nameSize = Int(buffer.load(UInt16.self, at: RecordFormat.smallOffset))
            guard size == RecordFormat.chainSize + nameSize else { return .damaged(wrongSize) }
            headSize = size
        case .event:
            guard buffer.count >= RecordFormat.eventSize else {
                return .needs(RecordFormat.eventSize)
            }
            let typeSize = Int(buffer.load(UInt16.self, at: RecordFormat.typeSizeOffset))
            let payloadSize = Int(buffer.load(UInt32.self, at: RecordFormat.payloadSizeOffset))
            let flags = buffer[RecordFormat.flagsOffset]
            guard flags & ~RecordFormat.payloadDropped == 0 else {
                return .damaged("the record has flags \(flags) that are not known")
            }
            let kept = flags & RecordFormat.payloadDropped == 0 ? payloadSize : 0
            headSize = RecordFormat.eventSize + typeSize
            guard (1...EventType.sizeMax).contains(typeSize), size == headSize + kept,
                payloadSize <= RecordFormat.payloadSizeMax
            else { return .damaged(wrongSize) }
        }
        guard buffer.count >= headSize else { return .needs(headSize) }
        let rest = buffer.part(RecordFormat.sizeOffset..<headSize)
        guard buffer.load(UInt32.self, at: 0) == CRC32C.checksum(rest) else {
            return .damaged("the record does not match its checksum")
        }
        guard buffer.count >= size else { return .needs(size) }
        return .record(Record(kind: kind, bytes: buffer.part(0..<size)))
    }

    private static let wrongSize = "the record's sizes contradict each other"

    /// The actor of an event or a chain; the journal of a mark.
    var id: ActorID { ActorID(bytes, at: RecordFormat.idOffset) }
    /// The hash of an event or a chain; the segment digest in a mark.
    var hash: Digest { Digest(bytes, at: RecordFormat.hashOffset) }
    /// The place of the event before it; the place of a mark itself.
    var previous: Position {
        Position(
            segment: bytes.load(UInt32.self, at: RecordFormat.previousOffset),
            offset: bytes.load(UInt32.self, at: RecordFormat.previousOffset + 4))
    }

    // Of an event.
    var parent: Digest { Digest(bytes, at: RecordFormat.hashedOffset) }
    var sequence: UInt64 { bytes.load(UInt64.self, at: RecordFormat.sequenceOffset) }
    var time: Int64 { bytes.load(Int64.self, at: RecordFormat.timeOffset) }
    var payloadDigest: Digest { Digest(bytes, at: RecordFormat.payloadDigestOffset) }
    private var headSize: Int {
        RecordFormat.eventSize + Int(bytes.load(UInt16.self, at: RecordFormat.typeSizeOffset))
    }
    var type: UnsafeRawBufferPointer { bytes.part(RecordFormat.eventSize..<headSize) }
    /// The payload; `nil` when it was dropped.
    var payload: UnsafeRawBufferPointer? {
        let isDropped = bytes[RecordFormat.flagsOffset] & RecordFormat.payloadDropped != 0
        return isDropped ? nil : bytes.part(headSize..<bytes.count)
    }

    /// Whether the payload has the digest that the event names; also when it was dropped, or when it is
    /// no event.
    var payloadMatches: Bool {
        guard kind == .event, let payload else { return true }
        return payloadDigest == Digest.sha256(of: payload)
    }

    /// The hash that the event should carry.
    var computedHash: Digest {
        Hashing.tagged(Hashing.eventTag, bytes.part(RecordFormat.hashedOffset..<headSize))
    }

    /// The name in the beginning of a chain.
    var name: String? {
        guard bytes[RecordFormat.flagsOffset] & RecordFormat.hasName != 0 else { return nil }
        let text = bytes.part(RecordFormat.chainSize..<bytes.count)
        return String(decoding: text, as: UTF8.self)
    }

    /// The event as a value.
    var event: ChainEvent {
        ChainEvent(
            actor: id, sequence: sequence, parent: parent,
            type: String(decoding: type, as: UTF8.self), time: WallTime(nanoseconds: time),
            payload: payload.map(Array.init), payloadDigest: payloadDigest, hash: hash)
    }
}
