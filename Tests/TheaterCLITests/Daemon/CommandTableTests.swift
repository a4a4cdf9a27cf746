// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Testing
import TheaterAPI

@testable import TheaterCLI

/// Goal: every command works beside a running node, and prints what CLI.md says. Method: one real node with its
/// socket and its data directory; a table of commands, which is held against the parser's.
@Suite("Every command", .timeLimit(.minutes(4)))
struct CommandTableTests {
    /// A command, what it is given, and how it ends.
    struct Row {
        let command: String
        let arguments: [String]
        var status: Int32 = 0
        /// What standard error or, without it, standard output contains.
        var says = ""
        /// The title in CLI.md under which its JSON is described.
        var described: String?
        var input: String?
    }

    /// In an order in which each finds what it needs.
    private static let rows = [
        Row(command: "ps", arguments: ["--json"], described: "ps --json"),
        Row(command: "ps", arguments: ["--quiet"], says: "-"),
        Row(command: "tree", arguments: ["--json"], described: "tree --json"),
        Row(command: "top", arguments: ["--json"], described: "top --json"),
        Row(
            command: "inspect", arguments: ["pinger", "--state", "--json"],
            described: "inspect --json"),
        Row(
            command: "call", arguments: ["fixture", "echo", "1", "--json"], described: "call --json"
        ),
        Row(
            command: "send", arguments: ["pinger", "hello", "--json"], described: "send --json"),
        Row(
            command: "request", arguments: ["pinger", "hello", "--json"],
            described: "request --json"),
        Row(
            command: "channel", arguments: ["pinger", "--count", "1", "--json"],
            described: "channel --json", input: ""),
        Row(command: "logs", arguments: ["fixture", "--json"], described: "logs --json"),
        Row(command: "events", arguments: ["fixture", "--json"], described: "events --json"),
        Row(command: "restart", arguments: ["fixture", "--json"], described: "restart --json"),
        Row(
            command: "upgrade",
            arguments: ["new.wasm", "--actors", "state", "--gate", "none", "--json"],
            described: "upgrade --json"),
        Row(command: "up", arguments: ["fixture", "--json"], described: "up --json"),
        Row(command: "up", arguments: ["--list", "--json"], described: "up --json"),
        Row(
            command: "token create", arguments: ["me", "--scope", "observe", "--json"],
            described: "token list --json"),
        Row(command: "token list", arguments: ["--json"], described: "token list --json"),
        Row(
            command: "token revoke", arguments: ["me", "--json"], described: "token list --json"),
        Row(command: "chain list", arguments: ["--json"], described: "chain list --json"),
        Row(
            command: "chain show", arguments: ["fixture", "--json"], described: "chain show --json"),
        Row(command: "chain verify", arguments: ["--json"], described: "chain verify --json"),
        Row(command: "chain keys", arguments: ["--json"], described: "Proofs"),
        Row(
            command: "chain checkpoint", arguments: ["fixture", "-o", "now.checkpoint", "--json"],
            described: "Proofs"),
        Row(
            command: "chain prove", arguments: ["fixture", "1", "-o", "a.proof", "--json"],
            described: "Proofs"),
        Row(
            command: "chain verify-proof", arguments: ["a.proof", "--key", "KEY", "--json"],
            described: "Proofs"),
        Row(
            command: "chain export",
            arguments: [
                "fixture", "-o", "a.bundle", "--wasm", "fixture/fixture.wasm", "--manifest",
                "fixture/manifest.toml", "--json",
            ], described: "Proofs"),
        Row(
            command: "verify", arguments: ["a.bundle", "--key", "KEY", "--json"],
            described: "Proofs"),
        Row(command: "test", arguments: ["a.bundle", "--json"], described: "test --json"),
        Row(
            command: "chain prune", arguments: ["--keep-age", "720h", "--dry-run", "--json"],
            described: "chain prune --json"),
        // What changes the journal or the store needs it for itself, and says whose it is.
        Row(command: "chain compact", arguments: [], status: 8, says: "[journal.locked]"),
        Row(
            command: "chain backup", arguments: ["copy", "--json"], described: "chain backup --json"
        ),
        Row(
            command: "chain restore", arguments: ["copy", "--data", "other", "--json"],
            described: "chain backup --json"),
        Row(command: "chain doubts", arguments: ["--json"], described: "chain doubts --json"),
        Row(
            command: "chain resolve",
            arguments: ["fixture", "1", "--outcome", "done", "--note", "x"],
            status: 8, says: "[journal.locked]"),
        Row(command: "replay", arguments: ["fixture", "--json"], described: "replay --json"),
        Row(
            command: "step", arguments: ["fixture@1", "--json"], described: "step --json",
            input: "next\nstate\n"),
        Row(
            command: "diff", arguments: ["fixture@1", "fixture@2", "--json"], status: 1,
            described: "diff --json"),
        Row(
            command: "fork", arguments: ["fixture@1"], status: 2,
            says: "a fork begins between two calls"),
        Row(
            command: "store put",
            arguments: ["new.wasm", "--store-id", "s", "--label", "y", "--json"],
            described: "store … --json"),
        Row(command: "store ls", arguments: ["--json"], described: "store … --json"),
        Row(command: "store get", arguments: ["store://s/x"], status: 1, says: "[store.no-label]"),
        Row(
            command: "store label", arguments: ["x", "y", "--store-id", "s", "--json"],
            described: "store … --json"),
        Row(command: "store gc", arguments: ["--dry-run"], status: 8, says: "[store.locked]"),
        Row(command: "store verify", arguments: ["--json"], described: "store … --json"),
        Row(command: "abi encode", arguments: ["1", "--json"], described: "abi encode --json"),
        Row(command: "abi decode", arguments: ["43475246"], status: 1, says: "[cgrf.truncated]"),
        Row(command: "abi hash", arguments: ["new.wasm", "--json"], described: "abi hash --json"),
        Row(command: "doctor", arguments: ["--json"], described: "doctor --json"),
        Row(command: "completion", arguments: ["bash"], says: "theater"),
        Row(command: "version", arguments: ["--json"], described: "version --json"),
        Row(command: "new", arguments: ["fresh", "--json"], described: "new --json"),
        Row(command: "check", arguments: ["fixture", "--json"], described: "check --json"),
        Row(command: "build", arguments: ["fixture"], status: 7, says: "[build.not-a-project]"),
        Row(
            command: "run", arguments: ["--detach", "third", "--json"],
            described: "run --detach --json"),
        Row(
            command: "run", arguments: ["fixture", "--call", "echo", "--arg", "1"], status: 8,
            says: "[journal.locked]"),
        Row(command: "resume", arguments: [], status: 8, says: "[journal.locked]"),
        Row(command: "serve", arguments: [], status: 8, says: "[journal.locked]"),
        Row(command: "stop", arguments: ["third", "--json"], described: "stop --json"),
        Row(command: "kill", arguments: ["pinger", "--json"], described: "kill --json"),
        Row(command: "kill", arguments: ["nobody"], status: 1, says: "`theater ps`"),
    ]

