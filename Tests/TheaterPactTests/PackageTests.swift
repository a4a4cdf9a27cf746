// SPDX-License-Identifier: Apache-2.0
import Testing
import TheaterPact

@Suite("Package and guest dialects")
struct PackageTests {
    private func parse(_ text: String) throws(PactError) -> PactPackage {
        try PactPackage.parse(text, file: "test.pact")
    }

    @Test("a package has types, imports and exports in the order of the text")
    func whole() throws {
        let package = try parse(
            """
            // A list of things to do.
            record todo-item { id: u32, title: string, done: bool }
            record actor-state { items: list<todo-item>, next-id: u32 },
            imports {
                theater:simple/runtime { log: func(msg: string) },
                theater:simple/timer { now: () -> u64 }
            }
            exports {
                theater:simple/actor.init: func(state: value) -> result<actor-state, string>
                theater:todo/actions {
                    add: func(state: actor-state, title: string)
                        -> result<tuple<actor-state, todo-item>, string>;
                    toggle: func(state: actor-state, id: u32,) -> result<tuple<actor-state>, string>,
                }
                ping: func() -> _
                theater:todo/actions.list: func(state: actor-state) -> (u32)
            }
            """)
        #expect(package.types.map(\.name) == ["todo-item", "actor-state"])
        #expect(
            package.imports.map(\.name) == ["theater:simple/runtime", "theater:simple/timer"])
        #expect(package.imports[1].functions.map(\.description) == ["now: func() -> u64"])
        #expect(
            package.exports.map(\.name) == ["theater:simple/actor", "theater:todo/actions", ""])
        let actions = try #require(package.exports.first { $0.name == "theater:todo/actions" })
        #expect(
            actions.functions.map(\.description) == [
                "add: func(state: actor-state, title: string) "
                    + "-> result<tuple<actor-state, todo-item>, string>",
                "toggle: func(state: actor-state, id: u32) -> result<tuple<actor-state>, string>",
                "list: func(state: actor-state) -> u32",
            ])
        #expect(package.exports.first { $0.name == "" }?.functions[0].result == nil)
        #expect(package.check() == [])
        #expect(actions.functions[0].location == SourceLocation(line: 11, column: 9))
    }

    @Test("exports appear in the order in which the text first names their interfaces")
    func order() throws {
        let package = try parse(
            "exports { a:b.f: func()  g: func()  c:d { h: func() } } exports { a:b.k: func() }")
        #expect(package.exports.map(\.name) == ["a:b", "", "c:d"])
        #expect(package.exports[0].functions.map(\.name) == ["f", "k"])
    }

    @Test("types of a block are in scope in that block only, and hide outer ones")
    func scopes() throws {
        let package = try parse(
            """
            imports { a:b { type t = u8  f: func(x: t) } }
            exports { type t = u16  a:b { type u = t  f: func(x: u) }  g: func(x: t) }
            type t = u32
            exports { h:i.k: func(x: t) }
            """)
        #expect(package.check() == [])
        func argument(_ interface: PactInterface?) throws -> UInt8 {
            let interface = try #require(interface)
            let type = interface.functions[0].parameters[0].type
            return PactHash.type(type, in: interface, rules: .guest).bytes[1]
        }
        #expect(try argument(package.imports.first) == 2)
        #expect(try argument(package.exports.first { $0.name == "a:b" }) == 3)
        #expect(try argument(package.exports.first { $0.name == "" }) == 3)
        #expect(try argument(package.exports.first { $0.name == "h:i" }) == 4)
        let leaking = try parse("exports { a:b { type u = u8 }  f: func(x: u) }")
        #expect(leaking.check().map(\.code) == [.unknownType])
    }

    @Test("type parameters of a package are kept")
    func parameters() throws {
        let package = try parse("type s: serializable\nexports { f: func(x: s) -> list<s> }")
        #expect(
            package.typeParameters
                == [PactTypeParameter(name: "s", constraint: "serializable")])
        #expect(package.check() == [])
        let metadata = try PackageMetadata(package: package)
        #expect(metadata.exports[0].parameters[0].type == .reference("s"))
        #expect(try PackageMetadata(decoding: metadata.encoded()) == metadata)
    }

    @Test("block comments are allowed outside the host dialect")
    func comments() throws {
        let package = try parse("/* a\n * b */ exports { /**/ f: func() }")
        #expect(package.exports[0].functions[0].location == SourceLocation(line: 2, column: 24))
    }

    @Test("functions may be called like declarations")
    func names() throws {
        let package = try parse("exports { record: func()  type: func()  enum: () -> u8 }")
        #expect(package.exports[0].functions.map(\.name) == ["record", "type", "enum"])
    }

    @Test("guest texts have packages, interfaces and worlds")
    func guest() throws {
        let guest = try PactGuestFile.parse(
            """
            package theater:simple;
            use "shared.pact".{meta}
            record point { x: s32, y: s32 }
            interface math {
                type number = s64
                double: func(n: number) -> number;
                nothing: func(p: point, m: meta) -> _
            }
            @default
            world actor {
                @forward-compatible
                record state { at: point }
                import theater:simple/runtime
                import clock { now: func() -> u64  func later(n: u64) -> u64 }
                import log: func(msg: string)
                export math
                export init: func(s: state) -> ()
            }
            """, file: "g.pact")
        #expect(guest.package == "theater:simple")
        #expect(guest.interfaces.map(\.name) == ["theater:simple/math"])
        #expect(guest.interfaces[0].functions.map(\.result) == [.named("number", []), nil])
        let world = try #require(guest.worlds.first)
        #expect(world.importedNames == ["theater:simple/runtime"])
        #expect(world.exportedNames == ["math"])
        #expect(world.imports.map(\.name) == ["clock", ""])
        #expect(world.imports[0].functions.map(\.name) == ["now", "later"])
        #expect(world.exports[0].functions.map(\.description) == ["init: func(s: state)"])
        #expect(guest.check() == [])
    }

    @Test(
        "the dialect of a text is recognised",
        arguments: [
            ("interface x { exports { f: func() } }", PactDialect.host),
            ("interface x { @package: string = \"a\" }", .host),
            ("@package: string = \"a\" interface x { }", .host),
            ("use types exports { f: func() }", .host),
            ("interface x { f: func() }", .guest),
            ("package a:b interface x { }", .guest),
            ("record r { } world w { export f: func() }", .guest),
            ("@default record r { } world w { }", .guest),
            ("exports { f: func() }", .package),
            ("record r { x: u8 } imports { a:b/c { f: func() } }", .package),
            ("", .package),
        ])
    func dialects(text: String, dialect: PactDialect) throws {
        #expect(try PactDocument.parse(text, file: "x.pact").dialect == dialect)
    }

    @Test("a document lists the interfaces that have functions, and its findings")
    func document() throws {
        let document = try PactDocument.parse(
            "imports { a:b { f: func() } } exports { g: func(x: strng) }", file: "x.pact")
        #expect(document.interfaces.map(\.name) == ["a:b", ""])
        #expect(document.rules == .guest)
        #expect(document.findings.map(\.remedy) == ["did you mean 'string'?"])
        let host = try PactDocument.parse(ReferenceInterface.all[0].text, file: "x.pact")
        #expect(host.interfaces.map(\.name) == ["wisp:assembler/runtime"])
        #expect(host.rules == .host)
    }
}
