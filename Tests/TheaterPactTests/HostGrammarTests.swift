// SPDX-License-Identifier: Apache-2.0
import Testing
import TheaterPact

@Suite("Host dialect")
struct HostGrammarTests {
    private func parse(_ text: String) throws(PactError) -> PactHostFile {
        try PactFile.parseHost(text, file: "test.pact")
    }

    @Test("without a leading interface the name is root")
    func root() throws {
        let host = try parse("exports { f: func() }")
        #expect(host.interface.name == "root")
        #expect(host.localName == "root")
        #expect(try parse("@package: string = \"a:b\"").interface.name == "a:b/root")
        #expect(try parse("").interface.name == "root")
    }

    @Test("an annotation before the interface makes the interface a nested one")
    func annotationBefore() throws {
        let host = try parse(
            """
            @package: string = "a:b"
            interface inner { exports { f: func() } }
            """)
        #expect(host.interface.name == "a:b/root")
        #expect(host.nested.map(\.interface.name) == ["a:b/inner"])
    }

    @Test("annotations of every type are kept, and strings may have escapes")
    func annotations() throws {
        let host = try parse(
            #"""
            interface x {
                @package: string = "a\"b\\\n\q"
                @version: f64 = -1.5
                @stable: bool = true
                @limits: record-type = { size: 3, nested: { on: false } }
            }
            """#)
        #expect(host.package == "a\"b\\\nq")
        #expect(host.interface.name == "a\"b\\\nq/x")
        #expect(
            host.annotations.map(\.name) == ["package", "version", "stable", "limits"])
        #expect(host.annotations[1].value == .number("-1.5"))
        #expect(host.annotations[2].value == .bool(true))
        guard case .record(let entries) = host.annotations[3].value else {
            Issue.record("a record is expected")
            return
        }
        #expect(entries.map(\.name) == ["size", "nested"])
    }

    @Test("imports name interfaces, functions and renamed interfaces without commas")
    func imports() throws {
        let host = try parse("interface x { imports { log; store.get clock: timer ;; } }")
        #expect(
            host.imports == [
                .interface("log"), .function(interface: "store", function: "get"),
                .named("clock", interface: "timer"),
            ])
    }

    @Test("exports hold functions and types, separated by nothing or ';'")
    func exports() throws {
        let host = try parse(
            "interface x { exports { f: func() g: func(a: u8) -> _ ; t: list<u8> func: func } }")
        #expect(host.interface.functions.map(\.name) == ["f", "g"])
        #expect(host.interface.functions[0].result == nil)
        #expect(host.interface.functions[1].result == .unit)
        #expect(host.exportedTypes.map(\.name) == ["t", "func"])
    }

    @Test("no word is reserved")
    func noReservedWords() throws {
        let host = try parse(
            """
            interface interface {
                record record { record: bool, type: u8; list: u8 }
                type exports = u8
                exports { exports: func(record: exports) -> record  type: func()  use: func() }
            }
            """)
        #expect(host.interface.name == "interface")
        #expect(host.interface.functions.map(\.name) == ["exports", "type", "use"])
        #expect(host.check() == [])
    }

    @Test("fields, cases and flags are separated by ',' or ';' or nothing")
    func separators() throws {
        let host = try parse(
            """
            record a { x: u8 y: u8; z: u8,; }
            variant b { one two(u8), three; }
            enum c { p q, r; }
            flags d { s t, u }
            """)
        #expect(host.interface.types.map(\.name) == ["a", "b", "c", "d"])
        #expect(
            host.interface.types[0].body
                == .record(["x", "y", "z"].map { PactField(name: $0, type: .u8) }))
        #expect(host.interface.types[2].body == .enumeration(["p", "q", "r"]))
        #expect(host.interface.types[3].body == .flags(["s", "t", "u"]))
    }

    @Test("type parameters stand on interfaces, records, variants and aliases")
    func typeParameters() throws {
        let host = try parse(
            """
            type s: serializable
            type t
            type both<a, b,> = tuple<a, b,>
            record box<a> { item: a }
            variant maybe<> { none }
            exports { f: func(x: both<s, box<t>>) }
            """)
        #expect(
            host.interface.typeParameters == [
                PactTypeParameter(name: "s", constraint: "serializable"),
                PactTypeParameter(name: "t"),
            ])
        #expect(host.interface.types.map(\.parameters) == [["a", "b"], ["a"], []])
        #expect(host.check() == [])
    }

    @Test("use, nested interfaces and transforms are kept")
    func nestedAndUse() throws {
        let host = try parse(
            """
            interface x {
                @package: string = "p:q"
                use types
                use types.{a, b,}
                use store(mem, disk).{c}
                interface inner {
                    record r { x: u8 }
                    exports { f: func(r: r) -> u8  g: func()  h: func() -> result<_, string> }
                }
                interface safe = rpc(inner)
                exports { k: func(a: a) }
            }
            """)
        #expect(
            host.uses == [
                PactUse(source: "types", arguments: [], names: []),
                PactUse(source: "types", arguments: [], names: ["a", "b"]),
                PactUse(source: "store", arguments: ["mem", "disk"], names: ["c"]),
            ])
        #expect(host.nested[0].interface.name == "p:q/inner")
        #expect(host.check() == [])
        let safe = try host.applying(host.transforms[0])
        #expect(safe.name == "rpc(inner)")
        #expect(
            safe.functions.map(\.description) == [
                "f: func(r: r) -> result<u8, rpc-error>",
                "g: func() -> result<tuple<>, rpc-error>",
                "h: func() -> result<result<_, string>, rpc-error>",
            ])
        #expect(safe.types.map(\.name) == ["r", "rpc-error"])
    }

    @Test("'_' is no type in a result and the empty tuple elsewhere")
    func unit() throws {
        let (type, _) = try Support.type("result<_, result<option<_>, _>>")
        #expect(type == .result(ok: nil, err: .result(ok: .option(.unit), err: nil)))
    }

    @Test("a later type of the same name hides an earlier one")
    func hiding() throws {
        let (type, interface) = try Support.type("t", "type t = u8\ntype t = u16")
        #expect(PactHash.type(type, in: interface, rules: .host).bytes[1] == 3)
    }

    @Test("a wrong number of arguments leaves the parameters unresolved")
    func wrongArguments() throws {
        let interface = try Support.host(
            "type box<t> = option<t> exports { f: func(x: box)  g: func(x: option<t>) }")
        let hashes = interface.functionHashes(rules: .host).map(\.hash)
        #expect(hashes[0] == hashes[1])
    }

    @Test(
        "what the dialect does not have is refused",
        arguments: [
            "/* block comment */ interface x { }",
            "interface x { use \"file\".{a} }",
            "interface a:b { }",
            "interface x { } interface y { }",
            "world x { }",
            "package a:b",
            "interface x { f: func() }",
            "interface x { exports { f: func() -> (u8, u8) } }",
            "interface x { exports { f: func(), g: func() } }",
            "interface x { exports { f: func(a: u8,) } }",
            "interface x { imports { a:b/c } }",
            "interface x { @forward-compatible record r { } }",
            "interface x { resource r { } }",
            "interface x { * }",
            "interface x { @package: string = \"open }",
            "interface x { ",
            "interface",
            "}",
        ])
    func refused(text: String) {
        let error = Support.error { try parse(text) }
        #expect(error?.code == .syntax)
        #expect(error?.location != nil)
    }

    @Test("bounds hold at the bound and one past it")
    func bounds() throws {
        func nested(_ depth: Int) -> String {
            "type t = " + String(repeating: "list<", count: depth - 1) + "u8"
                + String(repeating: ">", count: depth - 1)
        }
        _ = try parse(nested(PactLimits.nestingMax))
        let deep = Support.error { try parse(nested(PactLimits.nestingMax + 1)) }
        #expect(deep?.code == .tooComplex)
        let size = PactLimits.textSizeMax
        _ = try parse(String(repeating: " ", count: size))
        let large = Support.error { try parse(String(repeating: " ", count: size + 1)) }
        #expect(large?.code == .tooLarge)
        func declarations(_ count: Int) -> String {
            (0..<count).map { "type t\($0)=u8" }.joined(separator: "\n")
        }
        _ = try parse(declarations(PactLimits.definitionsMax))
        let many = Support.error { try parse(declarations(PactLimits.definitionsMax + 1)) }
        #expect(many?.code == .tooComplex)
        func chain(_ count: Int) -> String {
            (0..<count).map { "type t\($0) = t\($0 + 1)\n" }.joined()
                + "exports { f: func(x: t0) }"
        }
        _ = try parse(chain(PactLimits.walkDepthMax - 1))
        let long = Support.error { try parse(chain(PactLimits.walkDepthMax)) }
        #expect(long?.code == .tooComplex)
    }

    @Test("types that share much and types that cross much end quickly")
    func expansion() throws {
        let doubling = (0..<60).map { "record t\($0) { a: t\($0 + 1), b: t\($0 + 1) }\n" }.joined()
        let shared = try parse(doubling + "exports { f: func(x: t0) }")
        #expect(shared.interface.hash(rules: .host) != shared.interface.hash(rules: .guest))
        #expect(throws: PactError.self) {
            try FunctionSignature(shared.interface.functions[0], in: shared.interface)
        }
        let names = (0..<40).map { "t\($0)" }
        let crossing = names.map { name in
            "record \(name) { " + names.map { "\($0): option<\($0)>" }.joined(separator: ", ")
                + " }\n"
        }.joined()
        let error = Support.error { try parse(crossing + "exports { f: func(x: t0) }") }
        #expect(error?.code == .tooComplex)
    }
}
