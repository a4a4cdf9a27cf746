// SPDX-License-Identifier: Apache-2.0

/// What a terminal was told, as far as it must be taken back: reads what is written to it.
///
/// It knows the alternative screen, the cursor's visibility, mouse and paste reports, the keypad, styles and
/// character sets. Others stay as they were set.
struct ScreenState: Sendable, Hashable {
    /// The private modes that are known, and whether each is set when a terminal begins. The order is that in
    /// which they are taken back.
    private static let modes: [(number: Int, isSet: Bool)] = [
        (1000, false), (1001, false), (1002, false), (1003, false), (1004, false), (1005, false),
        (1006, false), (1015, false), (2004, false), (2026, false), (1, false), (66, false),
        (6, false), (5, false), (7, true), (47, false), (1047, false), (1049, false), (25, true),
    ]
    /// The most numbers of one sequence.
    private static let numbersMax = 32

    private enum Place: Hashable {
        case text
        case escape
        /// After `ESC [`, perhaps `?`: its numbers.
        case control(isPrivate: Bool, numbers: [Int])
        /// A sequence whose kind is of no matter.
        case skipped
        /// A string up to BEL or `ESC \`.
        case string(sawEscape: Bool)
        /// After `ESC (` and the like.
        case charset
    }

    private var place = Place.text
    private var changed: Set<Int> = []
    private var hasStyle = false
    private var hasCharset = false
    private var hasKeypad = false

    /// Takes note of what is written.
    mutating func note(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { note(byte) }
    }

    private mutating func note(_ byte: UInt8) {
        switch place {
        case .text:
            if byte == 0x1B { place = .escape }
            // The other character set, shifted in.
            if byte == 0x0E { hasCharset = true }
        case .escape: afterEscape(byte)
        case .charset:
            hasCharset = byte != UInt8(ascii: "B") || hasCharset
            place = .text
        case .string(let sawEscape):
            if byte == 0x07 || byte == 0x18 || byte == 0x1A || sawEscape && byte == 0x5C {
                place = .text
            } else {
                place = .string(sawEscape: byte == 0x1B)
            }
        case .control(let isPrivate, let numbers): inControl(byte, isPrivate, numbers)
        case .skipped:
            switch byte {
            case 0x40...0x7E, 0x18, 0x1A: place = .text
            case 0x1B: place = .escape
            default: break
            }
        }
    }

    private mutating func afterEscape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "["): place = .control(isPrivate: false, numbers: [])
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "^"),
            UInt8(ascii: "_"):
            place = .string(sawEscape: false)
        case UInt8(ascii: "(")...UInt8(ascii: "/"): place = .charset
        case UInt8(ascii: "="):
            hasKeypad = true
            place = .text
        case UInt8(ascii: ">"):
            hasKeypad = false
            place = .text
        case UInt8(ascii: "c"): self = ScreenState()
        case 0x1B: place = .escape
        default: place = .text
        }
    }

    private mutating func inControl(_ byte: UInt8, _ isPrivate: Bool, _ numbers: [Int]) {
        var numbers = numbers
        switch byte {
        case UInt8(ascii: "?") where numbers.isEmpty && !isPrivate:
            place = .control(isPrivate: true, numbers: [])
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            let last = numbers.popLast() ?? 0
            numbers.append(min(last * 10 + Int(byte - UInt8(ascii: "0")), 100_000))
            place = .control(isPrivate: isPrivate, numbers: numbers)
        case UInt8(ascii: ";"):
            if numbers.isEmpty { numbers.append(0) }
            guard numbers.count < Self.numbersMax else { return place = .skipped }
            place = .control(isPrivate: isPrivate, numbers: numbers + [0])
        case UInt8(ascii: "h"), UInt8(ascii: "l"):
            if isPrivate { set(numbers, byte == UInt8(ascii: "h")) }
            place = .text
        case UInt8(ascii: "m"):
            if !isPrivate { hasStyle = !numbers.allSatisfy { $0 == 0 } }
            place = .text
        case 0x40...0x7E, 0x18, 0x1A: place = .text
        case 0x1B: place = .escape
        default: place = .skipped
        }
    }

    private mutating func set(_ numbers: [Int], _ isSet: Bool) {
        for mode in Self.modes where numbers.contains(mode.number) {
            if mode.isSet == isSet {
                changed.remove(mode.number)
            } else {
                changed.insert(mode.number)
            }
        }
    }

    /// What takes everything back; empty when there is nothing to take back.
    var farewell: [UInt8] {
        var text = ""
        for mode in Self.modes where changed.contains(mode.number) {
            text += "\u{1B}[?\(mode.number)\(mode.isSet ? "h" : "l")"
        }
        if hasKeypad { text += "\u{1B}>" }
        if hasCharset { text += "\u{1B}(B\u{0F}" }
        if hasStyle { text += "\u{1B}[0m" }
        // Ends a sequence that was left in its middle.
        return Array(
            (place == .text || place == .escape && text.isEmpty ? text : "\u{18}" + text).utf8)
    }
}

/// Text that cannot steer a terminal.
enum PlainText {
    /// The bytes with their control characters made visible, but for line feeds and tabs.
    static func of(_ bytes: [UInt8]) -> [UInt8] {
        guard hasControls(bytes) else { return bytes }
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count + 64)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0
            index += 1
            switch byte {
            case 0x0A, 0x09: plain.append(byte)
            // The ends of lines elsewhere.
            case 0x0D where next == 0x0A: break
            // Each has a picture.
            case 0x00..<0x20: plain += [0xE2, 0x90, 0x80 + byte]
            case 0x7F: plain += [0xE2, 0x90, 0xA1]
            case 0xC2 where (0x80..<0xA0).contains(next):
                plain += [0xEF, 0xBF, 0xBD]
                index += 1
            default: plain.append(byte)
            }
        }
        return plain
    }

    /// Whether bytes could steer a terminal.
    static func hasControls(_ bytes: [UInt8]) -> Bool {
        for (index, byte) in bytes.enumerated() {
            if byte < 0x20, byte != 0x0A, byte != 0x09 { return true }
            if byte == 0x7F { return true }
            if byte == 0xC2, index + 1 < bytes.count, (0x80..<0xA0).contains(bytes[index + 1]) {
                return true
            }
        }
        return false
    }
}
