// SPDX-License-Identifier: Apache-2.0

/// Reads numbers and truth values by the exact grammar of TOML 1.0.
enum SourceScalars {
    /// Reads the unquoted value at the scanner's place.
    static func read(_ scanner: inout SourceScanner) throws(SourceError) -> SourceNode.Content {
        let place = scanner.place
        let start = scanner.offset
        skipToken(&scanner)
        let token = scanner.text(from: start)
        guard !token.isEmpty else {
            throw scanner.error("a value must stand here, found \(scanner.found)", at: place)
        }
        if token == "true" || token == "false" { return .bool(token == "true") }
        if let number = try number(token, { scanner.error($0, $1, at: place) }) { return number }
        let shown = String(token.prefix(40))
        if looksLikeDate(token) {
            throw scanner.error(
                "'\(shown)' is a date or time, which no key of a manifest takes",
                "put it in quotes", at: place, code: .wrongType)
        }
        throw scanner.error("'\(shown)' is not a value", hint(token), at: place)
    }

    private static func skipToken(_ scanner: inout SourceScanner) {
        while let byte = scanner.current {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"),
                UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: "#"),
                UInt8(ascii: "="), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "["),
                UInt8(ascii: "{"):
                return
            default: scanner.advance()
            }
        }
    }

    private static func hint(_ token: String) -> String {
        switch token.lowercased() {
        case "true", "yes", "on": "did you mean true?"
        case "false", "no", "off": "did you mean false?"
        case "null", "nil", "none": "leave the key out to leave the value open"
        default:
            EditDistance.suggestion(for: token, among: ["true", "false"])
                .map { "did you mean \($0)?" } ?? "text needs quotes"
        }
    }

    private static func number(
        _ token: String, _ error: (String, String?) -> SourceError
    ) throws(SourceError) -> SourceNode.Content? {
        let isNegative = token.hasPrefix("-")
        let body = isNegative || token.hasPrefix("+") ? String(token.dropFirst()) : token
        switch body {
        case "inf": return .float(isNegative ? -.infinity : .infinity)
        case "nan": return .float(.nan)
        default: break
        }
        guard let digits = withoutUnderscores(body) else { return nil }
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
            let rest = digits.dropFirst(2)
            let isSigned = body.utf8.count != token.utf8.count
            guard !isSigned, !rest.isEmpty, rest.utf8.allSatisfy({ digit($0) < radix }) else {
                return nil
            }
            guard let value = Int64(rest, radix: radix) else {
                throw error(
                    "'\(token.prefix(40))' does not fit 64 bits", "write a number below 2^63")
            }
            return .integer(value)
        }
        guard let parts = parts(digits) else { return nil }
        guard parts.whole == "0" || !parts.whole.hasPrefix("0") else {
            throw error("'\(token.prefix(40))' starts with a zero", "leave the zero out")
        }
        if parts.isInteger {
            guard let value = Int64(isNegative ? "-" + digits : digits) else {
                throw error(
                    "'\(token.prefix(40))' does not fit 64 bits", "write a number below 2^63")
            }
            return .integer(value)
        }
        guard let value = Double(digits), value.isFinite else {
            throw error("'\(token.prefix(40))' does not fit a 64-bit float", nil)
        }
        return .float(isNegative ? -value : value)
    }

    /// The text without underscores; `nil` unless each stood between two digits.
    private static func withoutUnderscores(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        let radix = text.hasPrefix("0x") ? 16 : 10
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "_") {
            guard index > 0, index + 1 < bytes.count, digit(bytes[index - 1]) < radix,
                digit(bytes[index + 1]) < radix
            else { return nil }
        }
        return String(decoding: bytes.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    }

    /// Splits a decimal number: digits, then a point with digits, an exponent, or both.
    private static func parts(_ text: String) -> (whole: Substring, isInteger: Bool)? {
        var rest = text[...]
        func takeDigits() -> Substring? {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            return digits.isEmpty ? nil : digits
        }
        guard let whole = takeDigits() else { return nil }
        if rest.isEmpty { return (whole, true) }
        if rest.first == "." {
            rest = rest.dropFirst()
            guard takeDigits() != nil else { return nil }
        }
        if rest.first == "e" || rest.first == "E" {
            rest = rest.dropFirst()
            if rest.first == "+" || rest.first == "-" { rest = rest.dropFirst() }
            guard takeDigits() != nil else { return nil }
        }
        return rest.isEmpty ? (whole, false) : nil
    }

    /// The value of a hexadecimal digit; 16 for anything else.
    private static func digit(_ byte: UInt8) -> Int {
        SourceStringReader.hexDigit(byte).map(Int.init) ?? 16
    }

    /// Whether the text is `dddd-dd-dd`.
    private static func isDate(_ text: String) -> Bool {
        text.utf8.count == 10
            && text.utf8.enumerated().allSatisfy { index, byte in
                index == 4 || index == 7 ? byte == UInt8(ascii: "-") : isDigit(byte)
            }
    }

    /// Whether the text starts like a date or a time.
    ///
    /// They are refused here, because the TOML library ends the process on some malformed ones.
    private static func looksLikeDate(_ text: String) -> Bool {
        let bytes = Array(text.utf8.prefix(11))
        let isTime =
            bytes.count >= 5 && isDigit(bytes[0]) && isDigit(bytes[1])
            && bytes[2] == UInt8(ascii: ":")
        return isTime || isDate(String(decoding: bytes.prefix(10), as: UTF8.self))
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
