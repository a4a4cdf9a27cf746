// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterValue

@Suite struct HostileInputTests {
    static let inflated: [Refusal] = [
        Refusal("list", RawBuffer.single(7, [6] + le(.max)), .sequenceTooLong, at: 25),
        Refusal("record", RawBuffer.single(9, lp("") + le(.max)), .sequenceTooLong, at: 28),
        Refusal(
            "variant", RawBuffer.single(8, lp("") + lp("") + le(0) + le(.max)), .sequenceTooLong,
            at: 36),
        Refusal("tuple", RawBuffer.single(0x0B, le(.max)), .sequenceTooLong, at: 24),
        Refusal(
            "type tuple", RawBuffer.single(7, [0x0B] + le(.max)), .sequenceTooLong, at: 25),
        Refusal("array", RawBuffer.single(0x15, [0x0F] + le(.max)), .sequenceTooLong, at: 25),
        Refusal(
            "array whose size wraps",
            RawBuffer.single(0x15, [0x0F] + le(0x2000_0000)), .sequenceTooLong, at: 25),
        Refusal("type name", RawBuffer.single(9, le(.max)), .badLength, at: 24),
        Refusal(
            "field name", RawBuffer.single(9, lp("") + le(1) + le(.max) + le(0)), .badLength,
            at: 32),
        Refusal("text", RawBuffer.single(6, le(.max)), .badLength, at: 24),
    ]

    @Test(arguments: inflated) func countsAreCheckedBeforeMemoryIsReserved(_ refusal: Refusal) {
        let error = failure(refusal.bytes)
        #expect(error?.code == refusal.code)
        #expect(error?.offset == refusal.offset)
    }

    @Test(arguments: [10_000, 200_000]) func deepTuplesAreRefused(_ depth: Int) {
        #expect(failure(RawBuffer.nestedTuples(depth))?.code == .tooDeep)
    }

    @Test func deepForwardTuplesAreRefused() {
        var buffer = RawBuffer(root: 0)
        for child in 1...100_000 {
            buffer.nodes.append((Kind.tuple, le(1) + le(UInt32(child))))
        }
        buffer.nodes.append((Kind.tuple, le(0)))
        #expect(failure(buffer.bytes)?.code == .tooDeep)
    }

    @Test(arguments: [0x07, 0x0A, 0x14] as [UInt8]) func deepTypesAreRefused(_ kind: UInt8) {
        let types = [UInt8](repeating: kind, count: 100_000)
        #expect(failure(RawBuffer.single(Kind.option, types))?.code == .tooDeep)
    }

    @Test func smallestBombIsRefused() {
        let bytes = RawBuffer.bomb(levels: 22)
        #expect(bytes.count < 500)
        #expect(failure(bytes)?.code == .expansionTooLarge)
    }

    /// 500 levels stand for 2^500 values: their size must neither be walked nor overflow.
    @Test(arguments: [2, 3, 1000]) func bombIsRefusedInLinearTime(_ width: Int) {
        #expect(failure(RawBuffer.bomb(levels: 500, width: width))?.code == .expansionTooLarge)
    }

    @Test func bombThatIsNotReachedIsHarmless() throws {
        var bytes = RawBuffer.bomb(levels: 100)
        bytes.replaceSubrange(12..<16, with: le(0))
        #expect(try CGRF.decode(bytes) == .unit)
    }

    /// Every level but the last is shared by two parents, yet little is written out.
    @Test func smallSharedGraphIsAcceptedAndReencodes() throws {
        let bytes = RawBuffer.bomb(levels: 10)
        let value = try CGRF.decode(bytes)
        let written = try CGRF.encode(value)
        #expect(written.count <= 4 * bytes.count + 65536)
        #expect(try CGRF.decode(written) == value)
    }

    @Test func expansionMayReachItsBudgetAndNotPassIt() throws {
        // A text of n bytes named k times by one tuple: 12 + n each, and 12 + 4 k for the tuple.
        func shared(_ size: Int, times: Int) -> (bytes: [UInt8], written: Int) {
            let indices = [UInt8](repeating: 0, count: 4 * times)
            let bytes = RawBuffer.make(
                (Kind.string, lp(String(repeating: "x", count: size))),
                (Kind.tuple, le(UInt32(times)) + indices))
            return (bytes, 16 + times * (12 + size) + 12 + 4 * times)
        }
        var size = 1
        while shared(size, times: 40).written <= 4 * shared(size, times: 40).bytes.count + 65536 {
            size += 1
        }
        let refused = shared(size, times: 40)
        let accepted = shared(size - 1, times: 40)
        #expect(failure(refused.bytes)?.code == .expansionTooLarge)
        #expect(try CGRF.encode(CGRF.decode(accepted.bytes)).count == accepted.written)
    }

    /// A host value that shares storage is bounded too when it is written.
    @Test func sharedHostValueIsRefusedByTheEncoder() {
        var value = Value.string("x")
        for _ in 0..<40 { value = .tuple([value, value]) }
        let limits = CGRF.Limits.with { $0.bufferMax = 1 << 16 }
        #expect(failure(value, limits: limits)?.code == .bufferTooLarge)
    }

    @Test func sharedHostTypeIsRefusedByTheEncoder() {
        var type = ValueType.string
        for _ in 0..<40 { type = .tuple([type, type]) }
        let limits = CGRF.Limits.with { $0.payloadMax = 1 << 16 }
        #expect(failure(.option(type, nil), limits: limits)?.code == .payloadTooLarge)
    }
}

extension CGRF.Limits {
    /// The standard limits, changed.
    static func with(_ change: (inout CGRF.Limits) -> Void) -> CGRF.Limits {
        var limits = CGRF.Limits()
        change(&limits)
        return limits
    }
}