    @Test("is in the table, and what is in the table is a command")
    func complete() {
        let listed = Set(Self.rows.map(\.command))
        let known = Set(Self.leaves(of: RootCommand.self, below: ""))
        #expect(known.subtracting(listed) == [], "add a row with a test against a node")
        #expect(listed.subtracting(known) == [])
        #expect(known.count > 50)
    }

    private static func leaves(of command: any ParsableCommand.Type, below path: String) -> [String]
    {
        let children = command.configuration.subcommands
        guard !children.isEmpty else { return [path] }
        return children.flatMap { child in
            let name = child.configuration.commandName ?? "\(child)"
            return leaves(of: child, below: path.isEmpty ? name : path + " " + name)
        }
    }

    @Test("does beside a node what it says, and prints the JSON that is described")
    func works() async throws {
        let node = try await RunningNode()
        try await node.start(try TestActors.fixture(), name: "fixture")
        try await node.start(
            try TestActors.messenger(), name: "pinger", handlers: ["runtime", "message-server"])
        try await node.start(try TestActors.states(), name: "state")
        try node.folder.write(try TestActors.migrating(spins: false), to: "new.wasm")
        try node.folder.write(try TestActors.fixture(), to: "third/third.wasm")
        try node.folder.write(TestActors.manifest("third"), to: "third/manifest.toml")
        let key = try await node.run(["chain", "keys"]).stdout.trimmingCharacters(in: .newlines)
        let page = try DescribedJSON()
        for row in Self.rows {
            let words = row.command.split(separator: " ").map(String.init)
            let ended = try await node.run(
                words + row.arguments.map { $0 == "KEY" ? key : $0 },
                input: row.input.map { Array($0.utf8) })
            let text = ended.stderr.isEmpty ? ended.stdout : ended.stderr
            #expect(ended.status == row.status, "\(row.command): \(text)")
            #expect(text.contains(row.says) || row.says.isEmpty, "\(row.command): \(text)")
            guard let title = row.described else { continue }
            let described = try page.words(title)
            for line in ended.stdout.split(separator: "\n") {
                let members = try JSONValue.parse(String(line)).members ?? []
                #expect(!members.isEmpty, "\(row.command): \(line)")
                for member in members {
                    #expect(
                        described.contains(member.name),
                        "CLI.md does not describe '\(member.name)' of \(row.command)")
                }
            }
        }
        #expect(await node.stop() == 0)
    }
}

/// What CLI.md says about JSON: for each title in bold the words in code form behind it.
struct DescribedJSON {
    struct Missing: Error { let title: String }

    private var bodies: [(titles: Set<String>, words: Set<String>)] = []

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(
            contentsOf: root.appending(path: "Documentation/CLI.md"), encoding: .utf8)
        guard let start = page.range(of: "\n## JSON\n"),
            let end = page.range(of: "\n## ", range: start.upperBound..<page.endIndex)
        else { throw Missing(title: "JSON") }
        let parts = page[start.upperBound..<end.lowerBound].components(separatedBy: "**")
        var titles: Set<String> = []
        // Titles stand between asterisks, so at the odd places.
        for (index, part) in parts.enumerated() {
            let words = Self.code(part)
            guard index.isMultiple(of: 2) else {
                titles.formUnion(words.isEmpty ? [part] : words)
                continue
            }
            // Titles that follow each other have one description.
            if words.isEmpty { continue }
            bodies.append((titles, words))
            titles = []
        }
    }

    private static func code(_ text: String) -> Set<String> {
        let parts = text.components(separatedBy: "`")
        return Set(parts.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element))
    }

    /// The words of a title, with those of the titles that it names.
    func words(_ title: String) throws -> Set<String> {
        guard let body = bodies.first(where: { $0.titles.contains(title) }) else {
            throw Missing(title: title)
        }
        var words = body.words
        for other in bodies where !other.titles.contains(title) {
            let names = other.titles.union(other.titles.map { $0.replacing(" --json", with: "") })
            if !names.isDisjoint(with: body.words) { words.formUnion(other.words) }
        }
        return words
    }
}
