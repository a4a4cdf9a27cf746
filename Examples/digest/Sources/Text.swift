// SPDX-License-Identifier: Apache-2.0

/// A document taken apart.
struct Text {
    /// The sentences in order; headings and rows of tables are among them, marked.
    private(set) var sentences: [Sentence] = []
    /// The terms and how often they occur.
    private(set) var terms = TermTable()
    /// How many words there are, those that say nothing included.
    private(set) var wordCount = 0
    /// Whether each term stands in a heading, by its index.
    private(set) var isInHeading: [Bool] = []

    init(of document: [UInt8]) {
        let stopWords = StopWords()
        for (number, block) in MarkdownReader.blocks(of: document).enumerated() {
            let parts = block.kind == .prose ? splitSentences(of: block.text) : [block.text[...]]
            for (position, part) in parts.enumerated() {
                var sentence = Sentence(
                    text: part, isProse: block.kind == .prose, isFirst: position == 0,
                    block: number)
                eachWord(part) { word in
                    sentence.wordCount += 1
                    guard !stopWords.contains(word) else { return }
                    sentence.terms.append(terms.add(word))
                }
                guard sentence.wordCount > 0 else { continue }
                wordCount += sentence.wordCount
                while isInHeading.count < terms.count { isInHeading.append(false) }
                if block.kind == .heading {
                    for term in sentence.terms { isInHeading[term] = true }
                }
                sentence.terms = Self.unique(sentence.terms)
                if block.kind == .prose { sentences.append(sentence) }
            }
        }
    }

    private static func unique(_ terms: [Int]) -> [Int] {
        var unique: [Int] = []
        for term in terms.sorted() where unique.last != term { unique.append(term) }
        return unique
    }

    // MARK: Summary

    /// The indices of the sentences that say most, in the order of the document.
    ///
    /// A sentence is worth the weights of its terms, frequent terms and those of headings weighing
    /// more, in relation to its length. After each choice the terms of the sentence weigh less, so
    /// that the next one says something else.
    func summary() -> [Int] {
        let limit = min(5, max(1, sentences.count / 6))
        var weights = weights()
        var chosen: [Int] = []
        for _ in 0..<limit {
            var best: (index: Int, score: Double)?
            for (index, sentence) in sentences.enumerated() {
                guard !chosen.contains(index), let score = score(sentence, weights) else {
                    continue
                }
                if score > best?.score ?? 0 { best = (index, score) }
            }
            guard let best else { break }
            chosen.append(best.index)
            for term in sentences[best.index].terms { weights[term] /= 3 }
        }
        // A document of fragments still has a first sentence.
        if chosen.isEmpty, !sentences.isEmpty { chosen = [0] }
        return chosen.sorted()
    }

    private func weights() -> [Double] {
        terms.counts.indices.map { index in
            let count = Double(terms.counts[index])
            // What occurs once tells nothing about the whole.
            let frequency = count < 2 ? 0.2 : count.squareRoot()
            return isInHeading[index] ? frequency * 1.4 : frequency
        }
    }

    private func score(_ sentence: Sentence, _ weights: [Double]) -> Double? {
        guard sentence.isProse, (7...36).contains(sentence.wordCount), isComplete(sentence.text)
        else { return nil }
        var sum = 0.0
        for term in sentence.terms { sum += weights[term] }
        var score = sum / (Double(sentence.wordCount) + 8)
        // Lists in disguise are hard to read out of their context.
        var marks = 0
        for byte in sentence.text where Self.listMarks.contains(byte) { marks += 1 }
        score /= 1 + 0.15 * Double(max(0, marks - 2))
        if sentence.isFirst { score *= 1.15 }
        if sentence.block < 4 { score *= 1.4 }
        return score
    }

    /// What stands between the parts of a list.
    private static let listMarks = [
        UInt8(ascii: ","), semicolon, colon, slash, openParen, equals, UInt8(ascii: "{"),
    ]

    /// Whether a text begins and ends like a sentence.
    private func isComplete(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first, let last = text.last else { return false }
        let ends =
            last == dot || last == bang || last == question || last == closeParen
            || last == quote
        return ends && (isUpper(first) || isDigit(first) || first >= 0x80 || first == quote)
    }
}
