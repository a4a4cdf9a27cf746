// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// An event in the form in which it is handed to others: exactly the bytes that its hash covers, and its
/// payload, or without it.
///
/// | size | field |
/// | --- | --- |
/// | 32 | parent |
/// | 8 | sequence, little-endian |
/// | 8 | time in nanoseconds since 1970, signed, little-endian |
/// | 32 | payload digest |
/// | 2 | size of the type, little-endian, 1 to 1,024 |
/// | | type, UTF-8 |
/// | | payload; nothing when it is withheld |
public struct Evidence: Sendable, Hashable {
    static let fixedSize = 82
    /// The most bytes of an event.
    public static let sizeMax = fixedSize + EventType.sizeMax + RecordFormat.payloadSizeMax

    /// The hash of the event before.
    public let parent: Digest
    /// The position in the chain, counted from zero.
    public let sequence: UInt64
    /// When the runtime recorded it.
    public let time: WallTime
    /// What happened.
    public let type: String
    /// The SHA-256 of the payload.
    public let payloadDigest: Digest
    /// The payload; `nil` when it is withheld or was dropped.
    public let payload: [UInt8]?
    /// The hash of the event, computed from the other fields.
    public let hash: Digest

    /// Takes an event.
    ///
    /// - Parameter withPayload: whether the payload goes with it.
    public init(_ event: ChainEvent, withPayload: Bool = true) {
        parent = event.parent
        sequence = event.sequence
        time = event.time
        type = event.type
        payloadDigest = event.payloadDigest
        payload = withPayload ? event.payload : nil
        hash = Self.hash(
            Self.core(
                parent: parent, sequence: sequence, time: time, payloadDigest: payloadDigest,
                type: type))
    }

    /// Reads the bytes of an event.
    ///
    /// - Returns: `nil` with a reason in `problem` when they are not an event, or when the payload is not
    ///   the one that the digest names.
    init?(_ bytes: [UInt8], problem: inout String) {
        guard bytes.count >= Self.fixedSize else {
            problem = "it has less than \(Self.fixedSize) bytes"
            return nil
        }
        guard let parent = Digest(bytes: bytes[0..<32]),
            let payloadDigest = Digest(bytes: bytes[48..<80])
        else { return nil }
        let typeSize = Int(bytes[80]) | Int(bytes[81]) << 8
        guard (1...EventType.sizeMax).contains(typeSize),
            bytes.count >= Self.fixedSize + typeSize,
            let type = String(
                validating: bytes[Self.fixedSize..<Self.fixedSize + typeSize], as: UTF8.self)
        else {
            problem = "its type is not 1 to \(EventType.sizeMax) bytes of UTF-8"
            return nil
        }
        let rest = Array(bytes[(Self.fixedSize + typeSize)...])
        let isWhole = Digest.sha256(of: rest) == payloadDigest
        guard isWhole || rest.isEmpty else {
            problem = "its payload does not have the digest that it names"
            return nil
        }
        self.parent = parent
        sequence = Self.word(bytes[32..<40])
        time = WallTime(nanoseconds: Int64(bitPattern: Self.word(bytes[40..<48])))
        self.type = type
        self.payloadDigest = payloadDigest
        payload = isWhole ? rest : nil
        hash = Self.hash(Array(bytes[..<(Self.fixedSize + typeSize)]))
    }

    /// The event as bytes.
    var bytes: [UInt8] {
        Self.core(
            parent: parent, sequence: sequence, time: time, payloadDigest: payloadDigest, type: type
        ) + (payload ?? [])
    }

    /// The event of a chain.
    ///
    /// - Parameter actor: whose chain it belongs to, which the event alone does not say.
    public func event(of actor: ActorID) -> ChainEvent {
        ChainEvent(
            actor: actor, sequence: sequence, parent: parent, type: type, time: time,
            payload: payload, payloadDigest: payloadDigest, hash: hash)
    }

    /// What the hash covers.
    private static func core(
        parent: Digest, sequence: UInt64, time: WallTime, payloadDigest: Digest, type: String
    ) -> [UInt8] {
        let name = Array(type.utf8)
        return parent.bytes + word(sequence) + word(UInt64(bitPattern: time.nanoseconds))
            + payloadDigest.bytes
            + [UInt8(truncatingIfNeeded: name.count), UInt8(truncatingIfNeeded: name.count >> 8)]
            + name
    }

    private static func hash(_ core: [UInt8]) -> Digest {
        core.withUnsafeBytes { Hashing.tagged(Hashing.eventTag, $0) }
    }

    private static func word(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func word(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
    }
}
