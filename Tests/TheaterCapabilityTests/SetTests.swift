// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterCapability

@Suite("Sets of names, paths and hosts")
struct SetTests {
    @Test("names are compared by bytes, and end in * only where patterns are taken")
    func names() throws {
        let exact = try NameSet(["A*", "B"])
        #expect(exact.contains("A*") && exact.contains("B") && !exact.contains("AB"))
        let patterns = try NameSet(["A*", "AB", "B"], takesPatterns: true)
        #expect(patterns.contains("AB") && patterns.contains("A") && !patterns.contains("BC"))
        #expect(patterns.names == ["A*", "B"])
        #expect(!(try NameSet(["\u{E9}"])).contains("e\u{301}"))
        #expect(try NameSet([]).isEmpty)
    }

    @Test(
        "paths are compared by component",
        arguments: [
            ("/tmp", "/tmp", true), ("/tmp", "/tmp/a", true), ("/tmp", "/tmpx", false),
            ("/tmp/", "/tmp/../etc", false), ("/tmp", "/tmp/a/../../tmp/b", true),
            ("/", "/etc/passwd", true), ("/tmp/a", "/tmp", false), ("data", "data/x", true),
            ("data", "database", false), ("data", "/data", false), (".", "x", true),
            (".", "../x", false), ("..", "../..", false), ("..", "../x", true), ("..", "x", false),
            ("/..", "/etc", true), ("/tmp", "/TMP/a", false),
        ])
    func paths(own: String, other: String, isInside: Bool) throws {
        #expect(try PathSet([own]).contains(other) == isInside)
        let covers = Bound.paths(try PathSet([own])).covers(.paths(try PathSet([other])))
        #expect(covers == isInside)
    }

    @Test("paths are shortened, and those below another are left out")
    func shortPaths() throws {
        let set = try PathSet(["/b/./c/", "/a//x/..", "/a/y", "z"])
        #expect(set.paths == ["/a", "/b/c", "z"])
        #expect(!set.contains("/a\u{0}") && !set.contains(""))
    }

    @Test(
        "hosts are compared as parsed",
        arguments: [
            ("example.com", "example.com", true), ("EXAMPLE.com.", "example.com", true),
            ("example.com", "example.com.evil.org", false),
            ("example.com", "notexample.com", false),
            ("*.example.com", "a.example.com", true), ("*.example.com", "b.a.example.com", true),
            ("*.example.com", "example.com", false), ("*.example.com", "aexample.com", false),
            ("*", "anything.org", true), ("*", "[::1]", true), ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "[::ffff:a00:1]", true), ("[::1]", "[0:0:0:0:0:0:0:1]", true),
            ("[2001:DB8::1]", "[2001:db8:0:0:0:0:0:1]", true), ("10.0.0.1", "10.0.0.10", false),
            ("127.0.0.1", "localhost", false),
        ])
    func hosts(own: String, other: String, isInside: Bool) throws {
        #expect(try HostSet([own]).contains(other, port: 443) == isInside)
        let covers = Bound.hosts(try HostSet([own])).covers(.hosts(try HostSet([other])))
        #expect(covers == isInside)
    }

    @Test("a port belongs to its host")
    func ports() throws {
        let set = try HostSet(["a.org:443", "b.org", "[::1]:80", "*:53"])
        #expect(set.contains("a.org", port: 443) && !set.contains("a.org", port: 80))
        #expect(set.contains("b.org", port: 80) && set.contains("::1", port: 53) == false)
        #expect(set.contains("[::1]", port: 80) && !set.contains("[::1]", port: 81))
        #expect(set.contains("c.org", port: 53) && !set.contains("*", port: 53))
        #expect(set.hosts == ["*:53", "[::1]:80", "a.org:443", "b.org"])
        #expect(
            try HostSet(["[2001:db8:0:0:1:0:0:1]", "[::]", "[1::]"]).hosts == [
                "[1::]", "[2001:db8::1:0:0:1]", "[::]",
            ])
    }

    @Test(
        "what is no host is refused",
        arguments: [
            "", ":80", "a b", "a..b", "-a.org", "a-.org", "a_/b", "http://a.org", "a.org:",
            "a.org:x",
            "a.org:70000", "a.org:+1", "127.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1",
            "0x7f.1",
            "1.2.3.0x4", "2130706433", "[::1", "::1]", "[1::2::3]", "[1:2:3:4:5:6:7]", "[12345::]",
            "[fe80::1%eth0]", "[1.2.3.4::]", "*.*.org", "a.*.org", "*a.org", "*.", "\u{212A}.org",
            "é.org",
            "a@b.org", String(repeating: "a", count: 64) + ".org",
        ])
    func badHosts(text: String) {
        #expect(throws: CapabilityError.self) { try HostSet([text]) }
    }

    @Test("a set holds 256 items and not one more")
    func bounds() throws {
        let names = (0..<257).map { "n\($0)" }
        #expect(try NameSet(Array(names.dropLast())).names.count == 256)
        #expect(throws: CapabilityError.self) { try NameSet(names) }
        #expect(throws: CapabilityError.self) { try PathSet(names) }
        #expect(throws: CapabilityError.self) { try HostSet(names) }
        #expect(throws: CapabilityError.self) { try NameSet([""]) }
        #expect(throws: CapabilityError.self) { try PathSet(["a\u{0}b"]) }
        #expect(throws: CapabilityError.self) {
            try PathSet([String(repeating: "a", count: 4097)])
        }
    }
}
