// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterManifest

@Suite("Manifest diagnostics")
struct GoldenTests {
    @Test("say what is wrong, where, and what to do", arguments: goldens)
    func golden(_ golden: Golden) {
        #expect(findings(golden.text) == golden.lines)
    }

    @Test("cover every code that parsing can give")
    func coverage() {
        let elsewhere: Set<ManifestDiagnostic.Code> = [
            .notUTF8, .tooLarge, .unknownHandler, .noEffect, .unreadable,
        ]
        let seen = goldens.flatMap(\.lines).joined()
        for code in ManifestDiagnostic.Code.allCases where !elsewhere.contains(code) {
            #expect(seen.contains("[\(code.rawValue)]"), "\(code) is missing")
        }
    }

    @Test("are all reported, in the order of the text")
    func all() {
        let text = "nam = \"a\"\non_error = \"ignore\"\n[limits]\nmailbox = 0\nmemry = 1\n"
        let codes = findings(text).compactMap { $0.split(separator: " ").last }
        #expect(
            codes == [
                "[manifest.missing-key]", "[manifest.missing-key]", "[manifest.unknown-key]",
                "[manifest.invalid-value]", "[manifest.out-of-range]", "[manifest.unknown-key]",
            ])
    }

    @Test("stop at a hundred and count the rest")
    func bounded() {
        let text = head + (0..<250).map { "x\($0) = 1\n" }.joined()
        do throws(ManifestDiagnostics) {
            _ = try Manifest.parse(text, file: "a.toml")
            Issue.record("unknown keys must be refused")
        } catch {
            #expect(error.diagnostics.count == 100)
            #expect(error.omittedCount == 150)
            #expect(error.description.hasSuffix("… and 150 more findings"))
        }
    }

    @Test("stay on one line and out of the terminal's control")
    func printable() {
        let key = "\\n\\u001b[31m\u{202E}" + String(repeating: "e\u{301}", count: 10_000)
        let lines = findings(head + "\"\(key)\" = 1")
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("a.toml:3:1: '\\u{a}\\u{1b}[31m\\u{202e}e\u{301}") == true)
        let long = findings(
            "name = \"a\"\npackage = \"" + String(repeating: "x", count: 9_000) + "://\"")
        #expect(long.count == 1)
        #expect((long.first?.unicodeScalars.count ?? 0) < 1_200)
    }

    @Test("name the place of bytes that are not UTF-8")
    func notUTF8() {
        let bytes = Array("name = \"a\"\nü = \"".utf8) + [0xFF, 0x22]
        do throws(ManifestDiagnostics) {
            _ = try Manifest.parse(bytes: bytes, file: "a.toml")
            Issue.record("invalid UTF-8 must be refused")
        } catch {
            let expected =
                "a.toml:2:6: the text is not UTF-8; save the file as UTF-8 [manifest.not-utf8]"
            #expect(error.description == expected)
        }
    }

    @Test("refuse one byte more than the longest text, and accept the longest")
    func size() throws {
        let filler = Manifest.sizeMax - head.utf8.count - 1
        let text = head + "#" + String(repeating: "x", count: filler)
        #expect(try Manifest.parse(text, file: "a.toml").name == "a")
        #expect(
            findings(text + "x") == [
                "a.toml:1:1: the manifest has 1048577 bytes, the most is 1048576; "
                    + "keep large data beside the manifest [manifest.too-large]"
            ])
    }
}
