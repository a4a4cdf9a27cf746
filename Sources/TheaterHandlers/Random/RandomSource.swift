// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterPlatform

/// Random words, from the world or from a seed, and what is made of them.
///
/// A seeded source is SplitMix64: the same seed gives the same words in every version.
final class RandomSource: Sendable {
    /// How often a range draws again to be even, at the most: a world may answer the same for ever.
    private static let drawsMax = 128

    private let world: World
    private let seeded: Mutex<UInt64?>

    init(world: World, seed: UInt64?) {
        self.world = world
        seeded = Mutex(seed)
    }

    /// The next word.
    func word() -> UInt64 {
        let word = seeded.withLock { state -> UInt64? in
            guard let before = state else { return nil }
            let now = before &+ 0x9E37_79B9_7F4A_7C15
            state = now
            var mixed = (now ^ (now >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
        return word ?? world.randomWord()
    }

    /// Bytes, eight from each word, its lowest first.
    func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            var word = word()
            for _ in 0..<min(8, count - bytes.count) {
                bytes.append(UInt8(truncatingIfNeeded: word))
                word >>= 8
            }
        }
        return bytes
    }

    /// A number from zero up to, and without, `bound`, each as likely; zero for a bound of zero.
    func number(below bound: UInt64) -> UInt64 {
        guard bound > 0 else { return 0 }
        // The high half of word × bound; words whose low half lies in the uneven rest are drawn again.
        let rest = (0 &- bound) % bound
        var product = word().multipliedFullWidth(by: bound)
        for _ in 1..<Self.drawsMax where product.low < rest {
            product = word().multipliedFullWidth(by: bound)
        }
        return product.high
    }

    /// A number from zero up to, and without, one: one of 2⁵³ evenly spaced ones.
    func fraction() -> Double { Double(word() >> 11) * 0x1p-53 }

    /// A UUID of version 4 as text.
    func uuid() -> String {
        let high = word()
        return ActorID(version4: (high, word())).description
    }
}
