// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import TheaterPlatform

/// What is hashed, and under which domain tag. Each tag is 16 bytes, so that no two kinds of input
/// can be mistaken for each other.
enum Hashing {
    static let eventTag: StaticString = "theater.event.1\0"
    static let genesisTag: StaticString = "theater.chain.1\0"
    static let nameTag: StaticString = "theater.name.1\0\0"
    static let journalTag: StaticString = "theater.journl.1"
    static let tagSize = 16
    /// Parts that are smaller together are joined on the stack and hashed with one call, which is
    /// faster than a call for each.
    static let joinedSizeMax = 900

    /// The parent of an actor's first event.
    static func genesis(of actor: ActorID) -> Digest { tagged(genesisTag, actor) }

    /// The segment digest before the first record of a journal.
    static func journalStart(_ journal: ActorID) -> Digest { tagged(journalTag, journal) }

    /// The segment digest after one more record.
    static func fold(_ digest: Digest, _ hash: Digest) -> Digest {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { buffer in
            digest.store(buffer, at: 0)
            hash.store(buffer, at: 32)
            return Digest.sha256(of: UnsafeRawBufferPointer(buffer))
        }
    }

    /// The hash of a tag and a part of a record.
    static func tagged(_ tag: StaticString, _ bytes: UnsafeRawBufferPointer) -> Digest {
        let tagBytes = UnsafeRawBufferPointer(start: tag.utf8Start, count: tagSize)
        return PayloadParts(first: tagBytes, second: bytes).digest
    }

    private static func tagged(_ tag: StaticString, _ id: ActorID) -> Digest {
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { buffer in
            buffer.store(id, at: 0)
            return tagged(tag, UnsafeRawBufferPointer(buffer))
        }
    }
}

/// A payload in up to four parts, so that nobody has to join them first.
struct PayloadParts {
    var first: UnsafeRawBufferPointer
    var second = UnsafeRawBufferPointer(start: nil, count: 0)
    var third = UnsafeRawBufferPointer(start: nil, count: 0)
    var fourth = UnsafeRawBufferPointer(start: nil, count: 0)

    var size: Int { first.count + second.count + third.count + fourth.count }

    /// The SHA-256 of all parts.
    var digest: Digest {
        if second.isEmpty, third.isEmpty, fourth.isEmpty { return Digest.sha256(of: first) }
        if size <= Hashing.joinedSizeMax + Hashing.tagSize { return joinedDigest }
        var hasher = SHA256()
        hasher.update(bufferPointer: first)
        if !second.isEmpty { hasher.update(bufferPointer: second) }
        if !third.isEmpty { hasher.update(bufferPointer: third) }
        if !fourth.isEmpty { hasher.update(bufferPointer: fourth) }
        return Digest(hasher.finalize())
    }

    private var joinedDigest: Digest {
        withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { buffer in
            var offset = 0
            forEach { part in
                UnsafeMutableRawBufferPointer(rebasing: buffer[offset...]).copyMemory(from: part)
                offset += part.count
            }
            return Digest.sha256(of: UnsafeRawBufferPointer(buffer))
        }
    }

    /// Hands over each part that is not empty, in order.
    func forEach(_ body: (UnsafeRawBufferPointer) -> Void) {
        if !first.isEmpty { body(first) }
        if !second.isEmpty { body(second) }
        if !third.isEmpty { body(third) }
        if !fourth.isEmpty { body(fourth) }
    }
}
