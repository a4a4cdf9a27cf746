// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import TheaterCLI

/// Goal: a tree that a manifest declares is one program: it starts, is shown, called, stopped, and its chains
/// verify. Method: the built program, with hand-written actors.
@Suite("theater run of a tree, as a process", .timeLimit(.minutes(1)))
struct RunTreeTests {
    private func child(_ name: String, _ manifest: String, _ restart: String) -> String {
        "[[children]]\nname = \"\(name)\"\nmanifest = \"../\(manifest)/manifest.toml\"\n"
            + "restart = \"\(restart)\"\n"
    }

    private func put(
        _ name: String, _ wasm: [UInt8], in folder: Folder, more: String = ""
    ) throws {
        try folder.write(wasm, to: "\(name)/\(name).wasm")
        try folder.write(TestActors.manifest(name, more: more), to: "\(name)/manifest.toml")
    }

    private func team(in folder: Folder) throws {
        try put("leaf", TestActors.fixture(), in: folder)
        try put(
            "worker", TestActors.echo(), in: folder, more: child("leaf", "leaf", "permanent"))
        try put(
            "team", TestActors.echo(), in: folder,
            more: child("first", "worker", "permanent") + child("second", "leaf", "transient"))
    }

    @Test("starts it, shows it, calls its root, and verifies every chain")
    func tree() async throws {
        let folder = try Folder()
        try team(in: folder)
        let run = try await Finished(
            ["run", folder.path("team"), "--call", "echo.text", "--arg", "hi", "--chain"],
            in: folder)
        #expect(run.status == 0, "\(run.stderr)")
        #expect(run.stdout.hasPrefix("hi\n"))
        for line in ["team (", "├─ team/first (", "│  └─ team/first/leaf (", "└─ team/second ("] {
            #expect(run.stderr.contains(line), "\(line)\n\(run.stderr)")
        }
        for name in ["'team'", "'team/first'", "'team/first/leaf'", "'team/second'"] {
            #expect(run.stdout.contains("\(name): "), "\(name)\n\(run.stdout)")
        }
        let verify = try await Finished(["chain", "verify"], in: folder)
        #expect(verify.status == 0 && verify.stdout.contains("4 chains, "), "\(verify.stdout)")
    }

    @Test("--metrics shows every actor of it, each with its parent")
    func metrics() async throws {
        let folder = try Folder()
        try team(in: folder)
        let calls = [
            "run", folder.path("team"), "--no-record", "-q", "--metrics", "--call", "echo.text",
            "--arg", "hi",
        ]
        let json = try await Finished(calls + ["--json"], in: folder)
        #expect(json.status == 0, "\(json.stderr)")
        let metrics = try json.stdout.split(separator: "\n").compactMap { line in
            (try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["metrics"]
                as? [String: Any]
        }
        let names = metrics.map { $0["name"] as? String }
        #expect(
            names == ["team", "team/first", "team/first/leaf", "team/second"], "\(json.stdout)")
        let ids = Dictionary(
            metrics.map { ($0["actor"] as? String, $0["name"] as? String) },
            uniquingKeysWith: { first, _ in first })
        let parents = metrics.map { ids[$0["parent"] as? String] ?? nil }
        #expect(parents == [nil, "team", "team/first", "team"])
        #expect(metrics.map { $0["calls"] as? Int } == [1, 0, 1, 1])
        let text = try await Finished(calls, in: folder)
        for name in ["team", "team/first", "team/first/leaf", "team/second"] {
            #expect(text.stdout.contains("\n\(name) ("), "\(name)\n\(text.stdout)")
        }
        #expect(text.stdout.contains(") stopped\n  calls   1 in "), "\(text.stdout)")
    }

    @Test("a signal stops it in order, its children first")
    func signal() async throws {
        let folder = try Folder()
        try team(in: folder)
        let run = try RunningProgram(["run", folder.path("team")], in: folder)
        _ = try await run.line(containing: "is running as")
        run.send(SIGTERM)
        #expect(await run.status() == 0, "\(run.stderr)")
        let list = try await Finished(["chain", "list", "--json"], in: folder)
        #expect(list.stdout.split(separator: "\n").count == 4)
        for name in ["team", "team/first", "team/first/leaf", "team/second"] {
            let show = try await Finished(["chain", "show", name], in: folder)
            #expect(show.stdout.contains("exited stopped"), "\(name)\n\(show.stdout)")
        }
    }

    @Test("a child that does not stay alive ends it, and the reason is said")
    func escalation() async throws {
        let folder = try Folder()
        try put("leaver", TestActors.quitter(result: [1]), in: folder)
        try put(
            "team", TestActors.echo(), in: folder, more: child("a", "leaver", "permanent"))
        let run = try await Finished(["run", folder.path("team")], in: folder)
        #expect(run.status == 1, "\(run.stderr)")
        #expect(run.stderr.contains("more than 3 times within"), "\(run.stderr)")
        #expect(run.stderr.contains("[actor.supervision]"))
        #expect(try await Finished(["chain", "verify"], in: folder).status == 0)
    }

    @Test("a child that is not there starts nothing")
    func missing() async throws {
        let folder = try Folder()
        try put(
            "team", TestActors.echo(), in: folder, more: child("a", "nowhere", "permanent"))
        let run = try await Finished(
            ["run", folder.path("team"), "--call", "echo.text", "--arg", "hi"], in: folder)
        #expect(run.status != 0)
        #expect(run.stdout.isEmpty)
        #expect(run.stderr.contains("nowhere"), "\(run.stderr)")
    }
}
