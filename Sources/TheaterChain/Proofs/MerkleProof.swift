// SPDX-License-Identifier: Apache-2.0

/// Proofs about Merkle trees: which subtrees they name, and whether they hold.
///
/// Making and checking go different ways: making follows the recursive definitions of RFC 6962,
/// sections 2.1.1 and 2.1.2, and names ranges of leaves; checking follows the iterative procedures of
/// RFC 9162, sections 2.1.3.2 and 2.1.4.2. Neither reads leaves, and both take at most 64 steps each way.
public enum MerkleProof {
    /// The most hashes of a proof: as many as a size has binary digits, and one.
    public static let hashesMax = 65

    // MARK: Making

    /// The subtrees whose roots prove that a tree of a size has a leaf at an index, in the order of
    /// the proof; `nil` when it has no such leaf.
    public static func inclusion(of index: UInt64, in size: UInt64) -> [Range<UInt64>]? {
        guard index < size else { return nil }
        var found: [Range<UInt64>] = []
        var range = 0..<size
        // From the root down, which is the proof from its end.
        while range.lowerBound + 1 < range.upperBound {
            let middle = range.lowerBound + split(range.upperBound - range.lowerBound)
            if index < middle {
                found.append(middle..<range.upperBound)
                range = range.lowerBound..<middle
            } else {
                found.append(range.lowerBound..<middle)
                range = middle..<range.upperBound
            }
        }
        return found.reversed()
    }

    /// The subtrees whose roots prove that a tree of a size is the beginning of a larger one, in the
    /// order of the proof; `nil` unless `0 < old ≤ new`.
    public static func consistency(from old: UInt64, to new: UInt64) -> [Range<UInt64>]? {
        guard old > 0, old <= new else { return nil }
        var found: [Range<UInt64>] = []
        var range = 0..<new
        // Whether the range begins with the whole of the old tree, whose root the checker has.
        var isWhole = true
        while range.upperBound != old {
            let middle = range.lowerBound + split(range.upperBound - range.lowerBound)
            if old <= middle {
                found.append(middle..<range.upperBound)
                range = range.lowerBound..<middle
            } else {
                found.append(range.lowerBound..<middle)
                range = middle..<range.upperBound
                isWhole = false
            }
        }
        if !isWhole { found.append(range) }
        return found.reversed()
    }

    /// The largest power of two below a count of at least two.
    private static func split(_ count: UInt64) -> UInt64 {
        1 << UInt64(UInt64.bitWidth - 1 - (count - 1).leadingZeroBitCount)
    }

    // MARK: Checking

    /// Whether a path leads from a leaf at an index to the root of a tree of a size.
    ///
    /// - Parameter leaf: the hash of the leaf.
    public static func isIncluded(
        leaf: Digest, at index: UInt64, in size: UInt64, root: Digest, path: [Digest]
    ) -> Bool {
        guard index < size, path.count <= hashesMax else { return false }
        var place = Place(node: index, last: size - 1)
        var hash = leaf
        for sibling in path {
            guard place.last != 0 else { return false }
            if place.isRightOrLast {
                hash = MerkleTree.node(sibling, hash)
                place.skip()
            } else {
                hash = MerkleTree.node(hash, sibling)
            }
            place.rise()
        }
        return place.last == 0 && hash == root
    }

    /// Whether a path shows that a tree of one size and root is the beginning of another.
    public static func isConsistent(
        old: UInt64, oldRoot: Digest, new: UInt64, newRoot: Digest, path: [Digest]
    ) -> Bool {
        guard old > 0, old <= new, path.count <= hashesMax else { return false }
        if old == new { return path.isEmpty && oldRoot == newRoot }
        guard !path.isEmpty else { return false }
        // The root of a full old tree is where the path begins, and is not repeated in it.
        var rest = path[...]
        let start = old.nonzeroBitCount == 1 ? oldRoot : rest.removeFirst()
        var place = Place(node: old - 1, last: new - 1)
        while place.node & 1 == 1 { place.rise() }
        var (first, second) = (start, start)
        for sibling in rest {
            guard place.last != 0 else { return false }
            if place.isRightOrLast {
                first = MerkleTree.node(sibling, first)
                second = MerkleTree.node(sibling, second)
                place.skip()
            } else {
                second = MerkleTree.node(second, sibling)
            }
            place.rise()
        }
        return place.last == 0 && first == oldRoot && second == newRoot
    }

    /// A node on the way up, and the last one of its level.
    private struct Place {
        var node: UInt64
        var last: UInt64

        var isRightOrLast: Bool { node & 1 == 1 || node == last }

        mutating func rise() {
            node >>= 1
            last >>= 1
        }

        /// Passes the levels on which a last node has no sibling.
        mutating func skip() {
            while node & 1 == 0, node != 0 { rise() }
        }
    }
}

/// Finds the roots of subtrees while the leaves go by, in memory for the logarithm of their number.
public struct MerkleRoots: Sendable {
    private var parts: [(range: Range<UInt64>, tree: MerkleTree)]
    private var index: UInt64 = 0

    /// Asks for the roots over ranges of leaves.
    public init(of ranges: [Range<UInt64>]) { parts = ranges.map { ($0, MerkleTree()) } }

    /// Takes the next leaf, by its hash.
    public mutating func append(leaf: Digest) {
        for place in parts.indices where parts[place].range.contains(index) {
            parts[place].tree.append(leaf: leaf)
        }
        index += 1
    }

    /// The roots in the order of the ranges; `nil` before their last leaf has gone by.
    public var roots: [Digest]? {
        guard parts.allSatisfy({ $0.range.upperBound <= index }) else { return nil }
        return parts.map(\.tree.root)
    }
}
