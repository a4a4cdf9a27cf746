// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterAPI
import TheaterTesting
import TheaterValue

@Suite("JSON")
struct JSONTests {
    // Goal: what is written is read back, whatever it is. Method: random values of every kind.
    @Test("reads what it writes")
    func roundTrip() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed: seed)
        for _ in 0..<500 {
            let value = Self.value(&random, depth: 0)
            #expect(try JSONValue.parse(value.description) == value, "seed \(seed)")
        }
    }

    private static func value(_ random: inout SplitMix, depth: Int) -> JSONValue {
        switch random.next(below: depth > 4 ? 5 : 7) {
        case 0: return .null
        case 1: return .bool(random.next(below: 2) == 0)
        case 2: return .integer(UInt64.max - UInt64(random.next(below: 1000)))
        case 3: return .number("-1.5e+7")
        case 4: return .string(text(&random))
        case 5:
            return .array((0..<random.next(below: 4)).map { _ in value(&random, depth: depth + 1) })
        default:
            return .object(
                (0..<random.next(below: 4)).map {
                    .init("\($0)" + text(&random), value(&random, depth: depth + 1))
                })
        }
    }

    private static func text(_ random: inout SplitMix) -> String {
        let parts = ["a", "\"", "\\", "\n", "\u{0}", "é", "\u{202E}", "😀", "</script>", "\u{7F}"]
        return (0..<random.next(below: 6)).map { _ in parts[random.next(below: parts.count)] }
            .joined()
    }

    @Test(
        "refuses what is no JSON",
        arguments: [
            "", "{", "[1,]", "{\"a\":1,}", "01", "1.", "-", "+1", "nul", "\"a", "\"\n\"", "1 2",
            "{\"a\":1,\"a\":2}", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\x\"", "{1:2}", "NaN",
        ])
    func refuses(text: String) {
        #expect(throws: JSONError.self) { try JSONValue.parse(text) }
    }

    @Test("reads escapes as the characters they stand for")
    func escapes() throws {
        #expect(try JSONValue.parse("\"\\u00e9\\ud83d\\ude00\\/\"") == .string("é😀/"))
    }

    @Test("takes as many levels as it says, and not one more")
    func depth() throws {
        func nested(_ count: Int) -> String {
            String(repeating: "[", count: count) + String(repeating: "]", count: count)
        }
        _ = try JSONValue.parse(nested(JSONValue.depthMax + 1))
        #expect(throws: JSONError.self) { try JSONValue.parse(nested(JSONValue.depthMax + 2)) }
    }

    @Test("escapes what could drive a terminal or a page's text")
    func visible() {
        let text = JSONValue.string("\u{1B}[31m\u{202E}").description
        #expect(text == "\"\\u001b[31m\\u202e\"")
    }

    @Test("names members that nobody asked for")
    func unknown() throws {
        var fields = try JSONFields(try JSONValue.parse("{\"name\":\"a\",\"nmae\":1}"))
        #expect(try fields.string("name") == "a")
        #expect(throws: JSONError.self) { try fields.finish() }
    }
}

@Suite("Bytes as text")
struct BytesTests {
    @Test("are read back as they were, in Base64 and in hexadecimal digits")
    func roundTrip() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Hexadecimal.decode(Hexadecimal.encode(bytes)) == bytes)
        }
        #expect(Base64.encode(Array("Many hands".utf8)) == "TWFueSBoYW5kcw==")
    }

    @Test("are read back as they were, with percent signs for what means something in a URL")
    func percent() {
        for text in ["", "Az09-._~", "a b/c?d=e&f#g%", "naïve\u{0}\n日本"] {
            let written = PercentText.encode(text)
            #expect(PercentText.decode(written) == text)
            #expect(PercentText.decode(written, isForm: true) == text)
        }
        #expect(PercentText.encode("Az09-._~ /é+") == "Az09-._~%20%2F%C3%A9%2B")
        #expect(PercentText.decode("a+b%2b", isForm: true) == "a b+")
        #expect(PercentText.decode("a+b%2b") == "a+b+")
        for text in ["%", "%4", "%4g", "%+4", "%ff"] { #expect(PercentText.decode(text) == nil) }
    }

    @Test(
        "are refused when they are malformed",
        arguments: ["A", "AA=A", "A===", "AB==", "AA=", "A*=="])
    func malformed(text: String) {
        #expect(Base64.decode(text) == nil)
        #expect(Hexadecimal.decode("0g") == nil)
        #expect(Hexadecimal.decode("0") == nil)
    }
}

