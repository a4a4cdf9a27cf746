// SPDX-License-Identifier: Apache-2.0
import Testing
import TheaterPact

@Suite("Diagnostics")
struct DiagnosticsTests {
    @Test(
        "syntax errors say where, what and what to do",
        arguments: [
            (
                "record counter {\n    label: string,\n    count: u32: u8\n}",
                "counter.pact:3:15: expected ',' or '}' after field 'count', found ':'"
            ),
            (
                "recrod point { }",
                "counter.pact:1:1: expected 'record', 'variant', 'enum', 'flags', 'type', "
                    + "'imports' or 'exports', found 'recrod'; did you mean 'record'?"
            ),
            (
                "record r { x }",
                "counter.pact:1:14: expected ':' after field 'x', found '}'; write 'x: type'"
            ),
            (
                "enum e { a(u8) }",
                "counter.pact:1:11: expected ',' or '}' after case 'a', found '('; "
                    + "the cases of an enum carry nothing; use 'variant' instead"
            ),
            (
                "exports { f: func(a u8) }",
                "counter.pact:1:21: expected ':' after parameter 'a' of 'f', found 'u8'; "
                    + "write 'name: type'"
            ),
            (
                "exports { f: func() -> result<u8> }",
                "counter.pact:1:33: expected ',' after the first type in result<…>, found '>'; "
                    + "write result<type, error-type>, with '_' for neither"
            ),
            (
                "exports { f: func() -> (u8, u8) }",
                "counter.pact:1:27: expected ')' after the result of 'f', found ','; "
                    + "a function has one result; write tuple<…> for several values"
            ),
            (
                "exports { f: func(x: list) }",
                "counter.pact:1:26: expected '<' after 'list', found ')'; write list<type>"
            ),
            (
                "exports { f: func(x: option<_>) }",
                "counter.pact:1:29: '_' may stand only inside result<…> and as a function's "
                    + "result; write tuple<> for a value without content"
            ),
            (
                "imports { f: func() }",
                "counter.pact:1:11: the imported function 'f' is in no interface; "
                    + "write 'some:package/interface { f: func(…) }'"
            ),
            (
                "exports { a:b/c: func() }",
                "counter.pact:1:16: expected '{' or '.' after interface 'a:b/c', found ':'; "
                    + "write 'a:b/c.function: func(…)' or 'a:b/c { function: func(…) }'"
            ),
            (
                "exports { a:b { c:d { f: func() } } }",
                "counter.pact:1:17: interface 'c:d' stands inside interface 'a:b'; "
                    + "write its full name beside 'a:b'"
            ),
            (
                "exports { f: func() ",
                "counter.pact:1:21: expected a function, an interface or '}', "
                    + "found the end of the text"
            ),
            (
                "record größe { }",
                "counter.pact:1:10: the character 'ö' has no meaning in Pact; "
                    + "names consist of the letters a to z, digits, '-' and '_'"
            ),
            (
                "record r { x: u8\u{7} }",
                "counter.pact:1:17: the character U+7 has no meaning in Pact; "
                    + "names consist of the letters a to z, digits, '-' and '_'"
            ),
            (
                "export { f: func() }",
                "counter.pact:1:1: expected 'record', 'variant', 'enum', 'flags', 'type', "
                    + "'imports' or 'exports', found 'export'; write 'exports { … }'"
            ),
            (
                "record r { x: u8 } /* no end",
                "counter.pact:1:20: this comment is never closed; end it with '*/'"
            ),
        ])
    func syntax(text: String, message: String) {
        let error = Support.error { try PactPackage.parse(text, file: "counter.pact") }
        #expect(error?.description == message)
    }

    @Test(
        "host syntax errors know the host's ways",
        arguments: [
            (
                "interface x { exports { f: func(), g: func() } }",
                "h.pact:1:34: expected a function or '}' in 'exports', found ','; "
                    + "separate entries by a new line or ';'"
            ),
            (
                "interface x { f: func() }",
                "h.pact:1:15: expected a declaration, 'imports', 'exports' or '}', found 'f'; "
                    + "put functions inside 'exports { … }'"
            ),
            (
                "interface theater:simple { }",
                "h.pact:1:18: expected '{' to open interface 'theater', found ':'; an interface "
                    + "has one plain name; put 'a:b' into '@package: string = \"a:b\"'"
            ),
            (
                "interface x { } record y { }",
                "h.pact:1:17: expected the end of the text after interface 'x', found 'record'; "
                    + "a file holds one interface; move the rest into another file or inside"
            ),
            (
                "interface x { exprts { } }",
                "h.pact:1:15: expected a declaration, 'imports', 'exports' or '}', "
                    + "found 'exprts'; did you mean 'exports'?"
            ),
        ])
    func host(text: String, message: String) {
        let error = Support.error { try PactFile.parseHost(text, file: "h.pact") }
        #expect(error?.description == message)
    }

