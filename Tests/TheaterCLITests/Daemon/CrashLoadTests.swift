// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing
import TheaterAPI
import TheaterChain
import TheaterClient
import TheaterEngine
import TheaterPlatform
import TheaterTesting

/// A node that is killed while everybody is at work.
@Suite("kill -9 of a node under load", .serialized, .timeLimit(.minutes(5)))
struct CrashLoadTests {
    private static let killCount = 4
    private static let sendersPerActor = 3
    /// By name: whether it is durable, and its durability.
    private static let actors = [
        "books": (isDurable: true, durability: "strict"),
        "orders": (isDurable: true, durability: "strict"),
        "lazy": (isDurable: true, durability: "async"),
        "plain": (isDurable: false, durability: "async"),
    ]
    private static let durable = ["books", "lazy", "orders"]

    /// What became of the messages to an actor.
    private struct Sent {
        var acknowledged: Set<String> = []
        /// The node was gone before it answered.
        var unknown: Set<String> = []
    }

    private struct Seen {
        let sequence: UInt64
        let hash: String
    }

    // Goal: after kill -9 under load and a restart the roster is back; durable actors have their identity and state,
    // and handle what was acknowledged: with strict durability all of it, in any case nothing twice and
    // nothing that nobody sent; and who follows their events sees the chain that there is, each event once.
    // Method: several clients send numbered messages to each actor, and others follow; the node is killed when
    // each follower has seen so many more events, more than once. What was handled, and what was seen, is
    // compared with the chains on disk.
    @Test("the roster is back, mail is handled once, and followers miss nothing")
    func kills() async throws {
        let wasm = try Engine.assemble(wat: try TallyGuest().made().wat)
        var node = try await RunningNode()
        let folder = node.folder
        for (name, actor) in Self.actors {
            try folder.write(wasm, to: "actors/\(name)/\(name).wasm")
            try folder.write(
                TestActors.manifest(
                    name, handlers: ["message-server"],
                    more: "[chain]\ndurability = \"\(actor.durability)\"\n"
                        + "durable = \(actor.isDurable)\n"), to: "actors/\(name)/manifest.toml")
        }
        let up = try await node.run(["up", "actors"])
        #expect(up.status == 0, "\(up.stderr)")
        let ids = try await Self.ids(node)
        #expect(ids.keys.sorted() == Self.actors.keys.sorted())

        let isServing = Watched(true)
        let seen = Watched<[String: [Seen]]>([:])
        let wanted = Watched<[String: UInt64]>([:])
        let sent = Watched<[String: Sent]>([:])
        let socketPath = node.socketPath
        let followers = try Self.durable.map { name in
            let id = try #require(ids[name])
            return Task {
                try await Self.follow(id, as: name, socketPath, isServing, seen, wanted)
            }
        }
        for kill in 1...Self.killCount {
            let before = seen.value.mapValues(\.count)
            let senders = Self.actors.keys.flatMap { name in
                (0..<Self.sendersPerActor).map { number in
                    let (client, prefix) = (node.client, kill * 10 + number)
                    return Task { await Self.send(to: name, client, prefix, sent) }
                }
            }
            await seen.wait { seen in
                Self.durable.allSatisfy {
                    seen[$0, default: []].count >= before[$0, default: 0] + 150
                }
            }
            isServing.change { $0 = false }
            node.program.send(SIGKILL)
            #expect(await node.program.status() == -SIGKILL)
            for sender in senders { await sender.value }
            await node.client.close()

            node = try await RunningNode(in: folder)
            isServing.change { $0 = true }
            _ = try await node.program.line(containing: "ready")
            let now = try await Self.ids(node)
            #expect(now.keys.sorted() == Self.actors.keys.sorted(), "kill \(kill)")
            for name in Self.durable { #expect(now[name] == ids[name], "kill \(kill): \(name)") }
            #expect(now["plain"] != ids["plain"], "kill \(kill)")
        }

        var totals: [String: Int] = [:]
        for name in Self.durable {
            let called = try await node.run(["call", name, TallyGuest.total])
            #expect(called.status == 0, "\(called.stderr)")
            totals[name] = Int(called.stdout.prefix { $0.isNumber })
        }
        try await Self.finish(node, ids, wanted, sent)
        for follower in followers { try await follower.value }
        #expect(await node.stop() == 0)

        let reader = try Journal.openReadOnly(directory: folder.path("data/journal"))
        for name in Self.durable {
            let actor = try #require(ids[name].flatMap { ActorID($0) })
            #expect(try reader.verify(actor).isValid, "\(name)")
            try Self.check(
                name, reader, actor, sent: sent.value[name] ?? Sent(),
                seen: seen.value[name] ?? [], total: totals[name] ?? -1)
        }
    }

    // MARK: Clients

    /// Sends until the node is gone.
    private static func send(
        to name: String, _ client: TheaterClient, _ prefix: Int, _ sent: Watched<[String: Sent]>
    ) async {
        var number = 0
        while true {
            number += 1
            let body = TallyGuest.text(prefix * 1_000_000 + number)
            do throws(ClientError) {
                try await client.send(name, Array(body.utf8))
                sent.change { _ = $0[name, default: Sent()].acknowledged.insert(body) }
            } catch {
                // Refused, as by a full mailbox: nothing happened.
                if error.problem != nil {
                    await Task.yield()
                    continue
                }
                sent.change { _ = $0[name, default: Sent()].unknown.insert(body) }
                return
            }
        }
    }

    private static func follow(
        _ id: String, as name: String, _ socketPath: String, _ isServing: Watched<Bool>,
        _ seen: Watched<[String: [Seen]]>, _ wanted: Watched<[String: UInt64]>
    ) async throws {
        let client = TheaterClient(socketPath: socketPath)
        let outcome: Result<Void, ClientError>
        do throws(ClientError) {
            try await client.follow(id, from: 0, attemptsMax: .max) { _ in
                await isServing.wait { $0 }
            } take: { item in
                switch item {
                case .event(let event):
                    let sequence: UInt64 = event["sequence"]?.integer() ?? .max
                    let hash = event["hash"]?.string ?? ""
                    seen.change {
                        $0[name, default: []].append(Seen(sequence: sequence, hash: hash))
                    }
                    return sequence < wanted.value[name, default: .max]
                case .gap(let first, let count):
                    Issue.record("\(name): \(count) events from \(first) are lost")
                    return true
                case .interrupted: return true
                }
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await client.close()
        try outcome.get()
    }

    /// Has the followers stop behind what there is.
    private static func finish(
        _ node: RunningNode, _ ids: [String: String], _ wanted: Watched<[String: UInt64]>,
        _ sent: Watched<[String: Sent]>
    ) async throws {
        let reader = try Journal.openReadOnly(directory: node.folder.path("data/journal"))
        for name in durable {
            let actor = try #require(ids[name].flatMap { ActorID($0) })
            let count = try #require(reader.summary(of: actor)?.count)
            wanted.change { $0[name] = count - 1 }
            // One more, in case its follower has all already.
            let body = String(repeating: "9", count: TallyGuest.bodySize)
            try await node.client.send(name, Array(body.utf8))
            sent.change { _ = $0[name, default: Sent()].unknown.insert(body) }
        }
    }

    /// Compares what was sent, and what a follower saw, with the chain.
    private static func check(
        _ name: String, _ reader: JournalReader, _ actor: ActorID, sent: Sent, seen: [Seen],
        total: Int
    ) throws {
        var handled: [String] = []
        var cursor = try reader.events(of: actor)
        var index = 0
        while let event = try cursor.next() {
            if index < seen.count {
                #expect(seen[index].sequence == UInt64(index), "\(name)")
                #expect(seen[index].hash == event.hash.description, "\(name), event \(index)")
            }
            index += 1
            if case .called(let function, let parameters, _, _)? = try event.decodedPayload(),
                let text = try TallyGuest.text(handledBy: function, parameters)
            {
                handled.append(text)
            }
        }
        let once = Set(handled)
        #expect(once.count == handled.count, "\(name): something was handled twice")
        #expect(
            once.isSubset(of: sent.acknowledged.union(sent.unknown)),
            "\(name): something was handled that nobody sent")
        let lost = sent.acknowledged.subtracting(once)
        if actors[name]?.durability == "strict" {
            #expect(lost.isEmpty, "\(name): \(lost.count) acknowledged messages were not handled")
        }
        // The last message may have come too late.
        #expect([handled.count, handled.count - 1].contains(total), "\(name): the state")
        #expect(sent.acknowledged.count >= killCount * sendersPerActor, "\(name)")
    }

    private static func ids(_ node: RunningNode) async throws -> [String: String] {
        var ids: [String: String] = [:]
        for actor in try await node.client.actors() {
            if let name = actor["name"]?.string { ids[name] = actor["id"]?.string }
        }
        return ids
    }
}
