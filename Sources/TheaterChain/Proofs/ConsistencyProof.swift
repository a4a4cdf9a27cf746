// SPDX-License-Identifier: Apache-2.0

/// A proof that a chain only grew between two checkpoints, as a text that says all of it.
///
/// ```text
/// theater.chain/consistency@v1
/// <base64 of a hash>, a line for each
///
/// <the older signed checkpoint>
///
/// <the newer signed checkpoint>
/// ```
///
/// Source: RFC 6962, section 2.1.2.
public struct ConsistencyProof: Sendable, Hashable {
    static let title = "theater.chain/consistency@v1"

    /// The hashes that lead to both roots.
    public let path: [Digest]
    /// The older checkpoint, whose signature is not verified yet.
    public let old: SignedNote
    /// The newer checkpoint, whose signature is not verified yet.
    public let new: SignedNote

    init(path: [Digest], old: SignedNote, new: SignedNote) {
        self.path = path
        self.old = old
        self.new = new
    }

    /// Checks both signatures, that both are of one chain, and the way to both roots.
    ///
    /// - Throws: ``ProofError`` with the first thing that does not hold.
    public func verify(
        by key: VerifierKey
    ) throws(ProofError) -> (old: SignedCheckpoint, new: SignedCheckpoint) {
        let old = try SignedCheckpoint(old, by: key)
        let new = try SignedCheckpoint(new, by: key, of: old.checkpoint.actor)
        let (first, second) = (old.checkpoint, new.checkpoint)
        guard
            MerkleProof.isConsistent(
                old: first.size, oldRoot: first.root, new: second.size, newRoot: second.root,
                path: path), first.size != second.size || first.head == second.head
        else {
            throw ProofError(
                .wrongPath,
                "the proof does not show that the chain of \(first.size) events is the beginning of "
                    + "that of \(second.size)",
                remedy:
                    "Ask for another proof. If the node has none, it signed two chains: keep both "
                    + "checkpoints, they are evidence.")
        }
        return (old, new)
    }
}

extension ConsistencyProof: CustomStringConvertible {
    /// The proof as text.
    public var description: String {
        let lines = [Self.title] + path.map { Base64.encode($0.bytes) }
        return lines.joined(separator: "\n") + "\n\n\(old)\n\(new)"
    }
}

/// A proof about a chain, of either kind.
public enum ChainProof: Sendable, Hashable {
    /// The chain has an event.
    case inclusion(InclusionProof)
    /// The chain only grew.
    case consistency(ConsistencyProof)

    /// The most bytes of a proof: an event in base64, a path, two notes.
    public static let sizeMax = Evidence.sizeMax / 3 * 4 + 4 + 2 * SignedNote.sizeMax + (64 << 10)

    /// Reads the text of a proof.
    ///
    /// - Throws: ``ProofError`` `proof.bad-proof` or `proof.bad-note`.
    public init(_ bytes: [UInt8]) throws(ProofError) {
        guard bytes.count <= Self.sizeMax else { throw .badProof("it is too long") }
        // Parts are separated by empty lines; a checkpoint has one of them within.
        let parts = Self.parts(bytes)
        let lines = parts[0].split(separator: 0x0A, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        switch (lines.first, parts.count) {
        case (InclusionProof.title, 3):
            let note = try SignedNote(parts[1] + [0x0A, 0x0A] + parts[2])
            self = .inclusion(try InclusionProof(lines: lines, note: note))
        case (ConsistencyProof.title, 5):
            self = .consistency(
                ConsistencyProof(
                    path: try Self.path(lines[1...]),
                    old: try SignedNote(parts[1] + [0x0A, 0x0A] + parts[2] + [0x0A]),
                    new: try SignedNote(parts[3] + [0x0A, 0x0A] + parts[4])))
        case (InclusionProof.title, _), (ConsistencyProof.title, _):
            throw .badProof("it has \(parts.count) parts with empty lines between them")
        default: throw .badProof("its first line is not known")
        }
        guard bytes.elementsEqual(description.utf8) else {
            throw .badProof("it is not in the one form that such a proof has")
        }
    }

    private static func parts(_ bytes: [UInt8]) -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var start = 0
        var place = 0
        // No proof has more than five parts, so the rest need not be cut.
        while place + 1 < bytes.count, parts.count < 8 {
            if bytes[place] == 0x0A, bytes[place + 1] == 0x0A {
                parts.append(Array(bytes[start..<place]))
                place += 2
                start = place
            } else {
                place += 1
            }
        }
        parts.append(Array(bytes[start...]))
        return parts
    }

    /// Reads the hashes of a proof.
    static func path(_ lines: ArraySlice<String>) throws(ProofError) -> [Digest] {
        guard lines.count <= MerkleProof.hashesMax else {
            throw .badProof("it has more than \(MerkleProof.hashesMax) hashes")
        }
        var path: [Digest] = []
        for line in lines {
            guard let hash = Base64.decode(line).flatMap({ Digest(bytes: $0) }) else {
                throw .badProof("a hash is not base64 of 32 bytes")
            }
            path.append(hash)
        }
        return path
    }
}

extension ChainProof: CustomStringConvertible {
    /// The proof as text.
    public var description: String {
        switch self {
        case .inclusion(let proof): proof.description
        case .consistency(let proof): proof.description
        }
    }
}
