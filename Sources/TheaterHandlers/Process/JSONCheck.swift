// SPDX-License-Identifier: Apache-2.0

/// Whether bytes are one JSON text: <https://www.rfc-editor.org/rfc/rfc8259>.
///
/// Keeps no values and does not recurse; nesting is bounded by ``depthMax``.
struct JSONCheck {
    /// How deep arrays and objects may lie in each other.
    static let depthMax = 512

    private enum Container {
        case array
        case object
    }

    private let bytes: ArraySlice<UInt8>
    private var index: Int
    private var containers: [Container] = []

    /// Whether the bytes are one value, in UTF-8, with nothing but blanks around it.
    static func isJSON(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard String(validating: bytes, as: UTF8.self) != nil else { return false }
        var check = JSONCheck(bytes)
        return check.document()
    }

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        index = bytes.startIndex
    }

    private var current: UInt8? { index < bytes.endIndex ? bytes[index] : nil }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: byte) else { return false }
        index += 1
        return true
    }

    private mutating func skipBlanks() {
        while let byte = current, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { index += 1 }
    }

    private mutating func document() -> Bool {
        while true {
            // A value is expected.
            skipBlanks()
            var isComplete = true
            if take("[") {
                skipBlanks()
                if !take("]") {
                    guard open(.array) else { return false }
                    isComplete = false
                }
            } else if take("{") {
                skipBlanks()
                if !take("}") {
                    guard open(.object), name() else { return false }
                    isComplete = false
                }
            } else if !scalar() {
                return false
            }
            guard isComplete else { continue }
            // Behind a value: what it lies in goes on or ends, perhaps several at once.
            var wantsValue = false
            while !wantsValue {
                skipBlanks()
                guard let container = containers.last else { return current == nil }
                if take(",") {
                    if container == .object {
                        guard name() else { return false }
                    }
                    wantsValue = true
                } else if take(container == .array ? "]" : "}") {
                    containers.removeLast()
                } else {
                    return false
                }
            }
        }
    }

    private mutating func open(_ container: Container) -> Bool {
        guard containers.count < Self.depthMax else { return false }
        containers.append(container)
        return true
    }

    /// A member's name and its colon.
    private mutating func name() -> Bool {
        skipBlanks()
        guard string() else { return false }
        skipBlanks()
        return take(":")
    }

    private mutating func scalar() -> Bool {
        switch current {
        case UInt8(ascii: "\""): string()
        case UInt8(ascii: "t"): word("true")
        case UInt8(ascii: "f"): word("false")
        case UInt8(ascii: "n"): word("null")
        default: number()
        }
    }

    private mutating func word(_ word: StaticString) -> Bool {
        for scalar in word.description.unicodeScalars where !take(scalar) { return false }
        return true
    }

    private mutating func string() -> Bool {
        guard take("\"") else { return false }
        while let byte = current {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "\\"):
                guard escape() else { return false }
            case 0..<0x20: return false
            default: break
            }
        }
        return false
    }

    private mutating func escape() -> Bool {
        guard let byte = current else { return false }
        index += 1
        switch byte {
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                guard let digit = current, Self.isHexadecimal(digit) else { return false }
                index += 1
            }
            return true
        default: return Array("\"\\/bfnrt".utf8).contains(byte)
        }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    private mutating func number() -> Bool {
        _ = take("-")
        // No zero before other digits.
        if !take("0") {
            guard digits() else { return false }
        }
        if take(".") {
            guard digits() else { return false }
        }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            guard digits() else { return false }
        }
        return true
    }

    private mutating func digits() -> Bool {
        let start = index
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            index += 1
        }
        return index > start
    }
}
