// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterValue

/// Damaged buffers are refused or read, never crash and never balloon.
///
/// `THEATER_FUZZ_COUNT` sets the number of buffers, `THEATER_FUZZ_SEED` the seed.
@Suite struct MutationTests {
    static let count = setting("THEATER_FUZZ_COUNT") ?? 1_000_000
    static let seed = UInt64(setting("THEATER_FUZZ_SEED") ?? 0x7EA7E5)
    static let shards = 8

    static func setting(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }

    @Test(arguments: 0..<shards) func mutatedBuffersAreReadOrRefused(_ shard: Int) throws {
        let seed = Self.seed &+ UInt64(shard)
        print("mutation seed \(seed)")
        var random = SplitMix(seed: seed)
        let originals = try Self.originals(&random)
        var accepted = 0
        for round in 0..<(Self.count / Self.shards) {
            let bytes = Mutation.apply(to: originals, &random)
            do throws(CGRFError) {
                let value = try CGRF.decode(bytes)
                accepted += 1
                let written = try CGRF.encode(value)
                if written.count > 4 * bytes.count + 65536 || (round % 16 == 0) {
                    try Self.check(written, value, bytes, "seed \(seed), round \(round)")
                }
            } catch {
                if error.offset < 0 || error.offset > bytes.count {
                    Issue.record("seed \(seed), round \(round): \(error) in \(hex(bytes))")
                }
            }
        }
        // A mutation that spoils everything would test only the first check.
        #expect(accepted > Self.count / Self.shards / 50, "seed \(seed): \(accepted) accepted")
    }

    private static func check(
        _ written: [UInt8], _ value: Value, _ bytes: [UInt8], _ place: String
    ) throws(CGRFError) {
        if written.count > 4 * bytes.count + 65536 {
            Issue.record("\(place): \(bytes.count) bytes became \(written.count)")
        }
        if try CGRF.encode(CGRF.decode(written)) != written {
            Issue.record("\(place): not canonical after one round: \(hex(bytes))")
        }
    }

    private static func originals(_ random: inout SplitMix) throws -> [[UInt8]] {
        var originals = Example.all.map { unhex($0.hex) }
        originals += [RawBuffer.bomb(levels: 12), RawBuffer.nestedTuples(30)]
        while originals.count < 120 {
            let bytes = try CGRF.encode(random.value(depth: 3))
            if bytes.count < 400 { originals.append(bytes) }
        }
        return originals
    }
}

/// Ways to damage a buffer.
enum Mutation {
    static func apply(to originals: [[UInt8]], _ random: inout SplitMix) -> [UInt8] {
        var bytes = random.pick(originals)
        for _ in 0...random.below(3) {
            // The header is rarely worth damaging.
            let at =
                random.oneIn(8) ? random.below(bytes.count) : 16 + random.below(bytes.count - 16)
            guard at < bytes.count else { continue }
            switch random.below(10) {
            case 0, 1: bytes[at] ^= 1 << UInt8(random.below(8))
            case 2: bytes[at] = UInt8(truncatingIfNeeded: random.next())
            case 3: bytes[at] = random.pick([0, 1, 0x7F, 0x80, 0xFF, 0x0B, 0x15])
            case 4, 5: number(at, in: &bytes, &random)
            case 6: index(in: &bytes, &random)
            case 7: bytes.removeSubrange(at...)
            case 8: splice(random.pick(originals), at, into: &bytes, &random)
            default: node(random.pick(originals), after: &bytes)
            }
            if bytes.count <= 17 { break }
        }
        return bytes
    }

    /// Replaces four bytes by a small, an inflated or an extreme number.
    private static func number(_ at: Int, in bytes: inout [UInt8], _ random: inout SplitMix) {
        guard bytes.count - at >= 4 else { return }
        let number: UInt32 = random.pick([
            0, 1, 2, 3, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x4000_0000, 0x2000_0000,
            UInt32(bytes.count), UInt32(bytes.count - at),
        ])
        put(number, at, in: &bytes)
    }

    /// Replaces the root or the last index by another node.
    private static func index(in bytes: inout [UInt8], _ random: inout SplitMix) {
        guard bytes.count >= 28 else { return }
        let node = UInt32(random.below(Int(bytes[8]) + 1))
        put(node, random.oneIn(3) ? 12 : bytes.count - 4, in: &bytes)
    }

    private static func splice(
        _ other: [UInt8], _ at: Int, into bytes: inout [UInt8], _ random: inout SplitMix
    ) {
        let start = random.below(other.count)
        let size = min(random.below(24), other.count - start, bytes.count - at)
        for offset in 0..<size { bytes[at + offset] = other[start + offset] }
    }

    /// Appends the nodes of another buffer and raises the count, so that all is well so far.
    private static func node(_ other: [UInt8], after bytes: inout [UInt8]) {
        guard bytes.count + other.count < 4096 else { return }
        let count = UInt32(bytes[8]) &+ UInt32(other[8])
        bytes += other[16...]
        put(count, 8, in: &bytes)
    }

    private static func put(_ number: UInt32, _ at: Int, in bytes: inout [UInt8]) {
        for offset in 0..<4 {
            bytes[at + offset] = UInt8(truncatingIfNeeded: number >> (8 * UInt32(offset)))
        }
    }
}
