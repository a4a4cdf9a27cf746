// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterValue

@testable import TheaterCLI

@Suite("Commands in this process")
struct CommandTests {
    @Test("--version prints the version")
    func version() async {
        let run = await InProcess(["--version"])
        #expect(run.results == "0.1.0\n")
        #expect(run.status == .success)
    }

    @Test("--help teaches, on standard output, within 100 columns")
    func help() async {
        let run = await InProcess(["--help"])
        #expect(run.status == .success)
        #expect(run.messages.isEmpty)
        for word in [
            "theater new hello", "theater run --call greet", "Exit codes:", "THEATER_HOME",
        ] {
            #expect(run.results.contains(word))
        }
        for line in run.results.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
    }

    @Test(
        "every command has help with an example",
        arguments: [
            "new", "build", "check", "run", "chain", "verify", "store", "abi", "completion",
        ])
    func examples(command: String) async {
        for arguments in [[command, "--help"], ["help", command]] {
            let run = await InProcess(arguments)
            #expect(run.status == .success)
            #expect(run.results.contains("theater \(command)"))
            #expect(run.results.contains("xamples:"))
        }
    }

    @Test(
        "wrong arguments are status 2 on standard error",
        arguments: [
            ["bogus"], ["run", "--bogus"], ["new"], ["abi", "decode"],
            ["chain", "show", "--from", "x"],
            ["chain", "show", "--from", "3", "--to", "1"], ["run", "--json", "--text"],
            ["run", "--grace", "5"], ["run", "--grace", "9999h"], ["run", "--durability", "often"],
            ["run", "--arg", "1"], ["run", "--stdin"], ["completion", "tcsh"],
        ])
    func wrongArguments(arguments: [String]) async {
        let run = await InProcess(arguments)
        #expect(run.status == .usage)
        #expect(run.results.isEmpty)
        #expect(!run.messages.isEmpty)
    }

    @Test(
        "a word that is no command is told the nearest one",
        arguments: [
            (["pss"], "`theater ps`"), (["chain", "verfy", "--json"], "`theater chain verify`"),
            (["token", "crate"], "`theater token create`"), (["zzzzzzz"], "`theater --help`"),
        ])
    func nearest(arguments: [String], says: String) async {
        let run = await InProcess(arguments)
        #expect(run.status == .usage)
        #expect(run.messages.contains("is no command of"), "\(run.messages)")
        #expect(run.messages.contains(says), "\(run.messages)")
    }

