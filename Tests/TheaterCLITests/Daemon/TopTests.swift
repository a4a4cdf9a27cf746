// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing
import TheaterAPI
import TheaterClient
import TheaterPlatform
import TheaterTesting

@testable import TheaterCLI

/// `theater top`: as text, and on a terminal of its own.
@Suite("theater top", .timeLimit(.minutes(1)))
struct TopTests {
    private static func look(_ count: Int, calls: UInt64, at second: Int64) -> TopLook {
        TopLook(
            time: MonotonicTime(nanoseconds: second * 1_000_000_000),
            node: [
                "version": "1", "pid": 7,
                "totals": ["calls": .integer(calls * 2), "memory": 4096],
                "dead_letters": ["a": 2, "b": 3],
            ],
            documents: (0..<count).map { index in
                [
                    "id": .string("0000000\(index)-rest"), "name": .string("actor \(index)"),
                    "status": "running", "mailbox": .integer(index),
                    "load": [
                        "calls": .integer(calls * UInt64(index)), "errors": 0,
                        "memory": .integer(1024 * (count - index)),
                    ],
                ]
            })
    }

    @Test("fits a small terminal, sorts, and says what it leaves out")
    func table() {
        let (before, after) = (Self.look(40, calls: 10, at: 1), Self.look(40, calls: 30, at: 3))
        let lines = TopTable(after, before: before, order: .name).lines(width: 80, height: 24)
        #expect(lines.count == 24)
        #expect(lines.allSatisfy { $0.unicodeScalars.count <= 80 }, "\(lines)")
        #expect(lines[0].contains("process 7  40 actors"))
        // 40 calls more in two seconds.
        #expect(lines[1].contains("calls 20/s") && lines[1].contains("dead letters 5"))
        #expect(lines[5].contains("actor 1") && lines[5].contains("   10 "), "\(lines[5])")
        #expect(lines[23].contains("21 more actors"), "\(lines[23])")
        for (order, first) in [
            (TopTable.Order.memory, "actor 0"), (.waiting, "actor 39"), (.calls, "actor 39"),
        ] {
            let lines = TopTable(after, before: nil, order: order).lines(width: 60, height: .max)
            #expect(lines.count == 44 && lines.allSatisfy { $0.unicodeScalars.count <= 60 })
            #expect(lines[4].contains(first), "\(order): \(lines[4])")
        }
        #expect(TopTable(after, before: nil, order: .name).lines(width: 10, height: 2).count == 2)
    }

    @Test("without a terminal it is one look, as text and as JSON")
    func once() async throws {
        let node = try await RunningNode()
        try await node.start(try TestActors.fixture(), name: "fixture")
        let text = try await node.run(["top"])
        #expect(text.status == 0, "\(text.stderr)")
        #expect(text.stdout.split(separator: "\n").count == 4, "\(text.stdout)")
        let json = try JSONValue.parse(try await node.run(["top", "--json"]).stdout)
        let memory = json["actors"]?.array?.first?["load"]?["memory"]?.integer(as: Int.self)
        #expect(memory ?? 0 > 0)
        #expect(try await node.run(["top", "--interval", "1ms"]).status == 2)
        #expect(await node.stop() == 0)
    }

    // Goal: the terminal is drawn on while it goes on and given back at a key and at a signal. Method: the built
    // program in a terminal of its own; terminals give no notice, so that the test looks again and again.
    @Test("a terminal shows it live and is given back", arguments: [true, false])
    func terminal(byKey: Bool) async throws {
        let node = try await RunningNode()
        try await node.start(try TestActors.fixture(), name: "fixture")
        let terminal = try PseudoTerminal()
        let usual = terminal.attributes
        let program = try Self.start(["top", "--interval", "100ms"], terminal, node.folder)
        for part in ["\u{1B}[?1049h", "CALLS/S", "fixture"] {
            while !terminal.text.contains(part) {
                try Task.checkCancellation()
                try await Sleeper.sleep(for: .milliseconds(3))
            }
        }
        #expect(terminal.attributes != usual)
        terminal.press("m")
        if byKey { terminal.press("q") } else { kill(program, SIGTERM) }
        var status: Int32 = 0
        while waitpid(program, &status, WNOHANG) == 0 {
            _ = terminal.screen
            try await Sleeper.sleep(for: .milliseconds(3))
        }
        #expect(status == 0)
        #expect(terminal.attributes == usual)
        #expect(terminal.text.hasSuffix("\u{1B}[?25h\u{1B}[?1049l"))
        #expect(await node.stop() == 0)
    }

    private static func start(
        _ arguments: [String], _ terminal: PseudoTerminal, _ folder: Folder
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, terminal.name, O_RDWR | O_NOCTTY, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        let program = try Program.path()
        let texts: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        let variables: [UnsafeMutablePointer<CChar>?] = [
            strdup("PATH=/usr/bin:/bin"), strdup("THEATER_HOME=\(folder.path("data"))"),
        ]
        defer { for text in texts + variables { free(text) } }
        var words = texts + [nil]
        var environment = variables + [nil]
        var pid: pid_t = 0
        let status = posix_spawn(&pid, program, &actions, nil, &words, &environment)
        try #require(status == 0)
        return pid
    }
}
