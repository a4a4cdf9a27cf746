// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterCapability
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterValue

/// A handler with a key of each kind, and one key that it does not declare.
private struct Everything: Handler {
    static let name = "everything"
    static let interfaces: [HostInterface] = []
    static let authority: [AuthorityKey] = [
        .names("allowed", absent: .nothing), .patterns("prefixes", absent: .everything),
        .paths("folders", absent: .nothing), .path("root"), .hosts("connect", absent: .everything),
        .maximum("count_max", absent: 10), .maximum("size_max", .bytes, absent: nil),
        .minimum("interval_min", .duration, absent: 1_000_000),
        .flag("write", absent: false), .flag("read_only", reachesFurther: false, absent: false),
        .free("seed"),
    ]

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {}
    func answer(_ call: HostCall) -> HostReply { .value(.unit) }
}

/// A handler that declares nothing.
private struct Opaque: Handler {
    static let name = "opaque"
    static let interfaces: [HostInterface] = []

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {}
    func answer(_ call: HostCall) -> HostReply { .value(.unit) }
}

@Suite("Grants of manifests")
struct AuthorityTests {
    private let registry = HandlerRegistry([Everything.self, Opaque.self])

    private func manifest(_ text: String, file: String = "a.toml") throws -> Manifest {
        try Manifest.parse("name = \"a\"\npackage = \"a.wasm\"\n" + text, file: file)
    }

    private func everything(_ keys: String, _ more: String = "") -> String {
        "[[handler]]\ntype = \"everything\"\n\(keys)\n\(more)"
    }

    private func findings(_ text: String, parent: GrantSet = .unlimited) throws -> [String] {
        let manifest = try manifest(text)
        do throws(ManifestDiagnostics) {
            _ = try registry.grants(of: manifest, parent: parent)
            return []
        } catch {
            return error.diagnostics.map(\.description)
        }
    }

    @Test("what is absent means what the handler declares")
    func absent() throws {
        let grants = try registry.grants(of: try manifest(everything("")))
        guard case .held(let bounds) = grants.effective.grants["everything"] else {
            Issue.record("the handler must be held")
            return
        }
        #expect(bounds["allowed"] == .names(.empty) && bounds["prefixes"] == .unlimited)
        #expect(bounds["count_max"] == .atMost(10) && bounds["size_max"] == .unlimited)
        #expect(bounds["interval_min"] == .atLeast(1_000_000))
        #expect(bounds["write"] == .flag(false) && bounds["read_only"] == .flag(true))
        #expect(bounds["seed"] == .unlimited && bounds["other"] == .fixed(nil))
        #expect(grants.effective.narrowings.isEmpty && grants.effective.refusals.isEmpty)
    }

