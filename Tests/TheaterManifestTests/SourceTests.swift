// SPDX-License-Identifier: Apache-2.0

import TOMLKit
import Testing

@testable import TheaterManifest

@Suite("Source places")
struct SourceTests {
    /// The place and kind of each key of a text, by its path.
    private func places(_ text: String) throws -> [String: String] {
        var result: [String: String] = [:]
        func walk(_ table: SourceTable, _ prefix: String) {
            for entry in table.entries { visit(entry.node, prefix + entry.key, entry.place) }
        }
        func visit(_ node: SourceNode, _ path: String, _ key: ManifestPlace) {
            result[path] = "\(key.line):\(key.column) \(node.place.line):\(node.place.column)"
            switch node.content {
            case .table(let table): walk(table, path + ".")
            case .array(let items):
                for (index, item) in items.enumerated() { visit(item, "\(path)[\(index)]", key) }
            default: break
            }
        }
        walk(try SourceParser.parse(text).root, "")
        return result
    }

    @Test("are found for each way to write a key")
    func keys() throws {
        let text = """
            # comment with [brackets] and "quotes"
            a = 1
              "b c" = 'x' # = no
            d . 'e.f' = [ 1, "two", [3] ,
              # inside
              { g = 1, h.i = "]}" } ]
            [ t.u ]
            v = \"\"\"
            x = 1
            [no]\"\"\"
            w = '''
            '''
            [[l]]
            m = 1
            [l.n]
            o = { }
            [[l]]
            m = 2
            """
        #expect(
            try places(text) == [
                "a": "2:1 2:5", "b c": "3:3 3:11", "d": "4:1 4:1", "d.e.f": "4:5 4:13",
                "d.e.f[0]": "4:5 4:15", "d.e.f[1]": "4:5 4:18", "d.e.f[2]": "4:5 4:25",
                "d.e.f[2][0]": "4:5 4:26", "d.e.f[3]": "4:5 6:3", "d.e.f[3].g": "6:5 6:9",
                "d.e.f[3].h": "6:12 6:12", "d.e.f[3].h.i": "6:14 6:18", "t": "7:3 7:3",
                "t.u": "7:5 7:1", "t.u.v": "8:1 8:5", "t.u.w": "11:1 11:5", "l": "13:3 13:1",
                "l[0]": "13:3 13:1", "l[0].m": "14:1 14:5", "l[0].n": "15:4 15:1",
                "l[0].n.o": "16:1 16:5", "l[1]": "13:3 17:1", "l[1].m": "18:1 18:5",
            ])
    }

    @Test("count scalars, skip a byte order mark, and survive CRLF")
    func encodings() throws {
        let text = "\u{FEFF}\"é😀\" = 1\r\n  x = '🇩🇪' \r\ny = [\"ü\", 2]"
        #expect(
            try places(text) == [
                "é😀": "1:1 1:8", "x": "2:3 2:7", "y": "3:1 3:5", "y[0]": "3:1 3:6",
                "y[1]": "3:1 3:11",
            ])
        #expect(findings("\u{FEFF}" + head.replacing("\n", with: "\r\n") + "bad = 1").count == 1)
    }

    @Test(
        "lead back from a decoded string to the text",
        arguments: [
            ("x = 'abcdef'", 4, 3, "1:9"), ("x = \"a\\n\\u00e9b\"", 4, 4, "1:15"),
            ("x = '''\n\nab'''", 4, 2, "3:2"), ("x = \"\"\"a\\\n   \r\n  b\"\"\"", 4, 1, "1:9"),
            ("x = 'é!'", 4, 2, "1:7"), ("x = 'ab'", 4, 99, "1:9"),
        ])
    func decodedPlaces(text: String, offset: Int, decoded: Int, expected: String) {
        let place = SourceStringReader.place(of: decoded, inStringAt: offset, of: text)
        #expect(place.map { "\($0.line):\($0.column)" } == expected)
    }

    // Goal: our tree holds what the TOML library holds. Method: read the same texts with both.
    @Test("come with the values that the TOML library reads", arguments: samples)
    func differential(_ text: String) throws {
        let ours = try SourceParser.parse(text).root
        let theirs = try TOMLTable(string: text)
        #expect(shown(.table(ours)) == shown(theirs))
    }

    @Test(
        "are found for values that are no TOML",
        arguments: [
            "1__0", "_1", "1_", "1.", ".5", "1.e5", "1e", "1e+", "1._5", "1_.5", "0x", "0xg",
            "+0x1",
            "0b2", "00", "-01", "1e5.5", "+-1", "- 1", "1-", "nanx", "True", "0X1", "1f", "1_e5",
            "1e_5", "٣",
            "1.5.5",
            "9223372036854775808", "0x8000000000000000", "1e999", "1979-05-27", "07:32", "07:32:60",
            "1979-05-27T", "1979-05-27 07:32:00", "2020-13-45", "é",
        ])
    func badScalars(value: String) {
        #expect(findings(head + "version = \(value)").first?.hasPrefix("a.toml:3:11: ") == true)
    }

    private func shown(_ content: SourceNode.Content) -> String {
        switch content {
        case .string(let text): "s:\(text.debugDescription)"
        case .integer(let value): "i:\(value)"
        case .float(let value): "f:\(value)"
        case .bool(let value): "b:\(value)"
        case .secret(let reference): "secret:\(reference)"
        case .array(let items): "[" + items.map { shown($0.content) }.joined(separator: ",") + "]"
        case .table(let table):
            "{"
                + table.entries.sorted { $0.key < $1.key }
                .map { "\($0.key.debugDescription):\(shown($0.node.content))" }
                .joined(separator: ",") + "}"
        }
    }

    private func shown(_ value: any TOMLValueConvertible) -> String {
        switch value.type {
        case .string: "s:\((value.string ?? "").debugDescription)"
        case .int: "i:\(value.int ?? 0)"
        case .double: "f:\(value.double ?? 0)"
        case .bool: "b:\(value.bool ?? false)"
        case .date, .time, .dateTime: "a date, which our parser refuses"
        case .array:
            "[" + (value.array ?? []).map { shown($0) }.joined(separator: ",") + "]"
        case .table:
            "{"
                + (value.table ?? [:]).map { ($0, $1) }.sorted { $0.0 < $1.0 }
                .map { "\($0.0.debugDescription):\(shown($0.1))" }.joined(separator: ",") + "}"
        }
    }
}

