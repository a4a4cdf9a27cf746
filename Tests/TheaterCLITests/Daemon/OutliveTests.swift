// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing
import TheaterAPI
import TheaterChain
import TheaterClient
import TheaterPlatform

/// What a node withstands, and that it says so.
@Suite("A node outlives", .timeLimit(.minutes(2)))
struct OutliveTests {
    private static func readiness(_ path: String) async throws -> (status: Int, code: String) {
        let answer = try await RawSocket.request(path, "GET", "/readyz")
        return (answer.status, answer.body)
    }

    /// A node that the system sets a limit.
    private static func serve(_ folder: Folder, _ limit: String) async throws -> PassedProgram {
        let program = try PassedProgram(
            ["serve", "--data", folder.path("data")], in: folder, sockets: [], before: limit)
        try await program.line(containing: "ready")
        return program
    }

    @Test("its last actor")
    func lastActor() async throws {
        let node = try await RunningNode()
        try await node.start(try TestActors.quitter(result: [1]), name: "quitter")
        let left = try await node.client.actors()
        #expect(left.allSatisfy { $0["status"]?.string != "running" })
        try await node.start(try TestActors.fixture(), name: "next")
        #expect(try await node.run(["kill", "next"]).status == 0)
        #expect(try await node.client.actors().isEmpty)
        #expect(try await Self.readiness(node.socketPath).status == 200)
        #expect(await node.stop() == 0)
    }

    // Goal: when files grow no more, what would have to be written is refused, everything else goes on, and
    // the node says why it is not ready. Method: the system refuses files beyond 64 KiB, as a full disk would.
    @Test("a disk that takes no more: chains")
    func fullDisk() async throws {
        let folder = try Folder()
        let program = try await Self.serve(folder, "ulimit -f 128")
        let socket = folder.path("data/theater.sock")
        try folder.write(try TestActors.fixture(), to: "fixture/fixture.wasm")
        try folder.write(TestActors.manifest("fixture"), to: "fixture/manifest.toml")
        let started = try await Finished(["run", "--detach", "fixture"], in: folder)
        #expect(started.status == 0, "\(started.stderr)")
        let client = TheaterClient(socketPath: socket)
        let long = String(repeating: "x", count: 8_192)
        var refusal: ClientError?
        for _ in 0..<64 where refusal == nil {
            do throws(ClientError) {
                _ = try await client.call("fixture", "echo", [.string(long)])
            } catch {
                refusal = error
            }
        }
        #expect(refusal != nil)
        let (status, words) = try await Self.readiness(socket)
        #expect(status == 503 && words.contains("chains cannot be written"), "\(words)")
        #expect(try await RawSocket.request(socket, "GET", "/healthz").status == 200)
        #expect(try await client.node()["pid"] != nil)
        await client.close()
        #expect(await program.end() == 0)
    }

