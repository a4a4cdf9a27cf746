// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterAPI
import TheaterChain
import TheaterClient

/// Every command that talks to a node, against a real one over its socket.
@Suite("Commands of a node", .serialized)
struct NodeCommandTests {
    @Test("an actor is started, looked at, called, started again and stopped")
    func life() async throws {
        let node = try await RunningNode()
        let id = try await node.start(try TestActors.echo(), name: "echo")
        #expect(id.count == 36)

        let list = try await node.run(["ps"])
        #expect(list.stdout.contains(id.prefix(8) + "  echo"))
        #expect(try await node.run(["ps", "--quiet"]).stdout == id + "\n")
        let line = try JSONValue.parse(try await node.run(["ps", "--json"]).stdout)
        #expect(line["status"]?.string == "running")
        #expect(try await node.run(["tree"]).stdout == "echo (\(id.prefix(8))) running\n")

        // By name, by identity, and by the beginning of one.
        for actor in ["echo", id, String(id.prefix(6))] {
            let answer = try await node.run(["call", actor, "echo.text", "Ada"])
            #expect(answer.stdout == "Ada\n", "\(answer.stderr)")
        }
        let place = try await node.run(["call", "echo", "place", "{x: 1, y: 2}", "--json"])
        #expect(try JSONValue.parse(place.stdout)["ok"]?.description == "{\"x\":1,\"y\":2}")
        let input = try await node.run(["call", "echo", "data", "--stdin"], input: [0, 255])
        #expect(input.stdout == "[0u8, 255u8]\n")

        let shown = try await node.run(["inspect", "echo"])
        #expect(shown.stdout.contains("status    running"))
        #expect(shown.stdout.contains("place: func"))
        let facts = try JSONValue.parse(try await node.run(["inspect", "echo", "--json"]).stdout)
        #expect(facts["metrics"]?["calls"]?.integer(as: Int.self) == 5)

        // What a message proposes can be pasted.
        let wrong = try await node.run(["call", "echo", "number"])
        #expect(wrong.status == 2)
        let proposal = wrong.stderr.split(separator: "`").dropFirst().first ?? ""
        let words = proposal.split(separator: " ").map(String.init)
        #expect(words == ["theater", "call", "echo", "number", "1"], "\(wrong.stderr)")
        #expect(try await node.run(Array(words.dropFirst())).stdout == "1u32\n")

        let again = try await node.run(["restart", "echo"])
        #expect(again.stdout == "\(id) running\n")
        #expect(try await node.run(["stop", "echo"]).stdout == "\(id) stopped\n")
        #expect(try await node.run(["ps", "-q"]).stdout == "")
        #expect(await node.stop() == 0)
    }

    // Goal: a list that is sent some hundred lines at a time has each actor once, and its end is told from a cut.
    // Method: more actors than go at once, and a relay that ends the connection within them.
    @Test("a long list is whole, and one that is cut off says so")
    func longList() async throws {
        let node = try await RunningNode()
        var started = [try await node.start(try TestActors.fixture(), name: "first")]
        let module = try await node.client.labels(of: "theater.modules").first?["digest"]?.string
        for number in 1..<1030 {
            let request = StartRequest(
                manifest: TestActors.manifest("actor-\(number)"), module: try #require(module))
            started.append(try #require(try await node.client.start(request)["id"]?.string))
        }
        let listed = try await node.run(["ps", "--quiet"])
        #expect(listed.stdout.split(separator: "\n").map(String.init) == started.sorted())
        let path = node.socketPath + ".relay"
        let relay = try CuttingRelay(at: path, to: node.socketPath, after: 60_000)
        let cut = try await Finished(["ps", "--quiet", "--socket", path], in: node.folder)
        #expect(cut.status == 10 && cut.stderr.contains("[client.connection]"), "\(cut)")
        #expect(listed.stdout.hasPrefix(cut.stdout) && relay.connections == 1)
        #expect(await node.stop() == 0)
    }

    @Test("messages are sent, and requests answered")
    func messages() async throws {
        let node = try await RunningNode()
        try await node.start(
            try TestActors.messenger(), name: "pinger", handlers: ["runtime", "message-server"])
        let sent = try await node.run(["send", "pinger", "hello"])
        #expect(sent.status == 0, "\(sent.stderr)")
        #expect(try await node.run(["request", "pinger"], input: [1, 2, 3]).stdout == "pong")
        let json = try await node.run(["request", "pinger", "x", "--json"])
        #expect(json.stdout == "{\"text\":\"pong\",\"hex\":\"706f6e67\"}\n")
        #expect(try await node.run(["kill", "pinger"]).stdout.hasSuffix(" killed\n"))
        #expect(await node.stop() == 0)
    }

    @Test("what is wrong has a code, a status and a remedy")
    func refusals() async throws {
        let node = try await RunningNode()
        try await node.start(try TestActors.fixture(), name: "fixture")
        func check(_ arguments: [String], _ status: Int32, _ code: String) async throws {
            let ended = try await node.run(arguments)
            #expect(ended.status == status, "\(arguments): \(ended.stderr)")
            #expect(ended.stderr.contains("[\(code)]"), "\(arguments): \(ended.stderr)")
        }
        try await check(["stop", "nobody"], 1, "actor.not-found")
        try await check(["call", "fixture", "nothing"], 2, "actor.unknown-function")
        try await check(["call", "fixture", "fail"], 1, "actor.guest-error")
        try await check(["send", "fixture", "x"], 1, "message.not-registered")
        try await check(["run", "--detach", "fixture"], 1, "actor.name-taken")
        try await check(["run", "--detach", "nowhere"], 4, "cli.no-manifest")
        // The actor dies of it, the node does not.
        try await check(["call", "fixture", "trap"], 1, "actor.crashed")
        #expect(try await node.run(["ps", "-q"]).stdout == "")
        try await check(["call", "fixture", "echo", "1"], 1, "actor.not-found")
        #expect(await node.stop() == 0)
        try await check(["ps"], 10, "client.no-node")
    }

    @Test("logs and events are read, of a past actor too")
    func reading() async throws {
        let node = try await RunningNode()
        let id = try await node.start(try TestActors.fixture(), name: "fixture")
        #expect(try await node.run(["logs", "fixture"]).stdout.hasSuffix(" fixture: init\n"))
        _ = try await node.run(["call", "fixture", "echo", "7"])
        _ = try await node.run(["stop", "fixture"])
        let events = try await node.run(["events", "fixture", "--type", "theater.runtime/called"])
        #expect(events.stdout.contains("called echo"), "\(events.stderr)")
        let json = try await node.run(["events", id, "--json", "--full"])
        let same = try await node.run(["chain", "show", id, "--json", "--full"])
        #expect(json.stdout == same.stdout)
        #expect(!json.stdout.isEmpty)
        #expect(await node.stop() == 0)
    }

    @Test("--follow goes on until the actor is over")
    func following() async throws {
        let node = try await RunningNode()
        try await node.start(try TestActors.fixture(), name: "fixture")
        let follower = try RunningProgram(
            ["events", "fixture", "--from", "0", "--follow", "--json"], in: node.folder)
        for number in 0..<20 {
            _ = try await node.client.call("fixture", "echo", [.integer(number)])
        }
        _ = try await node.client.stop("fixture")
        #expect(await follower.status() == 0, "\(follower.stderr)")
        let sequences = try follower.stdout.split(separator: "\n").map {
            try JSONValue.parse(String($0))["sequence"]?.integer(as: Int.self)
        }
        #expect(sequences == Array(0..<sequences.count))
        #expect(sequences.count > 40)
        #expect(await node.stop() == 0)
    }
}
