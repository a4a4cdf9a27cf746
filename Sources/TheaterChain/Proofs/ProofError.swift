// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// A proof, a signed note, a key or a bundle that does not hold, or that cannot be made.
public struct ProofError: Error, Sendable, Hashable {
    /// The kinds of failure. Raw values are stable.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The text of a public key is wrong.
        case badKey = "proof.bad-key"
        /// The bytes are not a signed note.
        case badNote = "proof.bad-note"
        /// The text of a note is not a checkpoint of a chain.
        case badCheckpoint = "proof.bad-checkpoint"
        /// The bytes are not a proof.
        case badProof = "proof.bad-proof"
        /// The bytes are not a bundle, or were altered.
        case badBundle = "proof.bad-bundle"
        /// The key that is trusted did not sign the note.
        case unknownKey = "proof.unknown-key"
        /// The signature of the trusted key does not fit the note.
        case badSignature = "proof.bad-signature"
        /// The checkpoint is of another chain, or of a chain of another node.
        case wrongChain = "proof.wrong-chain"
        /// The hashes of a proof do not lead to the root of the checkpoint.
        case wrongPath = "proof.wrong-path"
        /// The events do not have the root or the head of the checkpoint.
        case wrongRoot = "proof.wrong-root"
        /// The event in a proof is not the one that its place says.
        case wrongEvent = "proof.wrong-event"
        /// An event does not follow from the one before it, or was altered.
        case brokenChain = "proof.broken-chain"
        /// A module or manifest is not the one that the chain names.
        case wrongContent = "proof.wrong-content"
        /// The chain is not one with what was signed before.
        case contradiction = "proof.contradiction"
        /// A place or a size lies outside the chain.
        case outOfRange = "proof.out-of-range"
        /// The file of the node's key cannot be used.
        case keyFile = "proof.key-file"
        /// The disk refused an operation.
        case disk = "proof.disk"
        /// The chain cannot be read.
        case journal = "proof.journal"
    }

    /// What kind of failure it is.
    public let code: Code
    /// What failed, on which thing, and why.
    public let fact: String
    /// What to do about it.
    public let remedy: String
    /// The event concerned.
    public let sequence: UInt64?
    /// What the disk said.
    public let cause: DiskError?

    init(
        _ code: Code, _ fact: String, remedy: String, sequence: UInt64? = nil,
        cause: DiskError? = nil
    ) {
        self.code = code
        self.fact = fact
        self.remedy = remedy
        self.sequence = sequence
        self.cause = cause
    }
}

extension ProofError: CustomStringConvertible {
    /// The fact, then the remedy, then the code.
    public var description: String { "\(fact). \(remedy) [\(code.rawValue)]" }
}

extension ProofError {
    static func badKey(_ fact: String) -> ProofError {
        ProofError(
            .badKey, "the key is wrong: \(fact)",
            remedy: "Give the whole line that `theater chain keys` prints: name+id+key.")
    }

    static func badNote(_ fact: String) -> ProofError {
        ProofError(
            .badNote, "this is not a signed note: \(fact)",
            remedy: "Get the note again, byte for byte as it was made.")
    }

    static func badCheckpoint(_ fact: String) -> ProofError {
        ProofError(
            .badCheckpoint, "the note is not the checkpoint of a chain: \(fact)",
            remedy: "Give a checkpoint that `theater chain checkpoint` made, unchanged.")
    }

    static func badProof(_ fact: String) -> ProofError {
        ProofError(
            .badProof, "this is not a proof about a chain: \(fact)",
            remedy: "Get the proof again, byte for byte as `theater chain prove` made it.")
    }

    static func badBundle(_ fact: String, at offset: UInt64) -> ProofError {
        ProofError(
            .badBundle, "the bundle is wrong at byte \(offset): \(fact)",
            remedy: "Do not trust it. Get it again, byte for byte as it was exported.")
    }

    static func wrongChain(_ fact: String) -> ProofError {
        ProofError(
            .wrongChain, fact, remedy: "Ask for a checkpoint of this chain, signed by this node.")
    }

    static func brokenChain(_ actor: ActorID, _ sequence: UInt64, _ fact: String) -> ProofError {
        ProofError(
            .brokenChain, "event \(sequence) of actor \(actor) is not as it was recorded: \(fact)",
            remedy: "Trust nothing of this chain from this event on; restore or get it again.",
            sequence: sequence)
    }

    static func wrongRoot(_ fact: String, sequence: UInt64? = nil) -> ProofError {
        ProofError(
            .wrongRoot, fact,
            remedy: "One of the two was altered, or the node signed something else. Keep both: "
                + "together they are evidence.", sequence: sequence)
    }

    static func contradiction(_ actor: ActorID, _ path: String, _ fact: String) -> ProofError {
        ProofError(
            .contradiction, "the chain of actor \(actor) \(fact) ('\(path)')",
            remedy:
                "The journal was cut or replaced since. Restore it from a copy; to sign what is "
                + "there all the same, move that file away.")
    }

    static func outOfRange(_ fact: String) -> ProofError {
        ProofError(
            .outOfRange, fact,
            remedy: "See with `theater chain list` how many events the chain has.")
    }

    static func disk(_ cause: DiskError) -> ProofError {
        ProofError(.disk, "\(cause)", remedy: cause.remedy, cause: cause)
    }

    /// A journal that cannot be followed.
    init(_ error: JournalError) {
        switch error.code {
        case .damaged:
            self.init(.brokenChain, error.fact, remedy: error.remedy, cause: error.cause)
        default: self.init(.journal, error.fact, remedy: error.remedy, cause: error.cause)
        }
    }
}
