// SPDX-License-Identifier: Apache-2.0

/// How Pact names become Swift names. The wire keeps the Pact names.
enum SwiftNames {
    /// `next-id` becomes `nextId`; words of the language are escaped.
    static func member(_ name: String) -> String {
        let words = words(name)
        let joined = lowercasedFirst(words[0]) + words.dropFirst().map(uppercasedFirst).joined()
        let text = startsWithDigit(joined) ? "_" + joined : joined
        if unusable.contains(text) { return text + "_" }
        return keywords.contains(text) ? "`\(text)`" : text
    }

    /// A member's name as an argument label, where hardly any word needs escaping.
    static func label(_ member: String) -> String {
        let text = member.filter { $0 != "`" }
        return ["inout", "let", "var"].contains(text) ? member : text
    }

    /// A parameter's name inside a generated function: no keyword, and none of its own names.
    static func local(_ member: String) -> String {
        let text = member.filter { $0 != "`" }
        return text != member || generatedNames.contains(text) ? text + "_" : text
    }

    /// `actor-state` becomes `ActorState`.
    static func type(_ name: String) -> String {
        let joined = words(name).map(uppercasedFirst).joined()
        return startsWithDigit(joined) ? "_" + joined : joined
    }

    /// The name of the enum that holds an interface's functions: its last part.
    static func interface(_ name: String) -> String {
        let last = name.split(whereSeparator: { "/:.".contains($0) }).last.map(String.init)
        return type(last ?? "Host")
    }

    /// Why a type or interface cannot have a Swift name, or `nil`.
    static func isTaken(_ type: String) -> Bool { takenTypes.contains(type) }

    /// A Swift string literal. Names are ASCII, but nothing depends on it.
    static func literal(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": literal += "\\\(scalar)"
            case " "..."~": literal.unicodeScalars.append(scalar)
            default: literal += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return literal + "\""
    }

    private static func words(_ name: String) -> [String] {
        let words = name.split(whereSeparator: { $0 == "-" || $0 == "_" }).map(String.init)
        return words.isEmpty ? ["underscore"] : words
    }

    private static func startsWithDigit(_ text: String) -> Bool {
        text.utf8.first.map { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ?? true
    }

    private static func uppercasedFirst(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst()
    }

    private static func lowercasedFirst(_ text: String) -> String {
        // An all-capitals word such as `URL` reads better as `url` than as `uRL`.
        if text == text.uppercased() { return text.lowercased() }
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    /// The names of variables in generated functions.
    private static let generatedNames: Set<String> = [
        "r", "w", "reply", "outcome", "isOK", "node", "root",
    ]

    /// Names with a meaning of their own even between backticks.
    private static let unusable: Set<String> = ["self", "Self", "init", "Type", "Protocol"]

    private static let keywords: Set<String> = [
        "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer",
        "deinit", "do", "else", "enum", "extension", "fallthrough", "false", "fileprivate", "for",
        "func", "guard", "if", "import", "in", "inout", "internal", "is", "let", "nil", "operator",
        "precedencegroup", "private", "protocol", "public", "repeat", "rethrows", "return",
        "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try",
        "typealias", "var", "where", "while", "Any",
    ]

    private static let takenTypes: Set<String> = [
        "Actor", "Any", "AnyObject", "Argument", "Array", "ArraySlice", "Bool", "CGRF", "CGRFError",
        "Character", "Comparable", "Dictionary", "Double", "Equatable", "Error", "Exports",
        "Failure", "Float", "Hashable", "Int", "Int16", "Int32", "Int64", "Int8", "Never",
        "OptionSet", "Optional", "PackedArray", "Primitive", "Protocol", "Range", "Rejection",
        "Result", "Self", "Sendable", "Sequence", "Set", "StaticString", "String", "Substring",
        "Swift", "TheaterActor", "TheaterBindings", "TheaterGuest", "Type", "UInt", "UInt16",
        "UInt32", "UInt64", "UInt8", "UTF8", "Unicode", "UnsafeBufferPointer", "UnsafePointer",
        "Value", "ValueType", "Void", "Wire",
    ]
}
