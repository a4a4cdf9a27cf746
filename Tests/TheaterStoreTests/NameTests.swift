// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform

@testable import TheaterStore

@Suite("Names of the store")
struct NameTests {
    /// Texts that would leave the store's directory, or hide where they lead, if they were paths.
    static let traversals = [
        "..", ".", "../x", "../../etc/passwd", "/etc/passwd", "//x", "a/../b", "a/..", "a/./b",
        "./a", "a//b", "a/", "/a", "a/../../b", "..\u{0}", "a\u{0}b", "a\nb", "\u{202E}abc",
        "a/\u{200B}", "", "a/..\u{0}", "\u{7F}",
    ]

    @Test("a label has components that lead nowhere", arguments: traversals)
    func badLabels(text: String) throws {
        #expect(StoreLabel(text) == nil)
        #expect(code { _ = try StoreLabel.parse(text) } == .badLabel)
        #expect(code { _ = try StoreReference(parsing: "store://pages/" + text) } == .badLabel)
    }

    @Test(
        "a label may be any visible text",
        arguments: [
            "a", "front", "pages/front", "a/b/c", "Größe", "日本", "a b", "...", "..a", "a..", "hash",
            "hashes/a", "a/hash/b", "-rf", "%2e%2e", "\\..\\x", "C:", "~",
            String(repeating: "x", count: 512),
        ])
    func goodLabels(text: String) throws {
        #expect(try StoreLabel.parse(text).text == text)
        let reference = try StoreReference(parsing: "store://pages/" + text)
        #expect(reference.target == .label(try label(text)))
        #expect(try StoreReference(parsing: "\(reference)") == reference)
    }

    @Test("a label has a bound, and 'hash/' is not free")
    func labelBounds() throws {
        #expect(code { _ = try StoreLabel.parse(String(repeating: "x", count: 513)) } == .badLabel)
        #expect(code { _ = try StoreLabel.parse("hash/x") } == .badLabel)
        // A slash with a combining mark is one character, and a slash nevertheless.
        #expect(StoreLabel("..\u{2F}\u{338}x") == nil)
    }

    @Test("labels are compared by their bytes")
    func labelBytes() throws {
        let composed = try label("\u{E9}")
        let decomposed = try label("e\u{301}")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(
            [try label("b"), try label("a/b"), try label("a")].sorted().map(\.text) == [
                "a", "a/b", "b",
            ])
    }

    @Test(
        "a namespace is one plain component",
        arguments: traversals.filter { !$0.isEmpty } + [
            "", " ", "a b", "-a", ".a", "_a", "a/b", "é", "a\u{301}", "a:b", "%2e", "a\\b", "*",
            String(repeating: "x", count: 65),
        ])
    func badNamespaces(text: String) {
        #expect(StoreNamespace(text) == nil)
        #expect(code { _ = try StoreNamespace.parse(text) } == .badName)
        let reference = try? StoreReference(parsing: "store://\(text)/a")
        #expect(reference == nil || text.hasPrefix("a/"), "what follows a slash is a label")
    }

    @Test("a namespace of an actor is its identity")
    func privateNamespace() throws {
        let actor = ActorID.random()
        let own = StoreNamespace(of: actor)
        #expect(own.name == "\(actor)")
        #expect(own.isPrivate)
        #expect(StoreNamespace("\(actor)") == own)
        #expect(try !space("pages.v1_x-2").isPrivate)
        #expect(StoreNamespace(String(repeating: "x", count: 64)) != nil)
    }

    @Test("content is named by the SHA-256 of its bytes, and by nothing else")
    func contentIDs() throws {
        let text = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        let id = ContentID(of: bytes("hello"))
        #expect("\(id)" == text)
        #expect(ContentID(text) == id)
        #expect(ContentID(text.uppercased()) == id)
        #expect(ContentID(bytes: id.bytes) == id)
        let wrong = [
            "", "a", "../" + text.dropFirst(3), text + "0", String(text.dropLast()), " " + text,
            text.replacing("2", with: "g"), "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
        ]
        for text in wrong {
            #expect(ContentID(text) == nil)
            #expect(code { _ = try ContentID.parse(text) } == .badReference, "\(text)")
        }
    }

    @Test("a reference names a label, slashes and all, or content")
    func references() throws {
        let id = ContentID(of: [])
        let content = try StoreReference(parsing: "store://pages/hash/\(id)")
        #expect(content.target == .content(id))
        #expect("\(content)" == "store://pages/hash/\(id)")
        let nested = try StoreReference(parsing: "store://pages/a/b/c")
        #expect(nested.target == .label(try label("a/b/c")), "not its first component")
        let wrong = [
            "", "store:", "store://", "store://pages", "store:///a", "http://pages/a",
            "Store://pages/a",
            "store://pages/hash/", "store://pages/hash/12", "store://pages/hash/\(id)/x",
            "store://../a", "store://a b/c",
        ]
        for text in wrong {
            #expect(throws: StoreError.self, "\(text)") { _ = try StoreReference(parsing: text) }
        }
    }

    @Test("digests are found wherever they stand")
    func mentions() {
        let (one, two) = (ContentID(of: [1]), ContentID(of: [2]))
        let text = "sha256 = \"\(one)\"\nstore://a/hash/\("\(two)".uppercased())"
        #expect(ContentID.mentioned(in: bytes(text)) == [one, two])
        #expect(ContentID.mentioned(in: bytes("\(one)")) == [one])
        #expect(ContentID.mentioned(in: bytes("\(one)".dropLast() + "g")).isEmpty)
        #expect(ContentID.mentioned(in: []).isEmpty)
        // Digits beside it belong to something else, and must not hide it.
        #expect(ContentID.mentioned(in: bytes("ab\(one)cd")).contains(one))
        let long = String(repeating: "0", count: 5000)
        #expect(ContentID.mentioned(in: bytes("\(one)" + long)).contains(one))
        #expect(ContentID.mentioned(in: bytes(long + "\(one)")).contains(one))
    }

    @Test("an error shows what it was given on one short line")
    func shown() {
        let error = StoreError.badLabel(String(repeating: "\n", count: 4000), "x")
        #expect(error.description.count < 700)
        #expect(!error.description.contains("\n"))
    }
}
