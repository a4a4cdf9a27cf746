// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterPact
internal import TheaterValue

/// Reads what ``ValueMapping`` writes, by the declared type.
enum ValueReading {
    /// Reads a value.
    ///
    /// - Parameter type: `nil` for any value.
    /// - Throws: what does not fit, with the path to it.
    static func value(
        _ json: JSONValue, as type: TypeDescription?
    ) throws(JSONError) -> Value {
        guard let type else { return try untyped(json) }
        let loose = try typed(json, type)
        do throws(PactError) {
            return try ValueCoercion.coerce(loose, to: type)
        } catch {
            throw JSONError("\(error.problem)")
        }
    }

    /// A value whose leaves are what the type wants; names and annotations come with the coercion.
    private static func typed(
        _ json: JSONValue, _ type: TypeDescription
    ) throws(JSONError) -> Value {
        switch (type, json) {
        case (.f32, .string(let text)), (.f64, .string(let text)):
            guard let number = special(text) else { throw JSONError("'\(text)' is no number") }
            return .f64(number)
        case (.list(.u8), .string(let text)):
            guard let bytes = Hexadecimal.decode(text) else {
                throw JSONError("bytes are wanted as pairs of hexadecimal digits")
            }
            return .bytes(bytes)
        case (.list(let item), .array(let items)):
            return .list(
                .string, try all(items) { (json) throws(JSONError) in try typed(json, item) })
        case (.tuple(let types), .array(let items)):
            guard items.count == types.count else {
                throw JSONError("a tuple of \(types.count) is wanted, not of \(items.count)")
            }
            var parts: [Value] = []
            for (json, type) in zip(items, types) { parts.append(try typed(json, type)) }
            return .tuple(parts)
        case (.option, .null): return .option(.string, nil)
        case (.option(let inner), _): return .option(.string, try typed(json, inner))
        case (.result(let ok, let err), .object(let members)):
            guard members.count == 1, let member = members.first else {
                throw JSONError("a result is {\"ok\": …} or {\"err\": …}")
            }
            switch member.name {
            case "ok":
                return .result(ok: .string, err: .string, .ok(try typed(member.value, ok)))
            case "err":
                return .result(ok: .string, err: .string, .err(try typed(member.value, err)))
            default: throw JSONError("a result is {\"ok\": …} or {\"err\": …}")
            }
        case (.record(let name, let fields), .object(let members)):
            var parts: [Value.Record.Field] = []
            for member in members {
                let field = fields.first { $0.name == member.name }
                guard let field else {
                    throw JSONError("a record '\(name)' has no '\(member.name.prefix(64))'")
                }
                parts.append(.init(field.name, try typed(member.value, field.type)))
            }
            return .record(.init(name, parts))
        case (.variant(let name, let cases), .object):
            guard let caseName = json["case"]?.string else {
                throw JSONError("a variant is {\"case\": name, \"payload\": […]}")
            }
            let found = cases.first { $0.name == caseName }
            var payload: [Value] = []
            if let items = json["payload"]?.array {
                for item in items {
                    payload.append(try typed(item, found?.payload ?? .value))
                }
            }
            return .variant(.init(name, caseName, tag: 0, payload))
        default: return try untyped(json)
        }
    }

    /// The value that JSON is without a type.
    private static func untyped(_ json: JSONValue) throws(JSONError) -> Value {
        switch json {
        case .null: return .option(.string, nil)
        case .bool(let value): return .bool(value)
        case .string(let text): return .string(text)
        case .number(let text):
            if let number = Int64(text) { return .s64(number) }
            if let number = UInt64(text) { return .u64(number) }
            guard let number = Double(text), number.isFinite else {
                throw JSONError("the number \(text.prefix(64)) is out of range")
            }
            return .f64(number)
        case .array(let items):
            return .tuple(try all(items) { (json) throws(JSONError) in try untyped(json) })
        case .object(let members):
            var fields: [Value.Record.Field] = []
            for member in members {
                fields.append(.init(member.name, try untyped(member.value)))
            }
            return .record(.init("", fields))
        }
    }

    private static func all(
        _ items: [JSONValue], _ read: (JSONValue) throws(JSONError) -> Value
    ) throws(JSONError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(items.count)
        for item in items { values.append(try read(item)) }
        return values
    }

    private static func special(_ text: String) -> Double? {
        switch text {
        case "NaN": .nan
        case "Infinity": .infinity
        case "-Infinity": -.infinity
        default: nil
        }
    }
}
