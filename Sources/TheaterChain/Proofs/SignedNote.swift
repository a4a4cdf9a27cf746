// SPDX-License-Identifier: Apache-2.0

/// A text with the signatures of one or more keys.
///
/// ```text
/// the text, whose last byte is a line's end
///
/// — name base64(key ID ‖ signature)
/// ```
///
/// Believe nothing of the text before ``verify(by:)``.
///
/// Source: C2SP signed-note v1.0.0.
public struct SignedNote: Sendable, Hashable {
    /// One signature line.
    public struct Signature: Sendable, Hashable {
        /// The name of the key, as the line has it.
        public let name: String
        /// The identifier of the key, as the line has it.
        public let keyID: UInt32
        /// The signature itself.
        public let bytes: [UInt8]

        var line: String {
            "— \(name) \(Base64.encode(keyID.bigEndianBytes + bytes))\n"
        }
    }

    /// The most bytes of a note.
    public static let sizeMax = 1 << 20
    /// The most signatures of a note.
    public static let signaturesMax = 64

    /// What is signed: everything up to the empty line, the last line's end included.
    public let text: String
    /// The signature lines, in their order.
    public let signatures: [Signature]

    init(text: String, signatures: [Signature]) {
        self.text = text
        self.signatures = signatures
    }

    /// Reads a note.
    ///
    /// - Throws: ``ProofError`` `proof.bad-note`. That a signature does not verify is not found here.
    public init(_ bytes: [UInt8]) throws(ProofError) {
        guard bytes.count <= Self.sizeMax else {
            throw .badNote("it is longer than \(Self.sizeMax) bytes")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw .badNote("it is not UTF-8")
        }
        if let place = bytes.firstIndex(where: { $0 < 0x20 && $0 != 0x0A }) {
            throw .badNote("byte \(place) is a control character")
        }
        guard bytes.last == 0x0A else { throw .badNote("it does not end with a line's end") }
        guard let gap = bytes.indices.dropFirst().last(where: { Self.isGap(bytes, at: $0) }) else {
            throw .badNote("no empty line separates text and signatures")
        }
        text = String(decoding: bytes[..<gap], as: UTF8.self)
        let lines = String(decoding: bytes[(gap + 1)...], as: UTF8.self)
            .unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        guard !lines.isEmpty else { throw .badNote("it has no signature") }
        guard lines.count <= Self.signaturesMax else {
            throw .badNote("it has more than \(Self.signaturesMax) signatures")
        }
        var signatures: [Signature] = []
        for line in lines { signatures.append(try Self.signature(String(line))) }
        self.signatures = signatures
        // Whatever reads back in other bytes would be two notes with one meaning.
        guard bytes.elementsEqual(description.utf8) else {
            throw .badNote("it is not in the one form that such a note has")
        }
    }

    /// Whether a line's end stands right behind another one.
    private static func isGap(_ bytes: [UInt8], at place: Int) -> Bool {
        bytes[place] == 0x0A && bytes[place - 1] == 0x0A
    }

    private static func signature(_ line: String) throws(ProofError) -> Signature {
        let parts = line.unicodeScalars.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, String(parts[0]) == "—" else {
            throw .badNote("a signature line is not '— NAME SIGNATURE'")
        }
        let name = String(parts[1])
        guard KeyName.isValid(name) else { throw .badNote("the name of a key is wrong") }
        guard let bytes = Base64.decode(String(parts[2])), bytes.count > 4 else {
            throw .badNote("a signature is not base64 of more than four bytes")
        }
        return Signature(
            name: name, keyID: bytes[..<4].reduce(0) { $0 << 8 | UInt32($1) },
            bytes: Array(bytes[4...]))
    }

    /// Checks that a key signed the text. Signatures of other keys count for nothing.
    ///
    /// - Throws: ``ProofError`` `proof.unknown-key` when it did not sign it; `proof.bad-signature` when a
    ///   signature in its name is wrong.
    public func verify(by key: VerifierKey) throws(ProofError) {
        let found = signatures.filter {
            // Byte by byte: two spellings of one letter are two names.
            $0.keyID == key.id && $0.name.utf8.elementsEqual(key.name.utf8)
        }
        guard !found.isEmpty else {
            let names = signatures.prefix(4).map { "'\($0.name)+\($0.keyID.hexadecimal)'" }
            throw ProofError(
                .unknownKey,
                "the note is signed by \(names.joined(separator: ", ")), not by "
                    + "'\(key.name)+\(key.id.hexadecimal)'",
                remedy: "Verify it with the key of the node that signed it, if you trust that node."
            )
        }
        guard found.allSatisfy({ key.isValid($0.bytes, of: Array(text.utf8)) }) else {
            throw ProofError(
                .badSignature, "the signature of '\(key.name)' does not fit the note",
                remedy: "Do not trust it: text or signature were altered after signing.")
        }
    }

    /// The note as bytes.
    public var bytes: [UInt8] { Array(description.utf8) }
}

extension SignedNote: CustomStringConvertible {
    /// The note as text.
    public var description: String { text + "\n" + signatures.map(\.line).joined() }
}

/// The names of keys.
enum KeyName {
    /// The most bytes of a name.
    static let sizeMax = 256

    /// Whether a name is neither empty nor too long, and has no space, plus sign or control character.
    static func isValid(_ name: String) -> Bool {
        (1...sizeMax).contains(name.utf8.count)
            && name.unicodeScalars.allSatisfy {
                $0 != "+" && $0.value > 0x20 && $0.value != 0x7F && !$0.properties.isWhitespace
            }
    }
}

extension UInt32 {
    var bigEndianBytes: [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: self >> $0) }
    }

    /// Eight lower-case hexadecimal digits.
    var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
