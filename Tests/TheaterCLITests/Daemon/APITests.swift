// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterAPI
import TheaterClient

/// The API of a real node, byte by byte: what it answers is what its document says.
@Suite("API of a node", .serialized)
struct APITests {
    @Test("answers are as the document describes them")
    func described() async throws {
        let node = try await RunningNode()
        let id = try await node.start(
            try TestActors.messenger(), name: "pinger", handlers: ["runtime", "message-server"])
        let served = try await RawSocket.request(node.socketPath, "GET", "/v1/openapi.json")
        let document = try JSONValue.parse(served.body)
        let checker = SchemaCheck(document: document)
        func check(
            _ method: String, _ template: String, _ target: String, headers: [String] = [],
            body: String = ""
        ) async throws {
            let answer = try await RawSocket.request(
                node.socketPath, method, target, headers: headers, body: body)
            let response = document["paths"]?[template]?[method.lowercased()]?["responses"]?[
                String(answer.status)]
            #expect(response != nil, "\(method) \(target) answered \(answer.status)")
            let types = response?["content"]?.members ?? []
            let type = types.first { answer.head.lowercased().contains("content-type: \($0.name)") }
            guard let type else {
                #expect(types.isEmpty && answer.body.isEmpty, "\(method) \(target): \(answer.head)")
                return
            }
            guard type.name.hasSuffix("json"), let schema = type.value["schema"] else { return }
            let wrong = checker.problems(try JSONValue.parse(answer.body), schema)
            #expect(wrong.isEmpty, "\(method) \(target) \(answer.status): \(wrong)")
        }
        let actor = "/v1/actors/{actor}"
        let content = "/v1/store/{namespace}/contents/{digest}"
        let zeros = String(repeating: "0", count: 64)
        for (template, target) in [
            ("/healthz", "/healthz"), ("/readyz", "/readyz"), ("/v1/node", "/v1/node"),
            ("/v1/openapi.json", "/v1/openapi.json"), ("/v1/tree", "/v1/tree"),
            ("/v1/dead-letters", "/v1/dead-letters"), ("/v1/actors", "/v1/actors?limit=1"),
            ("/v1/actors", "/v1/actors?limit=0"), ("/v1/actors", "/v1/actors?nonsense=1"),
            ("/v1/modules/{digest}", "/v1/modules/abc"), (actor, "/v1/actors/pinger"),
            ("/v1/modules/{digest}", "/v1/modules/" + String(repeating: "0", count: 64)),
            (actor, "/v1/actors/nobody"), (actor, "/v1/actors/\(id)"),
            (actor + "/functions", "/v1/actors/pinger/functions"),
            (actor + "/state", "/v1/actors/pinger/state"),
            (actor + "/children", "/v1/actors/pinger/children"),
            (actor + "/children", "/v1/actors/nobody/children"),
            ("/v1/chains", "/v1/chains"), ("/v1/chains", "/v1/chains?limit=1&name=pinger"),
            ("/v1/chains", "/v1/chains?cursor=nobody"), ("/v1/channels", "/v1/channels"),
            ("/v1/chains/{actor}", "/v1/chains/pinger"),
            ("/v1/chains/{actor}", "/v1/chains/nobody"), ("/v1/store", "/v1/store?limit=1"),
            ("/v1/store/{namespace}/labels", "/v1/store/theater.modules/labels"),
            ("/v1/store/{namespace}/labels", "/v1/store/nothing/labels"),
            ("/v1/store/{namespace}/labels", "/v1/store/no%20name/labels"),
            (content, "/v1/store/pages/contents/\(zeros)"), (content, "/v1/store/pages/contents/0"),
            (content, "/v1/store/theater.code/contents/\(zeros)"),
            (actor + "/events", "/v1/actors/pinger/events"),
            (actor + "/events", "/v1/actors/pinger/events?from=1&limit=1"),
            (actor + "/events", "/v1/actors/nobody/events"),
            (actor + "/events/stream", "/v1/actors/nobody/events/stream"),
        ] {
            try await check("GET", template, target)
        }
        let json = "Content-Type: application/json"
        let any = "Content-Type: application/octet-stream"
        let contents = "/v1/store/{namespace}/contents"
        for (template, target, type, body) in [
            ("/v1/actors", "/v1/actors", json, "{}"), ("/v1/actors", "/v1/actors", json, "["),
            ("/v1/actors", "/v1/actors", any, "x"),
            (
                "/v1/actors", "/v1/actors", json,
                "{\"manifest\":\"name = 1\",\"module\":\"\(String(repeating: "0", count: 64))\"}"
            ),
            ("/v1/modules", "/v1/modules", any, "no module"),
            (contents, "/v1/store/pages/contents?label=front", any, "hello"),
            (contents, "/v1/store/pages/contents?label=", any, "hello"),
            (contents, "/v1/store/theater.code/contents", any, "hello"),
            (actor + "/send", "/v1/actors/pinger/send", any, "hello"),
            (actor + "/send", "/v1/actors/nobody/send", any, "hello"),
            (actor + "/request", "/v1/actors/pinger/request?timeout=5s", any, "hello"),
            (actor + "/request", "/v1/actors/pinger/request?timeout=soon", any, "hello"),
            (actor + "/call", "/v1/actors/pinger/call?function=none", json, "[]"),
            (actor + "/call", "/v1/actors/pinger/call", json, "[]"),
            (actor + "/restart", "/v1/actors/pinger/restart", any, ""),
            (actor + "/upgrade", "/v1/actors/pinger/upgrade?module=\(zeros)", any, ""),
            (actor + "/upgrade", "/v1/actors/pinger/upgrade?module=0&gate=none", any, ""),
            (actor + "/stop", "/v1/actors/pinger/stop?grace=1s", any, ""),
            (actor + "/kill", "/v1/actors/\(id)/kill", any, ""),
            (actor + "/stop", "/v1/actors/nobody/stop", any, ""),
        ] {
            try await check("POST", template, target, headers: [type], body: body)
        }
        let hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        try await check("GET", content, "/v1/store/pages/contents/\(hello)")
        for query in [
            "label=other&digest=\(hello)&expect=none", "label=other&digest=\(hello)&expect=none",
            "label=other&digest=\(zeros)", "label=other", "digest=\(hello)",
        ] {
            try await check(
                "PUT", "/v1/store/{namespace}/labels", "/v1/store/pages/labels?" + query)
        }
        for query in ["label=other&expect=\(zeros)", "label=other", "label=other", ""] {
            try await check(
                "DELETE", "/v1/store/{namespace}/labels", "/v1/store/pages/labels?" + query)
        }
        #expect(await node.stop() == 0)
    }

