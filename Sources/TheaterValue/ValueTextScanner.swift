// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
extension ValueText.Parser {
    /// The next byte, or `nil` at the end.
    var peek: UInt8? { peek(0) }

    /// The byte that is `distance` further on, or `nil` behind the end.
    func peek(_ distance: Int) -> UInt8? {
        bytes.count - position > distance ? bytes[position + distance] : nil
    }

    mutating func skipSpace() {
        while let byte = peek, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
    }

    /// Skips white space and a character, if it is the next.
    mutating func accept(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek.map({ UInt32($0) }) == character.value else { return false }
        position += 1
        return true
    }

    mutating func expect(_ character: Unicode.Scalar) throws(ValueTextError) {
        guard accept(character) else { throw unexpected("'\(character)'") }
    }

    /// Only white space may follow.
    mutating func finish() throws(ValueTextError) {
        skipSpace()
        guard position == bytes.count else {
            throw error(.trailing, "something follows the value; remove it")
        }
    }

    /// Reads as many word characters as there are.
    mutating func word() -> String {
        let start = position
        while let byte = peek, ValueText.isWordByte(byte) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// Reads a name, with or without quotes.
    mutating func name() throws(ValueTextError) -> String {
        skipSpace()
        if peek == UInt8(ascii: "\"") { return try quoted() }
        let name = word()
        guard !name.isEmpty else { throw unexpected("a name") }
        return name
    }

    // MARK: Texts

    /// Reads a text in double quotes.
    mutating func quoted() throws(ValueTextError) -> String {
        String(decoding: try literal("\"", isBytes: false), as: UTF8.self)
    }

    /// Reads a byte literal whose prefix has been read.
    mutating func byteText() throws(ValueTextError) -> [UInt8] {
        try literal("\"", isBytes: true)
    }

    mutating func character() throws(ValueTextError) -> Value {
        let start = position
        let text = String(decoding: try literal("'", isBytes: false), as: UTF8.self)
        guard let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1 else {
            throw error(
                .unexpected, at: start,
                "a character in single quotes is one Unicode scalar value; write a text in "
                    + "double quotes")
        }
        return .char(scalar)
    }

    private mutating func literal(
        _ quote: Unicode.Scalar, isBytes: Bool
    ) throws(ValueTextError) -> [UInt8] {
        let start = position
        try expect(quote)
        var content: [UInt8] = []
        while let byte = peek {
            position += 1
            if UInt32(byte) == quote.value { return content }
            if byte == UInt8(ascii: "\\") {
                try escape(into: &content, isBytes: isBytes)
            } else {
                content.append(byte)
            }
        }
        throw error(.unfinished, at: start, "the text has no end; close it with \(quote)")
    }

    /// Reads an escape sequence whose backslash has been read.
    private mutating func escape(
        into content: inout [UInt8], isBytes: Bool
    ) throws(ValueTextError) {
        let start = position - 1
        let letter = peek
        position += letter == nil ? 0 : 1
        switch letter {
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "0"): content.append(0)
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"):
            if let letter { content.append(letter) }
        case UInt8(ascii: "x") where isBytes:
            content.append(try hexPair())
        case UInt8(ascii: "u") where !isBytes:
            let opened = accept("{")
            let digits = word()
            guard opened, digits.utf8.count <= 6, accept("}"),
                let number = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(number)
            else {
                throw error(
                    .badEscape, at: start,
                    "a Unicode escape is \\u{…} with the number of a scalar value in hex")
            }
            content.append(contentsOf: String(Character(scalar)).utf8)
        default:
            let allowed = isBytes ? "\\xNN" : "\\u{…}"
            throw error(
                .badEscape, at: start,
                "no such escape; the escapes are \\n \\r \\t \\0 \\\\ \\\" \\' \(allowed)")
        }
    }

    /// Reads the hex digits of a byte literal whose prefix has been read.
    mutating func hexBytes() throws(ValueTextError) -> [UInt8] {
        let start = position
        try expect("\"")
        var content: [UInt8] = []
        while let byte = peek {
            if byte == UInt8(ascii: "\"") {
                position += 1
                return content
            }
            content.append(try hexPair())
        }
        throw error(.unfinished, at: start, "the byte literal has no end; close it with \"")
    }

    private mutating func hexPair() throws(ValueTextError) -> UInt8 {
        guard let high = hexDigit(peek), let low = hexDigit(peek(1)) else {
            throw unexpected("two hex digits")
        }
        position += 2
        return high << 4 | low
    }

    private func hexDigit(_ byte: UInt8?) -> UInt8? {
        switch byte {
        case .some(let byte) where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
            byte - UInt8(ascii: "0")
        case .some(let byte) where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20):
            (byte | 0x20) - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    // MARK: Errors

    func unexpected(_ expected: String) -> ValueTextError {
        guard position < bytes.count else {
            return error(.unfinished, "the text ends where \(expected) is expected")
        }
        return error(.unexpected, "expected \(expected)")
    }

    func error(
        _ code: ValueTextError.Code, at place: Int? = nil, _ detail: String
    ) -> ValueTextError {
        let offset = place ?? position
        let before = bytes.prefix(offset)
        let line = before.count { $0 == 0x0A } + 1
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let column = before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1
        return ValueTextError(
            code: code, offset: offset, line: line, column: column, detail: detail)
    }
}
#endif
