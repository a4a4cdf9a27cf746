// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TheaterChain

/// A tree by the recursive definition of RFC 6962, section 2.1, for comparison.
struct ReferenceTree {
    let leaves: [Digest]
    private var known: [Range<UInt64>: Digest] = [:]

    /// A tree over so many leaves, each the hash of its own number.
    init(count: UInt64) {
        leaves = (0..<count).map { MerkleTree.leaf(Array("leaf \($0)".utf8)) }
    }

    mutating func root(_ range: Range<UInt64>) -> Digest {
        if range.isEmpty { return MerkleTree.emptyRoot }
        if range.count == 1 { return leaves[Int(range.lowerBound)] }
        if let root = known[range] { return root }
        var half: UInt64 = 1
        while half * 2 < UInt64(range.count) { half *= 2 }
        let middle = range.lowerBound + half
        let root = MerkleTree.node(
            root(range.lowerBound..<middle), root(middle..<range.upperBound))
        known[range] = root
        return root
    }

    mutating func inclusion(of index: UInt64, in size: UInt64) throws -> [Digest] {
        try #require(MerkleProof.inclusion(of: index, in: size)).map { root($0) }
    }

    mutating func consistency(from old: UInt64, to new: UInt64) throws -> [Digest] {
        try #require(MerkleProof.consistency(from: old, to: new)).map { root($0) }
    }
}

extension [Digest] {
    /// The same with one bit changed somewhere, or one digest more or less.
    func changed(_ random: inout SplitMix) -> [Digest] {
        var path = self
        switch Int.random(in: 0..<4, using: &random) {
        case 0 where !isEmpty: path.remove(at: Int.random(in: 0..<count, using: &random))
        case 1: path.insert(.zero, at: Int.random(in: 0...count, using: &random))
        case _ where isEmpty: path.append(MerkleTree.emptyRoot)
        default:
            let place = Int.random(in: 0..<count, using: &random)
            path[place] = path[place].flipped(&random)
        }
        return path
    }
}

extension Digest {
    /// The same with one bit changed.
    func flipped(_ random: inout SplitMix) -> Digest {
        var bytes = self.bytes
        bytes[Int.random(in: 0..<32, using: &random)] ^=
            1 << UInt8.random(in: 0..<8, using: &random)
        return Digest(bytes: bytes) ?? .zero
    }
}

