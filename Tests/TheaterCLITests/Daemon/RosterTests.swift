// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing
import TheaterAPI
import TheaterClient

/// What runs becomes what the files say, and is that again after every end of the node.
@Suite("theater up, in a node", .timeLimit(.minutes(2)))
struct RosterTests {
    /// Puts an actor into a folder of actors.
    private static func put(
        _ wasm: [UInt8], _ name: String, more: String = "", in folder: Folder
    ) throws {
        try folder.write(wasm, to: "actors/\(name)/\(name).wasm")
        try folder.write(
            TestActors.manifest(name, more: more), to: "actors/\(name)/manifest.toml")
    }

    private static func names(_ node: RunningNode) async throws -> [String] {
        try await node.client.actors().compactMap { $0["name"]?.string }.sorted()
    }

    @Test("starts, upgrades, replaces, stops and keeps, and a trial does nothing")
    func declarative() async throws {
        let node = try await RunningNode()
        try await node.start(try TestActors.fixture(), name: "stranger")
        try Self.put(try TestActors.states(), "one", in: node.folder)
        try Self.put(try TestActors.states(), "two", in: node.folder)
        // A manifest that lies in the folder itself is one of them too.
        try node.folder.write(try TestActors.states(), to: "actors/three.wasm")
        try node.folder.write(TestActors.manifest("three"), to: "actors/three.toml")
        let trial = try await node.run(["up", "actors", "--dry-run"])
        #expect(trial.status == 0, "\(trial.stderr)")
        #expect(trial.stdout == "+ one  start\n+ three  start\n+ two  start\n")
        #expect(try await Self.names(node) == ["stranger"])

        let up = try await node.run(["up", "actors"])
        #expect(up.status == 0, "\(up.stderr)")
        #expect(up.stdout.split(separator: "\n").allSatisfy { $0.hasPrefix("+ ") })
        #expect(try await Self.names(node) == ["one", "stranger", "three", "two"])
        let again = try await node.run(["up", "actors"])
        #expect(again.stdout.split(separator: "\n").allSatisfy { $0.hasPrefix("= ") })
        let ids = try await node.run(["up", "actors", "--quiet"])
        #expect(ids.stdout.split(separator: "\n").count == 3)

        let one = try await node.client.actor("one")["id"]?.string
        let two = try await node.client.actor("two")["id"]?.string
        try Self.put(try TestActors.migrating(spins: false), "one", in: node.folder)
        try Self.put(
            try TestActors.states(), "two", more: "[limits]\nmailbox = 7\n", in: node.folder)
        try FileManager.default.removeItem(atPath: node.folder.path("actors/three.toml"))
        let changed = try await node.run(["up", "actors", "--json"])
        #expect(changed.status == 0, "\(changed.stderr) \(changed.stdout)")
        let changes = try changed.stdout.split(separator: "\n").map {
            try JSONValue.parse(String($0))
        }
        #expect(
            changes.compactMap { $0["name"]?.string } == ["one", "three", "two"], "\(changes)")
        #expect(
            changes.compactMap { $0["change"]?.string } == ["upgrade", "stop", "replace"])
        #expect(changes[0]["reason"]?.string == "the module" && changes[0]["id"]?.string == one)
        #expect(changes[2]["reason"]?.string == "the manifest")
        #expect(changes[2]["id"]?.string != two && changes[2]["id"]?.string != nil)
        // Who was started otherwise is left alone.
        #expect(try await Self.names(node) == ["one", "stranger", "two"])

        // One manifest is about its own actor.
        try node.folder.write(TestActors.manifest("three"), to: "actors/three.toml")
        let single = try await node.run(["up", "actors/three.toml"])
        #expect(single.stdout.hasPrefix("= one") && single.stdout.contains("\n+ three  started"))
        #expect(try await Self.names(node) == ["one", "stranger", "three", "two"])
        let list = try await node.run(["up", "--list"])
        #expect(list.stdout.split(separator: "\n").count == 4, "\(list.stdout)")
        #expect(list.stdout.contains("running"))

        let audit = try await node.run(["chain", "show", "--data", "data/audit", "--json"])
        #expect(audit.stdout.contains("putRoster"))
        #expect(await node.stop() == 0)
    }

    @Test("is back after kill -9, with what runs again and what does not")
    func survives() async throws {
        var node = try await RunningNode()
        let folder = node.folder
        try await node.start(try TestActors.fixture(), name: "passing")
        for name in ["one", "two", "three"] {
            try Self.put(try TestActors.states(), name, in: folder)
        }
        #expect(try await node.run(["up", "actors"]).status == 0)
        // What was ended by hand is on the roster all the same.
        #expect(try await node.run(["kill", "two"]).status == 0)
        node.program.send(SIGKILL)
        _ = await node.program.status()
        node = try await RunningNode(in: folder)
        _ = try await node.program.line(containing: "ready")
        #expect(try await Self.names(node) == ["one", "three", "two"])
        let same = try await node.run(["up", "actors"])
        #expect(same.stdout.split(separator: "\n").allSatisfy { $0.hasPrefix("= ") })
        #expect(await node.stop() == 0)
        // What cannot be started keeps nobody else from it, and is told.
        let roster = try #require(
            String(validating: try folder.read("data/roster.json"), as: UTF8.self))
        try folder.write(
            roster.replacing("name = \\\"two\\\"", with: "name = \\\"two\\\"\\nnonsense = 1"),
            to: "data/roster.json")
        chmod(folder.path("data/roster.json"), 0o600)
        node = try await RunningNode(in: folder)
        let line = try await node.program.line(containing: "'two' of the roster was not started")
        #expect(line.contains("manifest.unknown-key"))
        _ = try await node.program.line(containing: "ready")
        #expect(try await Self.names(node) == ["one", "three"])
        let list = try await node.run(["up", "--list"])
        #expect(list.stdout.contains("not started: "), "\(list.stdout)")
        #expect(await node.stop() == 0)
    }

    @Test("an actor that cannot be as it should keeps running as it was")
    func failures() async throws {
        let node = try await RunningNode()
        try Self.put(try TestActors.states(), "one", in: node.folder)
        try Self.put(try TestActors.stranger(), "two", in: node.folder)
        let up = try await node.run(["up", "actors"])
        #expect(up.status == 1)
        #expect(up.stdout.contains("+ two  not started: "), "\(up.stdout)")
        #expect(up.stdout.contains("[actor.import-refused]"))
        #expect(up.stderr.contains("1 of 2 actors are not as the files say"))
        #expect(try await Self.names(node) == ["one"])
        let one = try await node.client.actor("one")["id"]?.string
        // Another manifest, and code that does not fit it: refused before the old one is stopped.
        try Self.put(
            try TestActors.stranger(), "one", more: "[limits]\nmailbox = 7\n", in: node.folder)
        let replaced = try await node.run(["up", "actors/one"])
        #expect(replaced.status == 1)
        #expect(replaced.stdout.contains("~ one  not replaced: "), "\(replaced.stdout)")
        #expect(try await node.client.actor("one")["id"]?.string == one)
        // Code that answers otherwise than the chain says.
        _ = try await node.run(["call", "one", "one"])
        try Self.put(try TestActors.states(second: 5), "one", in: node.folder)
        _ = try await node.run(["call", "one", "two"])
        let refused = try await node.run(["up", "actors/one"])
        #expect(refused.stdout.contains("[actor.upgrade-refused]"), "\(refused.stdout)")
        let taken = try await node.run(["up", "actors/one", "--gate", "none"])
        #expect(taken.stdout.contains("~ one  upgraded: the module"), "\(taken.stdout)")
        #expect(try await node.client.actor("one")["id"]?.string == one)
        #expect(await node.stop() == 0)
    }

    @Test("bad files change nothing and say what is wrong")
    func mistakes() async throws {
        let node = try await RunningNode()
        try Self.put(try TestActors.states(), "one", in: node.folder)
        #expect(try await node.run(["up", "actors"]).status == 0)
        try node.folder.write("name = 1\n", to: "actors/bad.toml")
        let bad = try await node.run(["up", "actors"])
        #expect(bad.status == 4 && bad.stderr.contains("actors/bad.toml:1:8"), "\(bad.stderr)")
        try node.folder.write(try TestActors.states(), to: "actors/one.wasm")
        try node.folder.write(TestActors.manifest("one"), to: "actors/bad.toml")
        let twice = try await node.run(["up", "actors"])
        #expect(twice.status == 4 && twice.stderr.contains("[roster.duplicate]"))
        for (arguments, status) in [
            (["up"], Int32(2)), (["up", "nowhere"], 4), (["up", "data"], 4),
            (["up", "--list", "actors"], 2), (["up", "actors", "--gate", "open"], 2),
            (["up", "actors", "--var", "a=b"], 2),
        ] {
            let wrong = try await node.run(arguments)
            #expect(wrong.status == status, "\(arguments): \(wrong.stderr)")
        }
        #expect(try await Self.names(node) == ["one"])
        try node.folder.write("[]", to: "empty/.hidden.toml")
        let all = try await node.run(["up", "empty", "--prune"])
        #expect(all.stdout.hasPrefix("- one  stopped"), "\(all.stdout) \(all.stderr)")
        #expect(try await Self.names(node) == [])
        #expect(await node.stop() == 0)
    }

    @Test("a damaged file is told and touched by nobody; without it the node begins anew")
    func damaged() async throws {
        let folder = try Folder()
        for text in [
            "no roster", "{\"version\":1}", "{\"version\":99,\"revision\":1,\"actors\":[]}",
            "{\"version\":1,\"revision\":1,\"actors\":[{\"name\":\"x\"}]}",
        ] {
            try folder.write(text, to: "data/roster.json")
            chmod(folder.path("data"), 0o700)
            chmod(folder.path("data/roster.json"), 0o600)
            let node = try await RunningNode(in: folder)
            _ = try await node.program.line(containing: "[roster.")
            _ = try await node.program.line(containing: "ready")
            let unready = try await RawSocket.request(node.socketPath, "GET", "/readyz")
            #expect(unready.status == 503 && unready.body.contains("roster.json"))
            #expect(try await node.run(["ps"]).status == 0)
            try Self.put(try TestActors.states(), "one", in: folder)
            let up = try await node.run(["up", "actors"])
            #expect(up.status == 8, "\(up.stderr)")
            #expect(try folder.read("data/roster.json") == Array(text.utf8))
            unlink(folder.path("data/roster.json"))
            #expect(try await node.run(["up", "actors"]).status == 0)
            let ready = try await RawSocket.request(node.socketPath, "GET", "/readyz")
            #expect(ready.status == 200, "\(ready.body)")
            #expect(await node.stop() == 0)
        }
    }

    @Test("the API refuses what is none, and what was made from another roster")
    func documents() async throws {
        let node = try await RunningNode()
        try Self.put(try TestActors.states(), "one", in: node.folder)
        #expect(try await node.run(["up", "actors"]).status == 0)
        let served = try await RawSocket.request(node.socketPath, "GET", "/v1/openapi.json")
        let document = try JSONValue.parse(served.body)
        let checker = SchemaCheck(document: document)
        func check(_ method: String, _ query: String, _ body: String) async throws -> JSONValue {
            let answer = try await RawSocket.request(
                node.socketPath, method, "/v1/roster\(query)",
                headers: ["Content-Type: application/json"], body: body)
            let response = document["paths"]?["/v1/roster"]?[method.lowercased()]?["responses"]?[
                String(answer.status)]
            let schema = try #require(
                response?["content"]?.members?.first?.value["schema"], "\(answer)")
            let json = try JSONValue.parse(answer.body)
            #expect(checker.problems(json, schema) == [], "\(answer.body)")
            return json
        }
        let roster = try await check("GET", "", "")
        #expect(roster["revision"]?.integer(as: Int.self) == 1)
        let module = try #require(roster["actors"]?.array?.first?["module"]?.string)
        let manifest = "name = \\\"x\\\"\\npackage = \\\"x.wasm\\\""
        func actor(_ digest: String, _ more: String = "") -> String {
            "{\"manifest\":\"\(manifest)\",\"module\":\"\(digest)\"\(more)}"
        }
        for (query, body, code) in [
            ("", "[", "api.body"), ("", "{}", "api.body"), ("", "{\"actors\":[1]}", "api.body"),
            ("", "{\"actors\":[],\"more\":1}", "api.body"),
            ("", "{\"revision\":7,\"actors\":[]}", "roster.changed"),
            ("", "{\"actors\":[\(actor("00"))]}", "api.body"),
            (
                "", "{\"actors\":[\(actor(String(repeating: "0", count: 64)))]}",
                "api.unknown-module"
            ),
            ("", "{\"actors\":[\(actor(module)),\(actor(module))]}", "roster.duplicate"),
            ("?gate=open", "{\"actors\":[]}", "api.parameter"),
            ("?dry_run=yes", "{\"actors\":[]}", "api.parameter"),
        ] {
            let problem = try await check("PUT", query, body)
            #expect(problem["code"]?.string == code, "\(body): \(problem)")
        }
        let trial = try await check("PUT", "?dry_run=true", "{\"actors\":[\(actor(module))]}")
        #expect(trial["changes"]?.array?.count == 2)
        #expect(try await Self.names(node) == ["one"])
        let put = try await check(
            "PUT", "?grace=1s", "{\"revision\":1,\"actors\":[\(actor(module))]}")
        #expect(put["revision"]?.integer(as: Int.self) == 2)
        #expect(try await Self.names(node) == ["x"])
        #expect(await node.stop() == 0)
    }
}
