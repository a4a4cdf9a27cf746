// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterValue

@testable import TheaterCLI

@Suite("theater chain prune, compact, backup and restore, as a process", .timeLimit(.minutes(1)))
struct CareTests {
    private func recorded() async throws -> Folder {
        let folder = try Folder()
        try folder.put(try TestActors.fixture())
        let run = try await Finished(["run", "--call", "echo", "--arg", "\"hi\""], in: folder)
        #expect(run.status == 0, "\(run.stderr)")
        return folder
    }

    @Test("payloads go, and the chain verifies as before")
    func prune() async throws {
        let folder = try await recorded()
        let before = try await Finished(["chain", "list", "--json"], in: folder).stdout
        let trial = try await Finished(
            ["chain", "prune", "--keep-events", "2", "--dry-run"], in: folder)
        #expect(trial.status == 0, "\(trial.stderr)")
        #expect(trial.stdout.hasPrefix("would drop 5 payloads"))
        let pruned = try await Finished(
            ["chain", "prune", "--keep-events", "2", "--keep-age", "1h", "--json"], in: folder)
        #expect(pruned.status == 0, "\(pruned.stderr)")
        #expect(pruned.stdout.contains("\"payloads\":5"))
        let again = try await Finished(["chain", "prune", "--keep-events", "2"], in: folder)
        #expect(again.stdout == "nothing to drop\n")
        let compacted = try await Finished(["chain", "compact"], in: folder)
        #expect(compacted.status == 0, "\(compacted.stderr)")
        #expect(compacted.stdout.hasPrefix("dropped 0 payloads"))
        #expect(try await Finished(["chain", "list", "--json"], in: folder).stdout == before)
        #expect(try await Finished(["chain", "verify"], in: folder).status == 0)
        let shown = try await Finished(["chain", "show"], in: folder)
        #expect(shown.stdout.contains("the payload was dropped"))
        // A next run goes on with the pruned journal.
        let run = try await Finished(["run", "--call", "echo", "--arg", "1"], in: folder)
        #expect(run.status == 0, "\(run.stderr)")
    }

    @Test(
        "bounds that are missing or wrong are refused",
        arguments: [
            [], ["--keep-size", "much"], ["--keep-age", "old"], ["--keep-events", "-1"],
        ])
    func bounds(arguments: [String]) async throws {
        let folder = try await recorded()
        let run = try await Finished(["chain", "prune"] + arguments, in: folder)
        #expect(run.status == 2, "\(run.stderr)")
    }

    @Test("a backup is put back where no chains are")
    func backup() async throws {
        let folder = try await recorded()
        let saved = folder.path("saved")
        let backup = try await Finished(["chain", "backup", saved, "--json"], in: folder)
        #expect(backup.status == 0, "\(backup.stderr)")
        #expect(backup.stdout.contains("\"events\":7"))
        let taken = try await Finished(["chain", "backup", saved], in: folder)
        #expect(taken.status == 8)
        #expect(taken.stderr.contains("[journal.not-empty]"))
        let refused = try await Finished(["chain", "restore", saved], in: folder)
        #expect(refused.status == 8)
        let other = folder.path("other")
        let restored = try await Finished(
            ["chain", "restore", saved, "--data", other], in: folder)
        #expect(restored.status == 0, "\(restored.stderr)")
        #expect(restored.stdout.hasPrefix("1 chain, 7 events"))
        let list = try await Finished(["chain", "list", "--json", "--data", other], in: folder)
        #expect(
            try await Finished(["chain", "list", "--json"], in: folder).stdout == list.stdout)
        let missing = try await Finished(["chain", "restore", folder.path("none")], in: folder)
        #expect(missing.status == 2)
    }
}
