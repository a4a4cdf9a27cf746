// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing
import TheaterAPI
import TheaterClient
import TheaterPlatform

/// Many followers, many channels, and clients that do not get on.
@Suite("Many clients of a node", .serialized)
struct FanOutTests {
    private static func follow(_ actor: String) -> String {
        "GET /v1/actors/\(actor)/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
    }

    private static func subscribers(_ node: RunningNode, _ query: String = "") async throws
        -> JSONValue
    {
        try JSONValue.parse(
            try await RawSocket.request(node.socketPath, "GET", "/v1/node/subscribers" + query).body
        )
    }

    private static func total(_ node: RunningNode) async throws -> Int? {
        try await subscribers(node)["total"]?.integer()
    }

    @Test("a thousand follow one actor, and each hears of each event")
    func thousand() async throws {
        let node = try await RunningNode()
        try await node.start(try TestActors.fixture(), name: "fixture")
        let crowd = try Crowd(node.socketPath, count: 1000) { _ in Self.follow("fixture") }
        #expect(await crowd.hear("event: start").allSatisfy { $0.contains("event: start") })
        #expect(try await Self.total(node) == 1000)
        let called = try await node.run(["call", "fixture", "echo", "\"hello\""])
        #expect(called.status == 0, "\(called.stderr)")
        // The call and its answer: two events, of which the second is the last.
        let heard = await crowd.hear("theater.runtime/returned")
        #expect(heard.count { $0.contains("event: event") } == 1000)
        crowd.leave()
        while try await Self.total(node) != 0 { await Task.yield() }
        #expect(await node.stop() == 0)
    }

    @Test("five hundred channels are open at once, and each is heard")
    func channels() async throws {
        let node = try await RunningNode()
        try await node.start(
            try TestActors.messenger(), name: "pinger", handlers: ["runtime", "message-server"],
            more: "[limits]\nmailbox = 2048\n")
        let crowd = try Crowd(node.socketPath, count: 500) { _ in
            "POST /v1/actors/pinger/channels HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi"
        }
        let opened = await crowd.hear("event: message")
        #expect(opened.count { $0.contains("d2VsY29tZQ") } == 500, "\(opened[0])")
        let ids = opened.compactMap { text in
            text.components(separatedBy: "\"id\":\"").dropFirst().first?.prefix { $0 != "\"" }
        }
        #expect(Set(ids).count == 500)
        let said = try Crowd(node.socketPath, count: 500) { index in
            "POST /v1/channels/\(ids[index])/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
                + "Connection: close\r\n\r\none"
        }
        #expect(await said.hear("HTTP/1.1 202").allSatisfy { $0.contains("202") })
        #expect(try await Self.subscribers(node)["subscribers"]?.array?.first?["kind"] == "channel")
        crowd.leave()
        // Each channel's offer, its message, its end.
        while try await node.client.actor("pinger")["metrics"]?["calls"]?.integer() != 1500 {
            await Task.yield()
        }
        #expect(await node.stop() == 0)
    }

    // Goal: a client that never reads is shown as such and let go of, and the actor works on. Method: so much is
    // recorded that neither the socket nor the queues hold it; the node waits long enough for the test to look first.
    @Test("a follower that never reads loses events, is shown, and is let go of")
    func stalled() async throws {
        let node = try await RunningNode(["--idle-timeout", "15s"])
        try await node.start(try TestActors.chatter(), name: "chatter")
        let stalled = try Crowd(node.socketPath, count: 1) { _ in Self.follow("chatter") }
        while try await Self.total(node) != 1 { await Task.yield() }
        var lost: UInt64 = 0
        var isInspected = false
        while !isInspected, try await Self.total(node) == 1 {
            _ = try await node.client.call("chatter", "chat", [])
            let list = try await Self.subscribers(node, "?actor=chatter")
            lost = max(lost, list["lost"]?.integer() ?? 0)
            if lost > 0 {
                isInspected = true
                let inspected = try await node.run(["inspect", "chatter"])
                #expect(inspected.stdout.contains("follower  owner, events: "), "\(inspected)")
            }
        }
        #expect(lost > 0)
        #expect(isInspected)
        let metrics = try await RawSocket.request(node.socketPath, "GET", "/metrics").body
        let dropped = metrics.split(separator: "\n").first {
            $0.hasPrefix("theater_events_dropped_total ")
        }
        #expect(UInt64(dropped?.split(separator: " ").last ?? "") ?? 0 >= lost, "\(metrics)")
        while try await Self.total(node) == 1 {
            // Seconds pass until then: others need the processor.
            try await Sleeper.sleep(for: .milliseconds(20))
        }
        _ = try await node.client.call("chatter", "chat", [])
        // What it was sent before that ends in the middle.
        #expect(await stalled.hear("event: end").allSatisfy { !$0.contains("event: end") })
        #expect(await node.stop() == 0)
    }

    @Test("a follower that reads again is told what it missed")
    func gap() async throws {
        let node = try await RunningNode()
        try await node.start(try TestActors.chatter(), name: "chatter")
        let slow = try Crowd(node.socketPath, count: 1) { _ in Self.follow("chatter") }
        while try await Self.total(node) != 1 { await Task.yield() }
        while try await Self.subscribers(node)["lost"]?.integer(as: UInt64.self) ?? 0 == 0 {
            _ = try await node.client.call("chatter", "chat", [])
        }
        let heard = await slow.hear("event: gap")
        #expect(heard[0].contains("event: gap"))
        slow.leave()
        #expect(await node.stop() == 0)
    }

    @Test("who asks byte by byte, or never ends a body, is let go of", .timeLimit(.minutes(1)))
    func dripping() async throws {
        let node = try await RunningNode(["--idle-timeout", "1s", "--body-timeout", "1s"])
        try await node.start(try TestActors.fixture(), name: "fixture")
        async let head = Dripping.drip(
            node.socketPath, "GET /v1/node HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        // Answered before its body has come.
        async let refused = Dripping.drip(
            node.socketPath,
            "POST /v1/actors/nobody/kill HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n"
        )
        async let body = Dripping.drip(
            node.socketPath,
            "POST /v1/actors/fixture/call?function=echo HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n")
        async let between = Dripping.drip(
            node.socketPath, "GET /v1/node HTTP/1.1\r\nHost: localhost\r\n\r\nGET /v1/no")
        #expect(try await head == "")
        #expect(try await refused?.contains("actor.not-found") == true)
        #expect(try await body?.contains("api.slow-body") == true)
        #expect(try await between?.contains("\"version\"") == true)
        #expect(await node.stop() == 0)
    }
}
