// SPDX-License-Identifier: Apache-2.0

/// Makes text that comes from elsewhere safe to show on one line.
enum Printable {
    /// Whether a character can be seen and does nothing to a terminal.
    static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: true
        }
    }

    /// Whether a text is letters and digits of ASCII, and these others, alone.
    static func isPlain(_ text: String, others: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: others.utf8.contains(byte)
                }
            }
    }

    /// The text with invisible characters escaped, at most so many bytes of it.
    static func line(_ text: String, sizeMax: Int = 16_384) -> String {
        let isPlain = text.utf8.count <= sizeMax && text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        if isPlain { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if shown.utf8.count >= sizeMax { return shown + "…" }
            if isVisible(scalar) {
                shown.unicodeScalars.append(scalar)
            } else {
                shown += scalar == "\t" ? " " : scalar.escaped(asASCII: true)
            }
        }
        return shown
    }

    /// The lines of a text, each with invisible characters escaped.
    static func lines(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line(String($0)) }
    }

    /// The text as it is but for what could drive a terminal; lines and tabs stay.
    static func onTerminal(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isVisible(scalar) || scalar == "\n" || scalar == "\t" {
                shown.append(scalar)
            } else {
                shown += scalar.escaped(asASCII: true).unicodeScalars
            }
        }
        return String(shown)
    }

    /// The text cut to so many columns, an ellipsis among them.
    static func cut(_ text: String, to width: Int) -> String {
        // No text has more characters than bytes.
        guard text.utf8.count > width, text.unicodeScalars.count > width else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(max(0, width - 1)))) + "…"
    }

    /// The text with blanks after it, at least so many columns.
    static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.unicodeScalars.count))
    }

    /// The text with blanks before it, at least so many columns.
    static func padLeft(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.unicodeScalars.count)) + text
    }
}

/// Sizes for people.
enum SizeText {
    /// A number of bytes in the largest unit below it, with one digit after the point.
    static func format(_ size: some BinaryInteger) -> String {
        var number = Double(size)
        if number < 1024 { return "\(size) bytes" }
        for unit in ["KiB", "MiB", "GiB", "TiB"] {
            number /= 1024
            if number < 1024 || unit == "TiB" {
                let tenths = (number * 10).rounded()
                let whole = tenths == (number.rounded() * 10)
                return whole ? "\(Int(number.rounded())) \(unit)" : "\(tenths / 10) \(unit)"
            }
        }
        return "\(size) bytes"
    }
}

/// Short durations for people.
enum DurationLabel {
    /// A number of nanoseconds in milliseconds, or seconds from one on, with one digit after the
    /// point.
    static func format(nanoseconds: Int64) -> String {
        let milliseconds = Double(nanoseconds) / 1_000_000
        if milliseconds < 999.95 { return "\((milliseconds * 10).rounded() / 10) ms" }
        return "\((milliseconds / 100).rounded() / 10) s"
    }
}

/// Bytes as hexadecimal digits.
enum HexText {
    /// Reads digits in either case, white space among them, with or without `0x`; `nil` for
    /// anything else.
    static func parse(_ text: some Collection<UInt8>) -> [UInt8]? {
        var digits: [UInt8] = []
        for byte in text {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digits.append(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digits.append(byte - UInt8(ascii: "A") + 10)
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                continue
            case UInt8(ascii: "x"), UInt8(ascii: "X"):
                guard digits == [0] else { return nil }
                digits = []
            default: return nil
            }
        }
        guard digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
