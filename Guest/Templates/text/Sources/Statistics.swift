// SPDX-License-Identifier: Apache-2.0

extension Statistics {
    /// Nothing measured yet.
    init() {
        self.init(bytes: 0, lines: 0, words: 0, longestLine: 0)
    }

    /// Measures a text: one pass over its bytes.
    init(of text: [UInt8]) {
        self.init()
        bytes = UInt64(text.count)
        var line: UInt64 = 0
        var isInWord = false
        for byte in text {
            if byte == UInt8(ascii: "\n") {
                lines += 1
                longestLine = max(longestLine, line)
                line = 0
            } else if byte & 0b1100_0000 != 0b1000_0000 {
                line += 1  // Every byte but the continuations of a character.
            }
            let isSpace = byte == UInt8(ascii: " ") || (9...13).contains(byte)
            if !isSpace && !isInWord { words += 1 }
            isInWord = !isSpace
        }
        if line > 0 {
            lines += 1
            longestLine = max(longestLine, line)
        }
    }

    /// Adds the figures of another text.
    mutating func add(_ other: Statistics) {
        bytes += other.bytes
        lines += other.lines
        words += other.words
        longestLine = max(longestLine, other.longestLine)
    }
}
