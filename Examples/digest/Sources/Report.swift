// SPDX-License-Identifier: Apache-2.0

extension Text {
    /// The result for people.
    func report(_ summary: [Int], number: UInt64, vocabulary: Int) -> String {
        var lines = ["Document \(number)", ""]
        let minutes = max(1, (wordCount + 110) / 220)
        lines.append(
            counted(wordCount, "word") + ", " + counted(sentences.count, "sentence") + ", "
                + counted(terms.count, "different term") + ", " + counted(minutes, "minute")
                + " to read")
        lines += ["", "Top terms"]
        lines += topTerms()
        lines += ["", "Summary"]
        for index in summary {
            lines += wrapped(String(decoding: sentences[index].text, as: UTF8.self))
        }
        let documents = counted(Int(clamping: number), "document")
        lines += ["", counted(vocabulary, "term") + " remembered across " + documents]
        return lines.joined(separator: "\n")
    }

    private func topTerms() -> [String] {
        let top = terms.top(10)
        guard let first = top.first else { return [] }
        let widest = top.map { terms.text($0).unicodeScalars.count }.max() ?? 0
        let most = max(1, Int(terms.counts[first]))
        return top.map { index in
            let text = terms.text(index)
            let count = Int(terms.counts[index])
            let padding = String(repeating: " ", count: widest - text.unicodeScalars.count)
            let digits = String(count)
            let gap = String(repeating: " ", count: max(0, 6 - digits.utf8.count))
            let bar = String(repeating: "=", count: max(1, count * 30 / most))
            return "  " + text + padding + gap + digits + "  " + bar
        }
    }

    /// A sentence in lines of at most 96 characters, marked with a bullet.
    private func wrapped(_ text: String) -> [String] {
        var lines: [String] = []
        var line = "  - "
        var width = 4
        var isEmpty = true
        for word in text.utf8.split(separator: space) {
            let word = String(decoding: word, as: UTF8.self)
            let count = word.unicodeScalars.count
            if !isEmpty, width + 1 + count > 96 {
                lines.append(line)
                line = "    "
                width = 4
                isEmpty = true
            }
            if !isEmpty {
                line += " "
                width += 1
            }
            line += word
            width += count
            isEmpty = false
        }
        lines.append(line)
        return lines
    }

    /// A number with its noun.
    private func counted(_ number: Int, _ noun: String) -> String {
        grouped(number) + " " + noun + (number == 1 ? "" : "s")
    }

    /// A number with commas between groups of three digits.
    private func grouped(_ number: Int) -> String {
        let digits = Array(String(number).utf8)
        var out: [UInt8] = []
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { out.append(UInt8(ascii: ",")) }
            out.append(digit)
        }
        return String(decoding: out, as: UTF8.self)
    }
}
