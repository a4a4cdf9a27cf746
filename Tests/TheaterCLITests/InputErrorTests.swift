// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterValue

@testable import TheaterCLI

@Suite("Bad input, as a process", .timeLimit(.minutes(1)))
struct InputErrorTests {
    @Test("a manifest's mistakes are shown with their places, status 4")
    func manifest() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.fixture())
        try folder.write(
            "name = \"actor\"\npackage = \"actor.wasm\"\n[limits]\nmemry = \"1MiB\"\n",
            to: "manifest.toml")
        for command in ["run", "check"] {
            let run = try await Finished([command], in: folder)
            #expect(run.status == 4)
            #expect(run.stderr.contains("manifest.toml:4:1: "), "\(run.stderr)")
            #expect(run.stderr.contains("'memory'"))
        }
        let json = try await Finished(["check", "--json"], in: folder)
        #expect(json.stdout.contains(#""file":"manifest.toml","line":4,"column":1"#))
        try folder.write("name = ", to: "manifest.toml")
        let syntax = try await Finished(["run"], in: folder)
        #expect(syntax.status == 4)
        #expect(syntax.stderr.hasPrefix("manifest.toml:1:"))
        try folder.write([0x6E, 0xFF], to: "manifest.toml")
        #expect(try await Finished(["run"], in: folder).status == 4)
        let none = try await Finished(["run", "nowhere"], in: folder)
        #expect(none.status == 4)
        #expect(none.stderr.contains("theater new"))
    }

    @Test("a missing module says what to do, status 5")
    func missingModule() async throws {
        let folder = try Folder()
        try folder.write(TestActors.manifest("actor"), to: "manifest.toml")
        let plain = try await Finished(["run"], in: folder)
        #expect(plain.status == 5)
        #expect(plain.stderr.contains("'package'"))
        try folder.write("exports { }", to: "actor.pact")
        let project = try await Finished(["run"], in: folder)
        #expect(project.status == 5)
        #expect(project.stderr.contains("run `theater build`"))
    }

    @Test("what is no actor is refused, status 5")
    func badModule() async throws {
        let folder = try Folder()
        let wasm = try TestActors.fixture()
        for bytes in [
            [], Array("text".utf8), Array(wasm.prefix(100)), [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0],
        ] {
            try folder.put(bytes)
            for command in ["run", "check"] {
                let run = try await Finished([command], in: folder)
                #expect(run.status == 5, "\(run.stderr)")
                #expect(!run.stderr.isEmpty)
            }
        }
    }

    @Test("imports without a grant or without an offer are refused, status 6")
    func imports() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.fixture(), handlers: [])
        for command in ["run", "check"] {
            let run = try await Finished([command], in: folder)
            #expect(run.status == 6)
            #expect(run.stderr.contains("type = \"runtime\""), "\(run.stderr)")
        }
        try folder.put(try TestActors.stranger())
        let unknown = try await Finished(["check", "--json"], in: folder)
        #expect(unknown.status == 6)
        #expect(unknown.stdout.contains(#""status":"unknown""#))
        #expect(unknown.stdout.contains(#""class":"import","code":"actor.import-refused""#))
    }

    @Test("check goes on after a finding, and the first class decides")
    func severalFindings() async throws {
        let folder = try Folder()
        let more = "sha256 = \"\(String(repeating: "0", count: 64))\"\n"
        try folder.write(
            more + TestActors.manifest("actor", handlers: ["runtme"]), to: "manifest.toml")
        try folder.write(TestActors.fixture(), to: "actor.wasm")
        let run = try await Finished(["check"], in: folder)
        #expect(run.status == 4)
        for word in ["manifest.unknown-handler", "actor.wrong-digest", "actor.import-refused"] {
            #expect(run.stderr.contains(word), "\(run.stderr)")
        }
        #expect(run.stdout.contains("sha256"))
    }

    @Test("check knows a module alone, with a stable schema")
    func checkSchema() async throws {
        let folder = try Folder()
        try folder.write(TestActors.fixture(), to: "actor.wasm")
        let run = try await Finished(["check", "actor.wasm", "--json"], in: folder)
        #expect(run.status == 0, "\(run.stderr)")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(run.stdout.utf8)) as? [String: Any])
        #expect(
            Set(object.keys) == [
                "ok", "name", "manifest", "module", "imports", "exports", "grants", "findings",
                "warnings",
            ])
        #expect(object["ok"] as? Bool == true)
        let module = try #require(object["module"] as? [String: Any])
        #expect(Set(module.keys) == ["path", "size", "sha256"])
        let imports = try #require(object["imports"] as? [[String: Any]])
        #expect(imports.first?["interface"] as? String == "theater:simple/runtime")
        #expect(imports.first?["status"] as? String == "offered")
        #expect(
            Set(imports.first?.keys.map { $0 } ?? [])
                == ["interface", "hash", "status", "handler", "functions"])
    }

    @Test("a data directory that cannot be used is status 8")
    func dataDirectory() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.fixture())
        try folder.write("a file", to: "file")
        let arguments = ["run", "--call", "echo", "--arg", "1", "--data"]
        let file = try await Finished(arguments + ["file"], in: folder)
        #expect(file.status == 8)
        #expect(file.stderr.contains("'file' is a file"), "\(file.stderr)")
        let below = try await Finished(arguments + ["file/below"], in: folder)
        #expect(below.status == 8)
        let system = try await Finished(arguments + ["/proc/none"], in: folder)
        #expect(system.status == 8)
        try folder.write("a file", to: "blocked/journal")
        let blocked = try await Finished(arguments + ["blocked"], in: folder)
        #expect(blocked.status == 8, "\(blocked.stderr)")
        #expect(blocked.stderr.contains("journal"))
        let made = try await Finished(arguments + ["deep/down"], in: folder)
        #expect(made.status == 0, "\(made.stderr)")
    }

    @Test(
        "a read-only data directory is status 8",
        .disabled(if: getuid() == 0, "root may write everywhere"))
    func readOnly() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.fixture())
        try FileManager.default.createDirectory(
            atPath: folder.path("data"), withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o500])
        let run = try await Finished(["run", "--call", "echo", "--arg", "1"], in: folder)
        #expect(run.status == 8)
        #expect(run.stderr.contains("--data DIR") || run.stderr.contains("right to"))
    }

    @Test("without a data directory --no-record still runs")
    func noRecord() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.fixture())
        let run = try await Finished(
            ["run", "--no-record", "--call", "echo", "--arg", "1", "--chain"], in: folder)
        #expect(run.status == 0, "\(run.stderr)")
        #expect(run.stdout.contains("7 events, verified"))
        #expect(!FileManager.default.fileExists(atPath: folder.path("data")))
    }
}