    // Goal: a handler reads what its actor gets, not what the manifest asks for. Method: a child asks
    // for more than its parent in every kind of key; the handler's own reader sees the parent's values.
    @Test("a handler reads the narrower values")
    func narrowed() throws {
        let parent = try registry.grants(
            of: try manifest(
                everything(
                    """
                    allowed = ["A", "B"]
                    prefixes = ["LC_*"]
                    folders = ["data", "/srv/x"]
                    connect = ["example.com:443"]
                    count_max = 5
                    size_max = "1MiB"
                    interval_min = "2s"
                    read_only = true
                    seed = 1
                    """), file: "/team/a.toml")
        ).effective.grants
        let child = try registry.grants(
            of: try manifest(
                everything(
                    """
                    allowed = ["B", "C"]
                    folders = ["../data/logs", "/srv", "/srv/xy"]
                    connect = ["*.com", "EXAMPLE.com."]
                    count_max = 50
                    size_max = "1GiB"
                    interval_min = "1ms"
                    write = true
                    seed = 2
                    """), file: "/team/child/a.toml"), parent: parent)
        #expect(parent.covers(child.effective.grants))
        #expect(child.effective.refusals.isEmpty)
        let grant = try #require(child.handlers.first?.grant)
        #expect(
            grant.configuration == [
                "allowed": .array([.string("B")]), "prefixes": .array([.string("LC_*")]),
                "folders": .array([.string("/srv/x"), .string("/team/data/logs")]),
                "connect": .array([.string("example.com:443")]), "count_max": .integer(5),
                "size_max": .integer(1 << 20), "interval_min": .string("2s"),
                "write": .bool(false), "read_only": .bool(true), "seed": .integer(2),
            ])
        // The narrowed values stand where the wide ones stood.
        #expect(grant.valuePlace(of: "count_max") == ManifestPlace(line: 8, column: 13))
    }

    @Test("what a child asks for within its parent's bounds is left as it is written")
    func unchanged() throws {
        let parent = try registry.grants(of: try manifest(everything("count_max = 50")))
        let text = everything("count_max = 5\nconnect = [\"B.org\", \"a.org\", \"b.org\"]")
        let child = try registry.grants(of: try manifest(text), parent: parent.effective.grants)
        #expect(child.handlers.map(\.grant) == (try manifest(text)).handlers)
    }

    @Test("a policy narrows an actor under an unlimited parent, and so its children")
    func policy() throws {
        let text = everything(
            "connect = [\"a.org\", \"b.org\"]\nwrite = true",
            """
            [permission_policy.everything]
            type = "restrict"
            config = { connect = ["a.org:443"] }
            """)
        let grants = try registry.grants(of: try manifest(text)).effective
        guard case .held(let bounds) = grants.grants["everything"] else {
            Issue.record("the handler must be held")
            return
        }
        #expect(bounds["connect"] == .hosts(try HostSet(["a.org:443"])))
        #expect(bounds["write"] == .flag(true))
        let child = try registry.grants(
            of: try manifest(everything("connect = [\"*\"]")), parent: grants.grants)
        #expect(
            child.handlers.first?.grant.configuration["connect"]
                == .array([.string("a.org:443")]))
    }

    @Test(
        "a policy with a wrong key, a wrong value or an unknown handler is refused with its place")
    func badPolicy() throws {
        func lines(_ keys: String) throws -> [String] {
            try findings(
                "permission_policy.everything = { type = \"restrict\", config = {\(keys)} }\n"
                    + "[[handler]]\ntype = \"everything\"")
        }
        #expect(
            try lines("conect = []") == [
                "a.toml:3:63: 'conect' is not a key of handler 'everything'; did you mean 'connect'? "
                    + "[manifest.unknown-key]"
            ])
        #expect(
            try lines("connect = [\"127.1\"]") == [
                "a.toml:3:73: 'connect': \"127.1\" is no host; write a name, an IPv4 address of four "
                    + "numbers, or an IPv6 address in brackets, and :port behind it "
                    + "[manifest.invalid-value]"
            ])
        #expect(
            try lines("seed = 1") == [
                "a.toml:3:70: 'seed' bounds nothing, so it cannot restrict; remove it "
                    + "[manifest.invalid-value]"
            ])
        #expect(
            try findings("permission_policy.everthing.type = \"disallow\"") == [
                "a.toml:3:19: there is no handler 'everthing'; did you mean 'everything'? "
                    + "[manifest.unknown-handler]"
            ])
    }

    @Test("a wrong value of a bound is refused, and bounds nothing less")
    func badBounds() throws {
        for keys in [
            "allowed = \"A\"", "allowed = [\"\"]", "folders = [1]", "connect = [\"http://a\"]",
            "count_max = -1", "size_max = \"big\"", "interval_min = 5", "write = 1",
        ] {
            #expect(try findings(everything(keys)).count == 1, "\(keys)")
        }
    }

    @Test("a handler that declares nothing must be configured as its parent's")
    func opaque() throws {
        func grants(_ keys: String, parent: GrantSet = .unlimited) throws -> EffectiveGrants {
            try registry.grants(
                of: try manifest("[[handler]]\ntype = \"opaque\"\n" + keys), parent: parent
            ).effective
        }
        let parent = try grants("a = { x = 1, y = [\"b\"] }\nb = 2").grants
        #expect(try grants("b = 2\na = { y = [\"b\"], x = 1 }", parent: parent).refusals.isEmpty)
        for keys in ["", "b = 2", "b = 2\na = { x = 1 }", "b = 3\na = { x = 1, y = [\"b\"] }"] {
            #expect(try !grants(keys, parent: parent).refusals.isEmpty, "\(keys)")
        }
        let key = try grants(
            "a = { x = 1, y = [\"b\"] }\nb = 2\nc = true", parent: parent
        ).refusals
        #expect(
            key.map(\.description) == [
                "'c' of handler 'opaque' is exactly true, and must be not set as its parent or policy "
                    + "has it; write the same value in both"
            ])
    }

    @Test("an undeclared key of a handler with declared ones is compared as a whole")
    func undeclared() throws {
        let parent = try registry.grants(of: try manifest(everything("other = 1"))).effective
        let child = try registry.grants(
            of: try manifest(everything("other = 2")), parent: parent.grants)
        #expect(child.effective.refusals.count == 1)
    }

    @Test("paths are made canonical before they are compared")
    func canonical() throws {
        // A link that leads out of the folder it lies in.
        let linked = HandlerRegistry([Everything.self]) { path in
            path.replacing("/data/link", with: "/etc")
        }
        let parent = try linked.grants(of: try manifest(everything("folders = [\"/data\"]")))
        let child = try linked.grants(
            of: try manifest(everything("folders = [\"/data/link/../x\", \"/data/a\"]")),
            parent: parent.effective.grants)
        #expect(
            child.handlers.first?.grant.configuration["folders"]
                == .array([.string("/data/a")]))
    }

    @Test("of two single paths the lower one counts, and of two side by side none")
    func single() throws {
        let parent = try registry.grants(of: try manifest(everything("root = \"/data\"")))
        for (asked, expected) in [
            ("/data/a", "/data/a"), ("/", "/data"), ("/data", "/data"), ("/dat", ""),
            ("/datax", ""),
            ("/data/../etc", ""), ("/data/a/..", "/data"),
        ] {
            let child = try registry.grants(
                of: try manifest(everything("root = \"\(asked)\"")),
                parent: parent.effective.grants)
            #expect(
                child.handlers.first?.grant.configuration["root"] == .string(expected), "\(asked)")
        }
        let none = try registry.grants(
            of: try manifest(everything("")), parent: parent.effective.grants)
        #expect(none.handlers.first?.grant.configuration["root"] == nil)
        let heir = try registry.grants(
            of: try manifest(everything("root = \"/data\"")), parent: none.effective.grants)
        #expect(heir.handlers.first?.grant.configuration["root"] == .string(""))
        #expect(try findings(everything("root = [\"/data\"]")).count == 1)
    }

    @Test("bounds are shown in the unit of their key")
    func texts() {
        let keys = Dictionary(
            uniqueKeysWithValues: Everything.authority.map { ($0.name, $0) })
        #expect(keys["size_max"]?.text(.atMost(1 << 20)) == "at most 1MiB")
        #expect(keys["interval_min"]?.text(.atLeast(2_000_000)) == "at least 2ms")
        #expect(keys["count_max"]?.text(.atMost(5)) == "at most 5")
        #expect(keys["count_max"]?.text(.unlimited) == "unlimited")
        #expect(keys["allowed"]?.text(.names(.empty)) == "nothing")
    }
}
