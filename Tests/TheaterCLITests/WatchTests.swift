// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain

@testable import TheaterCLI

/// Goal: a running actor takes the code that its file has, and every command understands the chain.
/// Method: the built program, whose file is replaced while it runs; kill -9 in the middle of a migration.
@Suite("theater run --watch, as a process", .timeLimit(.minutes(2)))
struct WatchTests {
    private func running(_ options: [String] = []) async throws -> (Folder, RunningProgram) {
        let folder = try Folder()
        try folder.put(
            try TestActors.states(), name: "first", handlers: [],
            more: "[chain]\ndurability = \"strict\"\n[limits]\nfuel_per_call = 1_000_000_000_000\n")
        let run = try RunningProgram(["run", "--watch"] + options, in: folder)
        _ = try await run.line(containing: "is running as")
        return (folder, run)
    }

    /// Puts code into the place of the actor's, as a build does.
    private func replace(_ wasm: [UInt8], in folder: Folder) throws {
        try folder.write(wasm, to: "next.wasm")
        guard rename(folder.path("next.wasm"), folder.path("first.wasm")) == 0 else {
            throw Program.Missing()
        }
    }

    private func events(_ folder: Folder) -> [ChainEvent] {
        guard
            let reader = try? Journal.openReadOnly(directory: folder.path("data/journal")),
            let actor = reader.actors().first?.actor, var cursor = try? reader.events(of: actor)
        else { return [] }
        var events: [ChainEvent] = []
        while let event = try? cursor.next() { events.append(event) }
        return events
    }

    @Test(
        "takes what fits, says what does not, and the chain can be shown, stepped, forked and proven"
    )
    func watch() async throws {
        let (folder, run) = try await running()
        try replace(Array("no module".utf8), in: folder)
        _ = try await run.line(containing: "the actor goes on with its code")
        try replace(try TestActors.stranger(), in: folder)
        _ = try await run.line(containing: "actor.import-refused")
        try replace(try TestActors.migrating(spins: false), in: folder)
        let line = try await run.line(containing: "new code in place")
        #expect(line.contains("the state is migrated, its first calls are on trial"))
        run.send(SIGINT)
        #expect(await run.status() == 0, "\(run.stderr)")
        let shown = try await Finished(["chain", "show", "first"], in: folder)
        #expect(shown.stdout.contains("upgraded to module "), "\(shown.stdout)")
        let replay = try await Finished(["replay", "first"], in: folder)
        #expect(replay.status == 0, "\(replay.stdout)")
        let step = try await Finished(
            ["step", "first"], in: folder, input: Array("last\nstate\nwrite .total\n".utf8))
        #expect(step.stdout.contains("state{total: 7u32}"), "\(step.stdout)")
        let done = try #require(events(folder).first { $0.type == EventType.upgradeDone.name })
        let fork = try await Finished(
            ["fork", "first@\(done.sequence)", "--call", "one", "--quiet"], in: folder)
        #expect(fork.status == 0, "\(fork.stderr)")
        let diff = try await Finished(
            ["diff", "first@0", "first@\(done.sequence)"], in: folder)
        #expect(diff.status == 1)
        #expect(diff.stdout.contains("pages of the memories differ"), "\(diff.stdout)")
        let keys = try await Finished(["chain", "keys"], in: folder)
        try folder.write(keys.stdout, to: "key")
        _ = try await Finished(["chain", "export", "first", "-o", "b"], in: folder)
        let verified = try await Finished(
            ["verify", "b", "--key", "key", "--reexecute"], in: folder)
        #expect(verified.status == 0, "\(verified.stdout) \(verified.stderr)")
        #expect(verified.stdout.components(separatedBy: ", included").count == 4)
        let check = try await Finished(
            ["upgrade", "--check", "first.wasm", "--actors", "first"], in: folder)
        #expect(check.status == 0, "\(check.stdout)")
        let all = try await Finished(["replay", "--all"], in: folder)
        #expect(all.status == 0, "\(all.stdout)")
    }

    @Test("with --check, code that does something else is refused")
    func check() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.fixture(), name: "first")
        let run = try RunningProgram(["run", "--watch", "--check"], in: folder)
        _ = try await run.line(containing: "is running as")
        var wasm = Data(try TestActors.fixture())
        let text = try #require(wasm.range(of: Data("fixture: init".utf8)))
        wasm.replaceSubrange(text, with: Data("fixture: INIT".utf8))
        try replace(Array(wasm), in: folder)
        let line = try await run.line(containing: "the actor goes on with its code")
        #expect(line.contains("actor.upgrade-refused") && line.contains("replay.other-input"))
        run.send(SIGINT)
        #expect(await run.status() == 0)
        #expect(!events(folder).contains { $0.type.contains("upgrade") })
    }

    @Test("kill -9 in the middle of a migration leaves a chain that is valid and replays")
    func killed() async throws {
        let (folder, run) = try await running()
        try replace(try TestActors.migrating(spins: true), in: folder)
        let watch = Task { await run.status() }
        func isMigrating() -> Bool {
            let types = events(folder).map(\.type)
            return types.contains(EventType.upgradeBegun.name)
                && types.last == EventType.called.name
        }
        while !run.isOver, !isMigrating() { await Task.yield() }
        run.send(SIGKILL)
        #expect(await watch.value == -SIGKILL)
        let verified = try await Finished(["chain", "verify"], in: folder)
        #expect(verified.status == 0, "\(verified.stdout)")
        let replay = try await Finished(["replay", "first"], in: folder)
        #expect(replay.status == 0, "\(replay.stdout)")
        // The upgrade never was: what goes on from before it has the old code.
        let begun = try #require(
            events(folder).first { $0.type == EventType.upgradeBegun.name })
        let fork = try await Finished(
            ["fork", "first@\(begun.sequence)", "--call", "one", "--quiet"], in: folder)
        #expect(fork.status == 0, "\(fork.stderr)")
    }

    @Test("makes no sense without a file, and --check not without --watch")
    func usage() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.states(), name: "first", handlers: [])
        #expect(try await Finished(["run", "--check"], in: folder).status == 2)
    }
}
