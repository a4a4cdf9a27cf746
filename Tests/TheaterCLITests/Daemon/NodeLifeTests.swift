// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing
import TheaterAPI
import TheaterClient

/// The process that serves: its beginning, its end, and what it withstands.
@Suite("A node that stays", .serialized)
struct NodeLifeTests {
    @Test("only its user may use the socket, which is gone with it")
    func socket() async throws {
        let node = try await RunningNode()
        var facts = stat()
        #expect(stat(node.socketPath, &facts) == 0)
        #expect(facts.st_mode & 0o777 & ~S_IRWXU == 0)
        #expect(stat(node.folder.path("data"), &facts) == 0)
        #expect(facts.st_mode & 0o077 == 0)
        #expect(await node.stop() == 0)
        #expect(stat(node.socketPath, &facts) != 0)
    }

    @Test("a second one is refused, and one after a crash takes the place")
    func one() async throws {
        let node = try await RunningNode()
        let second = try await node.run(["serve"])
        #expect(second.status == 8)
        #expect(second.stderr.contains("[journal.locked]"), "\(second.stderr)")
        let elsewhere = try await node.run([
            "serve", "--data", "other", "--socket", node.socketPath,
        ])
        #expect(elsewhere.status == 8)
        #expect(elsewhere.stderr.contains("[server.in-use]"), "\(elsewhere.stderr)")
        node.program.send(SIGKILL)
        _ = await node.program.status()
        let next = try await RunningNode(in: node.folder)
        #expect(try await next.run(["ps"]).status == 0)
        #expect(await next.stop() == 0)
    }

    @Test("refuses a path that is too long, and one that is taken by something else")
    func paths() async throws {
        let folder = try Folder()
        let long = try await Finished(
            ["serve", "--socket", "/tmp/" + String(repeating: "x", count: 120)], in: folder)
        #expect(long.stderr.contains("[server.long-path]"), "\(long.stderr)")
        try folder.write("precious", to: "file")
        let taken = try await Finished(["serve", "--socket", folder.path("file")], in: folder)
        #expect(taken.stderr.contains("[server.occupied]"), "\(taken.stderr)")
        #expect(try folder.read("file") == Array("precious".utf8))
    }

    @Test("tells the service manager that it is ready, and that it stops")
    func notices() async throws {
        let folder = try Folder()
        let path = folder.path("notify")
        let listener = try RawSocket.datagrams(path)
        let node = try await RunningNode(in: folder, environment: ["NOTIFY_SOCKET": path])
        #expect(RawSocket.datagram(listener).hasPrefix("EXTEND_TIMEOUT_USEC="))
        #expect(RawSocket.datagram(listener).hasPrefix("READY=1\n"))
        #expect(await node.stop() == 0)
        #expect(RawSocket.datagram(listener).hasPrefix("STOPPING=1\n"))
        close(listener)
    }

    @Test("health and readiness are told without a credential")
    func health() async throws {
        let node = try await RunningNode()
        _ = try await node.program.line(containing: "ready")
        for path in ["/healthz", "/readyz"] {
            let answer = try await RawSocket.request(node.socketPath, "GET", path)
            #expect(answer.status == 200)
            #expect(try JSONValue.parse(answer.body)["status"]?.string == "ok")
        }
        #expect(await node.stop() == 0)
    }

    // Goal: at the end streams hear a word, and a request that is being worked on is answered. Method: half of the
    // request's body is there, and the rest comes when the node has said that it stops. That its head has been read is
    // known by the answer to the request before it, which came in the same write.
    @Test("SIGTERM ends streams with a word, and requests with their answers")
    func draining() async throws {
        let node = try await RunningNode()
        try await node.start(try TestActors.fixture(), name: "fixture")
        let stream = try Crowd(node.socketPath, count: 1) { _ in
            "GET /v1/actors/fixture/events/stream?from=0 HTTP/1.1\r\nHost: localhost\r\n\r\n"
        }
        _ = await stream.hear("event: start")
        let asking = try Crowd(node.socketPath, count: 1) { _ in
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
                + "POST /v1/actors/fixture/call?function=echo HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Type: application/json\r\nContent-Length: 9\r\n\r\n[\"wh"
        }
        _ = await asking.hear("\"status\":\"ok\"")
        await node.client.close()
        node.program.send(SIGTERM)
        _ = try await node.program.line(containing: "stopping")
        asking.say("ole\"]")
        let answer = await asking.hear("\"text\"")
        #expect(answer[0].contains("HTTP/1.1 200") && answer[0].contains("whole"), "\(answer)")
        let end = await stream.hear("event: end")
        #expect(end[0].contains("\"reason\":\"draining\""), "\(end)")
        #expect(await node.program.status() == 0)
    }

