// SPDX-License-Identifier: Apache-2.0
import Crypto

/// The hash of a type, a function or an interface: 32 bytes.
public struct InterfaceHash: Hashable, Sendable {
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    /// Makes a hash from four numbers that hold its bytes in order, little-endian.
    public init(_ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
        self.first = first
        self.second = second
        self.third = third
        self.fourth = fourth
    }

    /// Makes a hash from its 32 bytes; `nil` for any other number of bytes.
    public init?(bytes: some Sequence<UInt8>) {
        var words: [UInt64] = [0, 0, 0, 0]
        var count = 0
        for byte in bytes {
            guard count < 32 else { return nil }
            words[count / 8] |= UInt64(byte) << (8 * UInt64(count % 8))
            count += 1
        }
        guard count == 32 else { return nil }
        self.init(words[0], words[1], words[2], words[3])
    }

    /// Makes a hash from 64 hexadecimal digits; `nil` for anything else.
    public init?(hex: String) {
        let digits = hex.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == 64, hex.utf8.count == 64 else { return nil }
        self.init(bytes: (0..<32).map { UInt8(digits[2 * $0] << 4 | digits[2 * $0 + 1]) })
    }

    /// The hash as four numbers that hold its bytes in order, little-endian.
    public var words: [UInt64] { [first, second, third, fourth] }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    }
}

extension InterfaceHash: CustomStringConvertible {
    /// The hash as 64 hexadecimal digits.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}

extension InterfaceHash {
    /// What a recursive mention, `value` and a type parameter hash as.
    static let anything = InterfaceHash(0xFFFF, 0, 0, 0)

    /// The constant of a primitive; `number` counts from one in the order of the declaration.
    static func primitive(_ number: UInt8) -> InterfaceHash {
        InterfaceHash(UInt64(number) << 8, 0, 0, 0)
    }

    static let bool = primitive(1)
    static let string = primitive(13)
    static let flags = primitive(14)

    static func list(_ item: InterfaceHash) -> InterfaceHash { digest([0x10] + item.bytes) }

    static func option(_ inner: InterfaceHash) -> InterfaceHash { digest([0x11] + inner.bytes) }

    static func result(_ ok: InterfaceHash, _ err: InterfaceHash) -> InterfaceHash {
        digest([0x12] + ok.bytes + err.bytes)
    }

    static func tuple(_ items: [InterfaceHash]) -> InterfaceHash {
        digest([0x13] + count(items) + items.flatMap(\.bytes))
    }

    /// Fields in any order.
    static func record(_ fields: [(name: String, hash: InterfaceHash)]) -> InterfaceHash {
        let sorted = fields.sorted { isOrdered($0.name, $1.name) }
        return digest([0x14] + count(fields) + sorted.flatMap { text($0.name) + $0.hash.bytes })
    }

    /// Cases in any order: the tag is not part of the hash.
    static func variant(_ cases: [(name: String, hash: InterfaceHash?)]) -> InterfaceHash {
        let sorted = cases.sorted { isOrdered($0.name, $1.name) }
        return digest(
            [0x15] + count(cases)
                + sorted.flatMap { text($0.name) + ($0.hash.map { [1] + $0.bytes } ?? [0]) })
    }

    /// A name that nothing declares, by the rules of the host.
    static func reference(_ name: String) -> InterfaceHash { digest(Array("ref:\(name)".utf8)) }

    /// The hash of a function from the hashes of its parameters and results.
    public static func function(
        parameters: [InterfaceHash], results: [InterfaceHash]
    ) -> InterfaceHash {
        digest(
            [0x16] + count(parameters) + parameters.flatMap(\.bytes) + count(results)
                + results.flatMap(\.bytes))
    }

    /// The hash of an interface from its full name and its functions, in any order.
    public static func interface(
        name: String, functions: [(name: String, hash: InterfaceHash)]
    ) -> InterfaceHash {
        let sorted = functions.sorted { isOrdered($0.name, $1.name) }
        return digest(
            [0x17] + text(name) + [0, 0, 0, 0] + count(functions)
                + sorted.flatMap { text($0.name) + $0.hash.bytes })
    }

    private static func digest(_ preimage: [UInt8]) -> InterfaceHash {
        InterfaceHash(bytes: SHA256.hash(data: preimage)) ?? anything
    }

    private static func isOrdered(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    private static func count(_ items: [some Any]) -> [UInt8] { number(items.count) }

    private static func text(_ text: String) -> [UInt8] { number(text.utf8.count) + text.utf8 }

    private static func number(_ number: Int) -> [UInt8] {
        let number = UInt32(truncatingIfNeeded: number)
        return (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}
