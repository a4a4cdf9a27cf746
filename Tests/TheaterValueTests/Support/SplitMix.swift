// SPDX-License-Identifier: Apache-2.0

/// A small random number generator whose sequence is fixed by its seed.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound` - 1; good enough for tests.
    mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: (next() >> 32) % UInt64(max(bound, 1)))
    }

    /// True once in `odds` times.
    mutating func oneIn(_ odds: Int) -> Bool { below(odds) == 0 }

    /// One element; the collection is not empty.
    mutating func pick<Element>(_ items: [Element]) -> Element { items[below(items.count)] }
}
