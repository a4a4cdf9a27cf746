// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterManifest
import TheaterValue

@Suite("Manifest")
struct ManifestTests {
    @Test("has defaults for everything but name and package")
    func defaults() throws {
        let manifest = try Manifest.parse(head, file: "a.toml")
        var expected = Manifest(name: "a", package: "a.wasm")
        expected.source = head
        expected.file = "a.toml"
        #expect(manifest == expected)
        #expect(manifest.limits.memory == .mebibytes(64))
        #expect(manifest.limits.tableElements == 10_000)
        #expect(manifest.limits.fuelPerCall == 10_000_000_000)
        #expect(manifest.limits.callTimeout == .seconds(30))
        #expect(manifest.limits.initTimeout == .seconds(10))
        #expect(manifest.limits.mailbox == 1_024)
        #expect(manifest.chain.durability == .async)
        #expect(manifest.chain.delay == .milliseconds(20))
        #expect(manifest.onError == .fail)
    }

    @Test("holds what each key says")
    func everything() throws {
        let digest = String(repeating: "aB", count: 32)
        let text = """
            name = "crawler-2.x_y"
            version = "1.2.3"
            description = "reads pages"
            long_description = '''
            reads
            pages'''
            package = "build/crawler.wasm"
            sha256 = "\(digest)"
            initial_state = "seed"
            on_error = "continue"
            limits = { memory = 65536, table_elements = 0, fuel_per_call = 0x10 }
            exports.rpc = ["my:app/search", "my:app/admin"]

            [chain]
            durability = "strict"

            [[handler]]
            type = "runtime"

            [[handler]]
            type = "tcp"
            connect = ["example.com:443"]
            client_tls = { enabled = true, ratio = 0.5 }
            """
        let manifest = try Manifest.parse(text, file: "crawler.toml")
        #expect(manifest.name == "crawler-2.x_y")
        #expect(manifest.version == "1.2.3")
        #expect(manifest.description == "reads pages")
        #expect(manifest.longDescription == "reads\npages")
        #expect(manifest.package == "build/crawler.wasm")
        #expect(manifest.sha256 == digest.lowercased())
        #expect(manifest.initialState == .string("seed"))
        #expect(manifest.onError == .continue)
        #expect(manifest.limits.memory == .kibibytes(64))
        #expect(manifest.limits.tableElements == 0)
        #expect(manifest.limits.fuelPerCall == 16)
        #expect(manifest.rpc == ["my:app/search", "my:app/admin"])
        #expect(manifest.chain.durability == .strict)
        #expect(manifest.handlers.map(\.type) == ["runtime", "tcp"])
        #expect(
            manifest.handler("tcp")?.configuration == [
                "connect": .array([.string("example.com:443")]),
                "client_tls": .table(["enabled": .bool(true), "ratio": .float(0.5)]),
            ])
        #expect(manifest.handler("tcp")?.place(of: "connect") == ManifestPlace(line: 22, column: 1))
        #expect(manifest.handler("udp") == nil)
        #expect(manifest.source == text)
    }

    // Goal: a finding about a value's text names the place in the manifest, not in the value.
    @Test(
        "reads a typed initial state, and finds its errors in the manifest's text",
        arguments: [
            ("initial_state_value = '[1, 2'", 3), ("initial_state_value = \"[\\\"a\\\", ?]\"", 3),
            ("initial_state_value = \'\'\'\n[1,\n  ?]\'\'\'", 5), ("initial_state_value = \'\'", 3),
        ])
    func typedState(text: String, line: Int) throws {
        let good = try Manifest.parse(head + "initial_state_value = '42'", file: "a.toml")
        #expect(good.initialState == .s64(42))
        let lines = findings(head + text)
        let start = "a.toml:\(line):"
        #expect(lines.count == 1 && lines[0].hasPrefix(start), "\(lines)")
        #expect(lines.first?.hasSuffix("[manifest.invalid-value]") == true)
    }

    @Test(
        "takes every spelling of a handler",
        arguments: [
            "[[handler]]\ntype = \"store\"\nstore_id = \"x\"",
            "[[handlers]]\ntype = \"store\"\nstore_id = \"x\"",
            "[[handlers]]\ntype = \"store\"\nconfig = { store_id = \"x\" }",
            "[[handlers]]\ntype = \"store\"\n[handlers.config]\nstore_id = \"x\"",
            "[[handler]]\ntype = \"store\"\n[handler.config]\nstore_id = \"x\"",
            "handlers = [ { type = \"store\", store_id = \"x\" } ]",
        ])
    func spellings(text: String) throws {
        let manifest = try Manifest.parse(head + text, file: "a.toml")
        let grant = HandlerGrant(type: "store", configuration: ["store_id": .string("x")])
        #expect(manifest.handlers == [grant])
        #expect(Set(manifest.handlers) == [grant])
    }

    @Test("keeps handlers in the order of the text, whatever their spelling")
    func order() throws {
        let text = "handlers = []\n" + head.replacing("\"a\"", with: "'a'")
        #expect(try Manifest.parse(text, file: "a.toml").handlers.isEmpty)
        let mixed =
            head
            + "[[handlers]]\ntype = \"b\"\n[[handler]]\ntype = \"a\"\n[[handlers]]\ntype = \"c\""
        #expect(try Manifest.parse(mixed, file: "a.toml").handlers.map(\.type) == ["b", "a", "c"])
    }

    @Test("accepts limits at their bounds and refuses one past", arguments: bounds)
    func limitBounds(_ bound: (key: String, good: [String], bad: [String])) {
        for value in bound.good {
            #expect(findings(head + "[limits]\n\(bound.key) = \(value)").isEmpty, "\(value)")
        }
        for value in bound.bad {
            let lines = findings(head + "[limits]\n\(bound.key) = \(value)")
            #expect(lines.count == 1 && lines[0].hasSuffix("[manifest.out-of-range]"), "\(value)")
        }
    }

    @Test("bounds the delay of the chain")
    func delayBounds() {
        for (value, count) in [("1ms", 0), ("60s", 0), ("999us", 1), ("60001ms", 1)] {
            #expect(findings(head + "[chain]\ndelay = \"\(value)\"").count == count, "\(value)")
        }
    }

    @Test("accepts names up to 64 characters of the right kind")
    func names() {
        let fits = String(repeating: "x", count: 64)
        for name in ["a", "0", "a-b_c.d", fits] {
            #expect(findings("name = \"\(name)\"\npackage = \"p\"").isEmpty, "\(name)")
        }
        for name in ["", "-a", ".a", "A", "ä", "a b", fits + "x", "a/b", "\\u0000"] {
            #expect(findings("name = \"\(name)\"\npackage = \"p\"").count == 1, "\(name)")
        }
    }

    @Test("accepts nesting up to the bound and refuses one level more")
    func depth() {
        func text(_ levels: Int) -> String {
            head + "[[handler]]\ntype = \"t\"\nx = "
                + String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        }
        #expect(findings(text(Manifest.depthMax - 2)).isEmpty)
        #expect(
            findings(text(Manifest.depthMax - 1)).first?.contains("[manifest.too-deep]") == true)
        let dotted = head + Array(repeating: "a", count: 200_000).joined(separator: ".") + " = 1"
        #expect(findings(dotted).first?.contains("[manifest.too-deep]") == true)
        let header = head + "[" + Array(repeating: "a", count: 200_000).joined(separator: ".") + "]"
        #expect(findings(header).first?.contains("[manifest.too-deep]") == true)
    }

    @Test("bounds the number of handlers and of offered interfaces")
    func counts() {
        func handlers(_ count: Int) -> String {
            head + (0..<count).map { "[[handler]]\ntype = \"h\($0)\"\n" }.joined()
        }
        #expect(findings(handlers(Manifest.handlersMax)).isEmpty)
        #expect(findings(handlers(Manifest.handlersMax + 1)).count == 1)
        func rpc(_ count: Int) -> String {
            head
                + "[exports]\nrpc = [\((0..<count).map { "\"a:b/c\($0)\"" }.joined(separator: ","))]"
        }
        #expect(findings(rpc(Manifest.rpcMax)).isEmpty)
        #expect(findings(rpc(Manifest.rpcMax + 1)).count == 1)
    }

    @Test(
        "resolves references from the manifest's folder",
        arguments: [
            ("a.wasm", "/x/m.toml", "/x/a.wasm"), ("./a.wasm", "m.toml", "a.wasm"),
            ("../a.wasm", "x/y/m.toml", "x/a.wasm"), ("../../a", "x/m.toml", "../a"),
            ("../../a", "/x/m.toml", "/a"), ("/abs//./a", "x/m.toml", "/abs/a"),
            ("a", "/m.toml", "/a"), ("a/../b", "./x/m.toml", "x/b"), ("..", "x/m.toml", "."),
            ("store://abc/../d", "/x/m.toml", "store://abc/../d"), ("a", "", "a"),
            ("a:b", "x/m.toml", "x/a:b"),
        ])
    func resolve(reference: String, manifest: String, expected: String) {
        #expect(Manifest.resolve(reference, relativeTo: manifest) == expected)
    }
}

private let bounds: [(key: String, good: [String], bad: [String])] = [
    (
        "memory", ["65536", "\"64KiB\"", "\"4GiB\"", "4294967296"],
        ["65535", "\"4294967297\"", "0"]
    ),
    ("table_elements", ["0", "1_000_000"], ["-1", "1000001"]),
    ("fuel_per_call", ["1", "4611686018427387904"], ["0", "4611686018427387905", "-5"]),
    ("call_timeout", ["\"1ms\"", "\"24h\""], ["\"999us\"", "\"86401s\"", "\"0s\""]),
    ("init_timeout", ["\"1ms\"", "\"1d\""], ["\"0ms\"", "\"1441m\""]),
    ("mailbox", ["1", "1000000"], ["0", "1000001"]),
]
