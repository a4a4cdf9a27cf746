// SPDX-License-Identifier: Apache-2.0

internal import TheaterPact

/// Arguments that would do, for messages about those that do not.
enum ArgumentExample {
    /// How deep the values of an example lie in each other.
    private static let depthMax = 8

    /// An argument for a parameter; `nil` when none is found, as for types that contain themselves.
    ///
    /// - Parameter typed: what somebody wrote in its place: a case that it begins with is kept.
    static func text(
        for parameter: TypeDescription.Field, of function: String, like typed: String = ""
    ) -> String? {
        guard let text = text(parameter.type, like: typed),
            // Only what is taken is an example.
            (try? ArgumentText.value(text, for: parameter, of: function)) != nil
        else { return nil }
        return text
    }

    /// A value as people type it: bare, where that is possible.
    private static func text(_ type: TypeDescription, like typed: String) -> String? {
        switch type {
        case .string: return "text"
        case .char: return "a"
        case .option: return "none"
        case .variant(_, let cases):
            return one(of: cases, like: typed.prefix { $0 != "(" }, depth: 0)
        default: return value(type, depth: 0)
        }
    }

    /// A value in the text form.
    private static func value(_ type: TypeDescription, depth: Int) -> String? {
        guard depth < depthMax else { return nil }
        func all(_ types: [TypeDescription]) -> [String]? {
            let values = types.compactMap { value($0, depth: depth + 1) }
            return values.count == types.count ? values : nil
        }
        switch type {
        case .bool: return "true"
        case .u8, .u16, .u32, .u64, .s8, .s16, .s32, .s64: return "1"
        case .f32, .f64: return "1.5"
        case .char: return "'a'"
        case .string, .value: return "\"text\""
        case .list(.u8): return "0x\"00ff\""
        case .list(let item): return value(item, depth: depth + 1).map { "[\($0)]" } ?? "[]"
        // Inside of others, `none` has to name its type.
        case .option(let inner): return value(inner, depth: depth + 1)
        case .record(_, let fields):
            guard let values = all(fields.map(\.type)) else { return nil }
            return "{" + zip(fields, values).map { "\($0.name): \($1)" }.joined(separator: ", ")
                + "}"
        case .tuple(let items): return all(items).map { "(" + $0.joined(separator: ", ") + ")" }
        case .variant(_, let cases): return one(of: cases, depth: depth).map { "::" + $0 }
        case .unit: return "()"
        case .flags, .result, .reference: return nil
        }
    }

    /// The case of a name; else one without a payload, if there is any.
    private static func one(
        of cases: [TypeDescription.Case], like name: Substring = "", depth: Int
    ) -> String? {
        guard
            let one = cases.first(where: { $0.name == name })
                ?? cases.first(where: { $0.payload == nil }) ?? cases.first
        else { return nil }
        guard let payload = one.payload else { return one.name }
        return value(payload, depth: depth + 1).map { "\(one.name)(\($0))" }
    }
}
