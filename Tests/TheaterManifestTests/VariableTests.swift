// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterManifest
import TheaterValue

@Suite("Variables and secrets")
struct VariableTests {
    private let text = """
        name = "${name:-crawler}"
        package = "build/${name:-crawler}.wasm"
        description = "in ${region}, $${region}, ${empty:-}, $5"
        initial_state_value = '{depth: ${depth}}'
        [limits]
        mailbox = "${mailbox}"
        call_timeout = "${seconds}s"
        [[handler]]
        type = "tcp"
        connect = ["${region}.example.com:443"]
        ratio = "${ratio}"
        verbose = "${verbose}"
        token = "${token}"
        [variables]
        region = "eu"
        depth = 2
        mailbox = 64
        seconds = 20
        ratio = 0.5
        verbose = false
        token = { secret = "env:API_TOKEN" }
        """

    @Test("stand for their defaults, with their types")
    func defaults() throws {
        let manifest = try Manifest.parse(text, file: "a.toml")
        #expect(manifest.name == "crawler")
        #expect(manifest.package == "build/crawler.wasm")
        #expect(manifest.description == "in eu, ${region}, , $5")
        #expect(manifest.initialState == (try ValueText.parse("{depth: 2}")))
        #expect(manifest.limits.mailbox == 64)
        #expect(manifest.limits.callTimeout == .seconds(20))
        let grant = try #require(manifest.handler("tcp"))
        #expect(grant.configuration["connect"] == .array([.string("eu.example.com:443")]))
        #expect(grant.configuration["ratio"] == .float(0.5))
        #expect(grant.configuration["verbose"] == .bool(false))
        #expect(manifest.warnings.isEmpty)
        #expect(manifest.recorded == Array(text.utf8))
    }

    @Test("take the values that are given, as the type of their default")
    func given() throws {
        let manifest = try Manifest.parse(
            text, file: "a.toml",
            variables: ["region": "u\"s", "mailbox": "7", "verbose": "true", "name": "b"])
        #expect(manifest.name == "b" && manifest.package == "build/b.wasm")
        #expect(manifest.limits.mailbox == 7)
        let grant = try #require(manifest.handler("tcp"))
        #expect(grant.configuration["verbose"] == .bool(true))
        // A quote in a value stays a character: it cannot end the string and begin a key.
        #expect(grant.configuration["connect"] == .array([.string("u\"s.example.com:443")]))
    }

    @Test("are part of what the digest is made of when they are given, and each value differently")
    func recorded() throws {
        func recorded(_ variables: [String: String]) throws -> [UInt8] {
            try Manifest.parse(text, file: "a.toml", variables: variables).recorded
        }
        let plain = try recorded([:])
        let values = [
            ["region": "us"], ["region": "us\nname=b"], ["region": "us", "name": "b"],
            ["region": "us\\nname=b"], ["name": "b"],
        ]
        var seen: Set<[UInt8]> = [plain]
        for value in values {
            let bytes = try recorded(value)
            #expect(bytes.starts(with: plain) && bytes.count > plain.count)
            #expect(seen.insert(bytes).inserted, "\(value)")
        }
    }

    @Test("that nobody has are refused when they are given")
    func unknown() {
        #expect(
            findings(head, variables: ["x": "1"]) == [
                "a.toml: a value was given for 'x', and the manifest has no such variable "
                    + "[manifest.unknown-variable]"
            ])
        #expect(
            findings(head + "[variables]\nregion = \"eu\"", variables: ["regin": "1"]) == [
                "a.toml: a value was given for 'regin', and the manifest has no such variable; did "
                    + "you mean 'region'? [manifest.unknown-variable]"
            ])
        #expect(
            findings(head + "[variables]\nsize = 1", variables: ["size": "big"]) == [
                "a.toml:4:1: 'size' was given as \"big\", and its default is integer 1; give a value "
                    + "of that type [manifest.wrong-type]"
            ])
    }

    @Test("that nothing mentions are warned of")
    func unused() throws {
        let manifest = try Manifest.parse(head + "[variables]\nregion = \"eu\"", file: "a.toml")
        #expect(
            manifest.warnings.map(\.description) == [
                "a.toml:4:1: the variable 'region' is mentioned nowhere; write ${region} where it "
                    + "belongs, or remove it [manifest.no-effect]"
            ])
    }

    // Goal: a secret never becomes part of a manifest. Method: its reference is all that can be read,
    // printed, hashed or compared, whichever way it is written; a secret as plain text is refused.
    @Test("that are secrets are references, and nothing else")
    func secrets() throws {
        let manifest = try Manifest.parse(text, file: "a.toml")
        var reader = try #require(manifest.handler("tcp")).reader()
        #expect(reader.secret("token") == SecretReference(.environment("API_TOKEN")))
        let direct = try Manifest.parse(
            head + "[[handler]]\ntype = \"tcp\"\ntoken = { secret = \"file:keys/a\" }",
            file: "a.toml")
        var other = try #require(direct.handler("tcp")).reader()
        #expect(other.secret("token") == SecretReference(.file("keys/a")))
        #expect(
            direct.handler("tcp")?.configuration["token"]?.description == "secret(file:keys/a)")
        let plain = try Manifest.parse(
            head + "[[handler]]\ntype = \"tcp\"\ntoken = \"hunter2\"", file: "a.toml")
        var wrong = try #require(plain.handler("tcp")).reader()
        #expect(wrong.secret("token") == nil)
        do throws(ManifestDiagnostics) {
            try wrong.finish()
            Issue.record("a secret in plain text must be refused")
        } catch {
            #expect(!"\(error)".contains("hunter2"))
            #expect("\(error)".contains("keep the secret outside the manifest"))
        }
        let secret = SecretValue("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!"\(secret) \(String(reflecting: secret)) \(dumped)".contains("hunter2"))
    }

    @Test("that are secrets are not given from outside")
    func givenSecret() {
        let lines = findings(text, variables: ["token": "hunter2"])
        #expect(lines.count >= 1 && lines[0].contains("'token' is a secret"))
        #expect(!lines.joined().contains("hunter2"))
    }

    @Test("cannot make a manifest balloon")
    func bounds() {
        let long = String(repeating: "x", count: 64 << 10)
        let many = (0..<300).map { "v\($0) = 1\n" }.joined()
        #expect(
            findings(head + "[variables]\n" + many).contains {
                $0.contains("at most 256 variables")
            })
        #expect(
            findings(head + "description = \"${x:-}${x:-}\"", variables: ["x": long]).count == 1)
        #expect(
            findings(head + "description = \"${x:-}\"", variables: ["x": long + "x"]).contains {
                $0.contains("longer than 65536 bytes")
            })
        let items = (0..<20).map { _ in "\"a${x:-}\"" }.joined(separator: ", ")
        #expect(
            findings(
                head + "[[handler]]\ntype = \"t\"\nk = [\(items)]",
                variables: ["x": String(repeating: "x", count: 60_000)]
            ).contains { $0.contains("longer than 1048576 bytes together") })
    }

    @Test(
        "a reference to a secret has one of two forms",
        arguments: [
            ("env:A", true), ("env:_a9", true), ("env:", false), ("env:9A", false),
            ("env:A B", false),
            ("file:/a b", true), ("file:", false), ("A", false), ("vault:x", false),
            ("ENV:A", false),
        ])
    func forms(text: String, isGood: Bool) {
        #expect((SecretReference(text)?.description == text) == isGood)
    }
}
