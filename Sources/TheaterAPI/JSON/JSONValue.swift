// SPDX-License-Identifier: Apache-2.0

/// A JSON text as a value. Members keep their order and numbers their spelling, so that 64-bit integers
/// stay exact and the same facts have the same text.
public enum JSONValue: Sendable, Hashable {
    /// Nothing.
    case null
    /// A truth value.
    case bool(Bool)
    /// A number as it is written.
    case number(String)
    /// A text.
    case string(String)
    /// A list.
    case array([JSONValue])
    /// Members in their order, each name once.
    case object([Member])

    /// A member of an object.
    public struct Member: Sendable, Hashable {
        /// Its name.
        public let name: String
        /// Its value.
        public let value: JSONValue

        /// Makes a member.
        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// An integer.
    public static func integer(_ number: some BinaryInteger) -> JSONValue {
        .number(String(number))
    }

    /// A text, or null.
    public static func optional(_ text: String?) -> JSONValue {
        text.map(JSONValue.string) ?? .null
    }

    /// An integer, or null.
    public static func optional(_ number: (some BinaryInteger)?) -> JSONValue {
        number.map { .integer($0) } ?? .null
    }

    /// A list of texts.
    public static func strings(_ texts: [String]) -> JSONValue {
        .array(texts.map(JSONValue.string))
    }
}

extension JSONValue: ExpressibleByDictionaryLiteral {
    /// An object; the names must differ.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0, $1) })
    }
}

/// Reading: `nil` for what is something else.
extension JSONValue {
    /// The member of a name.
    public subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The text.
    public var string: String? { if case .string(let text) = self { text } else { nil } }

    /// The truth value.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The items of a list.
    public var array: [JSONValue]? { if case .array(let items) = self { items } else { nil } }

    /// The members of an object.
    public var members: [Member]? { if case .object(let members) = self { members } else { nil } }

    /// The number, if it is an integer that fits.
    public func integer<Number: FixedWidthInteger>(as type: Number.Type = Number.self) -> Number? {
        guard case .number(let text) = self else { return nil }
        return Number(text)
    }

    /// The number.
    public var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }
}

extension JSONValue: CustomStringConvertible {
    /// The text, on one line.
    public var description: String { String(decoding: utf8, as: UTF8.self) }

    /// The text in UTF-8, on one line. Invisible characters are escaped, so it is safe to show.
    public var utf8: [UInt8] {
        var text: [UInt8] = []
        write(to: &text)
        return text
    }

    /// Appends the text in UTF-8.
    public func write(to text: inout [UInt8]) {
        switch self {
        case .null: text += "null".utf8
        case .bool(let value): text += (value ? "true" : "false").utf8
        case .number(let number): text += number.utf8
        case .string(let string): Self.quote(string, to: &text)
        case .array(let items):
            text.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                item.write(to: &text)
            }
            text.append(UInt8(ascii: "]"))
        case .object(let members):
            text.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                Self.quote(member.name, to: &text)
                text.append(UInt8(ascii: ":"))
                member.value.write(to: &text)
            }
            text.append(UInt8(ascii: "}"))
        }
    }

    private static func quote(_ string: String, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        defer { text.append(UInt8(ascii: "\"")) }
        let start = text.count
        text += string.utf8
        let isPlain = text[start...].allSatisfy {
            $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        if isPlain { return }
        text.removeSubrange(start...)
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += #"\""#.utf8
            case "\\": text += #"\\"#.utf8
            case "\n": text += #"\n"#.utf8
            case "\r": text += #"\r"#.utf8
            case "\t": text += #"\t"#.utf8
            case " "..."~": text.append(UInt8(truncatingIfNeeded: scalar.value))
            default:
                if isVisible(scalar) {
                    text += UTF8.encode(scalar).map(Array.init) ?? []
                } else {
                    for unit in String(scalar).utf16 { text += (#"\u"# + hexadecimal(unit)).utf8 }
                }
            }
        }
    }

    /// Whether a character can be seen and does nothing to a terminal.
    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: true
        }
    }

    private static func hexadecimal(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
