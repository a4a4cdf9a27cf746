// SPDX-License-Identifier: Apache-2.0

/// Reads the four kinds of string. Control characters were refused before.
struct SourceStringReader {
    private(set) var scanner: SourceScanner
    private(set) var decoded: [UInt8] = []
    /// Where decoding stops early, in decoded bytes; used to find the place of a decoded byte.
    private let limit: Int
    private let openingPlace: ManifestPlace

    private init(_ scanner: SourceScanner, limit: Int) {
        self.scanner = scanner
        self.limit = limit
        openingPlace = scanner.place
    }

    /// Reads the string that starts at the scanner's place, delimiters included.
    static func read(
        _ scanner: inout SourceScanner, multiline: Bool = true
    ) throws(SourceError) -> String {
        var reader = SourceStringReader(scanner, limit: .max)
        try reader.run(multiline: multiline)
        scanner = reader.scanner
        return String(decoding: reader.decoded, as: UTF8.self)
    }

    /// The place in the text of a byte of the decoded string that starts at `offset`.
    ///
    /// Escapes, dropped line breaks and multi-line strings are taken into account. Falls back on
    /// the string's start when the text has no string there.
    static func place(
        of decodedOffset: Int, inStringAt offset: Int, of text: String
    ) -> ManifestPlace? {
        var scanner = SourceScanner(Array(text.utf8))
        guard offset > scanner.offset || offset == scanner.offset else { return nil }
        scanner.advance(by: offset - scanner.offset)
        var reader = SourceStringReader(scanner, limit: max(0, decodedOffset))
        guard (try? reader.run(multiline: true)) != nil else { return scanner.place }
        return reader.scanner.place
    }

    private mutating func run(multiline: Bool) throws(SourceError) {
        let quote: UInt8 = scanner.sees("'") ? UInt8(ascii: "'") : UInt8(ascii: "\"")
        let isLiteral = quote == UInt8(ascii: "'")
        guard scanner.current == quote else { throw scanner.error("a string must start here") }
        if scanner.sees(quote, times: 3) {
            guard multiline else {
                throw scanner.error("a key cannot be a multi-line string", "use one quote")
            }
            scanner.advance(by: 3)
            if !scanner.isAtEnd, scanner.isAtLineEnd { scanner.takeLineEnd() }
            try readMultiline(quote, isLiteral: isLiteral)
        } else {
            scanner.advance()
            try readSingleLine(quote, isLiteral: isLiteral)
        }
    }

    private var isFull: Bool { decoded.count >= limit }

    private mutating func readSingleLine(_ quote: UInt8, isLiteral: Bool) throws(SourceError) {
        while !isFull {
            guard !scanner.isAtLineEnd else { throw unclosed(String(Unicode.Scalar(quote))) }
            if scanner.current == quote { return scanner.advance() }
            if !isLiteral, scanner.sees("\\") { try readEscape() } else { readByte() }
        }
    }

    private mutating func readMultiline(_ quote: UInt8, isLiteral: Bool) throws(SourceError) {
        while !isFull {
            guard !scanner.isAtEnd else {
                throw unclosed(String(repeating: Character(Unicode.Scalar(quote)), count: 3))
            }
            if scanner.sees(quote, times: 3) {
                // One or two quotes may stand before the closing three.
                while scanner.sees(quote, times: 4), decoded.count < limit {
                    guard quoteRun(quote) <= 5 else {
                        throw scanner.error("more than two quotes stand before the closing three")
                    }
                    readByte()
                }
                return scanner.advance(by: 3)
            }
            if scanner.isAtLineEnd {
                scanner.takeLineEnd()
                decoded.append(UInt8(ascii: "\n"))
            } else if !isLiteral, scanner.sees("\\") {
                if !skipLineContinuation() { try readEscape() }
            } else {
                readByte()
            }
        }
    }

    private func quoteRun(_ quote: UInt8) -> Int {
        (0..<6).first { scanner.peek($0) != quote } ?? 6
    }

    private func unclosed(_ delimiter: String) -> SourceError {
        scanner.error(
            "the string that starts here is not closed", "end it with \(delimiter)",
            at: openingPlace)
    }

    private mutating func readByte() {
        guard let byte = scanner.current else { return }
        decoded.append(byte)
        scanner.advance()
    }

    /// Skips a backslash at the end of a line with all blanks and line ends that follow.
    private mutating func skipLineContinuation() -> Bool {
        var ahead = scanner
        ahead.advance()
        ahead.skipBlanks()
        guard ahead.isAtLineEnd, !ahead.isAtEnd else { return false }
        while !ahead.isAtEnd, ahead.isAtLineEnd {
            ahead.takeLineEnd()
            ahead.skipBlanks()
        }
        scanner = ahead
        return true
    }

    private mutating func readEscape() throws(SourceError) {
        let start = scanner.place
        scanner.advance()
        let byte = scanner.current ?? 0
        let simple: [UInt8: UInt8] = [
            UInt8(ascii: "b"): 0x08, UInt8(ascii: "t"): 0x09, UInt8(ascii: "n"): 0x0A,
            UInt8(ascii: "f"): 0x0C, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "\""): 0x22,
            UInt8(ascii: "\\"): 0x5C,
        ]
        if let plain = simple[byte] {
            decoded.append(plain)
            return scanner.advance()
        }
        let digits = byte == UInt8(ascii: "u") ? 4 : byte == UInt8(ascii: "U") ? 8 : 0
        guard digits > 0 else {
            throw scanner.error(
                "'\\' with \(scanner.found) is not an escape",
                "write \\\\ for a backslash, or put the text in single quotes", at: start)
        }
        scanner.advance()
        var code: UInt32 = 0
        for _ in 0..<digits {
            guard let byte = scanner.current, let digit = Self.hexDigit(byte) else {
                throw scanner.error("the escape needs \(digits) hexadecimal digits", at: start)
            }
            code = code << 4 | digit
            scanner.advance()
        }
        guard let scalar = Unicode.Scalar(code) else {
            throw scanner.error("the escape names no character of Unicode", at: start)
        }
        decoded.append(contentsOf: Array(String(Character(scalar)).utf8))
    }

    static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
