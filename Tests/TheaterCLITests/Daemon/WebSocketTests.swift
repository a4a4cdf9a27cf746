// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing
import TheaterAPI
import TheaterClient

/// Channels on WebSockets, byte by byte.
@Suite("WebSockets of a node", .serialized)
struct WebSocketTests {
    private static func messenger(_ arguments: [String] = []) async throws -> RunningNode {
        let node = try await RunningNode(arguments)
        try await node.start(
            try TestActors.messenger(), name: "pinger", handlers: ["runtime", "message-server"])
        return node
    }

    private static let path = "/v1/actors/pinger/channels/socket"

    /// Waits until so many calls of the actor are over.
    private static func calls(_ count: Int, _ node: RunningNode) async throws {
        while try await node.client.actor("pinger")["metrics"]?["calls"]?.integer() != count {
            await Task.yield()
        }
    }

    @Test("both sides speak, and the actor is told of the end")
    func talk() async throws {
        let node = try await Self.messenger()
        let socket = try await TestWebSocket(node.socketPath, Self.path + "?hello=hi")
        #expect(socket.head.hasPrefix("HTTP/1.1 101 "))
        // The key and the answer of RFC 6455's own example.
        #expect(socket.head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
        #expect(try await socket.next() == .message(Array("welcome".utf8), isText: false))
        try socket.send(.message(Array("one".utf8), isText: true))
        try socket.send(.message([0, 1, 255], isText: false))
        try socket.send(.ping([7]))
        #expect(try await socket.next() == .pong([7]))
        try socket.send(.close(WebSocketClose(1000)))
        #expect(try await socket.next() == .close(WebSocketClose(1000)))
        #expect(try await socket.next() == nil)
        // The offer, two messages, the end.
        try await Self.calls(4, node)
        #expect(await node.stop() == 0)
    }

    @Test("a message in parts is one, and what breaks the rules ends the channel")
    func rules() async throws {
        let node = try await Self.messenger()
        let socket = try await TestWebSocket(node.socketPath, Self.path)
        #expect(try await socket.next() != nil)
        // "on" and "e" as parts, with a ping between them.
        try socket.send(raw: [0x01, 0x82, 0, 0, 0, 0, 0x6F, 0x6E])
        try socket.send(.ping([]))
        try socket.send(raw: [0x80, 0x81, 0, 0, 0, 0, 0x65])
        #expect(try await socket.next() == .pong([]))
        try await Self.calls(2, node)
        // Not masked.
        try socket.send(raw: [0x82, 0x01, 0x00])
        guard case .close(let why)? = try await socket.next() else {
            Issue.record("no close frame came")
            return
        }
        #expect(why.code == 1002)
        try await Self.calls(3, node)

        // More than a message may have, announced in the head of a frame.
        let large = try await TestWebSocket(node.socketPath, Self.path)
        #expect(try await large.next() != nil)
        try large.send(raw: [0x82, 0xFF, 0, 0, 0, 0, 0x7F, 0, 0, 0, 1, 2, 3, 4])
        guard case .close(let size)? = try await large.next() else {
            Issue.record("no close frame came")
            return
        }
        #expect(size.code == 1009)

        // A connection that ends without a word ends its channel.
        let lost = try await TestWebSocket(node.socketPath, Self.path)
        #expect(try await lost.next() != nil)
        lost.leave()
        try await Self.calls(7, node)
        #expect(await node.stop() == 0)
    }

