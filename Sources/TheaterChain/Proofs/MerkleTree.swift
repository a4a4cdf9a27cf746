// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// The Merkle tree over a list that only grows, in as much memory as its size has binary digits.
///
/// It keeps one root for each full subtree, the largest first: of 13 leaves those of the first eight,
/// of the next four, and of the last one. Appending costs two hashes on average.
///
/// Source: RFC 6962, section 2.1, with SHA-256.
public struct MerkleTree: Sendable, Hashable {
    /// How many leaves there are.
    public private(set) var count: UInt64 = 0
    /// INVARIANT: as many as `count` has bits that are set, in their order.
    private var peaks: [Digest] = []

    /// The root of a tree without leaves: the digest of nothing.
    public static let emptyRoot = Digest.sha256(of: [UInt8]())

    /// Makes a tree without leaves.
    public init() {}

    /// The hash of a leaf: `SHA-256(0x00 ‖ bytes)`.
    public static func leaf(_ bytes: [UInt8]) -> Digest {
        var hasher = SHA256()
        hash(0, into: &hasher)
        bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        return Digest(hasher.finalize())
    }

    /// The hash of the leaf that stands for an event: of the 32 bytes of the event's hash.
    public static func leaf(ofEvent hash: Digest) -> Digest { leaf(hash.bytes) }

    /// The hash of a node: `SHA-256(0x01 ‖ left ‖ right)`.
    public static func node(_ left: Digest, _ right: Digest) -> Digest {
        withUnsafeTemporaryAllocation(byteCount: 1 + 2 * Digest.size, alignment: 8) { buffer in
            buffer.store(UInt8(1), at: 0)
            left.store(buffer, at: 1)
            right.store(buffer, at: 1 + Digest.size)
            return Digest.sha256(of: UnsafeRawBufferPointer(buffer))
        }
    }

    /// Adds a leaf, by its hash, behind the others.
    public mutating func append(leaf: Digest) {
        var root = leaf
        // Each full subtree of the same size makes one of twice the size with the new one.
        for _ in 0..<count.trailingOneCount {
            guard let left = peaks.popLast() else { break }
            root = Self.node(left, root)
        }
        peaks.append(root)
        count += 1
    }

    /// The root over all leaves.
    public var root: Digest {
        guard var root = peaks.last else { return Self.emptyRoot }
        for left in peaks.dropLast().reversed() { root = Self.node(left, root) }
        return root
    }

    private static func hash(_ byte: UInt8, into hasher: inout SHA256) {
        withUnsafeBytes(of: byte) { hasher.update(bufferPointer: $0) }
    }
}

extension UInt64 {
    /// How many of the lowest bits are set before the first that is not.
    fileprivate var trailingOneCount: Int { (~self).trailingZeroBitCount }
}