    @Test("children, chains, channels and the store are listed, page by page")
    func lists() async throws {
        let node = try await RunningNode()
        try await node.start(
            try TestActors.messenger(), name: "pinger", handlers: ["runtime", "message-server"])
        let past = try await node.start(try TestActors.fixture(), name: "past")
        _ = try await node.client.kill("past")
        #expect(try await node.client.children(of: "pinger").isEmpty)

        let chains = try await node.client.chains()
        #expect(chains.map { $0["name"]?.string } == ["pinger", "past"])
        let chain = try await node.client.chain(of: past)
        #expect(try await node.client.chains(name: "past") == [chain])
        let events = try await node.run(["events", past, "--json"])
        #expect(events.stdout.contains(try #require(chain["head"]?.string)), "\(events)")
        func page(_ target: String) async throws -> JSONValue {
            let answer = try await RawSocket.request(node.socketPath, "GET", target)
            #expect(answer.status == 200, "\(target): \(answer.body)")
            return try JSONValue.parse(answer.body)
        }
        let first = try await page("/v1/chains?limit=1")
        #expect(first["chains"]?.array == [chains[0]])
        let next = try #require(first["next"]?.string)
        let second = try await page("/v1/chains?limit=1&cursor=\(next)")
        #expect(second["chains"]?.array == [chains[1]] && second["next"] == .null)

        let namespaces = try await node.client.namespaces()
        let names = namespaces.compactMap { $0["name"]?.string }
        #expect(names.contains("theater.modules") && names == names.sorted())
        let one = try await page("/v1/store?limit=1")
        #expect(one["namespaces"]?.array == [namespaces[0]])
        let rest = try await page("/v1/store?cursor=\(try #require(one["next"]?.string))")
        #expect(rest["namespaces"]?.array == Array(namespaces.dropFirst()))
        // A module has its digest as its label.
        let labels = try await node.client.labels(of: "theater.modules")
        #expect(labels.count == 2 && labels.allSatisfy { $0["label"] == $0["digest"] })

        #expect(try await node.client.channels().isEmpty)
        let other = try await node.client.createToken("other", scope: .message)["token"]?.string
        try await node.client.channel("pinger") { channel in
            let own = try? await node.client.channels()
            #expect(own?.compactMap { $0["id"]?.string } == [channel.id])
            // What others have open is nobody else's business.
            let seen = try? await RawSocket.request(
                node.socketPath, "GET", "/v1/channels",
                headers: ["Authorization: Bearer \(other ?? "")"])
            #expect(seen?.body == "{\"channels\":[]}")
        } take: { _ in
            false
        }
        #expect(await node.stop() == 0)
    }

