// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// Follows the events of a chain from its first on, checks each link, and keeps the Merkle tree.
public struct ChainTracker: Sendable {
    /// Whose chain it is.
    public let actor: ActorID
    /// The tree over the hashes of the events so far.
    public private(set) var tree = MerkleTree()
    /// The hash of the newest event so far, or the genesis of the actor.
    public private(set) var head: Digest

    /// Begins before the first event.
    public init(actor: ActorID) {
        self.actor = actor
        head = ChainHead.genesis(of: actor)
    }

    /// How many events there were so far.
    public var count: UInt64 { tree.count }

    /// Takes the next event.
    ///
    /// - Returns: the hash of its leaf.
    /// - Throws: ``ProofError`` `proof.broken-chain`.
    @discardableResult
    public mutating func append(_ event: Evidence) throws(ProofError) -> Digest {
        guard event.sequence == count else {
            throw .brokenChain(actor, count, "event \(event.sequence) stands in its place")
        }
        guard event.parent == head else {
            throw .brokenChain(
                actor, count,
                count == 0
                    ? "it is not the first event of this actor"
                    : "it does not name the event before it as its parent")
        }
        let leaf = MerkleTree.leaf(ofEvent: event.hash)
        tree.append(leaf: leaf)
        head = event.hash
        return leaf
    }
}