    @Test(
        "declarations that make no sense are found",
        arguments: [
            (
                "record r { x: uint32 }",
                "c.pact:1:15: field 'x' of 'r' has the unknown type 'uint32'; did you mean 'u32'?"
            ),
            (
                "record point { x: u8 }\nexports { f: func(p: list<pont>) }",
                "c.pact:2:22: parameter 'p' of 'f' has the unknown type 'pont'; "
                    + "did you mean 'point'?"
            ),
            (
                "exports { f: func() -> something-else }",
                "c.pact:1:24: the result of 'f' has the unknown type 'something-else'; "
                    + "declare it with 'record', 'variant', 'enum', 'flags' or 'type'"
            ),
            (
                "record r { x: u8, x: u8 }",
                "c.pact:1:19: field 'x' is declared twice; the first is at 1:12; "
                    + "remove or rename one of them"
            ),
            (
                "type t = u8\ntype t = u16",
                "c.pact:2:6: type 't' is declared twice; the first is at 1:6; "
                    + "remove or rename one of them"
            ),
            (
                "exports { f: func()  f: func() }",
                "c.pact:1:22: function 'f' is declared twice; the first is at 1:11; "
                    + "remove or rename one of them"
            ),
            (
                "exports { f: func(a: u8, a: u8) }",
                "c.pact:1:26: parameter 'a' is declared twice; the first is at 1:19; "
                    + "remove or rename one of them"
            ),
            (
                "enum e { a, a }",
                "c.pact:1:6: case 'a' is declared twice; the first is at 1:6; "
                    + "remove or rename one of them"
            ),
            (
                "record box<t> { item: t }\nexports { f: func(b: box) }",
                "c.pact:2:22: parameter 'b' of 'f': type 'box' takes 1 arguments, found 0; "
                    + "write 'box<…>' with 1 types"
            ),
            (
                "type t = u8\ntype u = t<u8>",
                "c.pact:2:6: type 'u': type 't' takes 0 arguments, found 1; write 't' alone"
            ),
            (
                "record node { item: u8, next: node }",
                "c.pact:1:8: 'node' contains itself through field 'next', so no value of it "
                    + "could end; put option<…> or list<…> around the inner 'node'"
            ),
            (
                "record node { next: self }",
                "c.pact:1:8: 'node' contains itself through field 'next', so no value of it "
                    + "could end; put option<…> or list<…> around the inner 'node'"
            ),
            (
                "variant tree { left(tree), right(tuple<tree, u8>) }",
                "c.pact:1:9: 'tree' contains itself in every case, so no value of it could "
                    + "end; put option<…> or list<…> around the inner 'tree'"
            ),
            (
                "record string { x: u8 }",
                "c.pact:1:8: 'string' is a built-in type; give the declaration another name"
            ),
            (
                "exports { f: func(x: self) }",
                "c.pact:1:22: parameter 'x' of 'f' is 'self', outside a declaration; "
                    + "write the name of the type"
            ),
        ])
    func findings(text: String, message: String) throws {
        let package = try PactPackage.parse(text, file: "c.pact")
        #expect(package.check().map(\.description) == [message])
    }

    @Test(
        "declarations that end somewhere are not infinite",
        arguments: [
            "record node { next: option<node> }",
            "record node { children: list<node> }",
            "record node { children: map<string, node> }",
            "variant tree { leaf, inner(tuple<tree, tree>) }",
            "variant sexpr { sym(string), lst(list<self>) }",
            "record box<t> { item: t }\nrecord a { x: option<box<a>> }",
            "type maybe<t> = option<t>\nrecord a { x: maybe<a> }",
            "record a { x: result<a, string> }",
            "enum none { }",
        ])
    func finite(text: String) throws {
        #expect(try PactPackage.parse(text, file: "c.pact").check() == [])
    }

    @Test("a type that is infinite through a generic one or through another is found")
    func infiniteThroughOthers() throws {
        let generic = try PactPackage.parse(
            "record box<t> { item: t }\nrecord a { x: box<a> }", file: "c.pact")
        #expect(generic.check().map(\.code) == [.infiniteType])
        let mutual = try PactPackage.parse(
            "record a { x: b }\nrecord b { x: a }\nrecord c { x: a }", file: "c.pact")
        #expect(mutual.check().map(\.location?.line) == [1, 2])
    }

    @Test("findings are bounded")
    func bounded() throws {
        let fields = (0..<500).map { "f\($0): nothing" }.joined(separator: ", ")
        let package = try PactPackage.parse("record r { \(fields) }", file: "c.pact")
        #expect(package.check().count == 100)
    }

    @Test("transforms that do not exist are named")
    func transforms() throws {
        let host = try PactFile.parseHost(
            "interface x { interface a = rcp(b)\ninterface c = rpc(bse)\ninterface base { } "
                + "interface d = rpc() }", file: "t.pact")
        let errors = host.transforms.compactMap { transform in
            Support.error { try host.applying(transform) }
        }
        #expect(
            errors.map(\.description) == [
                "t.pact:1:29: 'rcp' is not a transform; the only transform is 'rpc'",
                "t.pact:2:15: 'bse' is no interface of this text; did you mean 'base'?",
                "t.pact:3:34: 'rpc' takes one interface, found 0; "
                    + "write 'interface d = rpc(base)'",
            ])
    }

    @Test("error codes are unique")
    func codes() {
        let codes = PactError.Code.allCases.map(\.rawValue)
        #expect(Set(codes).count == codes.count)
        #expect(codes.allSatisfy { $0.hasPrefix("pact.") })
    }
}
