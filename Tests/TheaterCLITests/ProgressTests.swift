// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization
import Testing
import TheaterPlatform
import TheaterTesting

@testable import TheaterCLI

/// Goal: whoever waits at a terminal sees how far long work has come; results, programs and files have nothing of it.
/// Method: commands in this process, with a real terminal as their standard error, on a clock that leaps whenever
/// it is looked at, so that no work is short.
@Suite("Progress", .timeLimit(.minutes(4)))
struct ProgressTests {
    /// What goes to standard error goes to a terminal.
    private final class TerminalOutput: Output {
        let terminal: PseudoTerminal
        let results = Capture()

        init() throws {
            terminal = try PseudoTerminal()
            terminal.resize(60, 24)
        }

        var isBroken: Bool { false }

        func write(_ bytes: [UInt8], to stream: TheaterCLI.OutputStream) {
            guard stream == .messages else { return results.write(bytes, to: stream) }
            _ = Glibc.write(terminal.inner, bytes, bytes.count)
            // Nobody else reads, and a full terminal would hold the command up.
            _ = terminal.screen
        }

        func isTerminal(_ stream: TheaterCLI.OutputStream) -> Bool {
            stream == .messages && isatty(terminal.inner) == 1
        }

        func width(_ stream: TheaterCLI.OutputStream) -> Int {
            var size = winsize()
            _ = ioctl(terminal.inner, UInt(TIOCGWINSZ), &size)
            return Int(size.ws_col)
        }
    }

    private static func run(
        _ arguments: [String], in folder: Folder, _ output: any Output,
        _ variables: [String: String] = [:]
    ) async -> CommandStatus {
        var context = CLIContext(
            output: output, input: { _ in [] },
            environment: { $0 == "THEATER_HOME" ? folder.path("data") : variables[$0] },
            variables: { [:] })
        let clock = Mutex(MonotonicTime(nanoseconds: 0))
        context.now = {
            clock.withLock { time in
                time = time.advanced(by: .milliseconds(600))
                return time
            }
        }
        return await CommandLineTool.run(arguments, in: context)
    }

    /// A data directory with a chain and content, a bundle of the chain, and the key.
    private static func recorded() async throws -> Folder {
        let folder = try Folder()
        try folder.put(try TestActors.fixture(), name: "fixture")
        let silent = Capture()
        for arguments in [
            ["run", folder.path("manifest.toml"), "--call", "echo", "--arg", "\"hi\""],
            ["store", "put", folder.path("manifest.toml"), "--label", "kept"],
            ["store", "put", folder.path("fixture.wasm")],
            ["chain", "export", "fixture", "-o", folder.path("fixture.bundle")],
        ] {
            let status = await run(arguments, in: folder, silent)
            #expect(status == .success, "\(arguments): \(silent.messages)")
        }
        let keys = Capture()
        #expect(await run(["chain", "keys"], in: folder, keys) == .success)
        try folder.write(keys.results, to: "key")
        return folder
    }

    /// Commands that take long when there is much, and what they say that they do.
    private static func commands(_ folder: Folder) -> [(arguments: [String], words: [String])] {
        let bundle = folder.path("fixture.bundle")
        return [
            (["store", "verify"], ["verifying"]),
            (["store", "gc", "--dry-run"], ["reading chains", "collecting"]),
            (["store", "gc", "--grace", "0s"], ["reading chains", "collecting"]),
            (["chain", "verify"], ["verifying"]), (["chain", "verify", "fixture"], ["verifying"]),
            (["chain", "doubts"], ["reading"]), (["chain", "checkpoint", "fixture"], ["reading"]),
            (["chain", "prove", "fixture", "1"], ["reading"]),
            (["chain", "export", "fixture", "-o", folder.path("again.bundle")], ["exporting"]),
            (["verify", bundle, "--key", folder.path("key")], ["verifying"]),
            (["verify", bundle, "--key", folder.path("key"), "--reexecute"], ["verifying"]),
            (["replay"], ["replaying"]),
            (["replay", "--all", "--state"], ["replaying", "reading"]),
            (["test", bundle], ["replaying"]),
            (["upgrade", "--check", folder.path("fixture.wasm")], ["replaying"]),
            (["diff", "fixture", "fixture"], ["reading"]), (["step", "fixture"], ["reading"]),
            (["chain", "prune", "--keep-events", "1", "--dry-run"], ["pruning"]),
            (["chain", "compact"], ["compacting"]),
            (["chain", "backup", folder.path("copy")], ["copying"]),
            (
                ["chain", "restore", folder.path("copy"), "--data", folder.path("other")],
                ["copying"]
            ),
        ]
    }

