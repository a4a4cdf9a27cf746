// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import TheaterCLI

/// Goal: chains can be gone through, compared and used against other code from the command line. Method:
/// the built program, with commands piped in.
@Suite("theater step, diff and upgrade, as a process", .timeLimit(.minutes(1)))
struct StepTests {
    /// A folder with a chain of the actor `first`: init, then states 1 and 2.
    private func recorded(_ calls: [String] = ["one", "two"]) async throws -> Folder {
        let folder = try Folder()
        try folder.put(try TestActors.states(), name: "first")
        try await run(calls, in: folder)
        return folder
    }

    private func run(_ calls: [String], in folder: Folder) async throws {
        let run = try await Finished(["run"] + calls.flatMap { ["--call", $0] }, in: folder)
        #expect(run.status == 0, "\(run.stderr)")
    }

    private func step(_ folder: Folder, _ commands: String..., at chain: String = "first")
        async throws -> [String]
    {
        let input = commands.joined(separator: "\n") + "\n"
        let run = try await Finished(["step", chain], in: folder, input: Array(input.utf8))
        #expect(run.status == 0, "\(run.stderr)")
        return run.stdout.split(separator: "\n").map(String.init)
    }

    @Test("moves by event and call, forwards and backwards, and repeats a movement")
    func moves() async throws {
        let folder = try await recorded()
        let lines = try await step(
            folder, "next", "", "call", "back 2", "bc", "last", "next", "first")
        let numbers = lines.dropFirst().compactMap {
            Int($0.drop { $0 == " " }.prefix { $0.isNumber })
        }
        #expect(numbers == [0, 1, 2, 3, 1, 5, 0], "\(lines)")
        #expect(lines.contains("the chain ends here"))
        #expect(try await step(folder, "show", at: "first@3")[1].contains("called"))
        let find = try await step(folder, "find two", "find nowhere")
        #expect(find[2].hasPrefix("    3"))
        #expect(find.last?.contains("no event behind") == true)
    }

    @Test("shows states before and after, what a call changes, and the write that did it")
    func states() async throws {
        let folder = try await recorded()
        let lines = try await step(
            folder, "last", "goto 4", "state .total", "before .total", "changes", "goto 5",
            "write .total", "write total", "write nowhere[", "state .nothing", "nonsense", "quit",
            "next")
        #expect(lines.contains("2u32"))
        #expect(lines.contains("1u32"))
        #expect(lines.contains(".total: 1u32 -> 2u32"))
        #expect(lines.contains("       .total: 1u32 -> 2u32"))
        #expect(lines.contains { $0.hasPrefix("       total: nothing -> 1u32") })
        #expect(lines.contains { $0.contains("is no path") })
        #expect(lines.contains { $0.contains("has nothing at") })
        #expect(lines.last?.contains("is no command; see help") == true, "quit ends it")
    }