@Suite("Server-sent events")
struct ServerSentEventTests {
    // Goal: messages arrive whole however the connection cuts them. Method: every size of pieces.
    @Test("are read in pieces of any size")
    func pieces() throws {
        let events = [
            ServerSentEvent("event", id: "7", data: "{\"a\":1}"),
            ServerSentEvent("gap", data: "two\nlines"), ServerSentEvent("end", data: ""),
        ]
        let text = ": hello\r\n\r\n" + events.map(\.text).joined(separator: ":\n\n")
        let bytes = Array(text.utf8)
        for size in 1...bytes.count {
            var parser = ServerSentEventParser()
            var found: [ServerSentEvent] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                found += try parser.take(bytes[start..<min(start + size, bytes.count)])
            }
            #expect(found == events, "pieces of \(size)")
        }
    }

    @Test("end lines as carriage returns do too")
    func returns() throws {
        var parser = ServerSentEventParser()
        let text = "id: 1\revent: x\rdata: y\r\rdata: z\r\n\r\n"
        let found = try parser.take(Array(text.utf8))
        #expect(found == [.init("x", id: "1", data: "y"), .init("message", data: "z")])
    }

    @Test("are refused beyond their size")
    func size() throws {
        var parser = ServerSentEventParser(sizeMax: 10)
        _ = try parser.take(Array("data: abcd".utf8))
        #expect(throws: JSONError.self) { try parser.take(Array("e".utf8)) }
    }
}

@Suite("Description of the API")
struct OpenAPITests {
    private let document = OpenAPI.document(version: "1")

    @Test("has every operation once, with its answers")
    func complete() throws {
        let ids = TheaterAPI.Operation.all.map(\.id)
        #expect(Set(ids) == Set(TheaterAPI.Operation.ID.allCases))
        #expect(ids.count == Set(ids).count)
        for operation in TheaterAPI.Operation.all {
            let entry = document["paths"]?[operation.path]?[operation.method.rawValue.lowercased()]
            #expect(entry?["operationId"]?.string == operation.id.rawValue)
            #expect(entry?["responses"]?[String(operation.status)] != nil)
            for problem in operation.problems {
                #expect(entry?["responses"]?[String(problem)] != nil)
            }
        }
    }

    @Test("refers to schemas that are there")
    func references() {
        let schemas = document["components"]?["schemas"]
        var found = 0
        func walk(_ value: JSONValue) {
            if let name = value["$ref"]?.string {
                found += 1
                let last = name.split(separator: "/").last.map(String.init) ?? ""
                #expect(schemas?[last] != nil, "\(name)")
            }
            for member in value.members ?? [] { walk(member.value) }
            for item in value.array ?? [] { walk(item) }
        }
        walk(document)
        #expect(found > 20)
    }

    @Test("is JSON")
    func text() throws {
        #expect(try JSONValue.parse(document.description) == document)
    }

    @Test("asks a credential of everything but health")
    func scopes() {
        let free = TheaterAPI.Operation.all.filter { $0.scope == nil }.map(\.id)
        #expect(Set(free) == [.health, .readiness])
        for operation in TheaterAPI.Operation.all where operation.isMutation {
            #expect((operation.scope ?? .observe) > .observe, "\(operation.id)")
        }
    }
}