    @Test("actors come page by page, as documents and as lines")
    func pages() async throws {
        let node = try await RunningNode()
        for name in ["one", "two", "three"] {
            try await node.start(try TestActors.fixture(), name: name)
        }
        func page(_ query: String) async throws -> JSONValue {
            let answer = try await RawSocket.request(node.socketPath, "GET", "/v1/actors" + query)
            #expect(answer.status == 200, "\(query): \(answer.body)")
            return try JSONValue.parse(answer.body)
        }
        let first = try await page("?limit=2")
        let next = try #require(first["next"]?.string)
        let second = try await page("?limit=2&cursor=\(next)")
        #expect(second["next"] == .null)
        let actors = (first["actors"]?.array ?? []) + (second["actors"]?.array ?? [])
        #expect(
            Set(actors.compactMap { $0["name"]?.string }) == ["one", "two", "three"]
                && actors.allSatisfy {
                    $0["status"] == .string("running") && $0["mailbox"] == .integer(0)
                })
        let loads = try await page("?load=true")["actors"]?.array ?? []
        #expect(loads.count == 3 && loads.allSatisfy { $0["load"]?["restarts"] == .integer(0) })

        for size in 1...4 {
            var lines: [JSONValue] = []
            try await node.client.eachActor(pageSize: size) { lines.append($0) }
            #expect(lines == actors, "\(size) at once")
        }
        let lines = try await RawSocket.request(
            node.socketPath, "GET", "/v1/actors?limit=2", headers: ["Accept: application/x-ndjson"])
        #expect(lines.body.contains("{\"next\":\"\(next)\"}\n"), "\(lines.body)")
        #expect(await node.stop() == 0)
    }

    @Test("what is no request of this API is refused with a problem")
    func refusals() async throws {
        let node = try await RunningNode()
        let missing = try await RawSocket.request(node.socketPath, "GET", "/v2/actors")
        #expect(missing.status == 404)
        #expect(try JSONValue.parse(missing.body)["code"]?.string == "api.no-route")
        let method = try await RawSocket.request(node.socketPath, "DELETE", "/v1/actors")
        #expect(method.status == 405)
        #expect(method.head.contains("Allow: GET, POST"))
        let named = try await RawSocket.request(
            node.socketPath, "GET", "/v1/node", headers: ["X-Request-ID: my-request"])
        #expect(named.head.contains("X-Request-ID: my-request"))
        for target in ["/v1/actors/%zz", "/v1/actors/..%2F..%2Fetc", "/v1//node", "*", "v1"] {
            let odd = try await RawSocket.request(node.socketPath, "GET", target)
            #expect((400..<500).contains(odd.status), "\(target): \(odd.status)")
        }
        #expect(await node.stop() == 0)
    }

    @Test("bodies have a bound, at which they are read and past which they are not")
    func bounds() async throws {
        let node = try await RunningNode()
        let announced = try await RawSocket.exchange(
            node.socketPath,
            "POST /v1/actors HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Content-Length: 99999999\r\n\r\n")
        #expect(announced.hasPrefix("HTTP/1.1 413 "), "\(announced)")
        #expect(announced.contains("api.too-large"))
        let long = try await RawSocket.exchange(
            node.socketPath,
            "GET /v1/node HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "x", count: 40_000))\r\n\r\n"
        )
        #expect(!long.hasPrefix("HTTP/1.1 200"), "\(long.prefix(100))")
        #expect(try await RawSocket.request(node.socketPath, "GET", "/v1/node").status == 200)
        #expect(await node.stop() == 0)
    }
}

/// Holds a document against a schema, as far as ours go.
struct SchemaCheck {
    let document: JSONValue

    /// What does not fit, with the path to it.
    func problems(_ value: JSONValue, _ schema: JSONValue, at path: String = "$") -> [String] {
        if let name = schema["$ref"]?.string?.split(separator: "/").last {
            guard let schema = document["components"]?["schemas"]?[String(name)] else {
                return ["\(path): no schema '\(name)'"]
            }
            return problems(value, schema, at: path)
        }
        if let choices = schema["anyOf"]?.array {
            return choices.contains { problems(value, $0, at: path).isEmpty }
                ? [] : ["\(path): fits none of the choices"]
        }
        var found: [String] = []
        if let type = schema["type"]?.string, !fits(value, type) {
            found.append("\(path): not \(type)")
        }
        if let allowed = schema["enum"]?.array, !allowed.contains(value) {
            found.append("\(path): not among those allowed")
        }
        for name in schema["required"]?.array ?? [] where value[name.string ?? ""] == nil {
            found.append("\(path): '\(name)' is missing")
        }
        for member in value.members ?? [] {
            let known = schema["properties"]?[member.name]
            let other = schema["additionalProperties"]
            if let known {
                found += problems(member.value, known, at: path + "." + member.name)
            } else if let other, other.members != nil {
                found += problems(member.value, other, at: path + "." + member.name)
            } else if other == .bool(false) || (other == nil && schema["properties"] != nil) {
                found.append("\(path): '\(member.name)' is not described")
            }
        }
        if let items = schema["items"] {
            for (index, item) in (value.array ?? []).enumerated() {
                found += problems(item, items, at: path + "[\(index)]")
            }
        }
        return found
    }

    private func fits(_ value: JSONValue, _ type: String) -> Bool {
        switch (type, value) {
        case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool),
            ("null", .null), ("number", .number):
            true
        case ("integer", .number(let text)): Int64(text) != nil || UInt64(text) != nil
        default: false
        }
    }
}
