// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterValue

/// A value and the text in which it is printed.
struct Spelling: Sendable, CustomTestStringConvertible {
    let value: Value
    let text: String

    init(_ value: Value, _ text: String) {
        self.value = value
        self.text = text
    }

    var testDescription: String { text }
}

@Suite struct ValueTextTests {
    static let lossless: [Spelling] = [
        Spelling(.variant(.init("t", "c", tag: 2, [.u8(1)])), "t::c#2(1u8)"),
        Spelling(.variant(.init("", "c", tag: 0)), "::c"),
        Spelling(.variant(.init("t", "", tag: 0)), "t::\"\""),
        Spelling(.variant(.init("a b", "c:d", tag: 0)), "\"a b\"::\"c:d\""),
        Spelling(.record(.init("", [.init("x", .u8(1))])), "{x: 1u8}"),
        Spelling(.record(.init("true", [.init("a b", .u8(1))])), "\"true\"{\"a b\": 1u8}"),
        Spelling(.record(.init("7", [])), "\"7\"{}"),
        Spelling(.list(.tuple([]), [.string("x")]), "[\"x\"]<tuple<>>"),
        Spelling(.list(.string, [.u8(1)]), "[1u8]<string>"),
        Spelling(.list(.variant("v"), []), "[]<variant<v>>"),
        Spelling(.list(.record("list"), []), "[]<record<list>>"),
        Spelling(.list(.record(""), []), "[]<record<\"\">>"),
        Spelling(.f64(.infinity), "inf:f64"),
        Spelling(.f32(-.infinity), "-inf:f32"),
        Spelling(.f64(Double(bitPattern: 0xFFF8_0000_0000_0001)), "nan:0xfff8000000000001:f64"),
        Spelling(.f32(Float(bitPattern: 0x7F80_0001)), "nan:0x7f800001:f32"),
        Spelling(.f64(-0.0), "-0.0f64"),
        Spelling(.f64(.leastNonzeroMagnitude), "5e-324f64"),
        Spelling(.f32(0.1), "0.1f32"),
        Spelling(.string("a\u{202E}b\n\u{7}\"\\"), "\"a\\u{202e}b\\n\\u{7}\\\"\\\\\""),
        Spelling(.string("héllo 世界"), "\"héllo 世界\""),
        Spelling(.char("'"), "'\\''"),
        Spelling(.char("\u{1F600}"), "'\u{1F600}'"),
        Spelling(.bytes([UInt8](repeating: 0x41, count: 17)), "b\"AAAAAAAAAAAAAAAAA\""),
        Spelling(
            .bytes([UInt8](repeating: 0x0A, count: 16) + [0xFF]),
            "0x\"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0aff\""),
        Spelling(.s64(.min), "-9223372036854775808s64"),
        Spelling(.flags(.max), "flags(0xffffffffffffffff)"),
        Spelling(
            .option(.result(.list(.primitive(.u8)), .option(.string)), nil),
            "none<result<list<u8>, option<string>>>"),
    ]

    @Test(arguments: lossless) func printsLosslessly(_ spelling: Spelling) throws {
        #expect(ValueText.print(spelling.value) == spelling.text)
        let parsed = try ValueText.parse(spelling.text)
        #expect(try CGRF.encode(parsed) == CGRF.encode(spelling.value))
    }

    static let lenient: [Spelling] = [
        Spelling(.s64(42), " 42 "),
        Spelling(.s64(-1), "-1"),
        Spelling(.f64(1.5), "1.5"),
        Spelling(.f64(1e3), "1e3"),
        Spelling(.f32(2.0), "2f32"),
        Spelling(.u8(255), "0xffu8"),
        Spelling(.array(PackedArray([1, 2] as [Int64])), "[1,\n\t2]"),
        Spelling(.array(PackedArray(bytes: [1])), "[1u8]<u8>"),
        Spelling(.bytes([0x68, 0x69]), "b\"h\\x69\""),
        Spelling(.bytes([0x68, 0x69]), "0x\"6869\""),
        Spelling(.bytes([]), "0x\"\""),
        Spelling(.record(.init("p", [.init("x", .s64(1))])), "p { x : 1 }"),
        Spelling(.variant(.init("t", "c", tag: 1, [])), "t :: c # 1 ( )"),
        Spelling(.string("é"), "\"\\u{e9}\""),
        Spelling(.flags(5), "flags(5)"),
        Spelling(.variant(.init("true", "x", tag: 0)), "true::x"),
    ]

    @Test(arguments: lenient) func readsWhatPeopleWrite(_ spelling: Spelling) throws {
        #expect(try ValueText.parse(spelling.text) == spelling.value)
    }

