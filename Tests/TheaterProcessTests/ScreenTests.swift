// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TheaterProcess

@Suite("What a terminal was told")
struct ScreenTests {
    @Test(
        "is taken back",
        arguments: [
            ("text\n", ""), ("\u{1B}[?1049h", "\u{1B}[?1049l"), ("\u{1B}[?25l", "\u{1B}[?25h"),
            ("\u{1B}[?25l\u{1B}[?25h", ""), ("\u{1B}[?7l", "\u{1B}[?7h"),
            ("\u{1B}[?1000;1006h", "\u{1B}[?1000l\u{1B}[?1006l"),
            ("\u{1B}[?1049h\u{1B}[?25l\u{1B}[?2004h", "\u{1B}[?2004l\u{1B}[?1049l\u{1B}[?25h"),
            ("\u{1B}[31mred", "\u{1B}[0m"), ("\u{1B}[31mred\u{1B}[0m", ""),
            ("\u{1B}[1mb\u{1B}[m", ""),
            ("\u{1B}=", "\u{1B}>"), ("\u{1B}=\u{1B}>", ""), ("\u{1B}(0", "\u{1B}(B\u{0F}"),
            ("\u{1B}[?1049h\u{1B}c", ""), ("\u{1B}[2J\u{1B}[10;20H", ""), ("\u{1B}[?9999h", ""),
            ("\u{1B}]0;title\u{07}", ""), ("\u{1B}]0;\u{1B}[?25l\u{1B}\\", ""),
            // Cut off in its middle.
            ("\u{1B}[?25", "\u{18}"), ("\u{1B}]0;ti", "\u{18}"),
            ("\u{1B}[?25l\u{1B}[", "\u{18}\u{1B}[?25h"),
        ])
    func farewell(written: String, expected: String) {
        var screen = ScreenState()
        screen.note(Array(written.utf8))
        #expect(String(decoding: screen.farewell, as: UTF8.self) == expected)
        var bytewise = ScreenState()
        for byte in written.utf8 { bytewise.note([byte]) }
        #expect(bytewise == screen)
    }

    @Test("is bounded, whatever is written")
    func bounded() {
        var screen = ScreenState()
        screen.note(Array(("\u{1B}[?" + String(repeating: "9", count: 10_000)).utf8))
        screen.note(Array(String(repeating: "1;", count: 10_000).utf8))
        screen.note(Array("h\u{1B}[?25l".utf8))
        #expect(String(decoding: screen.farewell, as: UTF8.self) == "\u{1B}[?25h")
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var noise = ScreenState()
            let bytes = (0..<500).map { _ in
                [0x1B, 0x5B, 0x3F, 0x68, 0x6C, 0x3B, UInt8.random(in: 0 ... .max, using: &random)]
                    .randomElement(using: &random) ?? 0
            }
            noise.note(bytes)
            #expect(noise.farewell.count < 300)
        }
    }

    @Test(
        "by others is plain text",
        arguments: [
            ("a\tb\n", "a\tb\n"), ("a\r\nb", "a\nb"), ("\u{1B}[2J", "\u{241B}[2J"),
            ("\u{7}\u{7F}", "\u{2407}\u{2421}"),
            ("a\rb", "a\u{240D}b"), ("\u{9B}31m", "\u{FFFD}31m"), ("é\u{85}", "é\u{FFFD}"),
            ("\0", "\u{2400}"),
        ])
    func plain(written: String, expected: String) {
        #expect(String(decoding: PlainText.of(Array(written.utf8)), as: UTF8.self) == expected)
        #expect(!PlainText.hasControls(PlainText.of(Array(written.utf8))))
    }
}
