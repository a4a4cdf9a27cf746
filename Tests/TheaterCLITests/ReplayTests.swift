// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import TheaterCLI

/// Goal: what was recorded is replayed from the data directory alone, and differences are shown. Method:
/// the built program, in folders of its own.
@Suite("theater replay, as a process", .timeLimit(.minutes(1)))
struct ReplayTests {
    private func recorded() async throws -> Folder {
        let folder = try Folder()
        try folder.put(try TestActors.fixture(), name: "first")
        for calls in [["--call", "echo", "--arg", "\"hi\""], ["--call", "trap"]] {
            _ = try await Finished(["run"] + calls, in: folder)
        }
        return folder
    }

    @Test("needs the data directory and nothing else of the run")
    func elsewhere() async throws {
        let folder = try await recorded()
        let other = try Folder()
        try FileManager.default.copyItem(atPath: folder.path("data"), toPath: other.path("data"))
        try FileManager.default.removeItem(at: folder.url)
        let replay = try await Finished(["replay", "--all"], in: other)
        #expect(replay.status == 0, "\(replay.stdout) \(replay.stderr)")
        #expect(replay.stdout.contains("'first', 7 of 7 events"))
        #expect(replay.stdout.contains("1 life, 2 calls, 1 host call, "))
        #expect(replay.stdout.contains("1 call failed again"))
        let json = try await Finished(["replay", "--all", "--json"], in: other)
        let lines = json.stdout.split(separator: "\n")
        #expect(lines.count == 2)
        for line in lines {
            let verdict = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(
                Set(verdict.keys) == [
                    "actor", "name", "faithful", "counts", "other_code", "assumed_limits",
                    "divergence",
                ])
            #expect(verdict["faithful"] as? Bool == true)
        }
    }

    @Test("ends where it is told to, and refuses what makes no sense")
    func until() async throws {
        let folder = try await recorded()
        let part = try await Finished(["replay", "first", "--until", "3"], in: folder)
        #expect(part.status == 0)
        #expect(part.stdout.contains("4 of "))
        for arguments in [
            ["first", "--until", "99"], ["--all", "--until", "1"], ["--all", "first"],
            ["--rebuilt"], ["nobody"],
        ] {
            let refused = try await Finished(["replay"] + arguments, in: folder)
            #expect(refused.status == 2, "\(arguments): \(refused.stderr)")
        }
        let none = try await Finished(["replay"], in: try Folder())
        #expect(none.status == 8)
    }

