// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterValue

/// Each limit holds exactly: at the bound and one past it, both ways.
@Suite struct LimitTests {
    private func check(
        _ value: Value, _ code: CGRFError.Code, encoding: CGRFError.Code? = nil,
        _ limit: any WritableKeyPath<CGRF.Limits, Int> & Sendable, bound: Int
    ) throws {
        let bytes = try CGRF.encode(value)
        let atBound = CGRF.Limits.with { $0[keyPath: limit] = bound }
        let pastBound = CGRF.Limits.with { $0[keyPath: limit] = bound - 1 }
        #expect(try CGRF.encode(value, limits: atBound) == bytes)
        #expect(try CGRF.decode(bytes, limits: atBound) == value)
        #expect(failure(value, limits: pastBound)?.code == encoding ?? code)
        #expect(failure(bytes, limits: pastBound)?.code == code)
    }

    @Test func buffer() throws {
        try check(.string("hello"), .bufferTooLarge, \.bufferMax, bound: 33)
    }

    @Test func nodes() throws {
        try check(.tuple([.u8(1), .u8(2)]), .tooManyNodes, \.nodesMax, bound: 3)
    }

    @Test func payload() throws {
        try check(.string("hello"), .payloadTooLarge, \.payloadMax, bound: 9)
        try check(.bytes([1, 2, 3]), .payloadTooLarge, \.payloadMax, bound: 8)
        try check(.u64(1), .payloadTooLarge, \.payloadMax, bound: 8)
    }

    @Test func sequence() throws {
        try check(.bytes([1, 2, 3]), .sequenceTooLong, \.sequenceMax, bound: 3)
        try check(.tuple([.unit, .unit]), .sequenceTooLong, \.sequenceMax, bound: 2)
        try check(.list(.string, [.unit, .unit]), .sequenceTooLong, \.sequenceMax, bound: 2)
    }

    @Test func depth() throws {
        try check(.tuple([.tuple([.u8(1)])]), .tooDeep, \.depthMax, bound: 3)
        try check(.option(.list(.list(.string)), nil), .tooDeep, \.depthMax, bound: 3)
        try check(.option(.list(.list(.primitive(.u8))), nil), .tooDeep, \.depthMax, bound: 3)
    }

    @Test func standardDepthHoldsExactly() throws {
        let deepest = try CGRF.decode(RawBuffer.nestedTuples(512))
        #expect(try CGRF.encode(deepest) == RawBuffer.nestedTuples(512))
        #expect(failure(RawBuffer.nestedTuples(513))?.code == .tooDeep)
        #expect(failure(.tuple([deepest]))?.code == .tooDeep)
    }

    /// The depth of a shared node counts on the longest way to it.
    @Test func depthOfSharedNodes() throws {
        for children in [le(2) + le(0), le(0) + le(2)] {
            let bytes = RawBuffer.make(
                (Kind.tuple, le(1) + le(2)), (Kind.tuple, le(2) + children),
                (Kind.tuple, le(1) + le(3)), (Kind.u8, [1]), root: 1)
            #expect(failure(bytes, limits: .with { $0.depthMax = 3 })?.code == .tooDeep)
            #expect(failure(bytes, limits: .with { $0.depthMax = 4 }) == nil)
        }
    }

    @Test func typePartsAreCountedOverTheWholeBuffer() throws {
        let value = Value.tuple([.option(.list(.string), nil), .option(.list(.string), nil)])
        let bytes = try CGRF.encode(value)
        #expect(failure(bytes, limits: .with { $0.nodesMax = 4 }) == nil)
        #expect(failure(bytes, limits: .with { $0.nodesMax = 3 })?.code == .tooManyTypes)
    }

    @Test func prefixIsMeasuredWithoutWhatFollows() throws {
        let bytes = try CGRF.encode(.u8(1)) + [UInt8](repeating: 0, count: 100)
        let atBound = CGRF.Limits.with { $0.bufferMax = 25 }
        let pastBound = CGRF.Limits.with { $0.bufferMax = 24 }
        #expect(try CGRF.decodePrefix(bytes, at: 0, limits: atBound).size == 25)
        #expect(throws: CGRFError.self) {
            try CGRF.decodePrefix(bytes, at: 0, limits: pastBound)
        }
    }

    @Test(arguments: [0, -1, .min]) func senselessLimitsRefuseEverything(_ limit: Int) throws {
        let bytes = try CGRF.encode(.tuple([.u8(1)]))
        let limits = CGRF.Limits.with {
            $0.bufferMax = limit
            $0.nodesMax = limit
            $0.payloadMax = limit
            $0.sequenceMax = limit
            $0.depthMax = limit
        }
        #expect(failure(bytes, limits: limits) != nil)
        #expect(failure(.tuple([.u8(1)]), limits: limits) != nil)
    }

    @Test func greatestLimitsDoNotOverflow() throws {
        let limits = CGRF.Limits.with {
            $0.bufferMax = .max
            $0.nodesMax = .max
            $0.payloadMax = .max
            $0.sequenceMax = .max
        }
        let value = Value.tuple([.bytes([1]), .list(.string, [.string("x")])])
        #expect(try CGRF.decode(CGRF.encode(value, limits: limits), limits: limits) == value)
        for refusal in HostileInputTests.inflated {
            #expect(failure(refusal.bytes, limits: limits) != nil)
        }
    }
}
