// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterValue

@Suite struct EncoderRuleTests {
    @Test func equalPartsAreWrittenTwice() throws {
        let part = Value.string("x")
        let expected = RawBuffer.make(
            (Kind.string, lp("x")), (Kind.string, lp("x")), (Kind.tuple, le(2) + le(0) + le(1)))
        #expect(try CGRF.encode(.tuple([part, part])) == expected)
    }

    @Test func childrenPrecedeParentsFromLeftToRight() throws {
        let value = Value.tuple([.tuple([.u8(1), .u8(2)]), .u8(3)])
        let expected = RawBuffer.make(
            (Kind.u8, [1]), (Kind.u8, [2]), (Kind.tuple, le(2) + le(0) + le(1)), (Kind.u8, [3]),
            (Kind.tuple, le(2) + le(2) + le(3)))
        #expect(try CGRF.encode(value) == expected)
    }

    @Test func listOfPrimitivesIsPackedHoweverItWasMade() throws {
        let loose = Value.list(.primitive(.u16), [.u16(1), .u16(0x203)])
        let packed = Value.array(PackedArray([1, 0x203] as [UInt16]))
        let expected = RawBuffer.single(Kind.array, [0x0D] + le(2) + [1, 0, 3, 2])
        #expect(try CGRF.encode(loose) == expected)
        #expect(try CGRF.encode(packed) == expected)
        #expect(loose == packed)
        #expect(loose.hashValue == packed.hashValue)
    }

    @Test func emptyListsKeepTheirForm() throws {
        #expect(
            try CGRF.encode(.list(.primitive(.f64), []))
                == RawBuffer.single(Kind.array, [0x05] + le(0)))
        #expect(
            try CGRF.encode(.list(.string, [])) == RawBuffer.single(Kind.list, [0x06] + le(0)))
    }

    @Test func packedListRefusesAnotherKind() {
        let error = failure(.list(.primitive(.u8), [.u8(1), .s8(1)]))
        #expect(error?.code == .elementMismatch)
    }

    @Test func noneHasNoIndexAndResultAlwaysAPayload() throws {
        #expect(
            try CGRF.encode(.option(.primitive(.u8), nil))
                == RawBuffer.single(Kind.option, [0x0C, 0]))
        #expect(
            try CGRF.encode(.result(ok: .string, err: .string, .err(.unit)))
                == RawBuffer.make(
                    (Kind.tuple, le(0)), (Kind.result, [6, 6] + le(1) + [1] + le(0))))
    }

    @Test func everyTypeAnnotationIsWritten() throws {
        let type = ValueType.tuple([
            .record("r"), .variant("v"), .option(.string), .result(.primitive(.flags), .tuple([])),
            .list(.primitive(.char)),
        ])
        let value = Value.option(type, nil)
        let payload: [UInt8] =
            [0x0B] + le(5) + [0x09] + lp("r") + [0x08] + lp("v") + [0x0A, 0x06]
            + [0x14, 0x13, 0x0B] + le(0) + [0x07, 0x12, 0]
        #expect(try CGRF.encode(value) == RawBuffer.single(Kind.option, payload))
        #expect(try CGRF.decode(CGRF.encode(value)) == value)
    }

    @Test func notANumberKeepsItsBits() throws {
        let value = Value.tuple([
            .f32(Float(bitPattern: 0x7F80_0001)), .f64(Double(bitPattern: 0xFFF0_0000_0000_0001)),
        ])
        #expect(try CGRF.decode(CGRF.encode(value)) == value)
    }

    @Test func textKeepsItsBytes() throws {
        let composed = Value.string("\u{E9}")
        let decomposed = Value.string("e\u{301}")
        #expect(composed != decomposed)
        #expect(try CGRF.encode(composed) != CGRF.encode(decomposed))
        #expect(try CGRF.decode(CGRF.encode(decomposed)) == decomposed)
    }
}