    @Test("shows the first difference with both sides and the place, status 3")
    func divergence() async throws {
        let folder = try await recorded()
        var wasm = Data(try TestActors.fixture())
        let text = try #require(wasm.range(of: Data("fixture: init".utf8)))
        wasm.replaceSubrange(text, with: Data("fixture: INIT".utf8))
        try folder.write(Array(wasm), to: "new.wasm")
        let other = try await Finished(["replay", "--wasm", "new.wasm"], in: folder)
        #expect(other.status == 5)
        #expect(other.stderr.contains("replay.wrong-digest"))
        let rebuilt = try await Finished(
            ["replay", "--wasm", "new.wasm", "--rebuilt"], in: folder)
        #expect(rebuilt.status == 3)
        let shown = rebuilt.stdout
        #expect(shown.contains("DIVERGED"))
        #expect(shown.contains("in the call of theater:simple/actor.init (event 1)"))
        #expect(shown.contains("[replay.other-input]"))
        #expect(shown.contains("the value: \"fixture: init\" -> \"fixture: INIT\""))
        #expect(shown.contains("in the wasm"))
        let json = try await Finished(
            ["replay", "--wasm", "new.wasm", "--rebuilt", "--json"], in: folder)
        let verdict = try #require(
            try JSONSerialization.jsonObject(with: Data(json.stdout.utf8)) as? [String: Any])
        let divergence = try #require(verdict["divergence"] as? [String: Any])
        #expect(divergence["code"] as? String == "replay.other-input")
        #expect(divergence["sequence"] as? Int == 2)
        #expect(verdict["other_code"] as? Bool == true)
    }

    /// A folder with chains of two codes, `first` and `second`.
    private func two() async throws -> Folder {
        let folder = try await recorded()
        try folder.put(try TestActors.states(), name: "second")
        _ = try await Finished(["run", "--call", "one"], in: folder)
        return folder
    }

    @Test("a chain that cannot be replayed keeps nobody from replaying the others")
    func failures() async throws {
        let folder = try await two()
        for (wasm, other) in [("first", "second"), ("second", "first")] {
            let all = try await Finished(
                ["replay", "--all", "--wasm", "\(wasm).wasm"], in: folder)
            #expect(all.status == 5, "\(all.stderr)")
            #expect(all.stdout.contains("'\(wasm)', "), "\(all.stdout)")
            #expect(all.stdout.contains("not replayed  "), "\(all.stdout)")
            #expect(all.stdout.contains("'\(other)': the wasm has the sha256"))
            let json = try await Finished(
                ["replay", "--all", "--wasm", "\(wasm).wasm", "--json"], in: folder)
            let verdicts = try json.stdout.split(separator: "\n").map {
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
            }
            let failed = try #require(verdicts.first { $0["name"] as? String == other })
            #expect(Set(failed.keys) == ["actor", "name", "error"])
            let error = try #require(failed["error"] as? [String: Any])
            #expect(error["code"] as? String == "replay.wrong-digest")
            #expect(verdicts.contains { $0["faithful"] as? Bool == true })
        }
    }

    @Test("a bundle that cannot be read keeps nobody from testing the others")
    func bundles() async throws {
        let folder = try await two()
        for name in ["first", "second"] {
            let export = try await Finished(
                ["chain", "export", name, "--output", "\(name).bundle"], in: folder)
            #expect(export.status == 0, "\(export.stderr)")
        }
        try folder.write("no bundle", to: "bad.bundle")
        let test = try await Finished(
            ["test", "bad.bundle", "first.bundle", "second.bundle"], in: folder)
        #expect(test.status == 1, "\(test.stderr)")
        #expect(test.stdout.contains("3 chains checked"), "\(test.stdout)")
        #expect(test.stdout.contains("2 the same, 0 differ, 1 not replayed"))
        #expect(test.stdout.contains("not replayed  bad.bundle: "))
        let json = try await Finished(["test", "bad.bundle", "first.bundle", "--json"], in: folder)
        #expect(json.stdout.contains(#""failures":[{"file":"bad.bundle","code":"replay.source""#))
    }

    @Test("limits that nobody knows are assumed, and the verdict says so")
    func assumed() async throws {
        let folder = try await recorded()
        let known = try await Finished(["replay", "--wasm", "first.wasm"], in: folder)
        #expect(known.status == 0 && !known.stdout.contains("most actors have"))
        try FileManager.default.removeItem(atPath: folder.path("data/store"))
        let replay = try await Finished(["replay", "--wasm", "first.wasm"], in: folder)
        #expect(replay.status == 0, "\(replay.stderr)")
        #expect(replay.stdout.contains("the limits that most actors have were used"))
    }

    @Test("a store that cannot be read is a matter of the data directory, and no divergence")
    func unreadable() async throws {
        let folder = try await recorded()
        let store = URL(filePath: folder.path("data/store"))
        let files = try #require(
            FileManager.default.enumerator(at: store, includingPropertiesForKeys: nil))
        let wasm = Data(try folder.read("first.wasm"))
        var found = false
        for case let file as URL in files.allObjects where (try? Data(contentsOf: file)) == wasm {
            found = true
            try FileManager.default.removeItem(at: file)
            // A link to itself: the system refuses to open it.
            try FileManager.default.createSymbolicLink(at: file, withDestinationURL: file)
        }
        #expect(found)
        let replay = try await Finished(["replay"], in: folder)
        #expect(replay.status == 8, "\(replay.stdout) \(replay.stderr)")
        #expect(replay.stderr.contains("replay.source"))
    }
}
