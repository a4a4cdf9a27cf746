// SPDX-License-Identifier: Apache-2.0

/// A run of prose.
struct Block {
    /// What a block is in the document.
    enum Kind {
        /// A heading: its terms tell what the document is about.
        case heading
        /// A paragraph or an item of a list.
        case prose
        /// A row of a table: terms, but no sentences to quote.
        case table
    }

    var kind: Kind
    var text: [UInt8]
}

/// Takes the prose out of Markdown. Plain text is Markdown without marks.
///
/// Leaves out front matter, fenced code, HTML, images, link targets and bare addresses.
struct MarkdownReader {
    private(set) var blocks: [Block] = []
    private var paragraph: [UInt8] = []
    private var fence: (mark: UInt8, count: Int)?
    private var isInFrontMatter = false
    private var isInComment = false

    static func blocks(of document: [UInt8]) -> [Block] {
        var reader = MarkdownReader()
        var isFirst = true
        for line in document.split(separator: newline, omittingEmptySubsequences: false) {
            reader.read(line.last == carriageReturn ? line.dropLast() : line, isFirst: isFirst)
            isFirst = false
        }
        reader.endParagraph()
        return reader.blocks
    }

    private mutating func read(_ line: ArraySlice<UInt8>, isFirst: Bool) {
        let text = trimmed(line)
        if isInFrontMatter {
            isInFrontMatter = !(text.elementsEqual([dash, dash, dash]))
            return
        }
        if isFirst, text.elementsEqual([dash, dash, dash]) {
            isInFrontMatter = true
            return
        }
        if let open = fence {
            let run = run(text)
            if run.mark == open.mark, run.count >= open.count, run.count == text.count {
                fence = nil
            }
            return
        }
        let start = run(text)
        if start.count >= 3, start.mark == backtick || start.mark == tilde {
            endParagraph()
            fence = start
            return
        }
        prose(text)
    }

    private mutating func prose(_ text: ArraySlice<UInt8>) {
        var text = text
        while text.first == greater { text = trimmed(text.dropFirst()) }
        guard let first = text.first else { return endParagraph() }
        if isRule(text) {
            // A line of = or - under a line of text makes it a heading.
            if first == equals || first == dash, !paragraph.isEmpty {
                blocks.append(Block(kind: .heading, text: inline(paragraph[...])))
                paragraph = []
            }
            return endParagraph()
        }
        if first == hash {
            let level = run(text).count
            if level <= 6, text.count == level || text[text.startIndex + level] == space {
                endParagraph()
                var title = trimmed(text.dropFirst(level))
                while title.last == hash { title = title.dropLast() }
                blocks.append(Block(kind: .heading, text: inline(trimmed(title))))
                return
            }
        }
        if first == pipe {
            endParagraph()
            let cells = text.map { $0 == pipe ? semicolon : $0 }
            if !cells.allSatisfy({ $0 == semicolon || $0 == dash || $0 == colon || $0 == space }) {
                blocks.append(Block(kind: .table, text: inline(cells[...])))
            }
            return
        }
        if isDefinition(text) { return endParagraph() }
        let item = withoutListMark(text)
        if item.startIndex != text.startIndex { endParagraph() }
        if !paragraph.isEmpty { paragraph.append(space) }
        paragraph += item
    }

    private mutating func endParagraph() {
        guard !paragraph.isEmpty else { return }
        let text = inline(paragraph[...])
        if !text.isEmpty { blocks.append(Block(kind: .prose, text: text)) }
        paragraph = []
    }

    // MARK: Lines

    /// The repeated first byte of a line.
    private func run(_ text: ArraySlice<UInt8>) -> (mark: UInt8, count: Int) {
        guard let first = text.first else { return (0, 0) }
        return (first, text.prefix { $0 == first }.count)
    }

    /// Whether a line is drawn across the page.
    private func isRule(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first else { return false }
        let isMark = first == dash || first == star || first == underscore || first == equals
        let marks = text.filter { $0 == first }.count
        return isMark && marks >= 3 && text.allSatisfy { $0 == first || $0 == space }
    }

    /// Whether a line says where a link leads: `[name]: address`.
    private func isDefinition(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.first == openBracket, let close = text.firstIndex(of: closeBracket) else {
            return false
        }
        return close + 1 < text.endIndex && text[close + 1] == colon
    }

