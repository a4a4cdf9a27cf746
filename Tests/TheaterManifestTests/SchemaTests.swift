// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterManifest
import TheaterValue

@Suite("Manifest schema")
struct SchemaTests {
    @Test("children and their supervision are read, in the order of the text")
    func children() throws {
        let manifest = try Manifest.parse(
            head + """
                [supervision]
                strategy = "rest_for_one"
                intensity = 10
                period = "1m"
                backoff = { initial = "100ms", max = "10s", factor = 3 }
                [[children]]
                name = "first"
                manifest = "../first/manifest.toml"
                restart = "transient"
                shutdown = "infinity"
                state = "last"
                initial_state_value = '[1u8]'
                wasm = "first.wasm"
                [[children]]
                name = "second"
                manifest = "store://team/second"
                shutdown = "250ms"
                """, file: "a.toml")
        #expect(manifest.supervision.strategy == .restForOne)
        #expect(manifest.supervision.intensity == 10)
        #expect(manifest.supervision.period == .seconds(60))
        #expect(manifest.supervision.backoff.initial == .milliseconds(100))
        #expect(manifest.supervision.backoff.max == .seconds(10))
        #expect(manifest.supervision.backoff.factor == 3)
        var first = ChildDeclaration(name: "first", manifest: "../first/manifest.toml")
        first.restart = .transient
        first.shutdown = .infinity
        first.state = .last
        first.initialState = .bytes([1])
        first.wasm = "first.wasm"
        var second = ChildDeclaration(name: "second", manifest: "store://team/second")
        second.shutdown = .timeout(.milliseconds(250))
        #expect(manifest.children == [first, second])
    }

    @Test("an actor says how it is supervised itself, in words or not at all")
    func ownSpec() throws {
        let none = try Manifest.parse(head, file: "a.toml").supervision
        #expect(none.restart == nil && none.shutdown == nil && none.state == nil)
        let some = try Manifest.parse(
            head
                + "[supervision]\nrestart = \"transient\"\nshutdown = \"kill\"\nstate = \"last\"\n",
            file: "a.toml"
        ).supervision
        #expect(some.restart == .transient && some.shutdown == .kill && some.state == .last)
        #expect(findings(head + "[supervision]\nrestart = \"always\"\n").count == 1)
        #expect(findings(head + "[supervision]\nshutdown = 5\n").count == 1)
        #expect(findings(head + "restart = \"permanent\"\n").count == 1)
    }

    @Test("256 children are taken, and not one more")
    func childrenMax() throws {
        let child = { (index: Int) in "[[children]]\nname = \"c\(index)\"\nmanifest = \"c.toml\"\n"
        }
        let text = head + (0..<256).map(child).joined()
        #expect(try Manifest.parse(text, file: "a.toml").children.count == 256)
        #expect(findings(text + child(256)).count == 1)
    }

    @Test("the limits of a life, of requests and of messages have defaults and bounds")
    func limits() throws {
        #expect(Limits().fuelPerLife == nil)
        #expect(Limits().requestTimeout == nil)
        #expect(Limits().messageAgeMax == .seconds(30))
        #expect(Limits().mailboxPolicy == .reject)
        let manifest = try Manifest.parse(
            head + "[limits]\nfuel_per_life = 5\nrequest_timeout = \"1ms\"\n"
                + "message_age_max = \"24h\"\nmailbox_policy = \"drop-oldest\"", file: "a.toml")
        #expect(manifest.limits.mailboxPolicy == .dropOldest)
        #expect(manifest.limits.fuelPerLife == 5)
        #expect(manifest.limits.requestTimeout == .milliseconds(1))
        #expect(manifest.limits.messageAgeMax == .seconds(86_400))
        for line in [
            "fuel_per_life = 0", "request_timeout = \"0s\"", "message_age_max = \"25h\"",
        ] {
            let lines = findings(head + "[limits]\n" + line)
            #expect(lines.count == 1 && lines[0].hasSuffix("[manifest.out-of-range]"), "\(lines)")
        }
    }