    @Test("who may not is refused before anything is opened, and it is written down")
    func access() async throws {
        let node = try await Self.messenger(["--listen", "127.0.0.1:0"])
        let port = try #require(
            node.program.stderr.components(separatedBy: "http://127.0.0.1:").dropFirst().first
                .flatMap { Int($0.prefix { $0.isNumber }) })
        let place = "127.0.0.1:\(port)"
        let observer = try await node.client.createToken("watcher", scope: .observe)["token"]?
            .string
        let talker = try await node.client.createToken("talker", scope: .message)["token"]?.string
        func status(_ headers: [String]) async throws -> String {
            try await TestWebSocket(place, Self.path + "?hello=secretly", headers: headers).head
                .components(
                    separatedBy: "\r\n")[0]
        }
        #expect(try await status([]).contains("401"))
        #expect(try await status(["Authorization: Bearer \(observer ?? "")"]).contains("403"))
        let protocols =
            "Sec-WebSocket-Protocol: theater.channel, theater.token.\(talker ?? "")"
        #expect(
            try await status([protocols, "Origin: http://evil.example"]).contains("403"))
        let plain = try await RawSocket.request(node.socketPath, "GET", Self.path)
        #expect(plain.status == 426)
        #expect(plain.head.contains("Upgrade: websocket"))
        let nobody = try await TestWebSocket(
            place, "/v1/actors/nobody/channels/socket", headers: [protocols])
        #expect(nobody.head.contains(" 404 "))

        // A page sets no header: its token is among the protocols, and is not answered.
        let page = try await TestWebSocket(
            place, Self.path + "?timeout=5s&hello=secretly",
            headers: [protocols, "Origin: http://\(place)"])
        #expect(page.head.contains("Sec-WebSocket-Protocol: theater.channel\r\n"))
        #expect(try await page.next() != nil)
        let list = try await RawSocket.request(node.socketPath, "GET", "/v1/node/subscribers")
        #expect(list.body.contains("\"talker\""))
        // And ends with its credential.
        try await node.client.revokeToken("talker")
        guard case .close(let why)? = try await page.next() else {
            Issue.record("no close frame came")
            return
        }
        #expect(why == WebSocketClose(1008, "revoked"))
        let other = try await TestWebSocket(node.socketPath, Self.path)
        #expect(try await other.next() != nil)
        async let status = node.stop()
        #expect(try await other.next() == .close(WebSocketClose(1001, "draining")))
        #expect(await status == 0)
        // The audit has the paths, and nobody's words.
        let journal = node.folder.path("data/audit/journal")
        let files = try #require(FileManager.default.enumerator(atPath: journal))
        let text = files.compactMap { $0 as? String }.map { name in
            let bytes = FileManager.default.contents(atPath: journal + "/" + name) ?? Data()
            return String(decoding: bytes, as: UTF8.self)
        }.joined()
        #expect(text.contains("channels/socket?timeout=5s"))
        #expect(!text.contains("secretly"))
        #expect(!text.contains(talker ?? "?"))
    }
}

/// The client's side of a WebSocket.
final class TestWebSocket: Sendable {
    /// What was answered to the request.
    let head: String
    private let socket: SharedDescriptor
    private let frames: AsyncStream<WebSocketFrame>

    init(_ place: String, _ path: String, headers: [String] = []) async throws {
        let socket = SharedDescriptor(try RawSocket.connect(place))
        self.socket = socket
        let host = place.hasPrefix("/") ? "localhost" : place
        let lines =
            [
                "GET \(path) HTTP/1.1", "Host: \(host)", "Upgrade: websocket",
                "Connection: keep-alive, Upgrade", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            ] + headers
        let request = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        #expect(
            Glibc.send(socket.number, request, request.count, Int32(MSG_NOSIGNAL)) == request.count)
        let (frames, writer) = AsyncStream.makeStream(of: WebSocketFrame.self)
        self.frames = frames
        head = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var bytes: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 65_536)
                let end = Array("\r\n\r\n".utf8)
                while bytes.firstRange(of: end) == nil {
                    let count = read(socket.number, &chunk, chunk.count)
                    guard count > 0 else { break }
                    bytes += chunk[..<count]
                }
                let split = bytes.firstRange(of: end)?.upperBound ?? bytes.count
                continuation.resume(
                    returning: String(decoding: bytes[..<split], as: UTF8.self))
                var reader = WebSocketReader(messageMax: 1 << 24, isMasked: false)
                reader.add(Array(bytes[split...]))
                while true {
                    while let frame = try? reader.next() { writer.yield(frame) }
                    let count = read(socket.number, &chunk, chunk.count)
                    guard count > 0 else { break }
                    reader.add(Array(chunk[..<count]))
                }
                writer.finish()
            }
        }
    }

    deinit { socket.stop() }

    /// The next frame; `nil` when the node closed the connection.
    func next() async throws -> WebSocketFrame? {
        for await frame in frames {
            // The node asks now and then whether its client is still there.
            guard case .ping(let body) = frame else { return frame }
            try send(.pong(body))
        }
        return nil
    }

    func send(_ frame: WebSocketFrame) throws { try send(raw: frame.encoded(mask: 0x1234_5678)) }

    func send(raw bytes: [UInt8]) throws {
        guard Glibc.send(socket.number, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        else {
            throw RawSocket.Failed()
        }
    }

    /// Goes away without a word.
    func leave() { socket.stop() }
}
