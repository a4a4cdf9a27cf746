// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import GuestPlain

func refusal<Result>(_ body: () throws(Failure) -> Result) -> String {
    do throws(Failure) {
        _ = try body()
        return "accepted"
    } catch {
        return error.message
    }
}

@Suite("JSON of the guest SDK")
struct JSONTests {
    @Test("reads every form, and writes it as it was")
    func forms() throws {
        for text in [
            "null", "true", "false", "0", "-0", "12", "-1.5e+3", "1E9", #""""#, #""é😀""#, "[]",
            "{}", #"[1,[2,[]],{"a":{}}]"#, #"{"":1,"b":[null,true],"b":"c"}"#,
        ] {
            #expect(try JSON(parsing: text).text == text)
        }
        #expect(try JSON(parsing: " \t\r\n[ 1 , 2 ]\n").text == "[1,2]")
        #expect(
            try JSON(parsing: #""\"\\\/\b\f\n\r\t\u00e9\ud83d\uDE00""#).string
                == "\"\\/\u{8}\u{c}\n\r\té😀")
        #expect(
            JSON.string("a\"\\\n\u{1}\u{1f}\u{7f}").text == #""a\"\\\n\u0001\u001f"# + "\u{7f}\"")
    }

    @Test("what is not JSON is refused, with the place")
    func refused() {
        for text in [
            "", " ", "nul", "nulls", "tru", "+1", "01", "1.", ".5", "1e", "1e+", "-", "--1", "NaN",
            "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", "{a:1}", #"{"a"}"#, #"{"a":}"#,
            #"{"a":1,}"#, #"{"a":1"#, #"{1:2}"#, #"""#, #""\""#, #""\x""#, #""\u12""#,
            #""\u12g4""#, #""\ud800""#, #""\udc00""#, #""\ud800\u0041""#, #""\ud800x""#, "\"\n\"",
            "\"\u{0}\"", "1 2", "{} []", "'a'", "\u{feff}1", "[1]\u{0}",
        ] {
            #expect(
                refusal { () throws(Failure) in try JSON(parsing: text) }.contains("after "),
                "\(text.debugDescription)")
        }
        for bytes: [UInt8] in [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
        ] {
            #expect(
                refusal { () throws(Failure) in try JSON(parsing: bytes) }.contains("UTF-8"))
        }
    }

    @Test("bounds hold at their last value and not beyond")
    func limits() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSON(parsing: nested(64))
        #expect(
            refusal { () throws(Failure) in try JSON(parsing: nested(65)) }.contains("deeper"))
        var limits = JSON.Limits()
        limits.depth = .max
        _ = try JSON(parsing: nested(128), limits: limits)
        #expect(
            refusal { () throws(Failure) in try JSON(parsing: nested(129), limits: limits) }
                .contains("deeper"))
        limits.values = 3
        _ = try JSON(parsing: "[1,2]", limits: limits)
        #expect(
            refusal { () throws(Failure) in try JSON(parsing: "[1,2,3]", limits: limits) }
                .contains("too many"))
        limits.size = 5
        _ = try JSON(parsing: "[1,2]", limits: limits)
        #expect(
            refusal { () throws(Failure) in try JSON(parsing: "[1, 2]", limits: limits) }
                == "the JSON text has 6 bytes, the most is 5")
    }

    @Test("a value of any depth is written")
    func deep() {
        var value = JSON.array([])
        for _ in 0..<10_000 { value = .array([value]) }
        #expect(value.bytes.count == 20_002)
        // Taken apart level by level: letting go of it at once would need as deep a stack.
        while case .array(let items) = value, let item = items.first { value = item }
    }

    @Test("members, places and numbers are looked up, and what is not there is not")
    func lookup() throws {
        let value = try JSON(
            parsing: #"{"a": [1, "x", null, true], "b": 1, "b": 9223372036854775807, "é": 2.0}"#)
        #expect(value["a"]?[0]?.integer == 1 && value["a"]?[1]?.string == "x")
        #expect(value["a"]?[2]?.isNull == true && value["a"]?[3]?.bool == true)
        #expect(value["a"]?[4] == nil && value["a"]?[-1] == nil && value["c"] == nil)
        #expect(value["b"]?.integer == .max, "the last of equal names counts")
        #expect(value["e\u{301}"] == nil, "names are bytes")
        #expect(value["é"]?.integer == nil && value.integer == nil && value[0] == nil)
        #expect(value.members?.count == 4 && value["a"]?.items?.count == 4)
        #expect(try JSON(parsing: "9223372036854775808").integer == nil)
        #expect(
            JSON.object(("n", .integer(-5)), ("l", .array([.null]))).text == #"{"n":-5,"l":[null]}"#
        )
    }
}