    @Test("in_doubt belongs to the grant, beside the handler's keys or beside config")
    func inDoubt() throws {
        let manifest = try Manifest.parse(
            head + """
                [[handler]]
                type = "a"
                in_doubt = "ask"
                key = 1
                [[handler]]
                type = "b"
                in_doubt = "retry"
                config = { key = 2 }
                [[handler]]
                type = "c"
                """, file: "a.toml")
        #expect(manifest.handlers.map(\.inDoubt) == [.ask, .retry, nil])
        #expect(
            manifest.handlers.map(\.configuration) == [
                ["key": .integer(1)], ["key": .integer(2)], [:],
            ])
        #expect(manifest.handlers.map(\.inDoubtPlace.line) == [5, 9, 12])
        let replaced = try #require(manifest.handlers.first).replacing(["key": .integer(3)])
        #expect(replaced.inDoubt == .ask)
        #expect(replaced != HandlerGrant(type: "a", configuration: ["key": .integer(3)]))
        let lines = findings(head + "[[handler]]\ntype = \"a\"\nin_doubt = \"again\"")
        #expect(lines.count == 1 && lines[0].contains("\"fail\", \"retry\", \"ask\""), "\(lines)")
    }

    @Test("policies are read, with hyphens or underscores")
    func policies() throws {
        let manifest = try Manifest.parse(
            head + """
                [[handler]]
                type = "message-server"
                [permission_policy.message_server]
                type = "restrict"
                config = { targets = ["a"] }
                [permission_policy.tcp]
                type = "disallow"
                """, file: "a.toml")
        #expect(manifest.policy("tcp")?.kind == .disallow)
        let restricted = HandlerGrant(
            type: "message-server", configuration: ["targets": .array([.string("a")])])
        #expect(manifest.policy("message-server")?.kind == .restrict(restricted))
        #expect(manifest.warnings.isEmpty)
    }

    @Test("keys without effect are warned of, not taken in silence")
    func warnings() throws {
        let manifest = try Manifest.parse(
            head + """
                save_chain = true
                [permission_policy.tcp]
                type = "restrict"
                config = {}
                """, file: "a.toml")
        #expect(
            manifest.warnings.map(\.description) == [
                "a.toml:3:1: 'save_chain' has no effect: the chain is always kept; remove it; [chain] "
                    + "durability says how the chain is kept [manifest.no-effect]",
                "a.toml:4:20: the policy of 'tcp' has no effect: the handler is not granted; grant it "
                    + "with [[handler]], or remove the policy [manifest.no-effect]",
            ])
    }

    // MARK: The first state in a file

    private func state(
        _ format: String, _ bytes: [UInt8]
    ) throws(ManifestDiagnostics) -> Value? {
        var manifest = try Manifest.parse(
            head + "initial_state_file = \"../s/state\"\ninitial_state_format = \"\(format)\"",
            file: "m/a.toml")
        try manifest.readInitialState(manifestPath: "m/a.toml") { path, sizeMax in
            #expect(path == "s/state" && sizeMax == InitialStateFile.sizeMax)
            return bytes
        }
        return manifest.initialState
    }

    @Test("a first state may stand in a file, in four forms")
    func stateFile() throws {
        #expect(try state("string", Array("hé".utf8)) == .string("hé"))
        #expect(try state("bytes", [0xFF, 0]) == .bytes([0xFF, 0]))
        #expect(try state("value", Array("[1, 2]\n".utf8)) == ValueText.parse("[1, 2]"))
        #expect(try state("cgrf", CGRF.encode(.bool(true))) == .bool(true))
    }

    @Test(
        "a file that is not what its format says is refused, with the place",
        arguments: [
            ("string", [0xFF], "s/state: the first state is not UTF-8"),
            ("value", Array("{a:\n }".utf8), "s/state:2:2: the first state is not the text"),
            ("cgrf", [1, 2], "m/a.toml:3:22: 's/state' is not CGRF"),
            (
                "bytes", [UInt8](repeating: 0, count: InitialStateFile.sizeMax + 1),
                "m/a.toml:3:22: 's/state' has 16777217 bytes, the most is 16777216"
            ),
        ])
    func badStateFile(format: String, bytes: [UInt8], message: String) {
        do throws(ManifestDiagnostics) {
            _ = try state(format, bytes)
            Issue.record("it must be refused")
        } catch {
            #expect(error.description.hasPrefix(message), "\(error)")
        }
    }

    @Test("a file that cannot be read is refused at the key that names it")
    func unreadable() throws {
        struct Gone: Error, CustomStringConvertible { let description = "it is gone" }
        var manifest = try Manifest.parse(head + "initial_state_file = \"s\"", file: "a.toml")
        do throws(ManifestDiagnostics) {
            try manifest.readInitialState(manifestPath: "a.toml") { _, _ in throw Gone() }
            Issue.record("it must be refused")
        } catch {
            #expect(
                error.description
                    == "a.toml:3:22: the first state cannot be read: it is gone; correct "
                    + "'initial_state_file', or put the file there [manifest.unreadable]")
        }
    }

    @Test("store:// references and paths are taken for packages")
    func references() throws {
        for reference in ["store://a/b", "STORE://a", "a.wasm", "../a:b.wasm", "/a"] {
            let text = "name = \"a\"\npackage = \"\(reference)\""
            #expect(try Manifest.parse(text, file: "a.toml").package == reference)
        }
    }
}
