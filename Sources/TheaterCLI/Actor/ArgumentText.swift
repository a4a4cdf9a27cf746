// SPDX-License-Identifier: Apache-2.0

internal import TheaterPact
internal import TheaterValue

/// Reads arguments as people type them.
///
/// The text form of values, adapted to the declared type; where a text is wanted, bare text too.
enum ArgumentText {
    /// Reads one argument.
    static func value(
        _ text: String, for parameter: TypeDescription.Field?, of function: String
    ) throws(CLIError) -> Value {
        let type = parameter?.type
        if let type, let value = bare(text, as: type) { return value }
        let parsed: Value
        do throws(ValueTextError) {
            parsed = try ValueText.parse(type.flatMap { whole(text, as: $0) } ?? text)
        } catch {
            let what = parameter.map { "argument '\($0.name)'" } ?? "an argument"
            let wanted = type.map { "wants \($0)" } ?? "is a value"
            // Where in a single word it goes wrong says nothing.
            let isWord = !text.contains { "{[(\"'".contains($0) }
            throw wrong(
                "\(what) of '\(function)' \(wanted); '\(Printable.line(text, sizeMax: 80))' does not "
                    + "read as one" + (isWord && parameter != nil ? "" : ": \(error)"))
        }
        guard let parameter else { return parsed }
        do throws(PactError) {
            return try ValueCoercion.coerce(parsed, to: parameter.type)
        } catch {
            throw wrong(
                "argument '\(parameter.name)' of '\(function)' does not fit: \(error.problem)")
        }
    }

    /// Reads standard input as an argument: UTF-8 for a string, any bytes for a list of `u8`.
    static func document(
        _ bytes: [UInt8], for parameter: TypeDescription.Field?, of function: String
    ) throws(CLIError) -> Value {
        // An undeclared function gets text where the bytes are text.
        guard let parameter else {
            return String(validating: bytes, as: UTF8.self).map(Value.string) ?? .bytes(bytes)
        }
        return try document(bytes, as: parameter.type, parameter.name, function)
    }

    private static func document(
        _ bytes: [UInt8], as type: TypeDescription, _ name: String, _ function: String
    ) throws(CLIError) -> Value {
        switch type {
        case .string:
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw CLIError(
                    .usage, "cli.not-utf8",
                    "standard input is not UTF-8 (byte \(offsetOfInvalidUTF8(bytes))), and argument "
                        + "'\(name)' of '\(function)' is a string; convert it, or use a function "
                        + "that takes list<u8>")
            }
            return .string(text)
        case .list(.u8): return .bytes(bytes)
        case .option(let inner):
            let value = try document(bytes, as: inner, name, function)
            do throws(PactError) {
                return try ValueCoercion.coerce(value, to: type)
            } catch {
                throw wrong("argument '\(name)' of '\(function)' does not fit: \(error.problem)")
            }
        default:
            throw wrong(
                "--stdin feeds a string or list<u8>, and argument '\(name)' of '\(function)' is "
                    + "\(type)")
        }
    }

    /// The value of text without quotes, where the type wants text: a string, one character, bytes
    /// that are no literal, or the name of a case.
    private static func bare(_ text: String, as type: TypeDescription) -> Value? {
        switch type {
        case .string:
            if text.hasPrefix("\""), case .string(let quoted)? = try? ValueText.parse(text) {
                return .string(quoted)
            }
            return .string(text)
        case .char:
            let scalars = text.unicodeScalars
            guard scalars.count == 1, let scalar = scalars.first else { return nil }
            return .char(scalar)
        case .option(let inner):
            if text == "none" { return try? ValueCoercion.coerce(.option(.string, nil), to: type) }
            if text.hasPrefix("none<") || text.hasPrefix("some<") { return nil }
            guard let value = bare(text, as: inner) else { return nil }
            return try? ValueCoercion.coerce(value, to: type)
        case .variant(_, let cases):
            guard cases.contains(where: { $0.name == text && $0.payload == nil }) else {
                return nil
            }
            return try? ValueCoercion.coerce(.string(text), to: type)
        default: return nil
        }
    }

    /// The text form of a case with a payload, written without the variant's name: `jump(5)`.
    private static func whole(_ text: String, as type: TypeDescription) -> String? {
        guard case .variant(_, let cases) = type, let open = text.firstIndex(of: "("),
            cases.contains(where: { $0.name == text[..<open] })
        else { return nil }
        return "::" + text
    }

    private static func wrong(_ message: String) -> CLIError {
        CLIError(.usage, "actor.wrong-argument", message)
    }

    /// How many bytes of the text are well-formed.
    static func offsetOfInvalidUTF8(_ bytes: [UInt8]) -> Int {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var offset = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            offset += UTF8.width(scalar)
        }
        return offset
    }
}