    // Goal: what a client on a channel was told is kept, is kept, whichever way it speaks. Method: the system refuses
    // files beyond 64 KiB; messages are sent until one is refused, and compared with the actor's inbox on disk. Their
    // size decides which record is the first for which there is no room.
    @Test(
        "a disk that takes no more: messages on channels", arguments: [false, true],
        [6_000, 7_200, 8_192])
    func fullInbox(onSocket: Bool, size: Int) async throws {
        let folder = try Folder()
        let program = try await Self.serve(folder, "ulimit -f 128")
        let path = folder.path("data/theater.sock")
        try folder.write(try TestActors.messenger(), to: "pinger/pinger.wasm")
        try folder.write(
            TestActors.manifest(
                "pinger", handlers: ["message-server"],
                more: "[chain]\ndurability = \"strict\"\ndurable = true\n"),
            to: "pinger/manifest.toml")
        let started = try await Finished(["run", "--detach", "pinger"], in: folder)
        #expect(started.status == 0, "\(started.stderr)")
        let id = try #require(ActorID(started.stdout.trimmingCharacters(in: .newlines)))
        let (count, code) =
            try await onSocket
            ? Self.speakOnSocket(path, size) : Self.speak(path, size)
        #expect(count > 0)
        // The actor cannot write its own chain either, and may end between two messages: then its channel is closed.
        let isOver = code.hasPrefix("message.") || (onSocket && code == "closed")
        #expect(isOver, "\(code): \(program.stderr)")
        #expect(await program.end() == 0)

        let reader = try Journal.openReadOnly(directory: folder.path("data/journal"))
        var cursor = try reader.events(of: id.inbox)
        var kept: [UInt8] = []
        while let event = try cursor.next() {
            guard case .note(.mail(let mail))? = try event.decodedPayload(),
                mail.kind == .channelMessage
            else { continue }
            kept.append(try #require(mail.body.first))
        }
        #expect(kept.starts(with: (0..<count).map { UInt8($0) }), "\(count): \(kept)")
    }

    /// Sends requests until one is refused.
    private static func speak(
        _ path: String, _ size: Int
    ) async throws -> (count: Int, code: String) {
        let client = TheaterClient(socketPath: path)
        var (count, code) = (0, "")
        try await client.channel("pinger") { channel in
            while code.isEmpty, count < 64 {
                do throws(ClientError) {
                    try await channel.send([UInt8](repeating: UInt8(count), count: size))
                    count += 1
                } catch {
                    code = error.code
                }
            }
        } take: { _ in
            false
        }
        await client.close()
        return (count, code)
    }

    /// Sends messages until the socket is closed; a pong behind one says that it was accepted.
    private static func speakOnSocket(
        _ path: String, _ size: Int
    ) async throws -> (count: Int, code: String) {
        let socket = try await TestWebSocket(path, "/v1/actors/pinger/channels/socket")
        #expect(try await socket.next() != nil)
        for count in 0..<64 {
            let message = [UInt8](repeating: UInt8(count), count: size)
            try socket.send(.message(message, isText: false))
            try socket.send(.ping([7]))
            while let frame = try await socket.next(), frame != .pong([7]) {
                if case .close(let why) = frame { return (count, why.reason) }
            }
        }
        return (64, "")
    }

    @Test("a disk that takes no more: the audit")
    func fullAudit() async throws {
        let folder = try Folder()
        let program = try await Self.serve(folder, "ulimit -f 32")
        let socket = folder.path("data/theater.sock")
        let client = TheaterClient(socketPath: socket)
        var code = ""
        for _ in 0..<400 where code != "api.unaudited" {
            do throws(ClientError) {
                _ = try await client.kill("nobody")
            } catch {
                code = error.code
            }
        }
        #expect(code == "api.unaudited")
        let (status, words) = try await Self.readiness(socket)
        #expect(status == 503 && words.contains("the audit cannot be written"), "\(words)")
        #expect(try await client.actors().isEmpty)
        await client.close()
        #expect(await program.end() == 0)
    }

    @Test("the end of descriptors, and is ready again when there are some")
    func descriptors() async throws {
        let folder = try Folder()
        let program = try await Self.serve(folder, "ulimit -n 64")
        let socket = folder.path("data/theater.sock")
        let first = try RawSocket.connect(socket)
        let ask = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        #expect(RawSocket.ask(first, ask).contains(" 200 "))
        let others = (0..<80).compactMap { _ in try? RawSocket.connect(socket) }
        // The connections are taken one after the other; the answer changes when the last descriptor is gone.
        var answer = ""
        while !answer.contains(" 503 ") {
            try Task.checkCancellation()
            answer = RawSocket.ask(first, ask)
        }
        #expect(answer.contains("no descriptors left"))
        for other in others { close(other) }
        while !answer.contains(" 200 ") {
            try Task.checkCancellation()
            answer = RawSocket.ask(first, ask)
        }
        close(first)
        #expect(try await RawSocket.request(socket, "GET", "/healthz").status == 200)
        #expect(await program.end() == 0)
    }
}

extension RawSocket {
    /// Sends a request and reads once.
    static func ask(_ descriptor: Int32, _ text: String) -> String {
        _ = Array(text.utf8).withUnsafeBytes {
            send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &chunk, chunk.count)
        return String(decoding: chunk.prefix(max(0, count)), as: UTF8.self)
    }
}
