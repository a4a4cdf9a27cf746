// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterManifest
import TheaterNode
import TheaterRuntime
import TheaterValue

/// Goal: programs are started, heard and ended from the code that an author writes, through a node. Method:
/// one project of the SDK.
@Suite("Processes from the SDK", .timeLimit(.minutes(3)))
struct SDKProcessTests {
    private static let pact = """
        variant output-mode { raw, line-by-line, json, chunked }
        record process-config {
            program: string, args: list<string>, cwd: option<string>,
            env: list<tuple<string, string>>,
            buffer-size: u32, stdout-mode: output-mode, stderr-mode: output-mode,
            chunk-size: option<u32>, execution-timeout: option<u64>,
        }
        record state { lines: list<string>, codes: list<s32> }
        imports {
            theater:simple/process {
                os-spawn: func(config: process-config) -> result<u64, string>
                os-write-stdin: func(pid: u64, data: list<u8>) -> result<u32, string>
                os-kill: func(pid: u64) -> result<_, string>
            }
            theater:simple/process-control {
                os-close-stdin: func(pid: u64) -> result<_, string>
            }
        }
        exports {
            theater:simple/actor {
                init: func(state: value) -> result<state, string>
            }
            theater:simple/process-handlers {
                handle-stdout: func(state: state, pid: u64, data: list<u8>) -> result<state, string>
                handle-exit: func(state: state, pid: u64, code: s32) -> result<state, string>
            }
            demo:run/run {
                sort: func(state: state, text: string) -> result<tuple<state, u64>, string>
                seen: func(state: state) -> result<tuple<state, list<string>, list<s32>>, string>
            }
        }
        """

    private static let source = """
        import TheaterGuest

        enum Actor: Exports {
            static func initialize(_ argument: Argument) throws(Failure) -> State {
                State(lines: [], codes: [])
            }

            static func handleStdout(_ state: inout State, pid: UInt64, data: [UInt8]) throws(Failure) {
                state.lines.append(String(decoding: data, as: UTF8.self))
            }

            static func handleExit(_ state: inout State, pid: UInt64, code: Int32) throws(Failure) {
                state.codes.append(code)
            }

            static func sort(_ state: inout State, text: String) throws(Failure) -> UInt64 {
                let pid = try Process.osSpawn(
                    ProcessConfig(
                        program: "PROGRAM", args: [], cwd: nil, env: [], bufferSize: 0,
                        stdoutMode: .lineByLine, stderrMode: .raw, chunkSize: nil,
                        executionTimeout: 60))
                _ = try Process.osWriteStdin(pid, data: Array(text.utf8))
                try ProcessControl.osCloseStdin(pid)
                return pid
            }

            static func seen(_ state: inout State) throws(Failure) -> ([String], [Int32]) {
                (state.lines, state.codes)
            }
        }
        """

    private static let manifest = """
        name = "demo"
        package = "demo.wasm"
        [[handler]]
        type = "process"
        allowed_programs = ["PROGRAM"]
        """

    @Test("an author's actor sorts lines with a program")
    func sort() async throws {
        // A program of its own, which is gone when the chain is replayed.
        let program = FileManager.default.temporaryDirectory.appending(path: "sort-\(UUID())")
            .path()
        try FileManager.default.copyItem(
            atPath: URL(filePath: "/usr/bin/sort").resolvingSymlinksInPath().path(),
            toPath: program)
        defer { try? FileManager.default.removeItem(atPath: program) }
        func named(_ text: String) -> String { text.replacing("PROGRAM", with: program) }
        let wasm = try await buildActor(pact: Self.pact, source: named(Self.source)).wasm
        let node = try Node(NodeOptions(guestsMax: 4), logger: .quiet)
        let manifest = try Manifest.parse(named(Self.manifest), file: "demo.toml")
        let id = try await node.system.spawn(SpawnRequest(wasm: wasm, manifest: manifest))
        let pid = try await node.system.call(id, "demo:run/run.sort", [.string("b\nc\na\n")])
        #expect(pid == .u64(1))
        while true {
            let seen = try await node.system.call(id, "demo:run/run.seen")
            guard let items = seen.asItems, items[1].asItems?.isEmpty == false else {
                try Task.checkCancellation()
                await Task.yield()
                continue
            }
            #expect(items[0].asItems?.compactMap(\.asString) == ["a", "b", "c"])
            #expect(items[1].asItems == [.s32(0)])
            break
        }
        try FileManager.default.removeItem(atPath: program)
        try await expectReplays(of: node, chains: 1)
        try await node.close()
    }
}
