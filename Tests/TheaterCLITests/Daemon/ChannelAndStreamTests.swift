// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing
import TheaterAPI
import TheaterClient

/// Channels of clients, and the ends of streams.
@Suite("Channels and streams of a node", .serialized)
struct ChannelAndStreamTests {
    private static func messenger() async throws -> RunningNode {
        let node = try await RunningNode()
        try await node.start(
            try TestActors.messenger(), name: "pinger", handlers: ["runtime", "message-server"])
        return node
    }

    /// How many calls of the actor are over.
    private static func calls(_ node: RunningNode) async throws -> Int? {
        try await node.client.actor("pinger")["metrics"]?["calls"]?.integer()
    }

    @Test("both sides are heard, and the actor is told of the end")
    func talk() async throws {
        let node = try await Self.messenger()
        let heard = Mutex<[[UInt8]]>([])
        try await node.client.channel("pinger", Array("hello".utf8)) { channel in
            #expect(channel.id.hasPrefix("ch_") || channel.id.count >= 16)
            try? await channel.send(Array("one".utf8))
            try? await channel.send(Array("two".utf8))
            try? await channel.close()
        } take: { message in
            heard.withLock { $0.append(message) }
            return true
        }
        #expect(heard.withLock { $0 } == [Array("welcome".utf8)])
        // The offer, two messages, the end.
        while try await Self.calls(node) != 4 { await Task.yield() }
        #expect(await node.stop() == 0)
    }

    @Test("the command speaks and hears line by line")
    func command() async throws {
        let node = try await Self.messenger()
        let talk = try await node.run(
            ["channel", "pinger", "--hello", "hi", "--count", "1"], input: Array("a\nb\n".utf8))
        #expect(talk.status == 0, "\(talk.stderr)")
        #expect(talk.stdout == "welcome\n")
        let refused = try await node.run(["channel", "nobody"])
        #expect(refused.status == 1)
        #expect(await node.stop() == 0)
    }

    // Goal: a client that goes away without a word closes its channel. Method: the connection is closed in
    // the middle of the stream; the actor's last callback is that of the end.
    @Test("a channel ends with its stream, and is nobody else's")
    func ownership() async throws {
        let node = try await Self.messenger()
        let token = try await node.client.createToken("other", scope: .message)["token"]?.string
        let ids = Mutex("")
        try await node.client.channel("pinger") { channel in
            ids.withLock { $0 = channel.id }
            let other = try? await RawSocket.request(
                node.socketPath, "POST", "/v1/channels/\(channel.id)/messages",
                headers: ["Authorization: Bearer \(token ?? "")"], body: "mine?")
            #expect(other?.status == 404)
            #expect(other?.body.contains("message.unknown-channel") == true)
        } take: { _ in
            false
        }
        while try await Self.calls(node) != 2 { await Task.yield() }
        let late = try await RawSocket.request(
            node.socketPath, "POST", "/v1/channels/\(ids.withLock { $0 })/messages", body: "late")
        #expect(late.status == 404)
        #expect(await node.stop() == 0)
    }

    // Goal: whoever goes away, and however much of the request was sent, the node lives. Method: streams are
    // left in the middle: one whose request has a body that never comes, one whose body was read.
    @Test("a client that goes away in the middle ends its stream and nothing else")
    func leaving() async throws {
        let node = try await Self.messenger()
        for _ in 0..<20 {
            try await RawSocket.leave(
                node.socketPath,
                "GET /v1/actors/pinger/events/stream?from=0 HTTP/1.1\r\nHost: localhost\r\n"
                    + "Content-Length: 5\r\n\r\n", after: "event: start")
            try await RawSocket.leave(
                node.socketPath,
                "POST /v1/actors/pinger/channels HTTP/1.1\r\nHost: localhost\r\n"
                    + "Content-Length: 2\r\n\r\nhi", after: "event: open")
        }
        // Each channel's offer and its end.
        while try await Self.calls(node) != 40 { await Task.yield() }
        #expect(await node.stop() == 0)
    }

    @Test("a stream ends when its credential is taken back")
    func revoked() async throws {
        let node = try await Self.messenger()
        let token = try await node.client.createToken("watcher", scope: .observe)["token"]?.string
        async let stream = RawSocket.request(
            node.socketPath, "GET", "/v1/actors/pinger/events/stream?from=0",
            headers: ["Authorization: Bearer \(token ?? "")"])
        try await node.client.revokeToken("watcher")
        let text = try await stream
        #expect(
            text.status == 401 || ["revoked", "again"].contains { text.body.contains($0) },
            "\(text.body.suffix(200))")
        #expect(await node.stop() == 0)
    }

    @Test("numbers are told in the form of Prometheus")
    func metrics() async throws {
        let node = try await Self.messenger()
        _ = try await node.client.request("pinger", [])
        let answer = try await RawSocket.request(node.socketPath, "GET", "/metrics")
        #expect(answer.status == 200)
        #expect(answer.head.contains("text/plain; version=0.0.4"))
        let lines = Set(answer.body.split(separator: "\n").map(String.init))
        for line in [
            "theater_actors 1", "theater_calls_total 1", "theater_call_seconds_count 1",
            "theater_lives_ended_total{end=\"killed\"} 0",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        for line in lines where !line.hasPrefix("#") {
            #expect(line.wholeMatch(of: /[a-z_]+(\{[a-z]+="[^"]*"\})? [0-9.]+/) != nil, "\(line)")
        }
        #expect(await node.stop() == 0)
    }
}
