// SPDX-License-Identifier: Apache-2.0
import Testing
import TheaterPact
import TheaterValue

@Suite("Type check")
struct TypeCheckTests {
    static let declarations = """
        record vec { x: f64, y: f64 }
        record actor-state { pos: f64, all-items: list<vec>, next: option<actor-state> }
        variant shape { dot, circle(f64), poly(list<vec>), pair(tuple<u8, u8>) }
        enum color { red, green }
        flags bits { a, b }
        record box<t> { item: t }
        type boxes = list<box<u8>>
        type loop = loop
        variant sexpr { sym(string), lst(list<self>) }
        """

    /// Checks against the declared type and, where names do not recur, its description.
    private func message(_ value: Value, _ text: String) throws -> String? {
        let (type, interface) = try Support.type(text, Self.declarations)
        let declared = Support.error { try TypeCheck.check(value, against: type, in: interface) }
        let signature = try FunctionSignature(interface.functions[0], in: interface)
        let described = Support.error {
            try TypeCheck.check(value, against: signature.parameters[0].type)
        }
        if !text.contains("_") { #expect(declared == described) }
        return declared?.description
    }

    private static func vec(_ x: Value = .f64(1), _ y: Value = .f64(2)) -> Value {
        .record(.init("any-name", [.init("x", x), .init("y", y)]))
    }

    private static func state(
        _ position: Value, _ items: Value = .list(.string, []), items name: String = "all-items",
        next: Value? = nil
    ) -> Value {
        .record(
            .init(
                "",
                [
                    .init("pos", position), .init(name, items),
                    .init("next", .option(.string, next)),
                ]))
    }

    @Test(
        "values of the declared type are accepted, whatever their annotations",
        arguments: [
            (Value.u8(1), "u8"), (.flags(3), "flags"), (.flags(3), "bits"), (.char("x"), "char"),
            (.string("x"), "string"), (.string("x"), "value"), (.unit, "_"), (.unit, "tuple<>"),
            (vec(), "vec"),
            (.record(.init("", [.init("y", .f64(1)), .init("x", .f64(2))])), "vec"),
            (state(.f64(0)), "actor-state"),
            (state(.f64(0), items: "all_items"), "actor-state"),
            (state(.f64(0), items: "allItems", next: state(.f64(1))), "actor-state"),
            (.array(PackedArray(bytes: [1, 2])), "list<u8>"),
            (.array(PackedArray(bytes: [])), "list<vec>"),
            (.list(.string, []), "list<u8>"),
            (.list(.string, [.u8(1)]), "list<u8>"),
            (.list(.variant("x"), [vec(), vec()]), "list<vec>"),
            (.array(PackedArray(bytes: [1])), "list<value>"),
            (.array(PackedArray(bytes: [1])), "set<u8>"),
            (.list(.string, [.tuple([.string("k"), .u8(1)])]), "map<string, u8>"),
            (.option(.tuple([]), nil), "option<u8>"),
            (.option(.tuple([]), .u8(1)), "option<u8>"),
            (.result(ok: .string, err: .string, .ok(.u8(1))), "result<u8, string>"),
            (.result(ok: .string, err: .string, .ok(.unit)), "result<_, string>"),
            (.result(ok: .string, err: .string, .err(.unit)), "result<u8, _>"),
            (.variant(.init("", "", tag: 0, [.u8(1)])), "result<u8, string>"),
            (.variant(.init("", "Err", tag: 1, [.string("no")])), "result<u8, string>"),
            (.variant(.init("", "", tag: 0)), "result<_, string>"),
            (.variant(.init("Shape", "WRONG", tag: 0)), "shape"),
            (.variant(.init("", "", tag: 1, [.f64(1)])), "shape"),
            (.variant(.init("", "", tag: 3, [.u8(1), .u8(2)])), "shape"),
            (.variant(.init("", "", tag: 3, [.tuple([.u8(1), .u8(2)])])), "shape"),
            (.variant(.init("", "", tag: 1)), "color"),
            (.tuple([.u8(1), .string("x")]), "tuple<u8, string>"),
            (.record(.init("", [.init("item", .u8(1))])), "box<u8>"),
            (.list(.string, [.record(.init("", [.init("item", .u8(1))]))]), "boxes"),
            (.u8(1), "unknown-type"), (.u8(1), "loop"),
        ])
    func accepted(value: Value, type: String) throws {
        #expect(try message(value, type) == nil)
    }

    @Test(
        "other values are refused with the path to the difference",
        arguments: [
            (Value.string("x"), "f64", "expected f64, got string"),
            (.u8(1), "flags", "expected flags, got u8"),
            (
                state(.string("x")), "actor-state",
                "in field 'pos' of record 'actor-state': expected f64, got string"
            ),
            (
                state(.f64(0), .list(.string, [vec(), vec(), vec(), vec(.u8(1))])), "actor-state",
                "in field 'all-items' of record 'actor-state': in item 3 of list: "
                    + "in field 'x' of record 'vec': expected f64, got u8"
            ),
            (
                state(.f64(0), next: state(.bool(true))), "option<value>",
                "expected option, got record"
            ),
            (
                .array(PackedArray(bytes: [1])), "list<vec>",
                "in item 0 of list: expected record 'vec', got u8"
            ),
            (.array(PackedArray(bytes: [1])), "string", "expected string, got list of u8"),
            (
                .list(.string, [.u8(1), .u16(1)]), "list<u8>",
                "in item 1 of list: expected u8, got u16"
            ),
            (
                .option(.string, .u8(1)), "option<string>",
                "in some of option: expected string, got u8"
            ),
            (
                .result(ok: .string, err: .string, .ok(.u8(1))), "result<string, string>",
                "in ok of result: expected string, got u8"
            ),
            (
                .result(ok: .string, err: .string, .err(.u8(1))), "result<u8, string>",
                "in err of result: expected string, got u8"
            ),
            (.variant(.init("", "", tag: 2)), "result<u8, u8>", "expected result, got variant"),
            (
                .variant(.init("", "", tag: 4)), "shape",
                "variant 'shape' has no case of tag 4, only 4 cases"
            ),
            (
                .variant(.init("", "", tag: 0, [.u8(1)])), "shape",
                "case 'dot' of variant 'shape' has no payload, got 1"
            ),
            (
                .variant(.init("", "", tag: 1)), "shape",
                "case 'circle' of variant 'shape' has one payload, got 0"
            ),
            (
                .variant(.init("", "", tag: 1, [.u8(1)])), "shape",
                "in case 'circle' of variant 'shape': expected f64, got u8"
            ),
            (
                .variant(.init("", "", tag: 3, [.u8(1), .s8(1)])), "shape",
                "in case 'pair' of variant 'shape': in item 1 of tuple: expected u8, got s8"
            ),
            (.tuple([.u8(1)]), "tuple<u8, u8>", "expected tuple of 2, got tuple of 1"),
            (.unit, "u8", "expected u8, got ()"),
            (.u8(1), "_", "expected (), got u8"),
            (
                .record(.init("", [.init("x", .f64(1))])), "vec",
                "field 'y' of record 'vec' is missing"
            ),
            (
                .record(.init("", [.init("itm", .u8(1))])), "box<u8>",
                "field 'item' of record 'box' is missing; rename 'itm'"
            ),
            (
                .record(
                    .init("", [.init("x", .f64(1)), .init("y", .f64(1)), .init("z", .f64(1))])),
                "vec", "record 'vec' has no field 'z'"
            ),
            (
                .record(
                    .init("", [.init("x", .f64(1)), .init("x", .f64(1)), .init("y", .f64(1))])),
                "vec", "record 'vec' has no field 'x'"
            ),
            (
                .list(.string, [.record(.init("", [.init("item", .s8(1))]))]), "boxes",
                "in item 0 of list: in field 'item' of record 'box': expected u8, got s8"
            ),
            (
                .list(.string, [.tuple([.u8(1), .u8(1)])]), "map<string, u8>",
                "in item 0 of list: in item 0 of tuple: expected string, got u8"
            ),
        ])
    func refused(value: Value, type: String, expected: String) throws {
        #expect(try message(value, type) == expected)
    }

    @Test("declared types are followed into themselves, described ones only once")
    func recursive() throws {
        let value = Self.state(.f64(0), next: Self.state(.bool(true)))
        let (type, interface) = try Support.type("actor-state", Self.declarations)
        let error = Support.error { try TypeCheck.check(value, against: type, in: interface) }
        #expect(
            error?.problem
                == "in field 'next' of record 'actor-state': in some of option: "
                + "in field 'pos' of record 'actor-state': expected f64, got bool")
        let signature = try FunctionSignature(interface.functions[0], in: interface)
        try TypeCheck.check(value, against: signature.parameters[0].type)
        let (list, _) = try Support.type("sexpr", Self.declarations)
        func sexpr(_ inner: [Value]) -> Value {
            .variant(.init("", "", tag: 1, [.list(.string, inner)]))
        }
        try TypeCheck.check(sexpr([sexpr([]), sexpr([])]), against: list, in: interface)
        let bad = Support.error {
            try TypeCheck.check(sexpr([sexpr([.u8(1)])]), against: list, in: interface)
        }
        #expect(
            bad?.problem.hasSuffix("in item 0 of list: expected variant 'sexpr', got u8") == true)
    }

    // Guests describe the missing part of a result as bool or string.
    @Test("a described result may miss its content")
    func missingInResult() throws {
        let type = TypeDescription.result(ok: .bool, err: .string)
        try TypeCheck.check(.result(ok: .string, err: .string, .ok(.unit)), against: type)
        try TypeCheck.check(.result(ok: .string, err: .string, .err(.unit)), against: type)
        let number = TypeDescription.result(ok: .u8, err: .u8)
        #expect(throws: PactError.self) {
            try TypeCheck.check(.result(ok: .string, err: .string, .ok(.unit)), against: number)
        }
        let (declared, interface) = try Support.type("result<bool, string>")
        #expect(throws: PactError.self) {
            try TypeCheck.check(
                .result(ok: .string, err: .string, .ok(.unit)), against: declared, in: interface)
        }
    }

    @Test("depth is bounded, at the bound and one past it")
    func depth() throws {
        let (type, interface) = try Support.type("nest", "variant nest { end, more(nest) }")
        func nest(_ depth: Int) -> Value {
            (0..<depth).reduce(.variant(.init("", "", tag: 0))) { inner, _ in
                .variant(.init("", "", tag: 1, [inner]))
            }
        }
        try TypeCheck.check(nest(PactLimits.valueDepthMax), against: type, in: interface)
        let error = Support.error {
            try TypeCheck.check(nest(PactLimits.valueDepthMax + 1), against: type, in: interface)
        }
        #expect(error?.problem == "the value nests more than 512 levels deep")
    }
}