    /// A line without the mark of a list item.
    private func withoutListMark(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let first = text.first else { return text }
        if first == dash || first == star || first == plus {
            let rest = text.dropFirst()
            guard rest.first == space else { return text }
            return withoutCheckbox(trimmed(rest))
        }
        let digits = text.prefix { isDigit($0) }
        let rest = text.dropFirst(digits.count)
        guard (1...3).contains(digits.count), rest.first == dot || rest.first == closeParen,
            rest.dropFirst().first == space
        else { return text }
        return withoutCheckbox(trimmed(rest.dropFirst()))
    }

    private func withoutCheckbox(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard text.count >= 4, text.first == openBracket, text[text.startIndex + 2] == closeBracket,
            text[text.startIndex + 3] == space
        else { return text }
        return trimmed(text.dropFirst(4))
    }

    // MARK: Inline marks

    /// Text without emphasis, link targets, images, tags and addresses.
    private mutating func inline(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            let rest = text[index...]
            if isInComment {
                if rest.starts(with: commentEnd) {
                    isInComment = false
                    index += commentEnd.count
                } else {
                    index += 1
                }
                continue
            }
            switch byte {
            case backslash where index + 1 < text.endIndex && isPunctuation(text[index + 1]):
                out.append(text[index + 1])
                index += 2
                continue
            case less where rest.starts(with: commentStart):
                isInComment = true
                index += commentStart.count
                continue
            case less:
                if let end = endOfTag(text, index) {
                    index = end
                    continue
                }
                out.append(byte)
            case bang where index + 1 < text.endIndex && text[index + 1] == openBracket:
                if let (_, end) = link(text, index + 1) {
                    index = end
                    continue
                }
                out.append(byte)
            case openBracket:
                if let (label, end) = link(text, index) {
                    out += inline(label)
                    index = end
                    continue
                }
            case backtick:
                // Code is taken as it is, up to as many marks as began it.
                let marks = run(rest).count
                if let end = endOfCode(text, index + marks, marks) {
                    out += text[(index + marks)..<end]
                    index = end + marks
                    continue
                }
            case closeBracket, star: break
            case underscore:
                // Part of a name between letters, a mark of emphasis elsewhere.
                let before = index > text.startIndex && isLetter(text[index - 1])
                let after = index + 1 < text.endIndex && isLetter(text[index + 1])
                if before && after { out.append(byte) }
            case lowerH where rest.starts(with: http) || rest.starts(with: https):
                index =
                    text[index...].firstIndex { isSpace($0) || $0 == closeParen }
                    ?? text.endIndex
                continue
            default: out.append(byte)
            }
            index += 1
        }
        return out
    }

    /// Where a run of exactly `marks` backticks follows, within 2000 bytes.
    private func endOfCode(_ text: ArraySlice<UInt8>, _ start: Int, _ marks: Int) -> Int? {
        var index = start
        let end = min(text.endIndex, start + 2000)
        while index < end {
            guard text[index] == backtick else {
                index += 1
                continue
            }
            let count = run(text[index...]).count
            if count == marks { return index }
            index += count
        }
        return nil
    }

    /// A link or image at an opening bracket: its label, and where it ends.
    private func link(
        _ text: ArraySlice<UInt8>, _ start: Int
    ) -> (label: ArraySlice<UInt8>, end: Int)? {
        guard let close = closing(text, start, openBracket, closeBracket) else { return nil }
        let label = text[(start + 1)..<close]
        let next = close + 1
        guard next < text.endIndex else { return nil }
        if text[next] == openParen, let end = closing(text, next, openParen, closeParen) {
            return (label, end + 1)
        }
        if text[next] == openBracket, let end = closing(text, next, openBracket, closeBracket) {
            return (label, end + 1)
        }
        return nil
    }

    /// Where a bracket closes, within 2000 bytes.
    private func closing(
        _ text: ArraySlice<UInt8>, _ start: Int, _ open: UInt8, _ close: UInt8
    ) -> Int? {
        var depth = 0
        var index = start
        let end = min(text.endIndex, start + 2000)
        while index < end {
            if text[index] == open { depth += 1 }
            if text[index] == close {
                depth -= 1
                if depth == 0 { return index }
            }
            index += 1
        }
        return nil
    }

    private func endOfTag(_ text: ArraySlice<UInt8>, _ start: Int) -> Int? {
        let next = start + 1
        guard next < text.endIndex, isASCIILetter(text[next]) || text[next] == slash else {
            return nil
        }
        let end = text[start...].prefix(2000).firstIndex(of: greater)
        return end.map { $0 + 1 }
    }
}