private let samples: [String] = [
    "", "# only a comment", "a = 1\n", "a=1#c\nb=2", "\u{FEFF}a = 1", "a = 1\r\nb = 2\r\n",
    "a = [\n 1, # one\n\n 2,\n]", "a = []\nb = {}\nc = [[], [[]]]", "a.b.c = 1\na.b.d = 2",
    "a = 0x_1F".replacing("_", with: ""), "a = 0xdead_beef\nb = 0o17\nc = 0b1010\nd = 1_000",
    "a = -0\nb = +5\nc = -9223372036854775808\nd = 9223372036854775807",
    "a = 1.5\nb = -2e10\nc = 6.02E+23\nd = 1_0.2_5\ne = 1e06\nf = inf\ng = -inf\nh = 0.0",
    "a = true\nb = false",
    "a = \"\\b\\t\\n\\f\\r\\\"\\\\\\u00E9\\U0001F600\"", "a = 'C:\\path\\n'\nb = ''\nc = \"\"",
    "a = \"\"\"\nfirst\nsecond\"\"\"", "a = \"\"\"one \\\n\n   two \\  \n three\"\"\"",
    "a = \"\"\"x\"\"\"\"\"\nb = '''y'''''\nc = \"\"\"\"q\"\"\"", "a = '''\r\nl1\r\nl2'''",
    "a = \"\"\"\r\nl1\r\nl2\\\r\n  l3\"\"\"",
    "\"\" = 1\n'a.b' = 2\n\"c\\nd\" = 3\n1234 = 4\n-_ = 5",
    "[a]\nb = 1\n[a.c]\nd = 2\n[e.f.g]\n[e]\nh = 1", "[[a]]\nb = 1\n[[a]]\n[a.c]\nd = 1\n[[a.e]]\n",
    "[[a]]\n[[a.b]]\nc = 1\n[[a.b]]\nc = 2\n[[a]]\n[[a.b]]\nc = 3",
    "a = { b.c = 1, b.d = { e = [ {f = 1} ] } }",
    "[ a . \"b c\" . 'd' ]\nx = 1", "a = \"tab\there\"\nb = 'ünï'\nc = '''it's'''",
    "t = { a = 'x', \"b\" = [1, { c = '}' }] } # end", "x = [1,2\n,3]\ny = [ 'a', \"b\",]",
]