    @Test("shows the messages up to an event, the events around it, and the ends of its call")
    func messages() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.sender(), name: "first", handlers: ["message-server"])
        let calls = ["[1]", "[2]"].flatMap { ["--call", "say", "--arg", "nobody", "--arg", $0] }
        let run = try await Finished(["run"] + calls, in: folder)
        #expect(run.status == 0, "\(run.stderr)")
        // An event before the first call, three of each call, and the end.
        let none = try await step(folder, "messages")
        #expect(none.last == "no message up to here")
        let some = try await step(folder, "goto 3", "messages", "last", "messages", "messages 1")
        let sent = some.filter { $0.contains("message-server-host/send") }
        let numbers = sent.map { String($0.drop { $0 == " " }.prefix { $0.isNumber }) }
        #expect(numbers == ["2", "2", "5", "5"], "\(some)")
        let moved = try await step(
            folder, "goto 5", "back-call", "end", "list 3", "messages no", "list 0")
        #expect(moved.contains { $0.hasPrefix("    4 ") && $0.contains(" called ") }, "\(moved)")
        #expect(moved.contains { $0.hasPrefix("    6 ") && $0.contains(" returned ") })
        #expect(moved.contains { $0.hasPrefix(">    6 ") })
        #expect(moved.contains("messages takes a number"))
        #expect(moved.last == "list takes a number of events")
    }

    @Test("compares two chains, to an event each; status 1 when they differ")
    func diff() async throws {
        let folder = try await recorded()
        try await run(["one", "one"], in: folder)
        let list = try await Finished(["chain", "list", "--json"], in: folder)
        let ids = list.stdout.matches(of: /"actor":"([0-9a-f-]+)"/).map { String($0.1) }
        #expect(ids.count == 2)
        let differing = try await Finished(["diff", ids[0], ids[1]], in: folder)
        #expect(differing.status == 1)
        #expect(differing.stdout.contains("the first 3 events are the same"))
        #expect(differing.stdout.contains("  .total: 2u32 -> 1u32"))
        #expect(differing.stdout.contains("the memories are not compared: the actor is over"))
        let calls = try await Finished(["diff", ids[0] + "@0", ids[0] + "@2"], in: folder)
        #expect(calls.status == 1)
        #expect(calls.stdout.contains("pages of the memories differ, of "), "\(calls.stdout)")
        let json = try await Finished(
            ["diff", ids[0] + "@0", ids[0] + "@2", "--json", "--no-memory"], in: folder)
        #expect(json.stdout.contains(#""memory":null"#))
        let same = try await Finished(["diff", ids[0] + "@2", ids[1] + "@2", "--json"], in: folder)
        #expect(same.status == 0)
        #expect(same.stdout.hasPrefix(#"{"same":true,"common":3,"#))
        let behind = try await Finished(["diff", ids[0] + "@99", ids[1]], in: folder)
        #expect(behind.status == 2)
    }

    @Test("forks a chain between two calls, and replays the fork")
    func fork() async throws {
        let folder = try await recorded()
        let fork = try await Finished(
            ["fork", "first@2", "--call", "two", "--call", "one", "--quiet"], in: folder)
        #expect(fork.status == 0, "\(fork.stdout) \(fork.stderr)")
        let shown = try await Finished(["chain", "show", "first-fork"], in: folder)
        #expect(shown.stdout.contains("forked first-fork from event 2 of"), "\(shown.stdout)")
        let replay = try await Finished(["replay", "--all"], in: folder)
        #expect(replay.status == 0, "\(replay.stdout)")
        #expect(replay.stdout.contains("'first-fork', 6 of 6 events after 3 of the chain"))
        #expect(try await step(folder, "state .total", at: "first-fork@0").last == "1u32")
        let verified = try await Finished(["chain", "verify"], in: folder)
        #expect(verified.status == 0)
        // The fork makes the call that the other made, and then another one.
        let diff = try await Finished(["diff", "first", "first-fork"], in: folder)
        #expect(diff.status == 1)
        #expect(
            diff.stdout.contains(
                "the first 5 events are the same, 1 follow on the left and 3 on the right"),
            "\(diff.stdout)")
        let early = try await Finished(["diff", "first@1", "first-fork"], in: folder)
        #expect(
            early.stdout.contains("the first 2 events are the same, 0 follow on the left and 6 on"),
            "\(early.stdout)")
        // What differs in the chain that a fork left is named by that chain.
        try folder.write(try TestActors.migrating(spins: false), to: "other.wasm")
        let check = try await Finished(
            ["upgrade", "--check", "other.wasm", "--actors", "first-fork"], in: folder)
        #expect(check.status == 3, "\(check.stdout)")
        #expect(
            check.stdout.contains(#/ at event 2 of [0-9a-f-]{36}, which it is a fork of/#),
            "\(check.stdout)")
        let inside = try await Finished(["fork", "first@3"], in: folder)
        #expect(inside.status == 2)
        #expect(inside.stderr.contains("fork at 2, before the call, or at 4"))
        let bad = try await Finished(["fork", "first@2", "--name", "a\u{1B}[31m b"], in: folder)
        #expect(bad.status == 2)
        #expect(bad.stderr.contains("is no name"), "\(bad.stderr)")
        let over = try await Finished(["fork", "first", "--name", "late"], in: folder)
        #expect(over.status != 0)
        #expect(over.stderr.contains("replay.not-alive"))
    }

    @Test("an exported chain is a regression test that needs its file and the code alone")
    func exported() async throws {
        let folder = try await recorded()
        let export = try await Finished(
            ["chain", "export", "first", "--output", "one.bundle"], in: folder)
        #expect(export.status == 0, "\(export.stderr)")
        let other = try Folder()
        try other.write(try folder.read("one.bundle"), to: "one.bundle")
        try other.write(try TestActors.states(second: 5), to: "other.wasm")
        try other.write(try TestActors.states(), to: "same.wasm")
        let own = try await Finished(["test", "one.bundle"], in: other)
        #expect(own.status == 0, "\(own.stdout) \(own.stderr)")
        #expect(own.stdout.contains("1 chain checked, 2 calls: 1 the same, 0 differ"))
        let same = try await Finished(["test", "one.bundle", "--wasm", "same.wasm"], in: other)
        #expect(same.status == 0)
        let differing = try await Finished(
            ["test", "one.bundle", "--wasm", "other.wasm"], in: other)
        #expect(differing.status == 3)
        #expect(differing.stdout.contains(".ok.0.total: 2u32 -> 5u32"))
        var bytes = try folder.read("one.bundle")
        bytes[bytes.count / 2] ^= 1
        try other.write(bytes, to: "bad.bundle")
        let bad = try await Finished(["test", "bad.bundle"], in: other)
        #expect(bad.status != 0)
        let none = try await Finished(["test", "nowhere.bundle"], in: other)
        #expect(none.status == 2)
    }

    @Test("shows the state after a replay")
    func replayState() async throws {
        let folder = try await recorded()
        let text = try await Finished(["replay", "first", "--until", "2", "--state"], in: folder)
        #expect(text.status == 0)
        #expect(text.stdout.contains("state     state{total: 1u32}"), "\(text.stdout)")
        #expect(text.stdout.contains("total: 1"))
        let json = try await Finished(["replay", "first", "--state", "--json"], in: folder)
        #expect(json.stdout.contains("total: 2"))
    }

    @Test("checks other code against the chains of its kind; statuses 0, 3 and 1")
    func upgrade() async throws {
        let folder = try await recorded()
        try await run(["two"], in: folder)
        try folder.put(try TestActors.fixture(), name: "stranger")
        try await run(["echo"], in: folder)
        try folder.write(try TestActors.states(), to: "same.wasm")
        try folder.write(try TestActors.states(second: 5), to: "other.wasm")
        try folder.write(try TestActors.echo(), to: "unrelated.wasm")
        let same = try await Finished(["upgrade", "--check", "same.wasm"], in: folder)
        #expect(same.status == 0, "\(same.stdout) \(same.stderr)")
        #expect(same.stdout.contains("2 chains checked"))
        #expect(same.stdout.contains("1 chain of other code left out"))
        let other = try await Finished(["upgrade", "--check", "other.wasm"], in: folder)
        #expect(other.status == 3)
        #expect(other.stdout.contains("2 chains: in test:states/states.two"))
        #expect(other.stdout.contains(".ok.0.total: 2u32 -> 5u32"), "\(other.stdout)")
        let json = try await Finished(
            ["upgrade", "--check", "other.wasm", "--json", "--actors", "first"], in: folder)
        let result = try #require(
            try JSONSerialization.jsonObject(with: Data(json.stdout.utf8)) as? [String: Any])
        #expect(
            Set(result.keys) == ["passed", "chains", "counts", "groups", "failures", "skipped"])
        #expect((result["groups"] as? [[String: Any]])?.count == 1)
        let none = try await Finished(["upgrade", "--check", "unrelated.wasm"], in: folder)
        #expect(none.status == 1)
        let missing = try await Finished(["upgrade", "--check", "nowhere.wasm"], in: folder)
        #expect(missing.status == 5)
    }
}