@Suite("Merkle trees")
struct MerkleTests {
    /// The leaves that implementations of RFC 6962 are compared with.
    private static let leaves: [[UInt8]] = [
        [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43],
        [0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        Array(0x60...0x6F),
    ]
    /// The roots over none, one, two … of them.
    private static let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    private func tree(_ count: Int) -> MerkleTree {
        var tree = MerkleTree()
        for leaf in Self.leaves.prefix(count) { tree.append(leaf: MerkleTree.leaf(leaf)) }
        return tree
    }

    private func digests(_ texts: [String]) throws -> [Digest] {
        try texts.map { try #require(Digest(hex: $0)) }
    }

    @Test("have the roots of the test leaves of RFC 6962's implementations")
    func knownRoots() throws {
        for (count, root) in Self.roots.enumerated() {
            #expect(tree(count).root.description == root, "\(count) leaves")
            #expect(tree(count).count == UInt64(count))
        }
        #expect(MerkleTree.emptyRoot.description == Self.roots[0])
    }

    @Test("of the test leaves have the known proofs")
    func knownProofs() throws {
        let known: [(UInt64, UInt64, [String])] = [
            (0, 1, []),
            (
                0, 8,
                [
                    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
                ]
            ),
            (
                5, 8,
                [
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ]
            ),
            (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
        ]
        for (index, size, path) in known {
            let found = try roots(#require(MerkleProof.inclusion(of: index, in: size)))
            #expect(found == (try digests(path)), "leaf \(index) of \(size)")
            #expect(
                MerkleProof.isIncluded(
                    leaf: MerkleTree.leaf(Self.leaves[Int(index)]), at: index, in: size,
                    root: tree(Int(size)).root, path: found))
        }
        let grown = try roots(#require(MerkleProof.consistency(from: 6, to: 8)))
        #expect(
            grown
                == (try digests([
                    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ])))
        #expect(
            MerkleProof.isConsistent(
                old: 6, oldRoot: tree(6).root, new: 8, newRoot: tree(8).root, path: grown))
    }

    private func roots(_ ranges: [Range<UInt64>]) throws -> [Digest] {
        var roots = MerkleRoots(of: ranges)
        for leaf in Self.leaves { roots.append(leaf: MerkleTree.leaf(leaf)) }
        return try #require(roots.roots)
    }

    // Goal: every proof holds, and nothing else does. Method: for each size up to 200 and each index,
    // a proof of roots that the recursive definition gives; then the same with a hash changed, missing
    // or too many, at another index, for another leaf, of another root.
    @Test("include every leaf that they have, and no other", arguments: [UInt64(1), 2])
    func inclusion(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var reference = ReferenceTree(count: 201)
        for size in 1...UInt64(200) {
            let root = reference.root(0..<size)
            for index in 0..<size {
                let leaf = reference.leaves[Int(index)]
                let path = try reference.inclusion(of: index, in: size)
                func holds(
                    _ leaf: Digest, _ index: UInt64, _ root: Digest, _ path: [Digest]
                ) -> Bool {
                    MerkleProof.isIncluded(leaf: leaf, at: index, in: size, root: root, path: path)
                }
                let what: Comment = "leaf \(index) of \(size), seed \(seed)"
                try #require(holds(leaf, index, root, path), what)
                let other = UInt64.random(in: 0...size, using: &random)
                try #require(other == index || !holds(leaf, other, root, path), what)
                try #require(!holds(leaf, index, root, path.changed(&random)), what)
                try #require(!holds(leaf.flipped(&random), index, root, path), what)
                try #require(!holds(leaf, index, reference.root(0..<size + 1), path), what)
            }
        }
    }

    // Goal and method as above, for each pair of sizes up to 200.
    @Test("are consistent with every tree that they began as, and no other", arguments: [UInt64(3)])
    func consistency(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var reference = ReferenceTree(count: 201)
        for new in 1...UInt64(200) {
            let newRoot = reference.root(0..<new)
            for old in 1...new {
                let oldRoot = reference.root(0..<old)
                let path = try reference.consistency(from: old, to: new)
                func holds(
                    _ old: UInt64, _ oldRoot: Digest, _ newRoot: Digest, _ path: [Digest]
                ) -> Bool {
                    MerkleProof.isConsistent(
                        old: old, oldRoot: oldRoot, new: new, newRoot: newRoot, path: path)
                }
                let what: Comment = "\(old) to \(new), seed \(seed)"
                try #require(holds(old, oldRoot, newRoot, path), what)
                try #require(!holds(old, oldRoot, newRoot, path.changed(&random)), what)
                try #require(!holds(old, oldRoot.flipped(&random), newRoot, path), what)
                try #require(!holds(old, oldRoot, newRoot.flipped(&random), path), what)
                let other = UInt64.random(in: 0...new + 1, using: &random)
                let otherRoot = reference.root(0..<min(other, 200))
                try #require(other == old || !holds(other, otherRoot, newRoot, path), what)
            }
        }
    }

    @Test("give the roots of subtrees while leaves go by", arguments: [UInt64(4), 5, 6])
    func subtrees(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var reference = ReferenceTree(count: 300)
        for _ in 0..<40 {
            let size = UInt64.random(in: 1...300, using: &random)
            let index = UInt64.random(in: 0..<size, using: &random)
            let ranges = try #require(MerkleProof.inclusion(of: index, in: size))
            var roots = MerkleRoots(of: ranges)
            var tree = MerkleTree()
            for leaf in reference.leaves.prefix(Int(size)) {
                #expect(roots.roots == nil || ranges.allSatisfy { $0.upperBound <= tree.count })
                roots.append(leaf: leaf)
                tree.append(leaf: leaf)
            }
            let what: Comment = "leaf \(index) of \(size), seed \(seed)"
            #expect(roots.roots == (try reference.inclusion(of: index, in: size)), what)
            #expect(tree.root == reference.root(0..<size), what)
        }
    }

    @Test("refuse what lies outside, and do not stumble over the largest numbers")
    func bounds() {
        #expect(MerkleProof.inclusion(of: 0, in: 0) == nil)
        #expect(MerkleProof.inclusion(of: 5, in: 5) == nil)
        #expect(MerkleProof.consistency(from: 0, to: 5) == nil)
        #expect(MerkleProof.consistency(from: 6, to: 5) == nil)
        #expect(MerkleProof.consistency(from: 5, to: 5) == [])
        let paths = [0, 1, 63, 64, 65, 66, 1000].map { [Digest](repeating: .zero, count: $0) }
        for size in [UInt64(0), 1, 1 << 63, .max - 1, .max] {
            for index in [UInt64(0), 1, 1 << 62, 1 << 63, .max - 1, .max] {
                if let ranges = MerkleProof.inclusion(of: index, in: size) {
                    #expect(ranges.count < MerkleProof.hashesMax)
                }
                if let ranges = MerkleProof.consistency(from: index, to: size) {
                    #expect(ranges.count <= MerkleProof.hashesMax)
                }
                for path in paths {
                    #expect(
                        !MerkleProof.isIncluded(
                            leaf: .zero, at: index, in: size, root: MerkleTree.emptyRoot,
                            path: path))
                    #expect(
                        !MerkleProof.isConsistent(
                            old: index, oldRoot: .zero, new: size, newRoot: MerkleTree.emptyRoot,
                            path: path))
                }
            }
        }
    }
}
