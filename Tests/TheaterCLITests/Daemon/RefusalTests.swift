// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing
import TheaterAPI
import TheaterChain
import TheaterClient
import TheaterValue

/// Everybody who is not let in, and that each of them is written down.
@Suite("Refusals of a node", .serialized)
struct RefusalTests {
    /// The codes of the refusals in the audit.
    private static func refusals(_ folder: Folder) throws -> [String] {
        let reader = try Journal.openReadOnly(directory: folder.path("data/audit/journal"))
        let chain = try #require(reader.actors().first)
        var cursor = try reader.events(of: chain.actor)
        var codes: [String] = []
        while let event = try cursor.next() {
            guard case .hostCall(_, "refused", let input, _)? = try event.decodedPayload(),
                case .record(let record) = try CGRF.decode(input)
            else { continue }
            codes.append(record.fields.first { $0.name == "code" }?.value.asString ?? "")
        }
        return codes
    }

    @Test(
        "each way in that is closed refuses to stop an actor, and is in the audit",
        .timeLimit(.minutes(2)))
    func everyWay() async throws {
        let node = try await RunningNode(["--listen", "127.0.0.1:0", "--requests-per-second", "1"])
        let port = try #require(
            node.program.stderr.components(separatedBy: "http://127.0.0.1:").dropFirst().first
                .flatMap { Int($0.prefix { $0.isNumber }) })
        try await node.start(try TestActors.fixture(), name: "fixture")
        func token(_ name: String, _ scope: Scope) async throws -> String {
            let made = try await node.client.createToken(name, scope: scope)
            return "Authorization: Bearer " + (made["token"]?.string ?? "")
        }
        let watcher = try await token("watcher", .observe)
        let gone = try await token("gone", .admin)
        let admin = try await token("admin", .admin)
        let busy = try await token("busy", .admin)
        try await node.client.revokeToken("gone")
        func kill(_ headers: [String], host: String? = nil, query: String = "") async throws
            -> String?
        {
            let answer = try await RawSocket.request(
                "127.0.0.1:\(port)", "POST", "/v1/actors/fixture/kill" + query, headers: headers,
                host: host ?? "127.0.0.1:\(port)")
            let problem = try JSONValue.parse(answer.body)
            return problem["code"]?.string
        }
        #expect(try await kill([]) == "api.credential")
        #expect(try await kill([gone]) == "api.credential")
        #expect(try await kill([watcher]) == "api.scope")
        #expect(try await kill([admin, "Origin: http://evil.example"]) == "api.origin")
        // What a browser asks before it sends a token for a page.
        let before = try await RawSocket.request(
            "127.0.0.1:\(port)", "OPTIONS", "/v1/actors/fixture/kill",
            headers: [
                "Origin: http://evil.example", "Access-Control-Request-Method: POST",
                "Access-Control-Request-Headers: authorization",
            ], host: "127.0.0.1:\(port)")
        #expect(before.status == 403 && before.body.contains("api.origin"), "\(before)")
        #expect(!before.head.lowercased().contains("access-control"), "\(before)")
        #expect(try await kill([admin, "Sec-Fetch-Site: cross-site"]) == "api.origin")
        #expect(try await kill([admin], host: "evil.example") == "api.host")
        #expect(try await kill([admin], query: "?force=1") == "api.parameter")
        // Two at once, then one a second: on a busy machine the third may come late enough, and is refused as the first.
        var limited = (status: 0, head: "", body: "")
        while limited.status != 429 {
            try Task.checkCancellation()
            limited = try await RawSocket.request(
                "127.0.0.1:\(port)", "POST", "/v1/actors/fixture/kill?force=1", headers: [busy])
        }
        #expect(limited.head.contains("Retry-After: 1"))
        #expect(limited.head.contains("application/problem+json"))
        #expect(try JSONValue.parse(limited.body)["code"]?.string == "api.rate")
        #expect(try await node.client.actor("fixture")["status"]?.string == "running")
        #expect(await node.stop() == 0)
        let refusals = try Self.refusals(node.folder)
        let first = [
            "api.credential", "api.credential", "api.scope", "api.origin", "api.origin",
            "api.origin", "api.host", "api.parameter", "api.parameter", "api.parameter",
        ]
        #expect(Array(refusals.prefix(first.count)) == first)
        #expect(refusals.last == "api.rate")
        #expect(refusals.dropFirst(first.count).dropLast().allSatisfy { $0 == "api.parameter" })
    }

    // Goal: the audit takes what comes at once. Method: many connections change something together; two tasks that
    // wrote to the chain at the same time would end the process.
    @Test("many who change something at once are all written down")
    func together() async throws {
        let node = try await RunningNode()
        for _ in 0..<10 {
            let crowd = try Crowd(node.socketPath, count: 100) { _ in
                "POST /v1/actors/nobody/kill HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            }
            #expect(await crowd.hear("actor.not-found").allSatisfy { $0.contains("404") })
        }
        #expect(await node.stop() == 0)
        let verified = try await Finished(
            ["chain", "verify", "--data", "data/audit"], in: node.folder)
        #expect(verified.status == 0, "\(verified.stderr)")
        #expect(verified.stdout.contains("2000") || verified.stderr.contains("2000"), "\(verified)")
    }

    @Test(
        "another user is kept from the socket by its rights, and by who they are",
        .enabled(if: geteuid() == 0, "only root can become another user"))
    func otherUser() async throws {
        let node = try await RunningNode()
        let token =
            try await node.client.createToken("guest", scope: .observe)["token"]?.string ?? ""
        for path in [node.folder.url.path(), node.folder.path("data")] { chmod(path, 0o755) }
        #expect(try await Self.asNobody(node.socketPath) == "refused: PermissionError")
        // As an administrator might who wants to be kind.
        chmod(node.socketPath, 0o666)
        let stranger = try await Self.asNobody(node.socketPath)
        #expect(stranger.contains("403") && stranger.contains("api.peer"), "\(stranger)")
        let changing = try await Self.asNobody(node.socketPath, "POST /v1/actors/x/kill")
        #expect(changing.contains("api.peer"), "\(changing)")
        let guest = try await Self.asNobody(
            node.socketPath, headers: "Authorization: Bearer \(token)\r\n")
        #expect(guest.contains("HTTP/1.1 200"), "\(guest)")
        #expect(await node.stop() == 0)
        #expect(try Self.refusals(node.folder) == ["api.peer", "api.peer"])
    }

    /// What a process of the user `nobody` hears at a socket.
    private static func asNobody(
        _ path: String, _ line: String = "GET /v1/node", headers: String = ""
    ) async throws -> String {
        let program = """
            import os, socket, sys
            os.setgroups([]); os.setgid(65534); os.setuid(65534)
            try:
                with socket.socket(socket.AF_UNIX) as s:
                    s.connect(sys.argv[1])
                    s.sendall(f"{sys.argv[2]} HTTP/1.1\\r\\nHost: localhost\\r\\n{sys.argv[3]}"
                              "Connection: close\\r\\n\\r\\n".encode())
                    while data := s.recv(65536):
                        sys.stdout.write(data.decode())
            except OSError as error:
                print("refused: " + type(error).__name__, end="")
            """
        return try await Program.output(
            of: ["python3", "-I", "-c", program, path, line, headers])
    }
}
