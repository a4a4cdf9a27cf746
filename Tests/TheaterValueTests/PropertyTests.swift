// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterValue

/// Laws that hold for every value, tried on values made from a seed.
@Suite struct PropertyTests {
    static let seeds: [UInt64] = (0..<20).map { 0x7EA7E4 &+ $0 }

    @Test(arguments: seeds) func encodingRoundTrips(_ seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        for round in 0..<100 {
            let value = random.value()
            let bytes = try CGRF.encode(value)
            let decoded = try CGRF.decode(bytes)
            #expect(decoded == value, "seed \(seed), round \(round)")
            #expect(decoded.hashValue == value.hashValue, "seed \(seed), round \(round)")
            #expect(try CGRF.encode(decoded) == bytes, "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: seeds) func textRoundTrips(_ seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        for round in 0..<100 {
            let value = random.value()
            let bytes = try CGRF.encode(value)
            for width in [nil, 20, 80] {
                let text = ValueText.print(value, options: .init(width: width))
                let parsed = try ValueText.parse(text)
                #expect(try CGRF.encode(parsed) == bytes, "seed \(seed), round \(round): \(text)")
            }
        }
    }

    /// Nodes in any order, and then shared, mean the same.
    @Test(arguments: seeds) func orderAndSharingDoNotMatter(_ seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        for round in 0..<50 {
            let value = Value.tuple((0..<3).map { _ in random.value(depth: 2) })
            let bytes = try CGRF.encode(.tuple([value, value]))
            let shared = Self.sharing(try CGRF.encode(value))
            #expect(
                try CGRF.encode(CGRF.decode(shared)) == bytes, "seed \(seed), round \(round)")
        }
    }

    /// Names the root of a buffer twice, from a tuple in front of nothing.
    private static func sharing(_ bytes: [UInt8]) -> [UInt8] {
        var shared = bytes
        let root = Array(bytes[12..<16])
        let count = bytes[8..<12].reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
        shared.replaceSubrange(8..<16, with: le(count + 1) + le(count))
        shared += [Kind.tuple, 0, 0, 0] + le(12) + le(2) + root + root
        return shared
    }

    /// An equal value has equal bytes and a different one different bytes.
    @Test(arguments: seeds) func equalityIsThatOfBytes(_ seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        for round in 0..<200 {
            let left = random.value(depth: 1)
            let right = random.value(depth: 1)
            let isSame = try CGRF.encode(left) == CGRF.encode(right)
            #expect((left == right) == isSame, "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: seeds) func mutatedTextsAreReadOrRefused(_ seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        for round in 0..<200 {
            var text = Array(ValueText.print(random.value()).utf8)
            for _ in 0...random.below(3) where !text.isEmpty {
                let at = random.below(text.count)
                switch random.below(3) {
                case 0: text[at] = UInt8(truncatingIfNeeded: random.next())
                case 1: text.removeSubrange(at...)
                default: text.insert(random.pick(Array("\"'<>(){}[]:,#\\-0x".utf8)), at: at)
                }
            }
            let candidate = String(decoding: text, as: UTF8.self)
            do throws(ValueTextError) {
                let value = try ValueText.parse(candidate)
                let again = try ValueText.parse(ValueText.print(value))
                #expect(again == value, "seed \(seed), round \(round): \(candidate)")
            } catch {
                #expect(error.offset <= candidate.utf8.count, "seed \(seed), round \(round)")
            }
        }
    }
}
