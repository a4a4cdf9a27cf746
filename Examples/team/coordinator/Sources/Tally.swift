// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// How often each word occurred.
struct Tally {
    private(set) var words: UInt64 = 0
    private var counts: [[UInt8]: UInt64] = [:]

    var different: Int { counts.count }

    /// Adds a worker's answer: lines of a word, a space and a count.
    mutating func add(_ answer: [UInt8]) {
        var word: [UInt8] = []
        var count: UInt64 = 0
        var isCount = false
        for byte in answer {
            switch byte {
            case UInt8(ascii: " "): isCount = true
            case UInt8(ascii: "\n"):
                counts[word, default: 0] += count
                words += count
                word = []
                count = 0
                isCount = false
            default:
                if isCount {
                    count = count * 10 + UInt64(byte &- UInt8(ascii: "0"))
                } else {
                    word.append(byte)
                }
            }
        }
    }

    /// The words that occur most; of equals the one that sorts first.
    func top(_ number: Int) -> [(word: String, count: UInt64)] {
        let sorted = counts.sorted { left, right in
            left.value != right.value
                ? left.value > right.value : left.key.lexicographicallyPrecedes(right.key)
        }
        return sorted.prefix(number).map { (String(decoding: $0.key, as: UTF8.self), $0.value) }
    }
}

extension Team {
    /// The result for people.
    var report: String {
        var text = "\(tally.words) words, \(tally.different) different\n"
        for (rank, entry) in tally.top(20).enumerated() {
            text += "\(rank + 1). \(entry.word) \(entry.count)\n"
        }
        text += "workers crashed \(crashes) times"
        text += skipped.isEmpty ? "\n" : "; lines left out: "
        if !skipped.isEmpty {
            text += skipped.prefix(20).map { "\($0)" }.joined(separator: ", ")
            text += skipped.count > 20 ? " and \(skipped.count - 20) more\n" : "\n"
        }
        return text
    }
}
