// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
extension ValueText {
    /// Words with which a value other than a record or variant can begin.
    private static let valueWords: Set<String> = [
        "true", "false", "some", "none", "ok", "err", "flags", "inf", "nan",
    ]

    /// Words that are types, or with which one begins.
    private static let typeWords: Set<String> =
        Set(Primitive.allCases.map { $0.name }).union([
            "string", "list", "option", "result", "tuple", "record", "variant",
        ])

    /// Whether a byte can be part of a name without quotes.
    static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// Whether a name needs no quotes where only a name can stand.
    static func isWord(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy(isWordByte)
    }

    private static func beginsWithLetter(_ name: String) -> Bool {
        guard let first = name.utf8.first else { return false }
        return first > UInt8(ascii: "9")
    }

    /// Whether a name needs no quotes at the beginning of a value.
    static func isPlainValueName(_ name: String) -> Bool {
        isWord(name) && beginsWithLetter(name) && !valueWords.contains(name)
    }

    /// Whether a name alone is a record type.
    static func isPlainTypeName(_ name: String) -> Bool {
        isWord(name) && beginsWithLetter(name) && !typeWords.contains(name)
    }

    /// Whether a character shows and does not disturb the text around it.
    static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator,
            .privateUse, .surrogate, .unassigned:
            false
        default: true
        }
    }
}

extension Primitive {
    /// The name of the type in text and Pact.
    public var name: String {
        switch self {
        case .bool: "bool"
        case .s32: "s32"
        case .s64: "s64"
        case .f32: "f32"
        case .f64: "f64"
        case .u8: "u8"
        case .u16: "u16"
        case .u32: "u32"
        case .u64: "u64"
        case .s8: "s8"
        case .s16: "s16"
        case .char: "char"
        case .flags: "flags"
        }
    }
}

extension Value {
    /// The type that the value itself and its annotations tell.
    public var impliedType: ValueType {
        switch self {
        case .string: .string
        case .array(let array): .list(.primitive(array.element))
        case .list(let type, _): .list(type)
        case .option(let type, _): .option(type)
        case .result(let ok, let err, _): .result(ok, err)
        case .record(let record): .record(record.typeName)
        case .variant(let variant): .variant(variant.typeName)
        case .tuple(let items): .tuple(items.map { $0.impliedType })
        default: primitive.map { .primitive($0) } ?? .string
        }
    }

    /// Whether `impliedType` equals `type`.
    func implies(_ type: ValueType) -> Bool {
        switch (self, type) {
        case (.tuple(let items), .tuple(let parts)):
            items.count == parts.count && zip(items, parts).allSatisfy { $0.implies($1) }
        case (.tuple, _): false
        default: impliedType == type
        }
    }
}
#endif
