// SPDX-License-Identifier: Apache-2.0

/// One token of a Pact text.
struct PactToken: Sendable {
    enum Kind: Sendable, Equatable {
        case identifier(String)
        case string(String)
        case number(String)
        /// One of the punctuation characters, as its ASCII code.
        case symbol(UInt8)
        case end
    }

    var kind: Kind
    var location: SourceLocation

    /// The token as diagnostics quote it.
    var quoted: String {
        switch kind {
        case .identifier(let name): "'\(name)'"
        case .string: "a string"
        case .number(let text): "the number \(text)"
        case .symbol(let symbol): "'\(Character(Unicode.Scalar(symbol)))'"
        case .end: "the end of the text"
        }
    }
}

/// Cuts a Pact text into tokens; the same for every dialect but for comments.
struct PactLexer {
    private let file: String
    private let bytes: [UInt8]
    private let allowsBlockComments: Bool
    private var offset = 0
    private var line = 1
    private var lineStart = 0

    init(_ text: String, file: String, dialect: PactDialect) {
        self.file = file
        bytes = Array(text.utf8)
        allowsBlockComments = dialect != .host
    }

    /// The tokens, `end` last.
    static func tokens(
        _ text: String, file: String, dialect: PactDialect
    ) throws(PactError) -> [PactToken] {
        guard text.utf8.count <= PactLimits.textSizeMax else {
            throw PactError(
                .tooLarge, file: file,
                "the text has \(text.utf8.count) bytes, more than \(PactLimits.textSizeMax)",
                remedy: "split it into several files")
        }
        var lexer = PactLexer(text, file: file, dialect: dialect)
        var tokens: [PactToken] = []
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private var here: SourceLocation {
        SourceLocation(line: line, column: offset - lineStart + 1)
    }

    /// The byte `ahead` of the current one, zero past the end.
    private func byte(_ ahead: Int = 0) -> UInt8 {
        offset + ahead < bytes.count ? bytes[offset + ahead] : 0
    }

    private mutating func advance() {
        if byte() == UInt8(ascii: "\n") {
            line += 1
            lineStart = offset + 1
        }
        offset += 1
    }

    private mutating func next() throws(PactError) -> PactToken {
        try skipBlanks()
        let location = here
        guard offset < bytes.count else { return PactToken(kind: .end, location: location) }
        let first = byte()
        if Self.startsName(first) {
            return PactToken(kind: .identifier(take(while: Self.continuesName)), location: location)
        }
        if Self.isDigit(first) || first == UInt8(ascii: "-") && Self.isDigit(byte(1)) {
            let sign = first == UInt8(ascii: "-") ? "-" : ""
            if !sign.isEmpty { advance() }
            let digits = take { Self.isDigit($0) || $0 == UInt8(ascii: ".") }
            return PactToken(kind: .number(sign + digits), location: location)
        }
        if first == UInt8(ascii: "\"") { return try string(at: location) }
        if Self.symbols.contains(first) {
            advance()
            return PactToken(kind: .symbol(first), location: location)
        }
        throw unexpectedCharacter(at: location)
    }

    private mutating func take(while belongs: (UInt8) -> Bool) -> String {
        let start = offset
        while offset < bytes.count, belongs(bytes[offset]) { offset += 1 }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func skipBlanks() throws(PactError) {
        while offset < bytes.count {
            switch byte() {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                advance()
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "/"):
                while offset < bytes.count, byte() != UInt8(ascii: "\n") { offset += 1 }
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"):
                try skipBlockComment()
            default:
                return
            }
        }
    }

    private mutating func skipBlockComment() throws(PactError) {
        let location = here
        guard allowsBlockComments else {
            throw PactError(
                .syntax, file: file, at: location, "this dialect has no block comments",
                remedy: "start each line of the comment with '//'")
        }
        offset += 2
        while offset < bytes.count {
            if byte() == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
                offset += 2
                return
            }
            advance()
        }
        throw PactError(
            .syntax, file: file, at: location, "this comment is never closed",
            remedy: "end it with '*/'")
    }

    private mutating func string(at location: SourceLocation) throws(PactError) -> PactToken {
        var content: [UInt8] = []
        advance()
        while offset < bytes.count {
            switch byte() {
            case UInt8(ascii: "\""):
                advance()
                let text = String(decoding: content, as: UTF8.self)
                return PactToken(kind: .string(text), location: location)
            case UInt8(ascii: "\\") where offset + 1 < bytes.count:
                advance()
                content.append(Self.unescaped(byte()))
                advance()
            default:
                content.append(byte())
                advance()
            }
        }
        throw PactError(
            .syntax, file: file, at: location, "this string is never closed",
            remedy: "end it with '\"'")
    }

    private func unexpectedCharacter(at location: SourceLocation) -> PactError {
        var end = offset + 1
        while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        let text = String(decoding: bytes[offset..<end], as: UTF8.self)
        let scalar = text.unicodeScalars.first?.value ?? 0
        let shown =
            scalar < 0x20 || scalar == 0x7F || scalar == 0xFEFF
            ? "U+" + String(scalar, radix: 16, uppercase: true) : "'\(text)'"
        return PactError(
            .syntax, file: file, at: location, "the character \(shown) has no meaning in Pact",
            remedy: "names consist of the letters a to z, digits, '-' and '_'")
    }

    private static let symbols = Set("{}()<>:,=;-./@".utf8)

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func startsName(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
    }

    private static func continuesName(_ byte: UInt8) -> Bool {
        startsName(byte) || isDigit(byte) || byte == UInt8(ascii: "-")
    }

    private static func unescaped(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "n"): UInt8(ascii: "\n")
        case UInt8(ascii: "t"): UInt8(ascii: "\t")
        case UInt8(ascii: "r"): UInt8(ascii: "\r")
        default: byte
        }
    }
}