    static let wrong: [(String, ValueTextError.Code, Int)] = [
        ("", .unfinished, 0), ("(1,", .unfinished, 3), ("\"abc", .unfinished, 0),
        ("0x\"abcd", .unfinished, 2), ("[1u8", .unfinished, 4), ("some<", .unfinished, 5),
        ("hello", .unexpected, 0), ("(1;2)", .unexpected, 2), ("[]", .unfinished, 2),
        ("'ab'", .unexpected, 0), ("''", .unexpected, 0), ("0x\"abc\"", .unexpected, 5),
        ("p{1: }", .unexpected, 5), ("<", .unexpected, 0), (")", .unexpected, 0),
        ("256u8", .badNumber, 0), ("-1u8", .badNumber, 0), ("9223372036854775808", .badNumber, 0),
        ("1.5s64", .badNumber, 0), ("1e999", .badNumber, 0), ("1x", .badNumber, 0),
        ("1e", .badNumber, 0), ("-", .badNumber, 0), ("0x", .badNumber, 0),
        ("nan:0x0:f64", .badNumber, 0), ("inf:f16", .badNumber, 0), ("a::b#-1", .badNumber, 5),
        ("a::b#4294967296", .badNumber, 5), ("flags(-1)", .badNumber, 6),
        ("\"\\q\"", .badEscape, 1), ("\"\\u{d800}\"", .badEscape, 1), ("\"\\x41\"", .badEscape, 1),
        ("\"\\u{}\"", .badEscape, 1), ("b\"\\u{41}\"", .badEscape, 2), ("\"\\", .badEscape, 1),
        ("[1u8, 2s8]", .mixedList, 0), ("[\"x\"]<u8>", .mixedList, 0),
        ("1 2", .trailing, 2), ("true false", .trailing, 5), ("none<u8>(1)", .trailing, 8),
    ]

    @Test(arguments: wrong) func mistakesHaveAPlace(
        _ text: String, _ code: ValueTextError.Code, _ offset: Int
    ) {
        do throws(ValueTextError) {
            let value = try ValueText.parse(text)
            Issue.record("read as \(value)")
        } catch {
            #expect(error.code == code, "\(error)")
            #expect(error.offset == offset, "\(error)")
        }
    }

    @Test func placeIsLineAndColumn() {
        do throws(ValueTextError) {
            _ = try ValueText.parse("(\n  \"é\", ?)")
            Issue.record("accepted")
        } catch {
            #expect(error.line == 2)
            #expect(error.column == 8)
            #expect(error.description == "value-text.unexpected: 2:8: expected a value.")
        }
    }

    @Test(arguments: ["[", "(", "{a:", "::a(", "some<u8>(", "some<option<", "none<list<"])
    func depthIsBounded(_ opening: String) {
        let nested = opening.hasPrefix("none") || opening.hasPrefix("some<o")
        let head = String(opening.prefix { _ in nested })
        let text =
            nested
            ? String(head.prefix(5)) + String(repeating: String(head.dropFirst(5)), count: 100_000)
            : String(repeating: opening, count: 100_000)
        do throws(ValueTextError) {
            _ = try ValueText.parse(text)
            Issue.record("accepted")
        } catch {
            #expect(error.code == .tooDeep)
        }
    }

    @Test func greatestDepthIsReadAndPrinted() throws {
        let text = String(repeating: "(", count: 512) + String(repeating: ")", count: 512)
        #expect(ValueText.print(try ValueText.parse(text)) == text)
        let type =
            String(repeating: "list<", count: 511) + "u8" + String(repeating: ">", count: 511)
        #expect(ValueText.print(try ValueText.parse("[]<\(type)>")) == "[]<\(type)>")
    }

    @Test func limitCutsAndSaysHowMuch() {
        let list = Value.list(.string, (0..<1000).map { .string("item \($0)") })
        let text = ValueText.print(list, options: .init(limit: 30))
        #expect(text == "[\"item 0\", \"item 1\", \"item 2\", …(+997 items)]")
        let long = Value.string(String(repeating: "x", count: 1000))
        #expect(ValueText.print(long, options: .init(limit: 5)) == "\"xxxx…(+996 bytes)\"")
        let bytes = Value.bytes([UInt8](repeating: 0, count: 1000))
        #expect(ValueText.print(bytes, options: .init(limit: 5)) == "0x\"00…(+999 bytes)\"")
    }

    @Test func limitBoundsEveryShape() throws {
        var value = Value.string(String(repeating: "x", count: 10_000))
        for level in 0..<9 { value = .tuple([Value](repeating: value, count: level % 3 + 2)) }
        #expect(ValueText.print(value, options: .init(limit: 100)).utf8.count < 1000)
        #expect(ValueText.print(value, options: .init(limit: 0)).utf8.count < 1000)
        #expect(ValueText.print(value, options: .init(limit: -1)).utf8.count < 1000)
        let type = ValueType.tuple([ValueType](repeating: .primitive(.u8), count: 10_000))
        let option = Value.option(type, nil)
        #expect(ValueText.print(option, options: .init(limit: 100)).utf8.count < 200)
    }

    @Test func wideValuesAreSpreadOverLines() throws {
        let value = try ValueText.parse(
            "p{name: \"a long name\", at: point{x: 1, y: 2}, tags: []<string>}")
        #expect(
            ValueText.print(value, options: .init(width: 40)) == """
                p{
                  name: "a long name",
                  at: point{x: 1s64, y: 2s64},
                  tags: []<string>
                }
                """)
        #expect(!ValueText.print(value, options: .init(width: 80)).contains("\n"))
    }
}
