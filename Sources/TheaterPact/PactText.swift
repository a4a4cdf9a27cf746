// SPDX-License-Identifier: Apache-2.0

extension PactType: CustomStringConvertible {
    /// The type as Pact text.
    public var description: String {
        switch self {
        case .bool: "bool"
        case .u8: "u8"
        case .u16: "u16"
        case .u32: "u32"
        case .u64: "u64"
        case .s8: "s8"
        case .s16: "s16"
        case .s32: "s32"
        case .s64: "s64"
        case .f32: "f32"
        case .f64: "f64"
        case .char: "char"
        case .string: "string"
        case .flags: "flags"
        case .value: "value"
        case .selfReference: "self"
        case .unit: "_"
        case .list(let item): "list<\(item)>"
        case .option(let inner): "option<\(inner)>"
        case .result(let ok, let err): "result<\(Self.text(ok)), \(Self.text(err))>"
        case .tuple(let items): "tuple<\(Self.joined(items))>"
        case .map(let key, let value): "map<\(key), \(value)>"
        case .set(let item): "set<\(item)>"
        case .named(let name, let arguments):
            arguments.isEmpty ? name : "\(name)<\(Self.joined(arguments))>"
        }
    }

    private static func text(_ type: PactType?) -> String {
        switch type {
        case nil: "_"
        case .unit: "tuple<>"
        case .some(let type): type.description
        }
    }

    private static func joined(_ types: [PactType]) -> String {
        types.map(\.description).joined(separator: ", ")
    }
}

extension PactType {
    /// The types that are single words.
    static let words: [String: PactType] = [
        "bool": .bool, "u8": .u8, "u16": .u16, "u32": .u32, "u64": .u64, "s8": .s8, "s16": .s16,
        "s32": .s32, "s64": .s64, "f32": .f32, "f64": .f64, "char": .char, "string": .string,
        "flags": .flags, "self": .selfReference, "value": .value,
    ]

    /// The words that stand before '<'.
    static let constructors: Set<String> = ["list", "option", "set", "tuple", "result", "map"]

    /// Every name that a declaration cannot have, in the order in which they are suggested.
    static let builtInNames: [String] = [
        "bool", "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "f32", "f64", "char",
        "string", "flags", "self", "value", "list", "option", "set", "tuple", "result", "map",
    ]
}

extension PactFunction: CustomStringConvertible {
    /// The function as Pact text, such as `log: func(msg: string)`.
    public var description: String {
        let list = parameters.map { "\($0.name): \($0.type)" }.joined(separator: ", ")
        return "\(name): func(\(list))" + (result.map { " -> \($0)" } ?? "")
    }
}
