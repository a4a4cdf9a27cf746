// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterValue

/// A buffer that must be refused.
struct Refusal: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let code: CGRFError.Code
    let offset: Int

    init(_ name: String, _ bytes: [UInt8], _ code: CGRFError.Code, at offset: Int) {
        self.name = name
        self.bytes = bytes
        self.code = code
        self.offset = offset
    }

    var testDescription: String { name }

    static let header = Array(RawBuffer.single(Kind.u8, [1]).prefix(16))
    static let surrogate: [UInt8] = le(0xD800)

    static let structure: [Refusal] = [
        Refusal("empty", [], .truncated, at: 0),
        Refusal("short header", Array(header.prefix(15)), .truncated, at: 0),
        Refusal("magic", [0x44] + RawBuffer.single(Kind.u8, [1]).dropFirst(), .badMagic, at: 0),
        Refusal(
            "version 1", Array("CGRF".utf8) + [1, 0, 0, 0] + le(0) + le(0), .badVersion, at: 4),
        Refusal(
            "version 258", Array("CGRF".utf8) + [2, 1, 0, 0] + le(0) + le(0), .badVersion, at: 4),
        Refusal(
            "too many nodes", RawBuffer(count: 10_000_001).bytes, .tooManyNodes, at: 8),
        Refusal("nodes that are not there", RawBuffer(count: 10_000_000).bytes, .truncated, at: 8),
        Refusal("no nodes", RawBuffer(root: 0).bytes, .badRoot, at: 12),
        Refusal("root", RawBuffer.make((Kind.u8, [1]), root: 1), .badRoot, at: 12),
        Refusal("greatest root", RawBuffer.make((Kind.u8, [1]), root: .max), .badRoot, at: 12),
        Refusal("kind 0", RawBuffer.single(0, [1]), .badKind, at: 16),
        Refusal("kind 16", RawBuffer.single(0x16, [1]), .badKind, at: 16),
        Refusal(
            "payload beyond the end", header + [Kind.u8, 0, 0, 0] + le(2) + [1], .truncated,
            at: 20),
        Refusal(
            "payload over the limit", header + [Kind.u8, 0, 0, 0] + le(1 << 27 + 1) + [1],
            .payloadTooLarge, at: 20),
        Refusal(
            "greatest payload", header + [Kind.u8, 0, 0, 0] + le(.max) + [1], .payloadTooLarge,
            at: 20),
        Refusal(
            "trailing byte", RawBuffer.single(Kind.u8, [1]) + [0], .trailingBytes, at: 25),
    ]

    static let basic: [Refusal] = [
        Refusal("bool 2", RawBuffer.single(Kind.bool, [2]), .badBool, at: 24),
        Refusal("wide u8", RawBuffer.single(Kind.u8, [1, 0]), .badLength, at: 20),
        Refusal("narrow s32", RawBuffer.single(Kind.s32, [1, 0, 0]), .badLength, at: 20),
        Refusal("empty bool", RawBuffer.single(Kind.bool, []), .badLength, at: 20),
        Refusal("surrogate", RawBuffer.single(Kind.char, surrogate), .badChar, at: 24),
        Refusal("past unicode", RawBuffer.single(Kind.char, le(0x11_0000)), .badChar, at: 24),
        Refusal(
            "text shorter", RawBuffer.single(Kind.string, lp("hi") + [0]), .badLength, at: 24),
        Refusal(
            "text longer", RawBuffer.single(Kind.string, le(3) + [0x68]), .badLength, at: 24),
        Refusal("text without length", RawBuffer.single(Kind.string, [1]), .badLength, at: 24),
        Refusal("overlong", RawBuffer.single(Kind.string, le(2) + [0xC0, 0x80]), .badUTF8, at: 28),
        Refusal(
            "surrogate in text", RawBuffer.single(Kind.string, le(3) + [0xED, 0xA0, 0x80]),
            .badUTF8, at: 28),
        Refusal("tuple child", RawBuffer.single(Kind.tuple, le(1) + le(1)), .badIndex, at: 28),
        Refusal("tuple rest", RawBuffer.single(Kind.tuple, le(0) + [0]), .badLength, at: 28),
        Refusal("array of strings", RawBuffer.single(Kind.array, [6] + le(0)), .badElement, at: 24),
        Refusal("array of 15", RawBuffer.single(Kind.array, [0x15] + le(0)), .badElement, at: 24),
        Refusal(
            "array too short", RawBuffer.single(Kind.array, [0x0D] + le(2) + [1, 2, 3]),
            .badLength, at: 25),
        Refusal(
            "array too long", RawBuffer.single(Kind.array, [0x0C] + le(2) + [1, 2, 3]),
            .badLength, at: 25),
        Refusal(
            "array count over the limit",
            RawBuffer.single(Kind.array, [0x0C] + le(1 << 27 + 1)), .sequenceTooLong, at: 25),
        Refusal(
            "surrogate in array", RawBuffer.single(Kind.array, [0x12] + le(2) + le(65) + surrogate),
            .badChar, at: 33),
        Refusal(
            "unreachable bool 2",
            RawBuffer.make((Kind.u8, [1]), (Kind.bool, [2]), root: 0), .badBool, at: 33),
        Refusal(
            "unreachable tuple",
            RawBuffer.make((Kind.u8, [1]), (Kind.tuple, le(1) + le(2)), root: 0), .badIndex,
            at: 37),
    ]

    static let value: [Refusal] = [
        Refusal(
            "list child", RawBuffer.single(Kind.list, [6] + le(1) + le(7)), .badIndex, at: 29),
        Refusal("self", RawBuffer.single(Kind.tuple, le(1) + le(0)), .cycle, at: 28),
        Refusal(
            "cycle of two",
            RawBuffer.make((Kind.tuple, le(1) + le(1)), (Kind.tuple, le(1) + le(0))), .cycle,
            at: 28),
        Refusal("loose list", RawBuffer.single(Kind.list, [0x0C] + le(0)), .notPacked, at: 24),
        Refusal(
            "index after none",
            RawBuffer.make((Kind.u8, [1]), (Kind.option, [0x0C, 0] + le(0))), .badLength, at: 35),
        Refusal(
            "some without index", RawBuffer.single(Kind.option, [0x0C, 1]), .badLength, at: 26),
        Refusal(
            "result without payload",
            RawBuffer.make((Kind.u8, [1]), (Kind.result, [6, 6] + le(0) + [0] + le(0))),
            .missingPayload, at: 39),
        Refusal(
            "result with two",
            RawBuffer.make((Kind.u8, [1]), (Kind.result, [6, 6] + le(0) + [2] + le(0))),
            .missingPayload, at: 39),
        Refusal("type 0", RawBuffer.single(Kind.option, [0, 0]), .badType, at: 24),
        Refusal("type 15", RawBuffer.single(Kind.option, [0x15, 0]), .badType, at: 24),
        Refusal(
            "type name", RawBuffer.single(Kind.option, [9] + le(1) + [0xFF, 0]), .badUTF8, at: 29),
        Refusal(
            "record name", RawBuffer.single(Kind.record, le(1) + [0xFF] + le(0)), .badUTF8, at: 28),
        Refusal(
            "field name",
            RawBuffer.make((Kind.u8, [1]), (Kind.record, lp("") + le(1) + le(1) + [0xFF] + le(0))),
            .badUTF8, at: 45),
        Refusal(
            "record rest", RawBuffer.single(Kind.record, lp("") + le(0) + [9]), .badLength, at: 32),
        Refusal(
            "variant rest", RawBuffer.single(Kind.variant, lp("") + lp("") + le(0) + le(0) + [9]),
            .badLength, at: 40),
        Refusal("empty option", RawBuffer.single(Kind.option, []), .badLength, at: 24),
        Refusal("empty record", RawBuffer.single(Kind.record, []), .badLength, at: 24),
    ]
}

