// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TheaterFiles

@Suite("Paths below a root")
struct FilePathTests {
    @Test(
        "are brought to their shortest form",
        arguments: [
            ("a", "a"), ("a/b", "a/b"), ("./a//b/./c/", "a/b/c"), (".", "."), ("./", "."),
            ("...", "..."), ("..a/b..", "..a/b.."), ("new\nline", "new\nline"),
            ("\u{1B}[2J", "\u{1B}[2J"),
            ("\\..\\a", "\\..\\a"), ("a\u{301}/e", "a\u{301}/e"),
        ])
    func short(text: String, expected: String) throws {
        #expect(Array(try FilePath(text).text.utf8) == Array(expected.utf8))
    }

    @Test(
        "that could lead out, or name nothing, are denied",
        arguments: [
            ("..", FileError.Code.outside), ("../a", .outside), ("a/../b", .outside),
            ("a/..", .outside),
            ("./..", .outside), ("/", .outside), ("/etc/passwd", .outside), ("//a", .outside),
            // A mark that combines with the slash before it.
            ("a/\u{301}/../../b", .outside), ("/\u{301}/..", .outside),
            ("", .badPath), ("a\0", .badPath), ("\0", .badPath), ("a/\0/../b", .badPath),
            (String(repeating: "a", count: 256), .badPath),
            (String(repeating: "a/", count: 2048), .badPath),
        ])
    func refused(text: String, code: FileError.Code) {
        do {
            let path = try FilePath(text)
            Issue.record("'\(path.text)' was taken")
        } catch {
            #expect(error.code == code && error.isDenial, "\(text.debugDescription)")
            #expect(!error.message.utf8.contains(0) && error.message.utf8.count < 1000)
        }
    }

    @Test("are split into their folder and name")
    func parts() throws {
        let parts = try #require(try FilePath("a/b/c").parts)
        #expect(parts.folder.text == "a/b" && parts.name == "c")
        #expect(try FilePath("a").parts?.folder.text == ".")
        #expect(try FilePath(".").parts == nil)
    }
}