    @Test("long work shows on a terminal how far it is, and wipes it before the results")
    func shown() async throws {
        let folder = try await Self.recorded()
        for (arguments, words) in Self.commands(folder) {
            let output = try TerminalOutput()
            let status = await Self.run(arguments, in: folder, output)
            let text = output.terminal.text
            #expect(status == .success, "\(arguments): \(text)")
            for words in words {
                #expect(text.contains("\r\(words) ["), "\(arguments): \(text)")
            }
            #expect(text.contains(" 100 %"), "\(arguments): \(text)")
            #expect(text.hasSuffix("\r\u{1B}[K"), "\(arguments) leaves something: \(text)")
            let lines = text.split { $0 == "\r" }
            #expect(lines.allSatisfy { $0.count < 60 + 3 }, "\(arguments) is too wide")
            #expect(!output.results.results.contains(" %"), "\(arguments)")
        }
    }

    @Test("programs, files and dumb terminals get nothing of it")
    func silent() async throws {
        let folder = try await Self.recorded()
        for (arguments, _) in Self.commands(folder) {
            let captured = Capture()
            let status = await Self.run(arguments, in: folder, captured)
            #expect(status == .success, "\(arguments): \(captured.messages)")
            #expect(captured.messages == "", "\(arguments)")
        }
        for name in ["copy", "other"] {
            try FileManager.default.removeItem(atPath: folder.path(name))
        }
        for (arguments, _) in Self.commands(folder) {
            let output = try TerminalOutput()
            let status = await Self.run(arguments + ["--json"], in: folder, output)
            #expect(status == .success, "\(arguments): \(output.terminal.text)")
            #expect(output.terminal.text == "", "\(arguments)")
        }
        let dumb = try TerminalOutput()
        _ = await Self.run(["store", "verify"], in: folder, dumb, ["TERM": "dumb"])
        #expect(dumb.terminal.text == "")
    }

    @Test("short work shows nothing")
    func short() {
        let output = Capture(isTerminal: true)
        let time = Mutex(MonotonicTime(nanoseconds: 0))
        var context = CLIContext(
            output: output, input: { _ in [] }, environment: { _ in nil }, variables: { [:] })
        context.now = { time.withLock { $0 } }
        let line = ProgressLine("working", in: context)
        func wait(_ milliseconds: Int) {
            time.withLock { $0 = $0.advanced(by: .milliseconds(milliseconds)) }
        }
        wait(499)
        line.show(1, of: 4)
        #expect(output.messages == "")
        wait(1)
        line.show(2, of: 4)
        #expect(output.messages == "\rworking [############............] 50 %\u{1B}[K")
        wait(99)
        line.show(3, of: 4)
        #expect(!output.messages.contains("75"), "at most ten times in a second")
        line.clear()
        line.clear()
        #expect(output.messages.components(separatedBy: "\r\u{1B}[K").count == 2)
        wait(1)
        line.step(of: 4)
        #expect(output.messages.contains("100 %"))
        line.end()
        wait(1000)
        line.show(1, of: 4)
        #expect(output.messages.hasSuffix("\r\u{1B}[K"), "nothing comes behind the end")
    }
}