@Suite struct DecoderRuleTests {
    @Test(arguments: Refusal.structure) func structurePass(_ refusal: Refusal) {
        expect(refusal)
    }

    @Test(arguments: Refusal.basic) func basicPass(_ refusal: Refusal) {
        expect(refusal)
    }

    @Test(arguments: Refusal.value) func valuePass(_ refusal: Refusal) {
        expect(refusal)
    }

    private func expect(_ refusal: Refusal) {
        let error = failure(refusal.bytes)
        #expect(error?.code == refusal.code)
        #expect(error?.offset == refusal.offset)
    }

    @Test func flagsAndReservedAreIgnored() throws {
        var bytes = RawBuffer.single(Kind.u8, [7])
        bytes[6] = 0xFF
        bytes[17] = 0xFF
        bytes[18] = 0xFF
        #expect(try CGRF.decode(bytes) == .u8(7))
    }

    @Test func unreachableRubbishIsAcceptedWhereTheRulesDoNotLook() throws {
        for kind in [Kind.list, Kind.option, Kind.record, Kind.variant, Kind.result] {
            let bytes = RawBuffer.make((kind, [0xFF, 0xFF, 0xFF]), (Kind.u8, [7]))
            #expect(try CGRF.decode(bytes) == .u8(7))
        }
    }

    @Test func unreachableCycleIsAccepted() throws {
        let bytes = RawBuffer.make((Kind.tuple, le(1) + le(0)), (Kind.u8, [7]))
        #expect(try CGRF.decode(bytes) == .u8(7))
    }

