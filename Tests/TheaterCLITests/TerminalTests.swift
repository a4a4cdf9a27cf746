// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterEngine
import TheaterPact
import TheaterPlatform
import TheaterTesting
import TheaterValue

/// Goal: `theater run` gives its terminal to an actor, and back as it was after every end. Method: the built
/// program in a terminal of its own, with the test at the other side.
@Suite("theater run in a terminal", .timeLimit(.minutes(1)))
struct TerminalTests {
    private let terminal: PseudoTerminal
    private let folder: Folder

    init() throws {
        terminal = try PseudoTerminal()
        folder = try Folder()
        try folder.put(try Self.screen(), handlers: ["runtime", "terminal"])
    }

    /// An actor that takes the terminal in `init`, and traps at the first key that it hears.
    private static func screen() throws -> [UInt8] {
        var actor = WatActor()
        let interface = "theater:simple/terminal"
        actor.metadata = try PackageMetadata(
            package: PactPackage.parse(
                """
                imports {
                    \(interface) {
                        write-stdout: func(data: list<u8>) -> result<u64, string>
                        set-raw-mode: func(enabled: bool) -> result<_, string>
                        enable-input: func() -> result<_, string>
                    }
                }
                exports {
                    theater:simple/actor { init: func(state: value) -> result<value, string> }
                    \(interface) {
                        handle-input: func(state: value, data: list<u8>) -> result<value, string>
                        handle-signal: func(state: value, name: string) -> result<value, string>
                        handle-resize: func(state: value, columns: u16, rows: u16)
                            -> result<value, string>
                    }
                }
                """, file: "test.pact")
        ).encoded()
        let functions = ["write-stdout", "set-raw-mode", "enable-input"]
        actor.imports = functions.map { WatActor.importing(interface, $0, as: $0) }
        var address = 32768
        func place(_ value: Value) throws -> String {
            let bytes = try CGRF.encode(value)
            actor.body.append(WatActor.data(bytes, at: address))
            defer { address += bytes.count + 16 }
            return "(i32.const \(address)) (i32.const \(bytes.count))"
        }
        func call(_ name: String, _ value: Value) throws -> String {
            "(drop (call $\(name) \(try place(value)) (i32.const 512) (i32.const 516)))"
        }
        let state = try place(.result(ok: .tuple([]), err: .string, .ok(.tuple([.unit]))))
        let answer =
            "(call $answer \(state) (local.get $slot) (local.get $lenslot)) (i32.const 0)"
        actor.body += [
            WatActor.function(
                "theater:simple/actor.init",
                try call("set-raw-mode", .bool(true)) + (try call("enable-input", .tuple([])))
                    + (try call("write-stdout", .bytes(Array("\u{1B}[?25lready\n".utf8))))
                    + answer),
            WatActor.function("\(interface).handle-input", "unreachable"),
            WatActor.function(
                "\(interface).handle-signal",
                try call("write-stdout", .bytes(Array("signal\n".utf8))) + answer),
            WatActor.function(
                "\(interface).handle-resize",
                try call("write-stdout", .bytes(Array("resized\n".utf8))) + answer),
        ]
        return try Engine.assemble(wat: actor.wat)
    }

    /// Starts `theater run` with the terminal; as the leader of a session when it is to be its own.
    private func start(isOwn: Bool) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The leader of a session gets the first terminal that it opens.
        posix_spawn_file_actions_addopen(
            &actions, 0, terminal.name, O_RDWR | (isOwn ? 0 : O_NOCTTY), 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        let newSession: Int16 = 0x80
        if isOwn { posix_spawnattr_setflags(&attributes, newSession) }
        let program = try Program.path()
        let manifest = folder.url.path + "/manifest.toml"
        let texts = [strdup(program), strdup("run"), strdup("--no-record"), strdup(manifest)]
        let variables = [strdup("PATH=/usr/bin:/bin"), strdup("HOME=/")]
        defer { for text in texts + variables { free(text) } }
        var arguments: [UnsafeMutablePointer<CChar>?] = texts + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = variables + [nil]
        var pid: pid_t = 0
        try #require(
            posix_spawn(&pid, program, &actions, &attributes, &arguments, &environment) == 0)
        return pid
    }

    private func end(_ pid: pid_t) async throws -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, WNOHANG) == 0 {
            _ = terminal.screen
            try await pause()
        }
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
    }

    private func pause() async throws {
        try Task.checkCancellation()
        // Terminals give no notice.
        try await Sleeper.sleep(for: .milliseconds(3))
    }

    private func shows(_ part: String, times: Int = 1) async throws {
        while terminal.text.components(separatedBy: part).count <= times { try await pause() }
    }

    @Test("a trap gives it back")
    func trap() async throws {
        let pid = try start(isOwn: false)
        try await shows("ready")
        #expect(terminal.isRaw)
        terminal.press("q")
        #expect(try await end(pid) != 0)
        #expect(!terminal.isRaw)
        #expect(terminal.text.contains("\u{1B}[?25h"))
    }

    @Test("SIGTERM gives it back, once the actor has heard of it")
    func terminate() async throws {
        let pid = try start(isOwn: false)
        try await shows("ready")
        kill(pid, SIGTERM)
        _ = try await end(pid)
        #expect(!terminal.isRaw)
        #expect(terminal.text.contains("signal") && terminal.text.contains("\u{1B}[?25h"))
    }

    @Test("kill -9 gives it back")
    func killed() async throws {
        let pid = try start(isOwn: false)
        try await shows("ready")
        #expect(terminal.isRaw)
        kill(pid, SIGKILL)
        #expect(try await end(pid) == -SIGKILL)
        try await shows("\u{1B}[?25h")
        #expect(!terminal.isRaw)
    }

    @Test("interrupts and a new size reach the actor, and the third interrupt ends the run")
    func signals() async throws {
        let pid = try start(isOwn: true)
        try await shows("ready")
        terminal.resize(90, 30)
        try await shows("resized")
        kill(pid, SIGINT)
        try await shows("signal")
        kill(pid, SIGINT)
        try await shows("signal", times: 2)
        kill(pid, SIGINT)
        _ = try await end(pid)
        #expect(terminal.text.contains("\u{1B}[?25h"))
    }
}