    // Goal: an actor that computes for long holds up nobody else. Method: two of them on each event loop never return,
    // and questions on new connections, which are on every loop, are answered. Without time for others they would not be.
    @Test("is served while actors compute", .timeLimit(.minutes(1)))
    func computing() async throws {
        let node = try await RunningNode(["--drain", "1s", "--grace", "1s"])
        let call =
            " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"
        var crowds: [Crowd] = []
        for number in 0..<4 {
            try await node.start(
                try TestActors.fixture(), name: "fixture-\(number)",
                more: "[limits]\ncall_timeout = \"10m\"\nfuel_per_call = 1000000000000\n")
            crowds.append(
                try Crowd(node.socketPath, count: 1) { _ in
                    "POST /v1/actors/fixture-\(number)/call?function=spin&timeout=10m" + call
                })
        }
        for round in 0..<8 {
            let answer = try await RawSocket.request(node.socketPath, "GET", "/healthz")
            #expect(answer.status == 200, "round \(round)")
        }
        #expect(await node.stop() == 0)
        for crowd in crowds { crowd.leave() }
    }

    // Goal: nobody holds up the end for longer than its bound. Method: an actor never returns, a client that waits for
    // it, one that never sends the body that it announced, and one that reads nothing; the test's time is far less than
    // what each of them would take by itself.
    @Test("SIGTERM ends the process, whoever is not done", .timeLimit(.minutes(1)))
    func bounded() async throws {
        let node = try await RunningNode(
            ["--drain", "1s", "--grace", "1s", "--idle-timeout", "10m", "--body-timeout", "10m"])
        try await node.start(
            try TestActors.fixture(), name: "fixture",
            more: "[limits]\ncall_timeout = \"10m\"\nfuel_per_call = 1000000000000\n")
        try await node.start(try TestActors.chatter(), name: "chatter")
        let call =
            "POST /v1/actors/fixture/call?function=spin&timeout=10m HTTP/1.1\r\nHost: localhost\r\n"
            + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n"
        let waiting = try Crowd(node.socketPath, count: 1) { _ in call + "[]" }
        while try await node.client.actor("fixture")["metrics"]?["running_call_age_ns"]?.integer(
            as: UInt64.self) ?? 0 == 0
        {
            await Task.yield()
        }
        let unfinished = try Crowd(node.socketPath, count: 1) { _ in
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + call
        }
        _ = await unfinished.hear("\"status\":\"ok\"")
        let stalled = try Crowd(node.socketPath, count: 1) { _ in
            "GET /v1/actors/chatter/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
        }
        // One that begins in the midst of it reads from the disk, and loses nothing.
        while try await node.client.subscribers(of: "chatter")["total"]?.integer(as: Int.self) != 1
        {
            await Task.yield()
        }
        while try await node.client.subscribers(of: "chatter")["lost"]?.integer(
            as: UInt64.self) ?? 0 == 0
        {
            _ = try await node.client.call("chatter", "chat", [])
        }
        await node.client.close()
        node.program.send(SIGTERM)
        #expect(await node.program.status() == 0)
        #expect(node.program.stderr.contains("stopped"), "\(node.program.stderr)")
        #expect(!node.program.stderr.contains("error"), "\(node.program.stderr)")
        for crowd in [waiting, unfinished, stalled] { crowd.leave() }
    }

    // Goal: a connection that is lost loses no event and brings none twice. Method: a relay cuts every
    // connection after some thousand bytes, in the middle of whatever it carries.
    @Test("a follower goes on behind the last event when its connection is cut")
    func cut() async throws {
        let node = try await RunningNode()
        try await node.start(try TestActors.fixture(), name: "fixture")
        let path = node.folder.path("relay")
        let relay = try CuttingRelay(at: path, to: node.socketPath, after: 7001)
        let follower = TheaterClient(socketPath: path)
        async let sequences: [UInt64] = Self.follow(follower, "fixture")
        for number in 0..<100 {
            _ = try await node.client.call("fixture", "echo", [.integer(number)])
        }
        _ = try await node.client.stop("fixture")
        let found = try await sequences
        #expect(found == (0..<UInt64(found.count)).map { $0 })
        #expect(found.count > 200)
        #expect(relay.connections > 5)
        await follower.close()
        #expect(await node.stop() == 0)
    }

    private static func follow(
        _ client: TheaterClient, _ actor: String
    ) async throws -> [UInt64] {
        var found: [UInt64] = []
        try await client.follow(actor, from: 0) { _ in
            await Task.yield()
        } take: { item in
            if case .event(let event) = item { found.append(event["sequence"]?.integer() ?? .max) }
            return true
        }
        return found
    }
}

extension RawSocket {
    /// Makes a socket that takes datagrams.
    static func datagrams(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isBound else { throw Failed() }
        return descriptor
    }

    /// Waits for a datagram.
    static func datagram(_ descriptor: Int32) -> String {
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &chunk, chunk.count)
        return String(decoding: chunk.prefix(max(0, count)), as: UTF8.self)
    }
}
