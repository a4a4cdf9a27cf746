// SPDX-License-Identifier: Apache-2.0

// Documents are handled as UTF-8 bytes: comparing and hashing strings by Unicode's rules would
// bring tables of 70 KB into the package, and nothing here needs them.

let newline = UInt8(ascii: "\n")
let carriageReturn = UInt8(ascii: "\r")
let space = UInt8(ascii: " ")
let dash = UInt8(ascii: "-")
let dot = UInt8(ascii: ".")
let backtick = UInt8(ascii: "`")
let tilde = UInt8(ascii: "~")
let hash = UInt8(ascii: "#")
let pipe = UInt8(ascii: "|")
let semicolon = UInt8(ascii: ";")
let colon = UInt8(ascii: ":")
let star = UInt8(ascii: "*")
let plus = UInt8(ascii: "+")
let equals = UInt8(ascii: "=")
let underscore = UInt8(ascii: "_")
let backslash = UInt8(ascii: "\\")
let slash = UInt8(ascii: "/")
let bang = UInt8(ascii: "!")
let question = UInt8(ascii: "?")
let less = UInt8(ascii: "<")
let greater = UInt8(ascii: ">")
let openBracket = UInt8(ascii: "[")
let closeBracket = UInt8(ascii: "]")
let openParen = UInt8(ascii: "(")
let closeParen = UInt8(ascii: ")")
let quote = UInt8(ascii: "\"")
let apostrophe = UInt8(ascii: "'")
let lowerH = UInt8(ascii: "h")
let http = Array("http://".utf8)
let https = Array("https://".utf8)
let commentStart = Array("<!--".utf8)
let commentEnd = Array("-->".utf8)

func isSpace(_ byte: UInt8) -> Bool { byte == space || (9...13).contains(byte) }
func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
func isUpper(_ byte: UInt8) -> Bool { byte >= 0x41 && byte <= 0x5A }
func isASCIILetter(_ byte: UInt8) -> Bool { isUpper(byte & ~0x20) }

/// Whether a byte belongs to a word. The parts of characters beyond ASCII do.
func isLetter(_ byte: UInt8) -> Bool { isASCIILetter(byte) || isDigit(byte) || byte >= 0x80 }

func isPunctuation(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F && !isLetter(byte) }

func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var text = text
    while let first = text.first, isSpace(first) { text = text.dropFirst() }
    while let last = text.last, isSpace(last) { text = text.dropLast() }
    return text
}

/// Whether typographic punctuation (dashes, quotes, ellipses, arrows) starts at an index, which
/// separates words although its bytes are not ASCII.
func isWidePunctuation(_ text: ArraySlice<UInt8>, _ index: Int) -> Bool {
    guard index + 2 < text.endIndex, text[index] == 0xE2 else {
        return index + 1 < text.endIndex && text[index] == 0xC2
    }
    return text[index + 1] == 0x80 && text[index + 2] != 0x99
        || (0x81...0x9F).contains(text[index + 1])
}
