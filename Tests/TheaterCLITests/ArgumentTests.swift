// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Testing
import TheaterPact
import TheaterValue

@testable import TheaterCLI

@Suite("Arguments")
struct ArgumentTests {
    @Test("each --arg belongs to the --call before it")
    func mark() async throws {
        let marked = CallArguments.mark([
            "run", ".", "--call", "a", "--arg", "1", "--arg=-2", "--call=b", "--stdin", "--json",
        ])
        #expect(
            marked == [
                "run", ".", "--call", "a", "--arg", "1:1", "--arg=1:-2", "--call=b", "--stdin",
                "--stdin-of", "2", "--json",
            ])
        let command = try #require(try await RootCommand.asyncParseAsRoot(marked) as? RunCommand)
        let calls = try command.typed.calls()
        #expect(
            calls == [
                .init(function: "a", arguments: ["1", "-2"], takesInput: false),
                .init(function: "b", arguments: [], takesInput: true),
            ])
    }

    @Test("a case with a payload may be written without its variant's name")
    func casePayload() throws {
        let field = TypeDescription.Field(
            name: "change",
            type: .variant(
                name: "change",
                [.init(name: "step", payload: nil), .init(name: "jump", payload: .s64)]))
        for text in ["jump(5)", "change::jump(5)", "::jump#1(5s64)"] {
            let value = try ArgumentText.value(text, for: field, of: "f")
            #expect(value.asVariant?.tag == 1, "\(text)")
            #expect(value.asVariant?.payload == [.s64(5)], "\(text)")
        }
    }

    @Test("a value may look like an option")
    func unusualValues() async throws {
        let marked = CallArguments.mark(["run", "--call", "f", "--arg", "--json", "--arg", ""])
        let command = try #require(try await RootCommand.asyncParseAsRoot(marked) as? RunCommand)
        #expect(command.typed.arguments == ["1:--json", "1:"])
        #expect(!command.json)
    }

    @Test("other commands and what follows -- are not touched")
    func untouched() {
        #expect(CallArguments.mark(["abi", "--arg", "x"]) == ["abi", "--arg", "x"])
        #expect(CallArguments.mark(["run", "--", "--arg", "x"]) == ["run", "--", "--arg", "x"])
        #expect(CallArguments.mark(["run", "--arg"]) == ["run", "--arg"])
        #expect(CallArguments.mark([]) == [])
    }

    @Test("an argument or input without its call is refused")
    func orphans() {
        func calls(_ functions: [String], _ arguments: [String], _ inputs: [Int]) -> Int? {
            (try? CallArguments.calls(functions: functions, arguments: arguments, inputs: inputs))?
                .count
        }
        #expect(calls([], ["0:x"], []) == nil)
        #expect(calls(["f"], ["0:x"], []) == nil)
        #expect(calls(["f"], ["2:x"], []) == nil)
        #expect(calls(["f"], ["x"], []) == nil)
        #expect(calls([], [], [0]) == nil)
        #expect(calls(["f", "g"], [], [0]) == nil)
        #expect(calls(["f"], [], [1, 1]) == nil)
        #expect(calls(["f"], [], [0]) == 1)
    }

    private func resolver() throws -> CallResolver {
        let found = try #require(try PackageMetadata.find(inModule: TestActors.echo()))
        return CallResolver(
            names: found.metadata.exports.map(\.qualifiedName), metadata: found.metadata)
    }

    private func resolve(_ function: String, _ arguments: String...) throws -> Value? {
        try resolver().resolve(
            .init(function: function, arguments: arguments, takesInput: false), input: nil
        ).arguments.first
    }

    @Test("a function may be named by its end when one alone has it")
    func names() throws {
        let resolver = try resolver()
        #expect(try resolver.fullName("number") == "test:echo/echo.number")
        #expect(try resolver.fullName("echo.number") == "test:echo/echo.number")
        #expect(try resolver.fullName("other.text") == "test:echo/other.text")
        #expect(try resolver.fullName("test:echo/echo.text") == "test:echo/echo.text")
        #expect(throws: CLIError.self) { try resolver.fullName("text") }
        #expect(throws: CLIError.self) { try resolver.fullName("umber") }
        #expect(throws: CLIError.self) { try resolver.fullName("") }
    }

    @Test("values are adapted to the declared types")
    func coercion() throws {
        #expect(try resolve("echo.text", "bare text") == .string("bare text"))
        #expect(try resolve("echo.text", "\"quoted\"") == .string("quoted"))
        #expect(try resolve("echo.text", "\"half") == .string("\"half"))
        #expect(try resolve("echo.text", "") == .string(""))
        #expect(try resolve("echo.text", "42") == .string("42"))
        #expect(try resolve("number", "42") == .u32(42))
        #expect(try resolve("data", "0x\"00ff\"") == .bytes([0, 255]))
        #expect(try resolve("data", "\"hi\"") == .bytes([0x68, 0x69]))
        #expect(try resolve("paint", "green")?.asVariant?.tag == 1)
        #expect(try resolve("maybe", "none")?.asOption == .some(nil))
        #expect(try resolve("maybe", "text")?.asOption == .some(.string("text")))
        let point = try resolve("place", "{y: 2, x: 1}")
        #expect(point?.asRecord?.fields.map(\.name) == ["x", "y"])
        #expect(point?.field(named: "x") == .s32(1))
    }

    @Test(
        "what does not fit says which argument",
        arguments: [
            ("number", "-1"), ("number", "4294967296"), ("number", "\"1\""), ("number", "one"),
            ("place", "{x: 1}"), ("paint", "blue"), ("data", "bare"),
        ])
    func misfits(function: String, text: String) throws {
        do {
            _ = try resolve(function, text)
            Issue.record("\(text) was taken")
        } catch let error as CLIError {
            #expect(error.status == .usage)
            #expect(error.message.contains("argument '"))
            #expect(error.message.contains("test:echo/echo.\(function)"))
        }
    }

    // Goal: whoever pastes what a message proposes has made a call that is taken. Method: wrong calls of every
    // kind of parameter; the line is taken apart again and resolved.
    @Test(
        "a wrong call shows one that works",
        arguments: [
            ("number", []), ("number", ["1", "2"]), ("number", ["one"]), ("place", []),
            ("place", ["{x: 1}"]), ("paint", ["blue"]), ("paint", []), ("data", ["bare"]),
            ("echo.text", []), ("maybe", []), ("nothing", ["1"]),
        ] as [(String, [String])])
    func examples(function: String, arguments: [String]) throws {
        let resolver = try resolver()
        let error = try #require(throws: CLIError.self) {
            try resolver.resolve(
                .init(function: function, arguments: arguments, takesInput: false), input: nil)
        }
        let line = try #require(error.message.split(separator: "`").dropFirst().first)
        var words = Self.words(String(line))
        #expect(Array(words.prefix(2)) == ["--call", function], "\(error.message)")
        words.removeFirst(2)
        let values = words.indices.filter { !$0.isMultiple(of: 2) }.map { words[$0] }
        #expect(
            words.count == values.count * 2 && words.filter { $0 == "--arg" }.count == values.count)
        #expect(throws: Never.self) {
            try resolver.resolve(
                .init(function: function, arguments: values, takesInput: false), input: nil)
        }
    }

    /// The words of a line, as a shell has them.
    private static func words(_ line: String) -> [String] {
        var words: [String] = []
        var word: String?
        var isQuoted = false
        for character in line {
            switch character {
            case "'":
                isQuoted.toggle()
                word = word ?? ""
            case " " where !isQuoted:
                if let word { words.append(word) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        return words + [word].compactMap { $0 }
    }

    @Test("a case without its payload is shown with one")
    func caseExample() {
        let field = TypeDescription.Field(
            name: "change",
            type: .variant(
                name: "change",
                [.init(name: "step", payload: nil), .init(name: "jump", payload: .s64)]))
        #expect(ArgumentExample.text(for: field, of: "f", like: "jump") == "jump(1)")
        #expect(ArgumentExample.text(for: field, of: "f", like: "leap") == "step")
        let error = #expect(throws: CLIError.self) {
            try ArgumentText.value("jump", for: field, of: "f")
        }
        #expect(error?.message.contains("write a record") == false)
    }

    @Test("every type that can be typed has an example, and one that contains itself has none")
    func everyType() throws {
        let deep = TypeDescription.record(
            name: "r",
            [
                .init(name: "a", type: .list(.tuple([.string, .option(.u8)]))),
                .init(name: "b", type: .variant(name: "v", [.init(name: "c", payload: .char)])),
            ])
        for type in [
            .bool, .u8, .u16, .u32, .u64, .s8, .s16, .s32, .s64, .f32, .f64, .char, .string,
            .list(.u8), .list(.string), .option(.u32), .tuple([.bool, .string]), .value, deep,
            .option(deep), .list(deep),
        ] as [TypeDescription] {
            let field = TypeDescription.Field(name: "p", type: type)
            let text = try #require(ArgumentExample.text(for: field, of: "f"), "\(type)")
            #expect(throws: Never.self) { try ArgumentText.value(text, for: field, of: "f") }
        }
        for type in [.reference("tree"), .list(.reference("tree"))] as [TypeDescription] {
            let field = TypeDescription.Field(name: "p", type: type)
            if let text = ArgumentExample.text(for: field, of: "f") {
                #expect(throws: Never.self) { try ArgumentText.value(text, for: field, of: "f") }
            }
        }
    }

    @Test("a number below zero behind theater call is a value")
    func negative() throws {
        let marked = CallArguments.mark(["call", "sums", "add", "3", "-2"])
        let command = try #require(try RootCommand.parseAsRoot(marked) as? CallCommand)
        #expect(command.arguments == ["3", "-2"])
        for arguments in [
            ["call", "sums", "add", "--", "-2"], ["call", "sums", "add", "--timeout", "-2"],
            ["call", "sums", "add", "-2", "--json"], ["call", "sums", "add", "-x"], ["call"],
        ] { #expect(CallArguments.mark(arguments) == arguments) }
    }

    @Test("a call with the options of theater run is shown as it is written for a node")
    func misplaced() {
        for (arguments, line) in [
            (["greeter", "greet", "--arg", "Ada B"], "theater call greeter greet 'Ada B'"),
            (["greeter", "--call", "greet", "Ada"], "theater call greeter greet Ada"),
            (
                ["greeter", "greet", "it's"] + ["--arg=-1"],
                #"theater call greeter greet -- 'it'\''s' -1"#
            ),
        ] {
            let error = #expect(throws: (any Error).self) {
                try RootCommand.parseAsRoot(["call"] + arguments)
            }
            let message = error.map { RootCommand.message(for: $0) } ?? ""
            #expect(message.hasSuffix(": `\(line)`"), "\(message)")
        }
    }

    @Test("the number of arguments is checked, and what is wanted is said")
    func counts() throws {
        #expect(throws: CLIError.self) { try resolve("number", "1", "2") }
        #expect(throws: CLIError.self) { try resolve("number", "1", "2", "3") }
        #expect(try resolve("nothing") == nil)
    }

    @Test("standard input is text for a string and bytes for a list of them")
    func documents() throws {
        let resolver = try resolver()
        func feed(_ function: String, _ bytes: [UInt8]) throws -> Value? {
            try resolver.resolve(
                .init(function: function, arguments: [], takesInput: true), input: bytes
            ).arguments.first
        }
        #expect(try feed("echo.text", Array("é\n".utf8)) == .string("é\n"))
        #expect(try feed("data", [0xFF, 0]) == .bytes([0xFF, 0]))
        #expect(try feed("maybe", [0x61])?.asOption == .some(.string("a")))
        #expect(throws: CLIError.self) { try feed("number", [0x31]) }
        do {
            _ = try feed("echo.text", [0x61, 0x62, 0xC3])
            Issue.record("not UTF-8, and taken")
        } catch let error as CLIError {
            #expect(error.code == "cli.not-utf8")
            #expect(error.message.contains("byte 2"))
        }
    }
}
