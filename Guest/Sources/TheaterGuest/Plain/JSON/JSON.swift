// SPDX-License-Identifier: Apache-2.0

/// A JSON text as a value.
///
/// Numbers keep their text, so none loses a digit. Members of an object keep their order; when a name comes
/// twice, the last one counts. Names are compared byte by byte, which needs no tables of Unicode.
public enum JSON: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number, as it is written.
    case number(Number)
    /// A text.
    case string(String)
    /// Values in order.
    case array([JSON])
    /// Named values in order.
    case object([Member])

    /// One named value of an object.
    public struct Member: Sendable {
        /// Its name.
        public var name: String
        /// Its value.
        public var value: JSON

        /// Makes a member.
        public init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// A number as JSON writes it.
    public struct Number: Sendable {
        /// Its text, such as `-1.5e3`.
        public let text: String

        /// A number of a text that the reader has checked.
        init(checked text: String) { self.text = text }

        /// Makes a whole number.
        public init(_ integer: Int64) { text = "\(integer)" }

        /// The number, if it is written without a fraction and an exponent and is not too large.
        public var integer: Int64? { Int64(text) }
    }

    /// Bounds of what is read.
    public struct Limits: Sendable {
        /// The most bytes of a text.
        public var size = 4 << 20
        /// How many values may lie within one another; at most 128 whatever is asked.
        public var depth = 64
        /// The most values in all.
        public var values = 100_000

        /// Makes the bounds that hold when nothing else is said.
        public init() {}

        static let depthMax = 128
    }
}

extension JSON {
    /// Makes an object of names and values.
    public static func object(_ members: (String, JSON)...) -> JSON {
        .object(members.map { Member($0.0, $0.1) })
    }

    /// Makes a whole number.
    public static func integer(_ number: Int64) -> JSON { .number(Number(number)) }

    /// The member of a name; `nil` when there is none, or this is no object.
    public subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// The value at a place of an array; `nil` when there is none, or this is no array.
    public subscript(index: Int) -> JSON? {
        guard case .array(let items) = self, items.indices.contains(index) else { return nil }
        return items[index]
    }

    /// The text; `nil` for other values.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The whole number; `nil` for other values.
    public var integer: Int64? {
        if case .number(let number) = self { number.integer } else { nil }
    }

    /// The truth value; `nil` for other values.
    public var bool: Bool? {
        if case .bool(let flag) = self { flag } else { nil }
    }

    /// The values of an array; `nil` for other values.
    public var items: [JSON]? {
        if case .array(let items) = self { items } else { nil }
    }

    /// The members of an object; `nil` for other values.
    public var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// Whether this is `null`.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }
}
