// SPDX-License-Identifier: Apache-2.0

/// Counts terms. A term is a word without its ending: `actor` and `actors` are one.
struct TermTable {
    private var slots: [Int32]
    private var hashes: [UInt32] = []
    private var keys: [[UInt8]] = []
    private var forms: [[UInt8]] = []
    /// How often each term occurred, by its index.
    private(set) var counts: [UInt32] = []

    init() {
        slots = [Int32](repeating: -1, count: 1024)
    }

    /// How many different terms there are.
    var count: Int { counts.count }

    /// Counts one occurrence of a word and returns its term's index.
    mutating func add(_ word: [UInt8]) -> Int {
        let key = stem(word)
        let hash = fnv(key)
        if let index = find(key, hash) {
            counts[index] += 1
            // The shortest form is the one to show.
            if word.count < forms[index].count { forms[index] = word }
            return index
        }
        if (counts.count + 1) * 2 > slots.count { grow() }
        insert(hash, Int32(counts.count))
        hashes.append(hash)
        keys.append(key)
        forms.append(word)
        counts.append(1)
        return counts.count - 1
    }

    /// The index of a word's term, if it has occurred.
    func index(of word: [UInt8]) -> Int? {
        let key = stem(word)
        return find(key, fnv(key))
    }

    /// A term as it is shown.
    func text(_ index: Int) -> String { String(decoding: forms[index], as: UTF8.self) }

    /// The indices of the most frequent terms; among equals those that came first.
    func top(_ limit: Int) -> [Int] {
        let order = counts.indices.sorted {
            counts[$0] == counts[$1] ? $0 < $1 : counts[$0] > counts[$1]
        }
        return Array(order.prefix(limit))
    }

    /// All terms with their counts, sorted by the bytes of the term. A term that is shown like
    /// another one is counted with it.
    func sorted() -> [(String, UInt32)] {
        let order = counts.indices.sorted { forms[$0].lexicographicallyPrecedes(forms[$1]) }
        var list: [(String, UInt32)] = []
        var last: Int?
        for index in order {
            if let last, forms[last] == forms[index] {
                list[list.count - 1].1 += counts[index]
            } else {
                list.append((text(index), counts[index]))
            }
            last = index
        }
        return list
    }

    private func find(_ key: [UInt8], _ hash: UInt32) -> Int? {
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if hashes[index] == hash, keys[index] == key { return index }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private mutating func insert(_ hash: UInt32, _ index: Int32) {
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = index
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        for (index, hash) in hashes.enumerated() { insert(hash, Int32(index)) }
    }
}

/// The FNV-1a hash of bytes. The top bit is left out, so that it fits a signed index.
private func fnv(_ bytes: [UInt8]) -> UInt32 {
    var hash: UInt32 = 0x811C_9DC5
    for byte in bytes { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
    return hash & 0x7FFF_FFFF
}

/// A word without the ending of a plural.
private func stem(_ word: [UInt8]) -> [UInt8] {
    let s = UInt8(ascii: "s"), e = UInt8(ascii: "e"), i = UInt8(ascii: "i")
    guard word.count > 3, word.last == s else { return word }
    let before = word[word.count - 2]
    if before == s || before == UInt8(ascii: "u") || before == i { return word }
    if before == e, word[word.count - 3] == i, word.count > 4 {
        return word.dropLast(3) + [UInt8(ascii: "y")]
    }
    // classes, boxes, matches
    if before == e {
        let third = word[word.count - 3]
        let isSibilant = third == s || third == UInt8(ascii: "x") || third == UInt8(ascii: "h")
        if isSibilant, word.count > 5 { return Array(word.dropLast(2)) }
    }
    return Array(word.dropLast())
}

/// Calls `body` with each word of a text in lower case.
func eachWord(_ text: ArraySlice<UInt8>, _ body: ([UInt8]) -> Void) {
    var word: [UInt8] = []
    var index = text.startIndex
    while index < text.endIndex {
        let byte = text[index]
        let wide = byte >= 0x80 && isWidePunctuation(text, index)
        let joins =
            (byte == apostrophe || byte == dash || byte == dot || byte == underscore)
            && !word.isEmpty && index + 1 < text.endIndex && isLetter(text[index + 1])
            && isLetter(text[index - 1])
        if isLetter(byte) && !wide {
            word.append(lowercased(byte, after: word.last))
        } else if joins {
            word.append(byte)
        } else {
            if !word.isEmpty { body(word) }
            word = []
            if wide { index += byte == 0xE2 ? 2 : 1 }
        }
        index += 1
    }
    if !word.isEmpty { body(word) }
}

/// A byte in lower case: ASCII, and the accented letters of Western Europe.
private func lowercased(_ byte: UInt8, after previous: UInt8?) -> UInt8 {
    if isUpper(byte) { return byte | 0x20 }
    if previous == 0xC3, (0x80...0x9E).contains(byte), byte != 0x97 { return byte + 0x20 }
    return byte
}
