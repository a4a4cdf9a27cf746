// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing
import TheaterAPI
import TheaterClient

/// Streams of what the node shows: at once, and again whenever it has changed.
@Suite("Streams of values", .serialized)
struct ValueStreamTests {
    private static let targets = [
        "/v1/tree/stream", "/v1/actors/fixture/stream", "/v1/node/subscribers/stream",
        "/v1/dead-letters/stream",
    ]

    private static func watch(_ node: RunningNode, _ target: String) throws -> Crowd {
        try Crowd(node.socketPath, count: 1) { _ in
            "GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n"
        }
    }

    @Test("an actor is shown at once, after a change, and as it was at its end")
    func actor() async throws {
        let node = try await RunningNode()
        let id = try await node.start(try TestActors.fixture(), name: "fixture")
        let before = try await node.client.actor("fixture")["metrics"]?["calls"]?.integer(
            as: Int.self)
        let calls = try #require(before)
        let stream = try Self.watch(node, "/v1/actors/fixture/stream")
        let first = await stream.hear("\"calls\":\(calls),")
        #expect(first[0].contains("HTTP/1.1 200") && first[0].contains("event: start"), "\(first)")
        #expect(first[0].contains("event: value") && first[0].contains(id), "\(first)")
        let called = try await node.run(["call", "fixture", "echo", "\"hello\""])
        #expect(called.status == 0, "\(called.stderr)")
        let second = await stream.hear("\"calls\":\(calls + 1),")
        #expect(second[0].contains("event: value"), "\(second)")
        _ = try await node.client.kill("fixture")
        let end = await stream.hear("\"reason\":\"finished\"")
        #expect(end[0].contains("\"status\":\"killed\""), "\(end)")
        #expect(end[0].contains("event: end"), "\(end)")
        #expect(await node.stop() == 0)
    }

    @Test("the tree is shown with loads whenever it has changed, until the node ends")
    func tree() async throws {
        let node = try await RunningNode()
        let stream = try Self.watch(node, "/v1/tree/stream?load=true")
        #expect(await stream.hear("\"roots\":[]")[0].contains("event: value"))
        try await node.start(try TestActors.fixture(), name: "fixture")
        let born = await stream.hear("\"load\":{")
        #expect(born[0].contains("\"name\":\"fixture\""), "\(born)")
        let shown = try await RawSocket.request(node.socketPath, "GET", "/v1/tree?load=true")
        let root = try JSONValue.parse(shown.body)["roots"]?.array?.first
        #expect(root?["mailbox"] == .integer(0))
        #expect(root?["load"]?["events"]?.integer(as: Int.self) ?? 0 > 0, "\(shown.body)")
        let plain = try await RawSocket.request(node.socketPath, "GET", "/v1/tree")
        #expect(!plain.body.contains("\"load\""), "\(plain.body)")
        _ = try await node.client.kill("fixture")
        #expect(await stream.hear("\"roots\":[]")[0].contains("event: value"))
        await node.client.close()
        node.program.send(SIGTERM)
        let end = await stream.hear("\"reason\":\"draining\"")
        #expect(end[0].contains("event: end"), "\(end)")
        #expect(await node.program.status() == 0)
    }

    @Test("followers and dead letters are shown as they come, and who only looks is no follower")
    func lists() async throws {
        let node = try await RunningNode()
        try await node.start(try TestActors.fixture(), name: "fixture")
        let followers = try Self.watch(node, "/v1/node/subscribers/stream?actor=fixture&limit=1")
        let letters = try Self.watch(node, "/v1/dead-letters/stream")
        #expect(await letters.hear("\"letters\":[")[0].contains("event: value"))
        // It is open itself.
        #expect(await followers.hear("\"total\":0")[0].contains("event: value"))
        let follower = try Self.watch(node, "/v1/actors/fixture/events/stream")
        #expect(await followers.hear("\"total\":1")[0].contains("\"kind\":\"events\""))
        follower.leave()
        #expect(await followers.hear("\"total\":0")[0].contains("event: value"))
        #expect(await node.stop() == 0)
    }

    @Test("none without a credential, of nobody or beyond the most, and none that was taken back")
    func refused() async throws {
        let node = try await RunningNode(["--listen", "127.0.0.1:0"])
        try await node.start(try TestActors.fixture(), name: "fixture")
        let digits = node.program.stderr.components(separatedBy: "http://127.0.0.1:").dropFirst()
            .first?.prefix { $0.isNumber }
        let place = "127.0.0.1:\(try #require(digits, "\(node.program.stderr)"))"
        for target in Self.targets {
            let answer = try await RawSocket.request(place, "GET", target, host: place)
            #expect(answer.status == 401 && answer.body.contains("api.credential"), "\(target)")
            let odd = try await RawSocket.request(node.socketPath, "GET", target + "?nonsense=1")
            #expect(odd.status == 400, "\(target)")
        }
        let nobody = try await RawSocket.request(
            node.socketPath, "GET", "/v1/actors/nobody/stream")
        #expect(nobody.status == 404 && nobody.body.contains("actor.not-found"), "\(nobody)")

        let token = try await node.client.createToken("watcher", scope: .observe)["token"]?.string
        let bearer = "Authorization: Bearer \(token ?? "")"
        let stream = try Crowd(node.socketPath, count: 1) { _ in
            "GET /v1/tree/stream HTTP/1.1\r\nHost: localhost\r\n\(bearer)\r\n\r\n"
        }
        #expect(await stream.hear("event: value")[0].contains("HTTP/1.1 200"))
        try await node.client.revokeToken("watcher")
        #expect(await stream.hear("\"reason\":\"revoked\"")[0].contains("event: end"))

        let crowd = try Crowd(node.socketPath, count: 256) { _ in
            "GET /v1/dead-letters/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
        }
        #expect(await crowd.hear("event: value").allSatisfy { $0.contains("event: value") })
        let late = try await RawSocket.request(node.socketPath, "GET", "/v1/tree/stream")
        #expect(late.status == 429 && late.body.contains("api.busy"), "\(late)")
        crowd.leave()
        #expect(await node.stop() == 0)
    }

    @Test("chains come in the order in which they began, or the newest first, page by page")
    func chains() async throws {
        let node = try await RunningNode()
        for name in ["one", "two", "three"] {
            try await node.start(try TestActors.fixture(), name: name)
        }
        _ = try await node.client.kill("three")
        func page(_ query: String) async throws -> JSONValue {
            let answer = try await RawSocket.request(node.socketPath, "GET", "/v1/chains" + query)
            #expect(answer.status == 200, "\(query): \(answer.body)")
            return try JSONValue.parse(answer.body)
        }
        func names(_ page: JSONValue) -> [String?] {
            (page["chains"]?.array ?? []).map { $0["name"]?.string }
        }
        let all = try await page("")
        #expect(names(all) == ["one", "two", "three"])
        let first = try await page("?newest=true&limit=2")
        #expect(names(first) == ["three", "two"])
        let next = try #require(first["next"]?.string)
        let second = try await page("?newest=true&limit=2&cursor=\(next)")
        #expect(names(second) == ["one"] && second["next"] == .null)
        #expect(await node.stop() == 0)
    }
}
