// SPDX-License-Identifier: Apache-2.0

internal import Crypto
public import TheaterPlatform

/// Reads the parts of a bundle in their order, believing nothing.
///
/// It checks the form of the file, the payloads' digests and the digest of the whole file; what the parts
/// say about each other is for ``BundleVerifier``. Whoever wants to do more with a bundle that was
/// verified, such as running its module against its events, reads it once more with this.
///
/// Needs memory for the largest part, and allocates no more than the source gives.
public struct BundleReader<Source: ByteSource> {
    private static var partSize: Int { 1 << 20 }

    /// Whose chain it is.
    public private(set) var actor: ActorID
    /// How many events it says to have.
    public private(set) var count: UInt64

    private var source: Source
    private var buffer: [UInt8] = []
    private var place = 0
    private var offset: UInt64 = 0
    private var hasher = SHA256()
    private var newest = BundleFormat.Kind.checkpoint
    private var eventCount: UInt64 = 0
    private var contentCount = 0
    private var isAtEnd = false

    /// Begins with the header.
    ///
    /// - Throws: ``ProofError`` `proof.bad-bundle`; what the source throws.
    public init(_ source: Source) throws(ProofError) {
        self.source = source
        actor = ActorID(high: 0, low: 0)
        count = 0
        let header = try take(BundleFormat.headerSize, "its header")
        guard header.starts(with: BundleFormat.magic) else {
            throw .badBundle("it does not begin as a bundle does", at: 0)
        }
        let version = BundleFormat.number(header[8..<10])
        guard version == UInt64(BundleFormat.version) else {
            throw .badBundle(
                "it has version \(version), and only \(BundleFormat.version) is known", at: 8)
        }
        guard let actor = ActorID(bytes: header[10..<26]) else {
            throw .badBundle("it names no actor", at: 10)
        }
        self.actor = actor
        count = BundleFormat.number(header[26..<34])
    }

    /// The next part; `nil` after the last, when the digest of the file was found right.
    ///
    /// - Throws: ``ProofError`` `proof.bad-bundle`, `proof.bad-note`; what the source throws.
    public mutating func next() throws(ProofError) -> BundlePart? {
        if isAtEnd { return nil }
        let start = offset
        let header = try take(BundleFormat.sectionHeaderSize, "a section")
        guard let kind = BundleFormat.Kind(rawValue: header[0]),
            kind.rawValue >= newest.rawValue
        else {
            throw .badBundle("a section of kind \(header[0]) cannot stand here\(behind)", at: start)
        }
        newest = kind
        let size = BundleFormat.number(header[1...])
        guard size <= UInt64(kind.sizeMax) else {
            throw .badBundle("a section has \(size) bytes, more than it may\(behind)", at: start)
        }
        let expected = kind == .end ? Digest(hasher.finalize()) : .zero
        let body = try take(Int(size), "a section")
        switch kind {
        case .checkpoint: return .checkpoint(try SignedNote(body))
        case .content:
            contentCount += 1
            guard contentCount <= BundleFormat.contentsMax else {
                throw .badBundle("it has too many modules and manifests", at: start)
            }
            return .content(Digest.sha256(of: body), body)
        case .event:
            guard eventCount < count else {
                throw .badBundle("it has more events than it says", at: start)
            }
            var problem = "it cannot be read"
            guard let event = Evidence(body, problem: &problem) else {
                throw ProofError(
                    .brokenChain, "event \(eventCount) of actor \(actor) is wrong: \(problem)",
                    remedy: "Trust nothing of this bundle; get it again.", sequence: eventCount)
            }
            eventCount += 1
            return .event(event)
        case .end:
            try finish(body, expected, start)
            return nil
        }
    }

    /// The event behind which the reader stands, for messages.
    private var behind: String { eventCount > 0 ? ", behind event \(eventCount - 1)" : "" }

    private mutating func finish(
        _ body: [UInt8], _ expected: Digest, _ start: UInt64
    ) throws(ProofError) {
        guard eventCount == count else {
            throw .badBundle("it has \(eventCount) events and says \(count)", at: start)
        }
        guard body == expected.bytes else {
            throw .badBundle("its bytes do not have the digest at its end", at: start)
        }
        guard try source.read(1).isEmpty, place == buffer.count else {
            throw .badBundle("more bytes follow its end", at: offset)
        }
        isAtEnd = true
    }

    /// The next bytes, which must be there.
    private mutating func take(_ size: Int, _ what: String) throws(ProofError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < size {
            if place == buffer.count {
                buffer = try source.read(Self.partSize)
                place = 0
                guard !buffer.isEmpty else {
                    throw .badBundle(
                        "it ends within \(what)\(behind)", at: offset + UInt64(bytes.count))
                }
            }
            let part = buffer[place...].prefix(size - bytes.count)
            place += part.count
            bytes += part
        }
        bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        offset += UInt64(size)
        return bytes
    }
}
