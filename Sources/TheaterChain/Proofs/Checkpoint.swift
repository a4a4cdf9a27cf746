// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// What a node says of one of its chains at one moment: how long it is, and what it holds.
///
/// ```text
/// <name of the node's key>/<actor>
/// <number of events>
/// <base64 of the Merkle root over the hashes of the events>
/// head <hash of the newest event, 64 hexadecimal digits>
/// ```
///
/// Source: C2SP tlog-checkpoint; the line `head` is an extension line.
public struct Checkpoint: Sendable, Hashable {
    /// The name of the key that signs it.
    public let keyName: String
    /// Whose chain it is.
    public let actor: ActorID
    /// How many events the chain has.
    public let size: UInt64
    /// The root of the Merkle tree over them.
    public let root: Digest
    /// The hash of the newest of them, or the genesis of the actor when there is none.
    public let head: Digest

    /// Describes a chain.
    public init(keyName: String, actor: ActorID, size: UInt64, root: Digest, head: Digest) {
        self.keyName = keyName
        self.actor = actor
        self.size = size
        self.root = root
        self.head = head
    }

    /// The text that is signed.
    public var text: String {
        "\(keyName)/\(actor)\n\(size)\n\(Base64.encode(root.bytes))\nhead \(head)\n"
    }

    /// Reads the text.
    ///
    /// - Throws: ``ProofError`` `proof.bad-checkpoint` for anything that ``text`` would not give.
    public init(text: String) throws(ProofError) {
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .map { String($0) }
        guard lines.count == 5, lines[4].isEmpty else {
            throw .badCheckpoint("it has not exactly the lines origin, size, root and head")
        }
        guard let slash = lines[0].lastIndex(of: "/"),
            let actor = ActorID(String(lines[0][lines[0].index(after: slash)...]))
        else { throw .badCheckpoint("its first line does not end in an actor's identity") }
        guard let size = Decimal.parse(lines[1]) else {
            throw .badCheckpoint("its second line is not a number of events")
        }
        guard let root = Base64.decode(lines[2]).flatMap({ Digest(bytes: $0) }) else {
            throw .badCheckpoint("its third line is not base64 of 32 bytes")
        }
        guard lines[3].hasPrefix("head "), let head = Digest(hex: lines[3].dropFirst(5)) else {
            throw .badCheckpoint("its fourth line is not 'head' and 64 hexadecimal digits")
        }
        self.init(
            keyName: String(lines[0][..<slash]), actor: actor, size: size, root: root, head: head)
        guard self.text.utf8.elementsEqual(text.utf8) else {
            throw .badCheckpoint("it is not in the one form that such a checkpoint has")
        }
    }
}

/// A checkpoint whose signature was verified, or just made.
public struct SignedCheckpoint: Sendable, Hashable {
    /// What is signed.
    public let checkpoint: Checkpoint
    /// The text with its signatures.
    public let note: SignedNote

    /// Signs a checkpoint in the name of the key.
    init(
        actor: ActorID, size: UInt64, root: Digest, head: Digest, by key: NodeKey
    ) throws(ProofError) {
        checkpoint = Checkpoint(
            keyName: key.verifier.name, actor: actor, size: size, root: root, head: head)
        note = try key.sign(checkpoint.text)
    }

    /// Verifies the note of a checkpoint.
    ///
    /// - Parameters:
    ///   - key: the key of the node that is trusted.
    ///   - actor: whose chain it must be of; `nil` for any.
    /// - Throws: ``ProofError``: what ``SignedNote/verify(by:)`` throws, `proof.bad-checkpoint`,
    ///   `proof.wrong-chain`.
    public init(
        _ note: SignedNote, by key: VerifierKey, of actor: ActorID? = nil
    ) throws(ProofError) {
        try note.verify(by: key)
        self.note = note
        checkpoint = try Checkpoint(text: note.text)
        guard checkpoint.keyName.utf8.elementsEqual(key.name.utf8) else {
            throw .wrongChain(
                "the checkpoint is of a chain of '\(checkpoint.keyName)', and signed by "
                    + "'\(key.name)'")
        }
        if let actor, checkpoint.actor != actor {
            throw .wrongChain(
                "the checkpoint is of the chain of actor \(checkpoint.actor), not of \(actor)")
        }
    }
}

/// Numbers as notes and proofs write them.
enum Decimal {
    /// Reads digits without a sign and without leading zeros; `nil` for anything else.
    static func parse(_ text: String) -> UInt64? {
        guard let number = UInt64(text), String(number) == text else { return nil }
        return number
    }
}
