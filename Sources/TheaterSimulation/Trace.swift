// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// What happened in a simulated run, in one number: two runs that differ anywhere have another hash.
///
/// Keeps the newest lines too when it is asked to, for people who look into a failed seed.
package final class Trace: @unchecked Sendable {
    // SAFETY: used by the one thread that runs the simulation.

    /// How many lines are kept; the oldest are dropped.
    static let linesMax = 4000

    package private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    package private(set) var lines: [String] = []
    private let keepsLines: Bool
    private let clock: VirtualClock

    init(clock: VirtualClock, keepsLines: Bool) {
        self.clock = clock
        self.keepsLines = keepsLines
    }

    /// Mixes a number in.
    func mix(_ word: UInt64) {
        hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
        hash ^= hash >> 29
    }

    /// Mixes bytes in.
    func mix(_ bytes: some Sequence<UInt8>) {
        var word: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { word = (word ^ UInt64(byte)) &* 0x100_0000_01B3 }
        mix(word)
    }

    /// Notes an event: what kind of event it is, and its numbers.
    func note(_ kind: StaticString, _ first: UInt64 = 0, _ second: UInt64 = 0) {
        mix(UInt64(kind.utf8CodeUnitCount) &* 31 &+ first)
        mix(second)
        if keepsLines { add("\(kind) \(first) \(second)") }
    }

    /// Notes an event in words, which are part of the hash.
    func note(_ text: String) {
        mix(text.utf8)
        if keepsLines { add(text) }
    }

    /// Adds words that are no part of the hash.
    func remark(_ text: @autoclosure () -> String) {
        if keepsLines { add(text()) }
    }

    private func add(_ line: String) {
        if lines.count >= Self.linesMax { lines.removeFirst(Self.linesMax / 2) }
        lines.append("\(clock.monotonic().nanoseconds / 1000)µs \(line)")
    }
}
