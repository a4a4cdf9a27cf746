// SPDX-License-Identifier: Apache-2.0

/// A sentence of a document.
struct Sentence {
    /// Its text, without line breaks.
    var text: ArraySlice<UInt8>
    /// How many words it has.
    var wordCount = 0
    /// The indices of its terms, each once, sorted.
    var terms: [Int] = []
    /// Whether it may be quoted: prose, not a heading or a row of a table.
    var isProse: Bool
    /// Whether it is the first of its paragraph.
    var isFirst: Bool
    /// Its paragraph, counted from the beginning of the document.
    var block: Int
}

/// Where the sentences of a paragraph end.
///
/// A full stop ends a sentence when a space and an upper-case letter, a digit or an opening mark
/// follow, unless it belongs to an abbreviation, an initial or a number.
func splitSentences(of text: [UInt8]) -> [ArraySlice<UInt8>] {
    var found: [ArraySlice<UInt8>] = []
    var start = 0
    var index = 0
    while index < text.count {
        let byte = text[index]
        index += 1
        guard byte == dot || byte == bang || byte == question else { continue }
        // Closing marks belong to the sentence.
        var end = index
        while end < text.count, isClosing(text[end]) { end += 1 }
        guard end == text.count || isSpace(text[end]) else { continue }
        var next = end
        while next < text.count, isSpace(text[next]) || isOpening(text[next]) { next += 1 }
        let startsAnew =
            next == text.count || isUpper(text[next]) || isDigit(text[next])
            || text[next] >= 0x80
        guard startsAnew, byte != dot || !isAbbreviation(text[start..<(index - 1)]) else {
            continue
        }
        found.append(trimmed(text[start..<end]))
        start = end
        index = end
    }
    let rest = trimmed(text[start...])
    if !rest.isEmpty { found.append(rest) }
    return found
}

private func isClosing(_ byte: UInt8) -> Bool {
    byte == quote || byte == apostrophe || byte == closeParen || byte == closeBracket
        || byte == dot || byte == bang || byte == question
}

private func isOpening(_ byte: UInt8) -> Bool {
    byte == quote || byte == apostrophe || byte == openParen || byte == openBracket
}

/// Whether the word before a full stop is shortened by it.
private func isAbbreviation(_ text: ArraySlice<UInt8>) -> Bool {
    var word: [UInt8] = []
    for byte in text.reversed() {
        guard isLetter(byte) || byte == dot else { break }
        word.append(isUpper(byte) ? byte | 0x20 : byte)
    }
    word.reverse()
    guard let last = word.last else { return false }
    // An initial: one letter, or letters with full stops between them.
    if isASCIILetter(last), word.count == 1 || word[word.count - 2] == dot { return true }
    return abbreviations.contains { $0 == word }
}

private let abbreviations = Array(
    """
    approx ca cf col dr ed eds eq est etc ex fig figs gen inc jr ltd mr mrs ms no nos op p pp prof \
    ref resp rev sec sr st vol vs
    """.utf8
).split(separator: space).map { Array($0) }
