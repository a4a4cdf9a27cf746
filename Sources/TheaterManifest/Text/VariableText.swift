// SPDX-License-Identifier: Apache-2.0

/// A string with `${name}` and `${name:-default}` in it; `$${` stands for `${`.
enum VariableText {
    /// A mention of a variable.
    struct Reference: Equatable {
        let name: String
        /// What stands behind `:-`; taken as it is, up to the brace.
        let fallback: String?
        /// Where the mention begins, in bytes of the string.
        let offset: Int
    }

    /// A part of the string.
    enum Part: Equatable {
        case text(String)
        case reference(Reference)
    }

    /// A mention that is malformed.
    struct Mistake: Error {
        let offset: Int
        let message: String
        let suggestion: String
    }

    /// Splits a string into its parts; neighbouring parts are never both text.
    static func parse(_ text: String) throws(Mistake) -> [Part] {
        let bytes = Array(text.utf8)
        let dollar = UInt8(ascii: "$")
        let brace = UInt8(ascii: "{")
        var parts: [Part] = []
        var plain: [UInt8] = []
        var index = 0
        func sees(_ byte: UInt8, at position: Int) -> Bool {
            position < bytes.count && bytes[position] == byte
        }
        while index < bytes.count {
            if sees(dollar, at: index), sees(dollar, at: index + 1), sees(brace, at: index + 2) {
                plain += [dollar, brace]
                index += 3
            } else if sees(dollar, at: index), sees(brace, at: index + 1) {
                guard let end = bytes[index...].firstIndex(of: UInt8(ascii: "}")) else {
                    throw Mistake(
                        offset: index, message: "the variable that starts here is not closed",
                        suggestion: "end it with }, or write $${ for the characters themselves")
                }
                if !plain.isEmpty { parts.append(.text(String(decoding: plain, as: UTF8.self))) }
                plain = []
                parts.append(.reference(try reference(bytes[(index + 2)..<end], at: index)))
                index = end + 1
            } else {
                plain.append(bytes[index])
                index += 1
            }
        }
        if !plain.isEmpty { parts.append(.text(String(decoding: plain, as: UTF8.self))) }
        return parts
    }

    private static func reference(
        _ inner: ArraySlice<UInt8>, at offset: Int
    ) throws(Mistake) -> Reference {
        let text = String(decoding: inner, as: UTF8.self)
        let colon = inner.firstIndex(of: UInt8(ascii: ":"))
        let name = String(decoding: inner[..<(colon ?? inner.endIndex)], as: UTF8.self)
        guard Variables.isName(name) else {
            throw Mistake(
                offset: offset, message: "'${\(text.prefix(64))}' does not name a variable",
                suggestion:
                    "write ${name} or ${name:-default}, or $${ for the characters themselves")
        }
        guard let colon else { return Reference(name: name, fallback: nil, offset: offset) }
        let rest = inner[(colon + 1)...]
        guard rest.first == UInt8(ascii: "-") else {
            throw Mistake(
                offset: offset, message: "'${\(text.prefix(64))}' has no '-' behind the colon",
                suggestion: "write ${\(name):-default}")
        }
        let fallback = String(decoding: rest.dropFirst(), as: UTF8.self)
        return Reference(name: name, fallback: fallback, offset: offset)
    }
}
