// SPDX-License-Identifier: Apache-2.0

/// The identity of a guest actor: a UUID that is never used again.
///
/// Printed as 36 lower-case characters with hyphens.
public struct ActorID: Hashable, Sendable, Comparable {
    /// The first eight bytes of the UUID, big-endian.
    public let high: UInt64
    /// The last eight bytes of the UUID, big-endian.
    public let low: UInt64

    /// Makes an identity from the two halves of a UUID.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Makes a random identity (UUID version 4).
    public static func random() -> ActorID {
        ActorID(version4: Randomness.twoWords())
    }

    /// Makes an identity of version 4 from random words.
    public init(version4 words: (UInt64, UInt64)) {
        self.init(
            high: words.0 & 0xFFFF_FFFF_FFFF_0FFF | 0x4000,
            low: words.1 & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    /// Parses the hyphenated form, in either case; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        self.init(String(text))
    }

    /// Parses the hyphenated form, in either case; `nil` for anything else.
    public init?(_ text: String) {
        guard text.utf8.count == 36 else { return nil }
        var text = text
        guard let words = text.withUTF8({ Self.words($0) }) else { return nil }
        self.init(high: words.0, low: words.1)
    }

    /// The two halves of a UUID from its 36 characters.
    private static func words(_ text: UnsafeBufferPointer<UInt8>) -> (UInt64, UInt64)? {
        var words: (UInt64, UInt64) = (0, 0)
        for (position, byte) in text.enumerated() {
            switch position {
            case 8, 13, 18, 23:
                guard byte == UInt8(ascii: "-") else { return nil }
            case ..<18:
                guard let digit = digit(byte) else { return nil }
                words.0 = words.0 << 4 | digit
            default:
                guard let digit = digit(byte) else { return nil }
                words.1 = words.1 << 4 | digit
            }
        }
        return words
    }

    /// Reads the 16 bytes of a UUID; `nil` for another number of bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        func word(_ part: some Sequence<UInt8>) -> UInt64 {
            part.reduce(0) { $0 << 8 | UInt64($1) }
        }
        self.init(high: word(bytes.prefix(8)), low: word(bytes.dropFirst(8)))
    }

    /// The 16 bytes of the UUID.
    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { bytes, count in
            for index in 0..<8 {
                bytes[index] = UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * index))
                bytes[index + 8] = UInt8(truncatingIfNeeded: low >> UInt64(56 - 8 * index))
            }
            count = 16
        }
    }

    /// Orders identities by their bytes.
    public static func < (left: ActorID, right: ActorID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}

extension ActorID: CustomStringConvertible {
    /// The hyphenated lower-case form.
    public var description: String {
        String(unsafeUninitializedCapacity: 36) { text in
            var place = 0
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 {
                    text[place] = UInt8(ascii: "-")
                    place += 1
                }
                let word = index < 16 ? high : low
                let digit = UInt8(word >> UInt64(60 - 4 * (index & 15)) & 15)
                text[place] =
                    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                place += 1
            }
            return place
        }
    }
}
