// SPDX-License-Identifier: Apache-2.0

/// A cursor over the bytes of a text that always knows its line and column.
struct SourceScanner {
    let bytes: [UInt8]
    private(set) var offset = 0
    private var line = 1
    private var lineStart = 0
    /// UTF-8 continuation bytes since the line began: they take no column.
    private var continuations = 0

    /// Starts behind a byte order mark, which takes no column.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            offset = 3
            lineStart = 3
        }
    }

    var place: ManifestPlace {
        ManifestPlace(line: line, column: offset - lineStart - continuations + 1)
    }

    var current: UInt8? { peek(0) }
    var isAtEnd: Bool { offset >= bytes.count }

    func peek(_ distance: Int) -> UInt8? {
        let index = offset + distance
        return bytes.indices.contains(index) ? bytes[index] : nil
    }

    /// Whether the next bytes are `count` times `byte`.
    func sees(_ byte: UInt8, times count: Int) -> Bool {
        (0..<count).allSatisfy { peek($0) == byte }
    }

    func sees(_ character: Unicode.Scalar) -> Bool {
        current.map { Unicode.Scalar($0) == character } ?? false
    }

    mutating func advance(by count: Int = 1) {
        for _ in 0..<count {
            guard let byte = current else { return }
            offset += 1
            if byte == UInt8(ascii: "\n") {
                line += 1
                lineStart = offset
                continuations = 0
            } else if byte & 0xC0 == 0x80 {
                continuations += 1
            }
        }
    }

    /// Takes `character` if it is next.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard sees(character) else { return false }
        advance()
        return true
    }

    mutating func skipBlanks() {
        while sees(" ") || sees("\t") { advance() }
    }

    /// Whether a line ends here: a line feed, a carriage return with one, or the end of the text.
    var isAtLineEnd: Bool {
        isAtEnd || sees("\n") || (sees("\r") && peek(1) == UInt8(ascii: "\n"))
    }

    /// Takes a line end; at the end of the text there is nothing to take.
    mutating func takeLineEnd() {
        _ = take("\r")
        _ = take("\n")
    }

    mutating func skipComment() {
        guard sees("#") else { return }
        while !isAtLineEnd { advance() }
    }

    /// Skips blanks, comments and line ends.
    mutating func skipTrivia() {
        while true {
            skipBlanks()
            skipComment()
            guard !isAtEnd, isAtLineEnd else { return }
            takeLineEnd()
        }
    }

    /// The text between an earlier offset and here.
    func text(from start: Int) -> String {
        String(decoding: bytes[min(start, offset)..<offset], as: UTF8.self)
    }

    func error(
        _ message: String, _ suggestion: String? = nil, at place: ManifestPlace? = nil,
        code: ManifestDiagnostic.Code = .syntax
    ) -> SourceError {
        SourceError(
            code: code, place: place ?? self.place, message: message, suggestion: suggestion)
    }

    /// What stands here, for messages.
    var found: String {
        guard let byte = current else { return "the end of the file" }
        if isAtLineEnd { return "the end of the line" }
        if byte == 0x20 || byte == 0x09 { return "a blank" }
        guard byte > 0x20, byte != 0x7F else {
            return "U+00" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
        let scalar = String(decoding: bytes[offset..<min(offset + 4, bytes.count)], as: UTF8.self)
            .unicodeScalars.first
        return scalar.map { "'\($0)'" } ?? "a byte that is not text"
    }
}