    @Test func forwardReferencesAreAccepted() throws {
        let bytes = RawBuffer.make(
            (Kind.tuple, le(2) + le(2) + le(1)), (Kind.u8, [1]), (Kind.u8, [2]), root: 0)
        #expect(try CGRF.decode(bytes) == .tuple([.u8(2), .u8(1)]))
    }

    /// Nearly post-order: the count of children fits, their indices do not.
    @Test func childrenAreThoseThatAreNamed() throws {
        func tuple(_ first: UInt32, _ second: UInt32) -> [UInt8] {
            RawBuffer.make(
                (Kind.u8, [1]), (Kind.u8, [2]), (Kind.tuple, le(2) + le(first) + le(second)))
        }
        #expect(try CGRF.decode(tuple(0, 1)) == .tuple([.u8(1), .u8(2)]))
        #expect(try CGRF.decode(tuple(1, 0)) == .tuple([.u8(2), .u8(1)]))
        #expect(try CGRF.decode(tuple(1, 1)) == .tuple([.u8(2), .u8(2)]))
        #expect(try CGRF.decode(tuple(0, 0)) == .tuple([.u8(1), .u8(1)]))
        #expect(failure(tuple(0, 3))?.code == .badIndex)
        #expect(failure(tuple(0, 2))?.code == .cycle)
    }

    @Test func sharedNodesBecomeEqualCopies() throws {
        let bytes = RawBuffer.make((Kind.string, lp("x")), (Kind.tuple, le(2) + le(0) + le(0)))
        let value = try CGRF.decode(bytes)
        #expect(value == .tuple([.string("x"), .string("x")]))
        #expect(try CGRF.encode(value).count == bytes.count + 13)
    }

    @Test(arguments: [0, 2, 3, 255] as [UInt8]) func otherPresenceIsNone(_ presence: UInt8) throws {
        let bytes = RawBuffer.single(Kind.option, [6, presence])
        #expect(try CGRF.decode(bytes) == .option(.string, nil))
        #expect(try CGRF.encode(CGRF.decode(bytes)) == RawBuffer.single(Kind.option, [6, 0]))
    }

    @Test(arguments: [1, 2, .max] as [UInt32]) func otherTagIsErr(_ tag: UInt32) throws {
        let bytes = RawBuffer.make(
            (Kind.u8, [1]), (Kind.result, [6, 6] + le(tag) + [1] + le(0)))
        #expect(
            try CGRF.decode(bytes) == .result(ok: .string, err: .string, .err(.u8(1))))
    }

    @Test func nonZeroTruthInArrayBecomesOne() throws {
        let bytes = RawBuffer.single(Kind.array, [1] + le(3) + [0, 2, 255])
        let value = try CGRF.decode(bytes)
        #expect(value == .array(PackedArray([false, true, true])))
        #expect(try CGRF.encode(value) == RawBuffer.single(Kind.array, [1] + le(3) + [0, 1, 1]))
    }

    @Test func annotationsAreKeptAndNotChecked() throws {
        let value = Value.tuple([
            .list(.tuple([.primitive(.bool), .primitive(.bool)]), [.string("x"), .u8(1)]),
            .option(.record(""), .u8(1)),
            .result(ok: .variant("v"), err: .string, .ok(.f32(1))),
        ])
        let bytes = try CGRF.encode(value)
        #expect(try CGRF.decode(bytes) == value)
        #expect(try CGRF.encode(CGRF.decode(bytes)) == bytes)
    }

    @Test func prefixToleratesWhatFollows() throws {
        let buffer = try CGRF.encode(.tuple([.string("x"), .u8(1)]))
        let bytes = [9, 9, 9] + buffer + [1, 2, 3]
        let (value, size) = try CGRF.decodePrefix(bytes, at: 3)
        #expect(value == .tuple([.string("x"), .u8(1)]))
        #expect(size == buffer.count)
    }

    @Test(arguments: [-1, 4, 5, .max, .min]) func prefixOffsetOutsideIsAnError(_ offset: Int) {
        #expect(throws: CGRFError.self) {
            try CGRF.decodePrefix([1, 2, 3, 4], at: offset)
        }
    }

    @Test func prefixErrorsCountFromTheBeginning() {
        do throws(CGRFError) {
            _ = try CGRF.decodePrefix([9, 9] + RawBuffer.single(Kind.bool, [2]), at: 2)
            Issue.record("accepted")
        } catch {
            #expect(error.code == .badBool)
            #expect(error.offset == 26)
        }
    }

    @Test func rawMemoryDecodesLikeAnArray() throws {
        let bytes = try CGRF.encode(.string("raw"))
        let value = try unsafe bytes.withUnsafeBytes { try unsafe CGRF.decode($0) }
        #expect(value == .string("raw"))
    }
}
