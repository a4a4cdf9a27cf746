// SPDX-License-Identifier: Apache-2.0

import Logging
import Testing
import TheaterAPI
import TheaterPlatform
import TheaterValue

@testable import TheaterCLI

@Suite("Formatting")
struct FormatTests {
    @Test("JSON keeps the order and escapes what cannot be seen")
    func json() {
        let json = JSON.object([
            ("b", .integer(UInt64.max)), ("a", .array([.null, .bool(true), .number("1.5")])),
            ("t", .string("\"\\\n\t\u{1B}[31m\u{202E}é😀")),
        ])
        #expect(
            json.description
                == #"{"b":18446744073709551615,"a":[null,true,1.5],"t":"\"\\\n\t\u001b[31m\u202eé😀"}"#
        )
    }

    @Test("an invisible character beyond the first plane is two escapes")
    func surrogates() {
        #expect(JSON.string("\u{E0001}").description == #""\udb40\udc01""#)
    }

    @Test("values have a JSON form")
    func values() throws {
        func json(_ text: String) throws -> String {
            ValueMapping.json(try ValueText.parse(text)).description
        }
        #expect(try json("{x: 1, y: [1u8, 2u8]}") == #"{"x":1,"y":"0102"}"#)
        #expect(try json("[1, 2]") == "[1,2]")
        #expect(try json("some<string>(\"a\")") == "\"a\"")
        #expect(try json("none<string>") == "null")
        #expect(try json("ok<s64, string>(1)") == #"{"ok":1}"#)
        #expect(try json("err<s64, string>(\"no\")") == #"{"err":"no"}"#)
        #expect(try json("colour::green#1") == #"{"case":"green","tag":1}"#)
        #expect(
            try json("shape::dot#2(1, 2)") == #"{"case":"dot","tag":2,"payload":[1,2]}"#)
        #expect(try json("-inf:f64") == "\"-Infinity\"")
        #expect(try json("nan:0x7ff8000000000000:f64") == "\"NaN\"")
        #expect(try json("'x'") == "\"x\"")
        #expect(try json("()") == "[]")
    }

    @Test("dead letters are counted by their reason")
    func deadLetters() {
        let counts: [String: UInt64] = ["message.no-callback": 2, "message.dropped": 7]
        let plain = Capture()
        RunReport(output: plain, format: .plain).deadLetters(counts)
        #expect(plain.results == "dead letters  message.dropped 7, message.no-callback 2\n")
        let json = Capture()
        RunReport(output: json, format: .json).deadLetters(counts)
        #expect(
            json.results
                == #"{"dead_letters":{"message.dropped":7,"message.no-callback":2}}"# + "\n")
        let none = Capture()
        RunReport(output: none, format: .plain).deadLetters([:])
        #expect(none.results.isEmpty)
    }

    @Test("sizes and durations are short")
    func sizes() {
        #expect(SizeText.format(0) == "0 bytes")
        #expect(SizeText.format(1023) == "1023 bytes")
        #expect(SizeText.format(1024) == "1 KiB")
        #expect(SizeText.format(1536) == "1.5 KiB")
        #expect(SizeText.format(16 << 20) == "16 MiB")
        #expect(SizeText.format(UInt64.max) == "16777216 TiB")
        #expect(DurationLabel.format(nanoseconds: 1_250_000) == "1.3 ms")
        #expect(DurationLabel.format(nanoseconds: 2_340_000_000) == "2.3 s")
    }

    @Test("hexadecimal digits read back")
    func hex() {
        #expect(HexText.parse("0x00 fF\n".utf8) == [0, 255])
        #expect(HexText.parse("".utf8) == [])
        #expect(HexText.parse("0".utf8) == nil)
        #expect(HexText.parse("0g".utf8) == nil)
        #expect(HexText.parse("00x0".utf8) == nil)
    }

    @Test("times are RFC 3339 in UTC")
    func times() {
        let time = WallTime(nanoseconds: 1_700_000_000_123_456_789)
        #expect(TimeText.clock(time).hasSuffix(".123"))
        #expect(TimeText.clock(time).utf8.count == 12)
    }

    @Test("text is cut to columns")
    func cut() {
        #expect(Printable.cut("abcdef", to: 6) == "abcdef")
        #expect(Printable.cut("abcdef", to: 5) == "abcd…")
        #expect(Printable.cut("abcdef", to: 0) == "…")
        #expect(Printable.pad("ab", 4) == "ab  ")
        #expect(Printable.padLeft("ab", 1) == "ab")
    }

    @Test("a table is as wide as what stands in it, and on a terminal no wider than that")
    func table() {
        var table = TextTable([
            .init(title: "ID"), .init(title: "NAME", givesWay: true),
            .init(title: "SIZE", isNumber: true), .init(title: "LAST"),
        ])
        table.add(["1", "short", "10", "x"])
        table.add(["22", "a-rather-long-name", "7", "yy"])
        #expect(
            table.lines(width: nil) == [
                "ID  NAME                SIZE  LAST",
                "1   short                 10  x",
                "22  a-rather-long-name     7  yy",
            ])
        #expect(table.lines(width: 34) == table.lines(width: nil))
        #expect(
            table.lines(width: 26) == [
                "ID  NAME        SIZE  LAST", "1   short         10  x",
                "22  a-rather-…     7  yy",
            ])
        #expect(table.lines(width: 10).allSatisfy { $0.unicodeScalars.count <= 10 })
    }

    @Test("a log line has time, name and text, and is one line")
    func log() {
        let output = Capture()
        var handler = StderrLogHandler(
            output: output, level: .info, isColoured: false, now: { WallTime(nanoseconds: 0) })
        handler.metadata["actor.name"] = "hello"
        var logger = Logger(label: "test") { _ in handler }
        logger.info("two\nlines \u{1B}[31m")
        logger.warning("odd", metadata: ["b": "2", "a": "1"])
        logger.debug("unseen")
        logger[metadataKey: "actor.name"] = nil
        logger.info("plain")
        let lines = output.messages.split(separator: "\n").map { $0.dropFirst(12) }
        #expect(
            lines == [
                " [hello] two\\nlines \\u{1B}[31m", " [hello] warning: odd a=1 b=2",
                " [theater] plain",
            ])
    }

    @Test("the lines of a list have their columns, and as many as there is room for")
    func lineText() {
        func lines(width: Int?) -> [String] {
            var text = LineText(width: width)
            for (name, count) in [("é😀", 7), ("longer than its column", -12_345), ("", 0)] {
                text.add("id".utf8, columns: 4)
                text.add(name.utf8, columns: 6)
                text.add(count, columns: 3)
                text.end()
            }
            return String(decoding: text.bytes, as: UTF8.self)
                .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }
        let whole = ["id  é😀      7", "id  longer than its column-12345", "id          0", ""]
        #expect(lines(width: nil) == whole)
        #expect(lines(width: 32) == whole)
        #expect(lines(width: 13) == ["id  é😀      7", "id  longer t…", "id          0", ""])
        #expect(lines(width: 6) == ["id  é…", "id  l…", "id   …", ""])
        var text = LineText(width: 6)
        let output = Capture()
        text.flush(to: output)
        #expect(output.results == "")
        for word in ["one", "second", "more than six"] {
            text.add(word.utf8)
            text.end()
            text.flush(to: output)
        }
        #expect(output.results == "one\nsecond\nmore …\n" && text.bytes.isEmpty)
    }

    @Test("a log line is bounded")
    func logBound() {
        let output = Capture()
        let handler = StderrLogHandler(output: output, level: .info, isColoured: false)
        Logger(label: "test") { _ in handler }.info("\(String(repeating: "é", count: 100_000))")
        #expect(output.messages.utf8.count < StderrLogHandler.sizeMax + 64)
        #expect(output.messages.hasSuffix("…\n"))
    }

    @Test("colour is for terminals alone, and NO_COLOR turns it off")
    func colour() {
        func context(_ output: Capture, _ variables: [String: String]) -> CLIContext {
            CLIContext(
                output: output, input: { _ in [] }, environment: { variables[$0] },
                variables: { variables })
        }
        #expect(context(Capture(isTerminal: true), [:]).usesColour(.messages))
        #expect(!context(Capture(isTerminal: true), ["NO_COLOR": "1"]).usesColour(.messages))
        #expect(context(Capture(isTerminal: true), ["NO_COLOR": ""]).usesColour(.messages))
        #expect(!context(Capture(), [:]).usesColour(.messages))
    }
}
