// SPDX-License-Identifier: Apache-2.0

public import TheaterValue

/// Values as JSON, for programs. Names of types are not in it.
///
/// Integers are numbers, exact; floating-point numbers are numbers, or the strings `NaN`, `Infinity`
/// and `-Infinity`; `char` and `string` are strings; `flags` are a number; lists and tuples are
/// arrays, but a list of `u8` is a string of hexadecimal digits; a record is an object; an option is
/// null or its value; a result is `{"ok": …}` or `{"err": …}`; a variant is
/// `{"case": name, "tag": number}`, with `"payload": […]` when it has one.
public enum ValueMapping {
    /// Converts a value.
    public static func json(_ value: Value) -> JSONValue {
        switch value {
        case .bool(let value): .bool(value)
        case .u8(let number): .integer(number)
        case .u16(let number): .integer(number)
        case .u32(let number): .integer(number)
        case .u64(let number), .flags(let number): .integer(number)
        case .s8(let number): .integer(number)
        case .s16(let number): .integer(number)
        case .s32(let number): .integer(number)
        case .s64(let number): .integer(number)
        case .f32(let number): number.isFinite ? .number("\(number)") : special(Double(number))
        case .f64(let number): number.isFinite ? .number("\(number)") : special(number)
        case .char(let scalar): .string(String(scalar))
        case .string(let text): .string(text)
        case .array(let array) where array.element == .u8:
            .string(Hexadecimal.encode(array.bytes))
        case .array(let array): .array(array.elements().map(json))
        case .list(_, let items), .tuple(let items): .array(items.map(json))
        case .option(_, let payload): payload.map(json) ?? .null
        case .result(_, _, .ok(let value)): .object([.init("ok", json(value))])
        case .result(_, _, .err(let value)): .object([.init("err", json(value))])
        case .record(let record): .object(record.fields.map { .init($0.name, json($0.value)) })
        case .variant(let variant): self.variant(variant)
        }
    }

    private static func special(_ number: Double) -> JSONValue {
        .string(number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity")
    }

    private static func variant(_ variant: Value.Variant) -> JSONValue {
        let head: [JSONValue.Member] = [
            .init("case", .string(variant.caseName)), .init("tag", .integer(variant.tag)),
        ]
        if variant.payload.isEmpty { return .object(head) }
        return .object(head + [.init("payload", .array(variant.payload.map(json)))])
    }
}
