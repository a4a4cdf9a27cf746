// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterAPI
import TheaterClient
import TheaterEngine
import TheaterTesting

@Suite("A node that is ended and started again", .serialized, .timeLimit(.minutes(3)))
struct RestartTests {
    /// A node that runs a durable actor and one that is not, from its roster.
    private static func node() async throws -> RunningNode {
        let wasm = try Engine.assemble(wat: try TallyGuest().made().wat)
        let node = try await RunningNode()
        for (name, isDurable) in [("books", true), ("plain", false)] {
            try node.folder.write(wasm, to: "actors/\(name)/\(name).wasm")
            try node.folder.write(
                TestActors.manifest(
                    name, handlers: ["message-server"],
                    more: "[chain]\ndurability = \"strict\"\ndurable = \(isDurable)\n"),
                to: "actors/\(name)/manifest.toml")
        }
        let up = try await node.run(["up", "actors"])
        #expect(up.status == 0, "\(up.stderr)")
        return node
    }

    private static func id(_ name: String, _ node: RunningNode) async throws -> String? {
        try await node.client.actor(name)["id"]?.string
    }

    private static func total(_ name: String, _ node: RunningNode) async throws -> String {
        let called = try await node.run(["call", name, TallyGuest.total])
        #expect(called.status == 0, "\(called.stderr)")
        return String(called.stdout.prefix { $0.isNumber })
    }

    @Test("a durable actor has its identity and its state, another begins anew")
    func durable() async throws {
        var node = try await Self.node()
        let before = (try await Self.id("books", node), try await Self.id("plain", node))
        for name in ["books", "plain"] {
            try await node.client.send(name, Array(TallyGuest.text(1).utf8))
            #expect(try await Self.total(name, node) == "1")
        }
        #expect(await node.stop() == 0)
        node = try await RunningNode(in: node.folder)
        _ = try await node.program.line(containing: "ready")
        #expect(try await Self.id("books", node) == before.0)
        #expect(try await Self.id("plain", node) != before.1)
        #expect(try await Self.total("books", node) == "1")
        #expect(try await Self.total("plain", node) == "0")
        // Who ends it means it.
        let ended = try await node.run(["stop", "books"])
        #expect(ended.status == 0, "\(ended.stderr)")
        #expect(await node.stop() == 0)
        node = try await RunningNode(in: node.folder)
        _ = try await node.program.line(containing: "ready")
        #expect(try await Self.id("books", node) != before.0)
        #expect(await node.stop() == 0)
    }

    // Goal: what follows a name shows one chain, though another actor has the name later. Method: the actor is a new
    // one after the node's restart, and its chain is shorter.
    @Test("who follows a name stays with the actor that had it")
    func followed() async throws {
        var node = try await Self.node()
        let old = try await Self.id("plain", node)
        let isServing = Watched(true)
        let seen = Watched<[String]>([])
        let socketPath = node.socketPath
        let follower = Task { () throws -> Void in
            let client = TheaterClient(socketPath: socketPath)
            let outcome: Result<Void, ClientError>
            do throws(ClientError) {
                try await client.follow("plain", from: 0, attemptsMax: .max) { _ in
                    await isServing.wait { $0 }
                } take: { item in
                    if case .event(let event) = item {
                        let actor = event["actor"]?.string ?? "-"
                        let type = event["type"]?.string ?? "-"
                        seen.change { $0.append("\(actor) \(type)") }
                    }
                    return true
                }
                outcome = .success(())
            } catch {
                outcome = .failure(error)
            }
            await client.close()
            try outcome.get()
        }
        await seen.wait { !$0.isEmpty }
        isServing.change { $0 = false }
        #expect(await node.stop() == 0)
        node = try await RunningNode(in: node.folder)
        _ = try await node.program.line(containing: "ready")
        #expect(try await Self.id("plain", node) != old)
        isServing.change { $0 = true }
        // The old chain is over, and so is the following.
        try await follower.value
        let actors = Set(seen.value.map { String($0.prefix { $0 != " " }) })
        #expect(actors == [old ?? ""])
        #expect(seen.value.last?.hasSuffix("exited") == true)
        #expect(await node.stop() == 0)
    }
}
