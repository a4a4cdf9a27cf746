// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterPact

@testable import TheaterBuild

@Suite("Bindings")
struct BindingsTests {
    private func generate(_ text: String) throws -> String {
        try Bindings.generate(try PactPackage.parse(text, file: "actor.pact"))
    }

    private func refusal(_ text: String) -> BuildError? {
        buildError { _ = try generate(text) }
    }

    // Goal: a change of what authors see is a reviewed difference. Method: the bindings of a package
    // with every form of type are kept in the repository; THEATER_UPDATE_GOLDEN writes them anew.
    @Test("of every form of type are as recorded")
    func golden() throws {
        let pact = try Repository.text("Guest/Golden/every-type.pact")
        let package = try PactPackage.parse(pact, file: "every-type.pact")
        #expect(package.check().isEmpty)
        let found = try Bindings.generate(package)
        let path = "Guest/Golden/every-type.bindings.txt"
        if ProcessInfo.processInfo.environment["THEATER_UPDATE_GOLDEN"] != nil {
            try found.write(
                to: Repository.root.appending(path: path), atomically: true, encoding: .utf8)
        }
        let expected = try Repository.text(path)
        let lines = zip(found.split(separator: "\n"), expected.split(separator: "\n"))
        for (line, recorded) in lines where line != recorded {
            Issue.record("found '\(line)', recorded '\(recorded)'")
            break
        }
        #expect(found == expected)
    }

    @Test("have no line with a space at its end")
    func spaces() throws {
        let text = try Repository.text("Guest/Golden/every-type.bindings.txt")
        #expect(!text.split(separator: "\n").contains { $0.hasSuffix(" ") })
    }

    @Test(
        "name members as Swift does",
        arguments: [
            ("next-id", "nextId"), ("a_b", "aB"), ("x", "x"), ("class", "`class`"),
            ("self", "self_"), ("init", "init_"), ("URL", "url"), ("the-URL", "theURL"),
            ("_", "underscore"), ("_1", "_1"), ("in-out", "inOut"), ("inout", "`inout`"),
            ("nextID", "nextID"),
        ])
    func members(pact: String, swift: String) {
        #expect(SwiftNames.member(pact) == swift)
    }

    @Test(
        "name types and interfaces as Swift does",
        arguments: [
            ("actor-state", "ActorState"), ("id", "Id"), ("x2-y", "X2Y"),
        ])
    func types(pact: String, swift: String) {
        #expect(SwiftNames.type(pact) == swift)
        #expect(SwiftNames.interface("theater:simple/\(pact)") == swift)
    }

    private static let exports = "exports { a:b/c { f: func() } }"

    @Test(
        "refuse what has no form in Swift, with the place",
        arguments: [
            (
                "record a { x-y: u8, x_y: u8 }\n", "actor.pact:1:8",
                "'x-y' and 'x_y' of 'a' would both be 'xY'"
            ),
            ("record a-b {}\nrecord a_b {}\n", "actor.pact:2:8", "would both be 'AB'"),
            ("record failure {}\n", "actor.pact:1:8", "the name of something else"),
            ("enum argument { a }\n", "actor.pact:1:6", "the name of something else"),
            (
                "record n { next: tuple<option<n>> }\n", "actor.pact:1:8",
                "make it an option or a list"
            ),
        ])
    func declarations(pact: String, place: String, problem: String) throws {
        let error = try #require(refusal(pact + Self.exports))
        #expect(error.code == .unsupportedPact)
        #expect(error.message.hasPrefix(place + ": "), "\(error.message)")
        #expect(error.message.contains(problem), "\(error.message)")
    }

    @Test(
        "refuse functions whose names collide, with the place",
        arguments: [
            "exports { a:b/c { f-g: func() } a:b/d { f_g: func() } }",
            "imports { a:b/c { f-g: func() f_g: func() } } exports { x:y/z { f: func() } }",
            "imports { a:b/log { f: func() } c:d/log { g: func() } } exports { x:y/z { f: func() } }",
            "record log {} imports { a:b/log { f: func() } } exports { x:y/z { f: func() } }",
            "imports { a:b/string { f: func() } } exports { x:y/z { f: func() } }",
            "exports { a:b/c { f: func(x-y: u8, x_y: u8) } }",
        ])
    func functions(pact: String) throws {
        let error = try #require(refusal(pact))
        #expect(error.code == .unsupportedPact)
        #expect(error.message.hasPrefix("actor.pact:1:"), "\(error.message)")
    }

    @Test("refuse a package that exports nothing, and a state that is a tuple")
    func exportForms() throws {
        #expect(try #require(refusal("record a {}")).message.contains("exports nothing"))
        let tuple = "exports { a:b/c { f: func(state: tuple<u8, u8>) "
        let error = refusal(tuple + "-> result<tuple<tuple<u8, u8>>, string> } }")
        #expect(try #require(error).message.contains("make it a record"))
    }

    @Test("bound types that grow without end")
    func endless() throws {
        let pact = "record a<t> { x: option<t>, y: list<a<list<t>>> } "
        let error = refusal(pact + "exports { a:b/c { f: func(v: a<u8>) } }")
        #expect(try #require(error).code == .unsupportedPact)
    }

    @Test("tell stateful exports from others")
    func forms() throws {
        let text = try generate(
            """
            record s { n: u8 }
            exports { a:b/c {
                one: func(state: s) -> result<s, string>
                two: func(state: s, x: u8) -> result<tuple<s, u8>, string>
                three: func(other: s) -> result<s, string>
                four: func(state: s) -> result<u8, string>
                five: func(state: s) -> s
            } }
            """)
        #expect(text.contains("func one(_ state: inout S) throws(Failure)\n"))
        #expect(text.contains("func two(_ state: inout S, x: UInt8) throws(Failure) -> UInt8\n"))
        #expect(text.contains("func three(other: S) throws(Failure) -> S\n"))
        #expect(text.contains("func four(state: S) throws(Failure) -> UInt8\n"))
        #expect(text.contains("func five(state: S) -> S\n"))
    }
}
