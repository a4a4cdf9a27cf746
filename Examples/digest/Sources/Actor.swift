// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// The functions that digest.pact exports.
enum Actor: Exports {
    /// The largest document, in bytes: 8 MiB.
    static let documentSizeMax = 8 << 20
    /// How many terms are remembered across documents.
    static let vocabularyMax = 2000

    static func initialize(_ argument: Argument) throws(Failure) -> State {
        State(documents: 0, words: 0, sentences: 0, vocabulary: [])
    }

    static func digest(_ state: inout State, document: String) throws(Failure) -> String {
        let bytes = Array(document.utf8)
        if bytes.count > documentSizeMax {
            throw Failure("the document has \(bytes.count) bytes; at most \(documentSizeMax) fit")
        }
        Runtime.log("reading \(bytes.count) bytes")
        let text = Text(of: bytes)
        guard text.wordCount > 0 else { throw Failure("the document has no words") }
        Runtime.log(
            "found \(text.wordCount) words in \(text.sentences.count) sentences, "
                + "\(text.terms.count) different terms")
        let summary = text.summary()
        Runtime.log("chose \(summary.count) sentences")

        state.documents += 1
        state.words += UInt64(text.wordCount)
        state.sentences += UInt64(text.sentences.count)
        state.remember(text.terms)
        return text.report(summary, number: state.documents, vocabulary: state.vocabulary.count)
    }

    static func totals(_ state: inout State) throws(Failure) -> Totals {
        let top = state.vocabulary.sorted { $0.1 > $1.1 }.prefix(10)
        return Totals(
            documents: state.documents, words: state.words, sentences: state.sentences,
            terms: UInt64(state.vocabulary.count), top: Array(top))
    }
}

extension State {
    /// Adds the terms of a document. Old and new are sorted, so one walk through both suffices.
    mutating func remember(_ terms: TermTable) {
        let found = terms.sorted()
        var merged: [(String, UInt32)] = []
        merged.reserveCapacity(vocabulary.count + found.count)
        var index = 0
        for (term, count) in found {
            while index < vocabulary.count, isBefore(vocabulary[index].0, term) {
                merged.append(vocabulary[index])
                index += 1
            }
            if index < vocabulary.count, !isBefore(term, vocabulary[index].0) {
                let (sum, overflow) = vocabulary[index].1.addingReportingOverflow(count)
                merged.append((term, overflow ? .max : sum))
                index += 1
            } else {
                merged.append((term, count))
            }
        }
        merged += vocabulary[index...]
        vocabulary = merged
        forgetRarest()
    }

    /// Keeps the most frequent terms; among equals those that come first.
    private mutating func forgetRarest() {
        guard vocabulary.count > Actor.vocabularyMax else { return }
        let limit = vocabulary.map { $0.1 }.sorted(by: >)[Actor.vocabularyMax]
        var spare = Actor.vocabularyMax
        for entry in vocabulary where entry.1 > limit { spare -= 1 }
        vocabulary = vocabulary.filter { entry in
            if entry.1 > limit { return true }
            guard entry.1 == limit, spare > 0 else { return false }
            spare -= 1
            return true
        }
    }

    /// Orders terms by their bytes, as the wire wants the keys of a map.
    private func isBefore(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}
