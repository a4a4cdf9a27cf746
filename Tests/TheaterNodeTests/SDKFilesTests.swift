// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterManifest
import TheaterNode
import TheaterProcess
import TheaterRuntime
import TheaterTesting
import TheaterValue

/// Goal: files and the terminal are used from the code that an author writes, through a node, and the chain
/// replays without either. Method: one project of the SDK.
@Suite("Files and the terminal from the SDK", .timeLimit(.minutes(3)))
struct SDKFilesTests {
    private static let pact = """
        enum file-kind { file, folder, link, other }
        record file-status { kind: file-kind, size: u64, modified: u64 }
        record file-entry { name: string, kind: file-kind, size: u64 }
        record command-success { stdout: string, stderr: string, exit-code: s32 }
        record command-error { message: string }
        variant command-result { success(command-success), error(command-error) }
        record state { keys: list<u8> }
        imports {
            theater:simple/filesystem {
                read-file: func(path: string) -> result<list<u8>, string>
                write-file: func(path: string, content: string) -> result<_, string>
                list-files: func(path: string) -> result<list<string>, string>
                delete-file: func(path: string) -> result<_, string>
                create-dir: func(path: string) -> result<_, string>
                delete-dir: func(path: string) -> result<_, string>
                path-exists: func(path: string) -> result<bool, string>
                execute-command: func(dir: string, command: string, args: list<string>)
                    -> result<command-result, string>
            }
            theater:simple/files {
                stat: func(path: string) -> result<file-status, string>
                list-entries: func(path: string) -> result<list<file-entry>, string>
                append: func(path: string, content: list<u8>) -> result<u64, string>
                rename: func(path: string, target: string) -> result<_, string>
            }
            theater:simple/terminal {
                write-stdout: func(data: list<u8>) -> result<u64, string>
                set-raw-mode: func(enabled: bool) -> result<_, string>
                get-size: func() -> result<tuple<u16, u16>, string>
                enable-input: func() -> result<_, string>
            }
        }
        exports {
            theater:simple/actor {
                init: func(state: value) -> result<state, string>
            }
            theater:simple/terminal {
                handle-input: func(state: state, data: list<u8>) -> result<state, string>
            }
            demo:run/run {
                files: func(state: state) -> result<tuple<state, list<string>>, string>
                escape: func(state: state) -> result<tuple<state, string>, string>
                draw: func(state: state) -> result<tuple<state, u16>, string>
                keys: func(state: state) -> result<tuple<state, list<u8>>, string>
            }
        }
        """

    private static let source = """
        import TheaterGuest

        enum Actor: Exports {
            static func initialize(_ argument: Argument) throws(Failure) -> State { State(keys: []) }

            static func handleInput(_ state: inout State, data: [UInt8]) throws(Failure) {
                state.keys += data
            }

            static func files(_ state: inout State) throws(Failure) -> [String] {
                try Filesystem.createDir("d")
                try Filesystem.writeFile("d/a", content: "one")
                _ = try Files.append("d/a", content: [0x21])
                try Files.rename("d/a", target: "d/b")
                var seen = [String(decoding: try Filesystem.readFile("d/b"), as: UTF8.self)]
                for entry in try Files.listEntries("d") {
                    guard case .file = entry.kind else { continue }
                    seen.append("\\(entry.name) \\(entry.size)")
                }
                if case .folder = try Files.stat("d").kind { seen.append("folder") }
                switch try Filesystem.executeCommand("d", command: "cat", args: ["b"]) {
                case .success(let result): seen.append("\\(result.stdout) \\(result.exitCode)")
                case .error(let error): seen.append(error.message)
                }
                try Filesystem.deleteDir("d")
                seen += try Filesystem.listFiles(".")
                return seen
            }

            static func escape(_ state: inout State) throws(Failure) -> String {
                do throws(Failure) {
                    return String(decoding: try Filesystem.readFile("out/secret"), as: UTF8.self)
                } catch {
                    return error.message
                }
            }

            static func draw(_ state: inout State) throws(Failure) -> UInt16 {
                try Terminal.setRawMode(true)
                try Terminal.enableInput()
                _ = try Terminal.writeStdout(Array("\\u{1B}[?25lhello".utf8))
                return try Terminal.getSize().0
            }

            static func keys(_ state: inout State) throws(Failure) -> [UInt8] { state.keys }
        }
        """

    @Test("an author's actor works with files, cannot leave them, and draws on the terminal")
    func everything() async throws {
        let folder = try TemporaryFolder()
        let root = folder.path + "/root"
        try FileManager.default.createDirectory(
            atPath: root, withIntermediateDirectories: true)
        try "secret".write(toFile: folder.path + "/secret", atomically: true, encoding: .utf8)
        try FileManager.default.createSymbolicLink(
            atPath: root + "/out", withDestinationPath: "..")
        let wasm = try await buildActor(pact: Self.pact, source: Self.source).wasm
        let screen = try PseudoTerminal()
        let terminal = TerminalHost(
            input: screen.inner, output: screen.inner, error: screen.inner
        ) {}
        let node = try Node(NodeOptions(guestsMax: 4, terminal: terminal), logger: .quiet)
        let manifest = try Manifest.parse(
            """
            name = "demo"
            package = "demo.wasm"
            [[handler]]
            type = "filesystem"
            path = "root"
            write = true
            allowed_commands = ["cat"]
            [[handler]]
            type = "terminal"
            """, file: folder.path + "/demo.toml")
        var request = SpawnRequest(wasm: wasm, manifest: manifest)
        request.manifestPath = folder.path + "/demo.toml"
        let id = try await node.system.spawn(request)
        let seen = try await node.system.call(id, "demo:run/run.files")
        #expect(
            seen.asItems?.compactMap(\.asString)
                == ["one!", "b 4", "folder", "one! 0", "out"])
        let escape = try await node.system.call(id, "demo:run/run.escape")
        #expect(escape.asString?.hasSuffix("[filesystem.outside]") == true)
        #expect(try await node.system.call(id, "demo:run/run.draw") == .u16(80))
        #expect(screen.isRaw && screen.text.contains("hello"))
        screen.press("k")
        while try await node.system.call(id, "demo:run/run.keys").asBytes != [0x6B] {
            try Task.checkCancellation()
            await Task.yield()
        }
        try FileManager.default.removeItem(atPath: root)
        try await expectReplays(of: node, chains: 1)
        #expect(!screen.isRaw)
        try await node.close()
        terminal.close()
    }
}
