// SPDX-License-Identifier: Apache-2.0
import Testing
import TheaterPact
import TheaterValue

@Suite("Value coercion")
struct ValueCoercionTests {
    private static let declarations = """
        record vec { x: f64, y: f64 }
        record order { item-name: string, count: u32, note: option<string> }
        variant shape { dot, circle(f32), pair(tuple<u8, u8>) }
        flags bits { read, write-all }
        type chain = option<chain>
        type bush = tuple<bush, bush>
        """

    private func coerce(_ text: String, _ type: String) throws -> Value {
        let (type, interface) = try Support.type(type, Self.declarations)
        let value = try ValueText.parse(text)
        let result = try ValueCoercion.coerce(value, to: type, in: interface)
        try TypeCheck.check(result, against: type, in: interface)
        return result
    }

    @Test(
        "what people type becomes what is declared",
        arguments: [
            ("5s64", "u32", Value.u32(5)), ("5s64", "s8", .s8(5)), ("5s64", "f64", .f64(5)),
            ("5s64", "f32", .f32(5)), ("5u8", "s64", .s64(5)), ("1.5f64", "f32", .f32(1.5)),
            ("5s64", "flags", .flags(5)), ("5s64", "value", .s64(5)),
            ("\"x\"", "char", .char("x")), ("\"x\"", "string", .string("x")),
            ("\"hi\"", "list<u8>", .array(PackedArray(bytes: [104, 105]))),
            ("[1s64, 2s64]", "list<u32>", .array(PackedArray([1, 2] as [UInt32]))),
            ("[1s64]", "list<f64>", .array(PackedArray([1.0]))),
            ("[]<string>", "list<u16>", .array(PackedArray([] as [UInt16]))),
            ("[1s64]", "list<value>", .array(PackedArray([1] as [Int64]))),
            ("[\"a\"]", "set<string>", .list(.string, [.string("a")])),
            (
                "[(\"a\", 1s64)]", "map<string, u8>",
                .list(
                    .tuple([.string, .primitive(.u8)]), [.tuple([.string("a"), .u8(1)])])
            ),
            ("5s64", "option<u8>", .option(.primitive(.u8), .u8(5))),
            ("none<string>", "option<u8>", .option(.primitive(.u8), nil)),
            ("some<s64>(5s64)", "option<u8>", .option(.primitive(.u8), .u8(5))),
            (
                "ok<s64, string>(5s64)", "result<u8, string>",
                .result(ok: .primitive(.u8), err: .string, .ok(.u8(5)))
            ),
            (
                "ok<u8, u8>(())", "result<_, string>",
                .result(ok: .tuple([]), err: .string, .ok(.unit))
            ),
            (
                "any{y: 2s64, x: 1s64}", "vec",
                .record(.init("vec", [.init("x", .f64(1)), .init("y", .f64(2))]))
            ),
            (
                "o{itemName: \"a\", count: 3s64}", "order",
                .record(
                    .init(
                        "order",
                        [
                            .init("item-name", .string("a")), .init("count", .u32(3)),
                            .init("note", .option(.string, nil)),
                        ]))
            ),
            ("shape::circle(2s64)", "shape", .variant(.init("shape", "circle", tag: 1, [.f32(2)]))),
            ("\"dot\"", "shape", .variant(.init("shape", "dot", tag: 0))),
            (
                "shape::pair(1s64, 2s64)", "shape",
                .variant(.init("shape", "pair", tag: 2, [.tuple([.u8(1), .u8(2)])]))
            ),
            ("[\"writeAll\", \"read\"]", "bits", .flags(3)),
            ("(1s64, \"x\")", "tuple<u8, string>", .tuple([.u8(1), .string("x")])),
        ])
    func accepted(text: String, type: String, expected: Value) throws {
        #expect(try coerce(text, type) == expected)
    }

    @Test(
        "what does not fit is refused with its path",
        arguments: [
            ("300s64", "u8", "300 does not fit u8"),
            ("-1s64", "list<u8>", "expected list, got s64"),
            ("[1s64, -1s64]", "list<u8>", "in item 1 of list: -1 does not fit u8"),
            ("\"xy\"", "char", "expected one character, got a string of 2"),
            ("\"x\"", "u8", "expected u8, got string"),
            ("1.5f64", "u8", "expected u8, got f64"),
            ("\"x\"", "vec", "expected record 'vec', got string"),
            ("5s64", "result<u8, u8>", "expected result, got s64; write ok(…) or err(…)"),
            ("v{x: 1s64}", "vec", "field 'y' of record 'vec' is missing"),
            (
                "v{x: 1s64, y: 2s64, yy: 1s64}", "vec",
                "record 'vec' has no field 'yy'; did you mean 'y'?"
            ),
            (
                "v{x: true, y: 2s64}", "vec",
                "in field 'x' of record 'vec': expected f64, got bool"
            ),
            (
                "shape::circl(2s64)", "shape",
                "variant 'shape' has no case 'circl'; did you mean 'circle'?"
            ),
            (
                "\"square\"", "shape",
                "variant 'shape' has no case 'square'; its cases are dot, circle, pair"
            ),
            ("shape::dot(1s64)", "shape", "case 'dot' of variant 'shape' has no payload, got 1"),
            ("shape::circle", "shape", "case 'circle' of variant 'shape' has one payload, got 0"),
            ("[\"raed\"]", "bits", "'raed' is none of the flags; did you mean 'read'?"),
            ("(1s64, 2s64)", "tuple<u8>", "expected tuple of 1, got tuple of 2"),
        ])
    func refused(text: String, type: String, message: String) throws {
        let error = Support.error { try coerce(text, type) }
        #expect(error?.description == message)
    }

    @Test("types that never end are refused or answered, and soon")
    func endless() throws {
        let chain = Support.error { try coerce("5s64", "chain") }
        #expect(chain?.problem == "the value nests more than 512 levels deep")
        let bush = try coerce("none<u8>", "option<bush>")
        guard case .option(_, nil) = bush else {
            Issue.record("none is expected")
            return
        }
    }

    @Test("a described type coerces as well")
    func described() throws {
        let type = TypeDescription.record(
            name: "r", [.init(name: "n", type: .u32), .init(name: "o", type: .option(.bool))])
        let value = try ValueCoercion.coerce(try ValueText.parse("x{n: 1s64}"), to: type)
        #expect(
            value
                == .record(
                    .init(
                        "r",
                        [.init("n", .u32(1)), .init("o", .option(.primitive(.bool), nil))])))
    }
}