    @Test("without a place for the chain nothing is run, and both names are said")
    func noHome() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.fixture())
        for environment in [[:], ["THEATER_HOME": "", "HOME": ""]] {
            let run = await InProcess(
                ["run", folder.path("manifest.toml"), "--call", "echo", "--arg", "1"],
                environment: environment)
            #expect(run.status == .usage)
            #expect(run.results.isEmpty)
            #expect(run.messages.contains("neither THEATER_HOME nor HOME is set"))
            #expect(!run.messages.contains("init"), "the actor did not start")
        }
    }

    @Test("with --json a wrong argument is an object")
    func jsonErrors() async {
        let run = await InProcess(["check", "--json", "--bogus"])
        #expect(run.status == .usage)
        #expect(run.messages.hasPrefix(#"{"error":{"code":"cli.usage","message":"#))
    }

    @Test("a value goes to bytes and back")
    func abiRoundTrip() async throws {
        let text = #"{name: "Ada", list: [1u8, 2u8], none: none<string>}"#
        let encoded = await InProcess(["abi", "encode", text])
        #expect(encoded.status == .success)
        #expect(encoded.results.hasPrefix("43475246"))
        let hex = encoded.results.filter { !$0.isNewline }
        let decoded = await InProcess(["abi", "decode", hex, "--line"])
        #expect(try ValueText.parse(decoded.results) == ValueText.parse(text))
        let piped = await InProcess(["abi", "decode", "-"], input: Array(encoded.results.utf8))
        #expect(piped.results == decoded.results)
        let json = await InProcess(["abi", "decode", hex, "--json"])
        #expect(json.results == #"{"name":"Ada","list":"0102","none":null}"# + "\n")
    }

    @Test("bytes go to files and back")
    func abiFiles() async throws {
        let folder = try Folder()
        let file = folder.path("value.cgrf")
        let written = await InProcess(
            ["abi", "encode", "-", "-o", file], input: Array("[1, 2]".utf8))
        #expect(written.status == .success)
        #expect(written.results.isEmpty)
        #expect(try folder.read("value.cgrf").starts(with: Array("CGRF".utf8)))
        #expect(await InProcess(["abi", "decode", file]).results == "[1s64, 2s64]\n")
        _ = await InProcess(["abi", "encode", "true", "-o", file, "--hex"])
        #expect(await InProcess(["abi", "decode", file]).results == "true\n")
        let raw = await InProcess(["abi", "encode", "true", "-o", "-"])
        #expect(raw.output.resultBytes == (try CGRF.encode(.bool(true))))
    }

    @Test("what is no value is refused with its place")
    func abiErrors() async {
        let text = await InProcess(["abi", "encode", "[1, "])
        #expect(text.status == .usage)
        #expect(text.messages.contains("1:"))
        let bytes = await InProcess(["abi", "decode", "43475246"])
        #expect(bytes.status == .failure)
        #expect(bytes.messages.contains("cgrf."))
        let input = await InProcess(["abi", "encode", "-"], input: [0xFF])
        #expect(input.messages.contains("not UTF-8"))
    }

    @Test("the hashes of a .pact file and of the module made from it are the same")
    func abiHash() async throws {
        let folder = try Folder()
        try folder.write(TestActors.echo(), to: "echo.wasm")
        try folder.write(
            "exports { test:echo/other { text: func(value: string) -> string } }", to: "other.pact")
        let pact = await InProcess(
            ["abi", "hash", folder.path("other.pact"), "--interface", "test:echo/other"])
        let wasm = await InProcess(
            ["abi", "hash", folder.path("echo.wasm"), "--interface", "test:echo/other"])
        #expect(pact.status == .success && wasm.status == .success)
        let hashes = { (text: String) in text.split(separator: "\n").dropFirst() }
        #expect(hashes(pact.results) == hashes(wasm.results))
        #expect(wasm.results.hasPrefix("export test:echo/other\n"))
        let missing = await InProcess(
            ["abi", "hash", folder.path("echo.wasm"), "--interface", "test:echo/another"])
        #expect(missing.status == .usage)
        #expect(missing.messages.contains("test:echo/echo"))
        try folder.write("exports { oops", to: "bad.pact")
        let bad = await InProcess(["abi", "hash", folder.path("bad.pact")])
        #expect(bad.status == .module)
        #expect(bad.messages.contains("bad.pact:1:"))
    }

    @Test("each shell has a completion script", arguments: ["bash", "zsh", "fish"])
    func completion(shell: String) async {
        let run = await InProcess(["completion", shell])
        #expect(run.status == .success)
        #expect(run.results.contains("theater"))
        #expect(run.results.contains("verify"))
    }

    @Test("templates are listed, as text and as JSON")
    func templates() async {
        let text = await InProcess(["new", "--list"])
        #expect(text.results.hasPrefix("hello"))
        let json = await InProcess(["new", "--list", "--json"])
        #expect(json.results.hasPrefix(#"{"name":"hello","summary":""#))
    }

    @Test("a project's name is checked, and an existing folder is kept")
    func new() async throws {
        let bad = await InProcess(["new", "Hello World"])
        #expect(bad.status == .usage)
        #expect(bad.messages.contains("build.bad-name"))
        let unknown = await InProcess(["new", "hello", "--template", "opera"])
        #expect(unknown.status == .usage)
        #expect(unknown.messages.contains("hello"))
    }

    @Test("the doctor finds a data directory that cannot be")
    func doctor() async throws {
        let folder = try Folder()
        try folder.write("a file", to: "file")
        let ill = await InProcess(["doctor", "--data", folder.path("file"), "--json"])
        #expect(ill.status == .failure)
        #expect(ill.results.contains(#"{"ok":false,"facts":[{"name":"theater","value":"0.1.0""#))
        #expect(ill.results.contains(#""name":"data""#))
        let well = await InProcess(["doctor", "--data", folder.path("data")])
        #expect(well.results.contains("sync"))
        #expect(well.results.contains("vm.max_map_count"))
    }
}
