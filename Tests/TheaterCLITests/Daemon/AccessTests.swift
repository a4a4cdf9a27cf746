// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing
import TheaterAPI
import TheaterChain
import TheaterClient
import TheaterValue

/// Who is let in, and what is written down of it.
@Suite("Access to a node", .serialized)
struct AccessTests {
    /// A node that also listens at a port, and the port.
    private static func node(_ more: [String] = []) async throws -> (RunningNode, Int) {
        let node = try await RunningNode(["--listen", "127.0.0.1:0"] + more)
        let text = node.program.stderr
        let digits = text.components(separatedBy: "http://127.0.0.1:").dropFirst().first?
            .prefix { $0.isNumber }
        return (node, try #require(digits.flatMap { Int($0) }, "\(text)"))
    }

    private static func get(
        _ port: Int, _ path: String = "/v1/node", _ headers: [String] = [], host: String? = nil,
        method: String = "GET", body: String = ""
    ) async throws -> (status: Int, code: String?) {
        let answer = try await RawSocket.request(
            "127.0.0.1:\(port)", method, path, headers: headers, body: body,
            host: host ?? "127.0.0.1:\(port)")
        return (answer.status, (try? JSONValue.parse(answer.body))?["code"]?.string)
    }

    @Test("without a token, with an unknown, a revoked or too small one: refused, and written down")
    func tokens() async throws {
        let (node, port) = try await Self.node()
        try await node.start(try TestActors.fixture(), name: "fixture")
        #expect(try await Self.get(port, "/healthz").status == 200)
        #expect(try await Self.get(port) == (401, "api.credential"))
        let made = try await node.run(["token", "create", "watcher", "--scope", "observe"])
        let token = made.stdout.trimmingCharacters(in: .newlines)
        #expect(token.hasPrefix("theater_"), "\(made.stderr)")
        let bearer = ["Authorization: Bearer \(token)"]
        #expect(try await Self.get(port, "/v1/node", bearer).status == 200)
        #expect(
            try await Self.get(port, "/v1/node", [bearer[0] + "0"]) == (401, "api.credential"))
        #expect(
            try await Self.get(port, "/v1/node", ["Authorization: Basic QTpC"])
                == (401, "api.credential"))
        #expect(
            try await Self.get(port, "/v1/actors/fixture/stop", bearer, method: "POST")
                == (403, "api.scope"))
        #expect(try await Self.get(port, "/v1/tokens", bearer) == (403, "api.scope"))

        // Through the client and the command too.
        let address = "http://127.0.0.1:\(port)"
        let variables = ["THEATER_TOKEN": token]
        let list = try await Finished(
            ["ps", "-q", "--server", address], in: node.folder, environment: variables)
        #expect(list.stdout.count == 37, "\(list.stderr)")
        let stop = try await Finished(
            ["stop", "fixture", "--server", address], in: node.folder, environment: variables)
        #expect(stop.status == 11)
        #expect(stop.stderr.contains("[api.scope]"))

        #expect(try await node.run(["token", "list"]).stdout.contains("watcher"))
        #expect(try await node.run(["token", "revoke", "watcher"]).status == 0)
        #expect(try await Self.get(port, "/v1/node", bearer) == (401, "api.credential"))
        #expect(try await node.run(["token", "revoke", "watcher"]).status == 1)
        #expect(await node.stop() == 0)
        let refused = try Self.audit(node.folder).filter { $0.function == "refused" }
        #expect(refused.count == 7)
        #expect(refused.filter { $0.text.contains("\"watcher\"") }.count == 3)
    }

    @Test("each scope allows what it names and what the smaller ones do")
    func scopes() async throws {
        let (node, port) = try await Self.node()
        try await node.start(
            try TestActors.messenger(), name: "pinger", handlers: ["runtime", "message-server"])
        let requests: [(Scope, String, String, String)] = [
            (.observe, "GET", "/v1/actors", ""),
            (.message, "POST", "/v1/actors/pinger/request", "ping"),
            (.operate, "POST", "/v1/actors/pinger/restart", ""), (.admin, "GET", "/v1/tokens", ""),
        ]
        for scope in Scope.allCases {
            let made = try await node.client.createToken(scope.rawValue, scope: scope)
            let bearer = ["Authorization: Bearer \(made["token"]?.string ?? "")"]
            for (needed, method, path, body) in requests {
                let answer = try await Self.get(
                    port, path, bearer + ["Content-Type: application/octet-stream"], method: method,
                    body: body)
                #expect(
                    answer.status == (scope >= needed ? 200 : 403), "\(scope) \(path): \(answer)")
            }
        }
        #expect(await node.stop() == 0)
    }

    @Test("tokens outlive the node, and nobody else can read their file, which has none of them")
    func file() async throws {
        let folder = try Folder()
        let first = try await RunningNode(in: folder)
        let token = try await first.client.createToken("keeper", scope: .observe)["token"]?.string
        let kept = String(decoding: try folder.read("data/tokens.json"), as: UTF8.self)
        #expect(kept.contains("keeper"))
        #expect(!kept.contains(try #require(token?.dropFirst(8))))
        var facts = stat()
        #expect(stat(folder.path("data/tokens.json"), &facts) == 0)
        #expect(facts.st_mode & 0o777 == 0o600)
        #expect(await first.stop() == 0)
        let second = try await RunningNode(in: folder)
        #expect(try await second.client.tokens().count == 1)
        // A token narrows what its bearer may do at the socket too.
        let answer = try await RawSocket.request(
            second.socketPath, "GET", "/v1/tokens",
            headers: ["Authorization: Bearer \(token ?? "")"])
        #expect(answer.status == 403)
        #expect(await second.stop() == 0)
        chmod(folder.path("data/tokens.json"), 0o644)
        let open = try await Finished(["serve"], in: folder)
        #expect(open.status == 8)
        #expect(open.stderr.contains("[server.tokens]"), "\(open.stderr)")
    }

    @Test("a page of another origin, and a name that was led here, are refused")
    func browsers() async throws {
        let (node, port) = try await Self.node()
        let token = try await node.client.createToken("page", scope: .admin)["token"]?.string ?? ""
        let bearer = "Authorization: Bearer \(token)"
        for host in ["evil.example", "evil.example:\(port)", "127.0.0.1.evil.example", "[::1"] {
            #expect(try await Self.get(port, "/v1/node", [bearer], host: host) == (403, "api.host"))
        }
        for host in ["localhost:\(port)", "LOCALHOST", "[::1]:\(port)", "127.0.0.1"] {
            #expect(try await Self.get(port, "/v1/node", [bearer], host: host).status == 200)
        }
        let own = "Origin: http://127.0.0.1:\(port)"
        #expect(try await Self.get(port, "/v1/node", [bearer, own]).status == 200)
        for header in [
            "Origin: http://evil.example", "Origin: null", "Origin: http://127.0.0.1:1",
            "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site",
        ] {
            #expect(
                try await Self.get(port, "/v1/node", [bearer, header]) == (403, "api.origin"),
                "\(header)")
            let socket = try await RawSocket.request(
                node.socketPath, "POST", "/v1/actors/x/kill", headers: [header])
            #expect(socket.status == 403, "\(header)")
        }
        #expect(await node.stop() == 0)
    }

    @Test("what may not listen does not")
    func addresses() async throws {
        let folder = try Folder()
        let everywhere = try await Finished(["serve", "--listen", "0.0.0.0:7000"], in: folder)
        #expect(everywhere.status == 2)
        #expect(everywhere.stderr.contains("[server.not-loopback]"))
        let odd = try await Finished(["serve", "--listen", "7000"], in: folder)
        #expect(odd.status == 2)
    }

    @Test("every call that changes something is in the audit's chain, which verifies")
    func audited() async throws {
        let (node, port) = try await Self.node()
        try await node.start(try TestActors.fixture(), name: "fixture")
        let made = try await node.client.createToken("robot", scope: .message)
        let token = made["token"]?.string ?? ""
        _ = try await Self.get(
            port, "/v1/actors/fixture/call?function=echo",
            ["Authorization: Bearer \(token)", "Content-Type: application/json"], method: "POST",
            body: "[\"a secret\"]")
        _ = try await node.run(["call", "fixture", "fail"])
        _ = try await node.client.kill("fixture")
        #expect(await node.stop() == 0)
        let events = try Self.audit(node.folder)
        let lines = events.map { "\($0.function) \($0.operation)" }
        #expect(
            lines == [
                "asked putModule", "answered putModule", "asked startActor",
                "answered startActor", "asked createToken", "answered createToken",
                "answered call", "answered call", "asked killActor", "answered killActor",
            ])
        #expect(events[6].text.contains("robot"))
        #expect(events[7].text.contains("actor.guest-error"))
        let all = events.map(\.text).joined()
        #expect(!all.contains("a secret") && !all.contains(token))
        let verified = try await Finished(
            ["chain", "verify", "--data", "data/audit"], in: node.folder)
        #expect(verified.status == 0, "\(verified.stderr)")
    }

    @Test("nobody fills the disk by being refused")
    func flood() async throws {
        let (node, port) = try await Self.node()
        let request = "GET /v1/node HTTP/1.1\r\nHost: localhost\r\n\r\n"
        let last = request.replacing("\r\n\r\n", with: "\r\nConnection: close\r\n\r\n")
        let answers = try await RawSocket.exchange(
            "127.0.0.1:\(port)", String(repeating: request, count: 3099) + last)
        #expect(answers.ranges(of: "\"code\":\"api.credential\"").count == 3100)
        #expect(await node.stop() == 0)
        // The requests may lie in two minutes.
        let count = try Self.audit(node.folder).count
        #expect((1000...2000).contains(count))
    }

    @Test("a client that never finishes asking is let go of, and others are served meanwhile")
    func slow() async throws {
        let node = try await RunningNode(["--idle-timeout", "1s"])
        async let slow = RawSocket.exchange(node.socketPath, "GET /v1/node HTTP/1.1\r\nHost: loc")
        #expect(try await node.run(["ps"]).status == 0)
        // Ends when the node closes the connection.
        #expect(try await slow == "")
        #expect(await node.stop() == 0)
    }

    /// The events of the audit.
    private static func audit(
        _ folder: Folder
    ) throws -> [(function: String, operation: String, text: String)] {
        let reader = try Journal.openReadOnly(directory: folder.path("data/audit/journal"))
        let chain = try #require(reader.actors().first)
        var cursor = try reader.events(of: chain.actor)
        var events: [(String, String, String)] = []
        while let event = try cursor.next() {
            guard case .hostCall(_, let function, let input, _)? = try event.decodedPayload(),
                case .record(let record) = try CGRF.decode(input)
            else { continue }
            let operation = record.fields.first { $0.name == "operation" }?.value.asString
            events.append((function, operation ?? "", ValueText.print(.record(record))))
        }
        return events
    }
}
