// SPDX-License-Identifier: Apache-2.0

/// A proof that a chain has an event, as a text that says all of it.
///
/// ```text
/// c2sp.org/tlog-proof@v1
/// extra <base64 of the event>
/// index <sequence>
/// <base64 of a hash>, a line for each
///
/// <the signed checkpoint>
/// ```
///
/// The leaf is the hash of the event, which is computed from the event itself.
///
/// Source: C2SP tlog-proof v1; RFC 6962, section 2.1.1.
public struct InclusionProof: Sendable, Hashable {
    static let title = "c2sp.org/tlog-proof@v1"

    /// The event.
    public let event: Evidence
    /// The event's place in the tree.
    public let index: UInt64
    /// The hashes on the way from the leaf to the root.
    public let path: [Digest]
    /// The checkpoint, whose signature is not verified yet.
    public let note: SignedNote

    init(event: Evidence, index: UInt64, path: [Digest], note: SignedNote) {
        self.event = event
        self.index = index
        self.path = path
        self.note = note
    }

    /// Checks the signature, the place of the event and the way to the root.
    ///
    /// - Returns: the checkpoint, which says whose chain it is.
    /// - Throws: ``ProofError`` with the first thing that does not hold.
    public func verify(by key: VerifierKey) throws(ProofError) -> SignedCheckpoint {
        let signed = try SignedCheckpoint(note, by: key)
        let checkpoint = signed.checkpoint
        guard event.sequence == index else {
            throw wrongEvent("it has the sequence \(event.sequence), the proof says \(index)")
        }
        // The first event alone names its actor; of the others the signed checkpoint does.
        if index == 0, event.parent != ChainHead.genesis(of: checkpoint.actor) {
            throw wrongEvent("it is the first of another actor")
        }
        guard
            MerkleProof.isIncluded(
                leaf: MerkleTree.leaf(ofEvent: event.hash), at: index, in: checkpoint.size,
                root: checkpoint.root, path: path)
        else {
            throw ProofError(
                .wrongPath,
                "the proof does not lead from event \(index) to the root of the checkpoint of "
                    + "\(checkpoint.size) events",
                remedy: "Do not trust it: the event, the proof or the checkpoint was altered.",
                sequence: index)
        }
        if index + 1 == checkpoint.size, event.hash != checkpoint.head {
            throw wrongEvent("it is the newest, and not the head of the checkpoint")
        }
        return signed
    }

    private func wrongEvent(_ fact: String) -> ProofError {
        ProofError(
            .wrongEvent, "the event is not the one that is proven: \(fact)",
            remedy: "Do not trust it: the proof was put together wrongly or altered.",
            sequence: index)
    }

    /// Reads the text.
    init(lines: [String], note: SignedNote) throws(ProofError) {
        guard lines.count >= 3, lines[1].hasPrefix("extra "), lines[2].hasPrefix("index ") else {
            throw .badProof("the second line is not 'extra', or the third not 'index'")
        }
        guard let bytes = Base64.decode(lines[1].dropFirst(6)) else {
            throw .badProof("the event is not base64")
        }
        var problem = "it cannot be read"
        guard let event = Evidence(bytes, problem: &problem) else {
            throw .badProof("the event is wrong: \(problem)")
        }
        guard let index = Decimal.parse(String(lines[2].dropFirst(6))) else {
            throw .badProof("the index is not a number")
        }
        let path = try ChainProof.path(lines[3...])
        self.init(event: event, index: index, path: path, note: note)
    }
}

extension InclusionProof: CustomStringConvertible {
    /// The proof as text.
    public var description: String {
        let lines =
            [Self.title, "extra \(Base64.encode(event.bytes))", "index \(index)"]
            + path.map { Base64.encode($0.bytes) }
        return lines.joined(separator: "\n") + "\n\n" + note.description
    }
}
