// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// The functions that worker.pact exports.
enum Actor: Exports {
    /// The longest word that fits its slot. A longer one is a mistake of the worker's author: it traps.
    static let wordSizeMax = 32

    static func initialize(_ argument: Argument) throws(Failure) -> State { State(parts: 0) }

    static func handleRequest(
        _ state: inout State, requestId: String, part: [UInt8]
    ) throws(Failure) -> [UInt8]? {
        state.parts += 1
        var counts: [Word: UInt32] = [:]
        var word = Word()
        for byte in part {
            if let letter = Word.letter(byte) {
                word.append(letter)
            } else if word.size > 0 {
                counts[word, default: 0] += 1
                word = Word()
            }
        }
        if word.size > 0 { counts[word, default: 0] += 1 }
        var answer: [UInt8] = []
        for (word, count) in counts {
            answer += word.bytes
            answer += Array(" \(count)\n".utf8)
        }
        return answer
    }
}

/// A word in a slot of fixed size.
struct Word: Hashable {
    private(set) var bytes: [UInt8] = []

    var size: Int { bytes.count }

    mutating func append(_ letter: UInt8) {
        precondition(bytes.count < Actor.wordSizeMax)
        bytes.append(letter)
    }

    /// The lower-case letter, a digit, or a byte of a letter beyond ASCII; `nil` between words.
    static func letter(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte + 32
        case 0x80...0xFF: byte
        default: nil
        }
    }
}
