// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import TheaterPlatform

/// A public key that notes are verified with: a name and an Ed25519 key.
///
/// As text it is `name+id+base64(0x01 ‖ key)`. The id, eight hexadecimal digits, is the first four bytes
/// of `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key)`.
///
/// Source: C2SP signed-note v1.0.0, "Ed25519 signatures".
public struct VerifierKey: Sendable, Hashable {
    /// What byte stands for Ed25519.
    static let algorithm: UInt8 = 1
    /// The bytes of a key.
    static let size = 32

    /// The name of whoever signs.
    public let name: String
    /// What signature lines name the key by.
    public let id: UInt32
    /// The 32 bytes of the Ed25519 key.
    public let bytes: [UInt8]

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        let digest = Digest.sha256(of: Array(name.utf8) + [0x0A, Self.algorithm] + bytes)
        id = digest.bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Reads the text form.
    ///
    /// - Throws: ``ProofError`` `proof.bad-key`.
    public init(_ text: String) throws(ProofError) {
        let (name, digits, bytes) = try KeyText.split(text)
        self.init(name: name, bytes: bytes)
        guard digits == id.hexadecimal else { throw .badKey("its id is not that of its bytes") }
    }

    /// Whether bytes are a signature of this key.
    func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else {
            return false
        }
        return key.isValidSignature(signature, for: message)
    }
}

extension VerifierKey: CustomStringConvertible {
    /// The text form.
    public var description: String {
        "\(name)+\(id.hexadecimal)+\(Base64.encode([Self.algorithm] + bytes))"
    }
}

/// The key that a node signs with.
///
/// In its file it is a line `PRIVATE+KEY+name+id+base64(0x01 ‖ seed)`, where the id is that of the public
/// key. Its description does not show the seed.
public struct NodeKey: Sendable {
    static let prefix = "PRIVATE+KEY+"

    /// The public half.
    public let verifier: VerifierKey
    private let key: Curve25519.Signing.PrivateKey

    /// Makes a key of a seed.
    ///
    /// - Parameters:
    ///   - seed: 32 bytes that nobody can guess.
    ///   - name: the name in its signatures; without one, `theater.node/` and the first 16 digits of
    ///     the SHA-256 of the public key.
    /// - Throws: ``ProofError`` `proof.bad-key` for another number of bytes, or a name that cannot be one.
    public init(seed: [UInt8], name: String? = nil) throws(ProofError) {
        guard seed.count == VerifierKey.size,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed)
        else { throw .badKey("a seed has 32 bytes, not \(seed.count)") }
        self.key = key
        let bytes = Array(key.publicKey.rawRepresentation)
        let name =
            name ?? "theater.node/\(Digest.sha256(of: bytes).description.prefix(16))"
        guard KeyName.isValid(name) else { throw .badKey("its name is not one") }
        verifier = VerifierKey(name: name, bytes: bytes)
    }

    /// Makes a new key.
    static func random(name: String?) throws(ProofError) -> NodeKey {
        let words = [Randomness.twoWords(), Randomness.twoWords()].flatMap { [$0.0, $0.1] }
        let seed = words.flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
        }
        return try NodeKey(seed: seed, name: name)
    }

    /// Reads the line of a key file.
    ///
    /// - Throws: ``ProofError`` `proof.bad-key`.
    init(fileText text: String) throws(ProofError) {
        guard text.hasPrefix(Self.prefix) else { throw .badKey("it is not a private key") }
        let (name, digits, seed) = try KeyText.split(String(text.dropFirst(Self.prefix.count)))
        try self.init(seed: seed, name: name)
        guard digits == verifier.id.hexadecimal else {
            throw .badKey("its id is not that of its bytes")
        }
    }

    /// The line of a key file, without the line's end.
    var fileText: String {
        let seed = Array(key.rawRepresentation)
        return Self.prefix + "\(verifier.name)+\(verifier.id.hexadecimal)+"
            + Base64.encode([VerifierKey.algorithm] + seed)
    }

    /// Signs a text.
    ///
    /// - Parameter text: lines, each with its end, without control characters.
    /// - Throws: ``ProofError`` `proof.bad-note` for another text.
    public func sign(_ text: String) throws(ProofError) -> SignedNote {
        guard let bytes = try? key.signature(for: Array(text.utf8)) else {
            throw .badNote("it cannot be signed")
        }
        let signature = SignedNote.Signature(
            name: verifier.name, keyID: verifier.id, bytes: Array(bytes))
        // Read back, so that nothing is signed that is not a note.
        return try SignedNote(SignedNote(text: text, signatures: [signature]).bytes)
    }
}

extension NodeKey: CustomStringConvertible {
    /// The public half.
    public var description: String { verifier.description }
}

/// The form that both kinds of key share.
enum KeyText {
    /// Splits `name+id+base64(0x01 ‖ 32 bytes)`.
    static func split(
        _ text: String
    ) throws(ProofError) -> (name: String, id: String, bytes: [UInt8]) {
        // The base64 may have plus signs, too.
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard text.utf8.count <= 1024, parts.count == 3 else {
            throw .badKey("it is not name+id+key")
        }
        guard KeyName.isValid(String(parts[0])) else { throw .badKey("its name is not one") }
        guard let bytes = Base64.decode(parts[2]), bytes.count == 1 + VerifierKey.size else {
            throw .badKey("its last part is not base64 of 33 bytes")
        }
        guard bytes[0] == VerifierKey.algorithm else {
            throw .badKey("it is of kind \(bytes[0]), and only kind 1, Ed25519, is known")
        }
        return (String(parts[0]), String(parts[1]), Array(bytes.dropFirst()))
    }
}
