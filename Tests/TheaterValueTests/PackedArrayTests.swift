// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterValue

@Suite struct PackedArrayTests {
    @Test func bytesMustBeWholeElements() {
        #expect(PackedArray(element: .u32, bytes: [1, 0, 0]) == nil)
        #expect(PackedArray(element: .u32, bytes: [1, 0, 0, 0])?.elements() == [.u32(1)])
        #expect(PackedArray(element: .flags, bytes: [])?.count == 0)
    }

    @Test func charactersMustBeScalars() {
        #expect(PackedArray(element: .char, bytes: le(0xD800)) == nil)
        #expect(PackedArray(element: .char, bytes: le(0x11_0000)) == nil)
        #expect(PackedArray(element: .char, bytes: le(65))?.elements() == [.char("A")])
    }

    @Test func truthIsNormalised() {
        #expect(PackedArray(element: .bool, bytes: [0, 2])?.bytes == [0, 1])
    }

    @Test func itemsMustBeOfOneKind() {
        #expect(PackedArray(element: .u8, items: [.u8(1), .u16(2)]) == nil)
        #expect(PackedArray(element: .u8, items: [.u8(1), .u8(2)])?.bytes == [1, 2])
    }

    @Test(arguments: Primitive.allCases) func elementsComeBack(_ element: Primitive) throws {
        var random = SplitMix(seed: UInt64(element.rawValue))
        let items = (0..<50).map { _ in random.scalar(element) }
        let array = try #require(PackedArray(element: element, items: items))
        #expect(array.elements() == items)
        #expect(array.count == 50)
        #expect(array[checked: 49] == items[49])
        #expect(array[checked: 50] == nil)
        #expect(array[checked: -1] == nil)
        #expect(PackedArray(element: element, bytes: array.bytes) == array)
    }

    @Test func typedViews() {
        #expect(PackedArray([-1, 2] as [Int16]).integers(as: Int16.self) == [-1, 2])
        #expect(PackedArray([-1, 2] as [Int16]).integers(as: UInt16.self) == nil)
        #expect(PackedArray([-1, 2] as [Int16]).integers(as: Int32.self) == nil)
        #expect(PackedArray([1.5] as [Double]).integers(as: UInt64.self) == [(1.5).bitPattern])
        #expect(PackedArray([.max] as [UInt64]).elements() == [.u64(.max)])
        #expect(PackedArray([-5] as [Int8]).elements() == [.s8(-5)])
        #expect(PackedArray([-5] as [Int32]).elements() == [.s32(-5)])
        #expect(PackedArray([-5] as [Int64]).elements() == [.s64(-5)])
        #expect(PackedArray([5] as [UInt32]).elements() == [.u32(5)])
        #expect(PackedArray([1.5] as [Float]).elements() == [.f32(1.5)])
        #expect(PackedArray(["x"] as [Unicode.Scalar]).elements() == [.char("x")])
    }
}

@Suite struct AccessTests {
    @Test func canonicalListPacks() throws {
        #expect(try Value.list(of: .primitive(.u8), [.u8(1)]) == .bytes([1]))
        guard case .array = try Value.list(of: .primitive(.bool), []) else {
            Issue.record("not packed")
            return
        }
        #expect(try Value.list(of: .string, []) == .list(.string, []))
        do throws(CGRFError) {
            _ = try Value.list(of: .primitive(.u8), [.u8(1), .unit])
            Issue.record("accepted")
        } catch {
            #expect(error.code == .elementMismatch)
            #expect(error.offset == 1)
        }
    }

    @Test func accessorsAnswerOnlyForTheirKind() {
        let record = Value.record(.init("r", [.init("a", .u8(1)), .init("a", .u8(2))]))
        #expect(record.field(named: "a") == .u8(1))
        #expect(record.field(named: "b") == nil)
        #expect(Value.unit.field(named: "a") == nil)
        #expect(Value.string("x").asString == "x")
        #expect(Value.unit.asString == nil)
        #expect(Value.bytes([1]).asBytes == [1])
        #expect(Value.array(PackedArray([1] as [Int8])).asBytes == nil)
        #expect(Value.list(.primitive(.u8), [.u8(7)]).asBytes == [7])
        #expect(Value.s64(300).integer(as: UInt8.self) == nil)
        #expect(Value.s64(200).integer(as: UInt8.self) == 200)
        #expect(Value.flags(1).integer(as: UInt8.self) == nil)
        #expect(Value.f32(1.5).asDouble == 1.5)
        #expect(Value.bytes([1]).asItems == [.u8(1)])
        #expect(Value.option(.string, nil).asOption == .some(nil))
        #expect(Value.unit.asOption == nil)
    }

    @Test func namesAreComparedByteByByte() {
        let record = Value.record(.init("r", [.init("e\u{301}", .u8(1)), .init("\u{E9}", .u8(2))]))
        #expect(record.field(named: "\u{E9}") == .u8(2))
    }
}

@Suite struct ErrorTests {
    @Test func codesAreUniqueAndSayWhatToDo() {
        var codes = Set<String>()
        for code in CGRFError.Code.allCases {
            #expect(code.rawValue.hasPrefix("cgrf."))
            #expect(codes.insert(code.rawValue).inserted)
        }
        for code in ValueTextError.Code.allCases {
            #expect(code.rawValue.hasPrefix("value-text."))
            #expect(codes.insert(code.rawValue).inserted)
        }
    }

    @Test func descriptionNamesCodePlaceAndFacts() {
        let error = failure(RawBuffer.single(Kind.bool, [2]))
        #expect(
            error?.description
                == "cgrf.bad-bool: at 24: a truth value is 2, neither 0 nor 1; the writer is at "
                + "fault or the buffer damaged.")
        #expect(error?.found == 2)
        #expect(error?.allowed == 1)
    }
}
