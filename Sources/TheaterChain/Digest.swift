// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import TheaterPlatform

/// A SHA-256 digest: 32 bytes, printed as 64 lower-case hexadecimal digits.
public struct Digest: Hashable, Sendable, Comparable {
    // Four big-endian words, so that comparing words compares bytes.
    private let a: UInt64
    private let b: UInt64
    private let c: UInt64
    private let d: UInt64

    /// The size of a digest in bytes.
    public static let size = 32

    /// 32 zero bytes: stands where no digest is known.
    public static let zero = Digest(a: 0, b: 0, c: 0, d: 0)

    private init(a: UInt64, b: UInt64, c: UInt64, d: UInt64) {
        self.a = a
        self.b = b
        self.c = c
        self.d = d
    }

    /// Reads 32 bytes at an offset of a buffer that has them.
    init(_ buffer: UnsafeRawBufferPointer, at offset: Int = 0) {
        a = buffer.bigEndianWord(at: offset)
        b = buffer.bigEndianWord(at: offset + 8)
        c = buffer.bigEndianWord(at: offset + 16)
        d = buffer.bigEndianWord(at: offset + 24)
    }

    init(_ digest: SHA256Digest) {
        self = digest.withUnsafeBytes { Digest($0) }
    }

    /// Reads 32 bytes; `nil` for another number of bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.size else { return nil }
        let array = Array(bytes)
        self = array.withUnsafeBytes { Digest($0) }
    }

    /// Parses 64 hexadecimal digits, in either case; `nil` for anything else.
    public init?(hex: some StringProtocol) {
        var bytes: [UInt8] = []
        var high: UInt8?
        for byte in hex.utf8 {
            guard bytes.count < Self.size, let digit = Self.digit(byte) else { return nil }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        guard high == nil else { return nil }
        self.init(bytes: bytes)
    }

    /// The SHA-256 of some bytes.
    public static func sha256(of bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBytes { sha256(of: $0) }
    }

    /// The SHA-256 of some bytes.
    public static func sha256(of bytes: RawSpan) -> Digest {
        bytes.withUnsafeBytes { sha256(of: $0) }
    }

    /// The SHA-256 of some bytes.
    static func sha256(of bytes: UnsafeRawBufferPointer) -> Digest {
        Digest(SHA256.hash(bufferPointer: bytes))
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.size) { buffer, count in
            store(UnsafeMutableRawBufferPointer(buffer), at: 0)
            count = Self.size
        }
    }

    /// Writes the 32 bytes at an offset of a buffer that has room for them.
    func store(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int) {
        buffer.storeBytes(of: a.bigEndian, toByteOffset: offset, as: UInt64.self)
        buffer.storeBytes(of: b.bigEndian, toByteOffset: offset + 8, as: UInt64.self)
        buffer.storeBytes(of: c.bigEndian, toByteOffset: offset + 16, as: UInt64.self)
        buffer.storeBytes(of: d.bigEndian, toByteOffset: offset + 24, as: UInt64.self)
    }

    /// Orders digests by their bytes.
    public static func < (left: Digest, right: Digest) -> Bool {
        (left.a, left.b, left.c, left.d) < (right.a, right.b, right.c, right.d)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension Digest: CustomStringConvertible {
    /// 64 hexadecimal digits.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    /// The first 12 hexadecimal digits, for people.
    public var short: String { String(description.prefix(12)) }
}

extension SHA256 {
    /// Hashes one buffer.
    static func hash(bufferPointer: UnsafeRawBufferPointer) -> SHA256Digest {
        var hasher = SHA256()
        hasher.update(bufferPointer: bufferPointer)
        return hasher.finalize()
    }
}

extension UnsafeRawBufferPointer {
    func bigEndianWord(at offset: Int) -> UInt64 {
        UInt64(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Reads a little-endian integer at an offset of a buffer that has it.
    func load<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type, at offset: Int
    ) -> Integer {
        Integer(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }

    /// Part of this buffer.
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[range])
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Writes a little-endian integer at an offset of a buffer that has room for it.
    func store<Integer: FixedWidthInteger & BitwiseCopyable>(_ value: Integer, at offset: Int) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: Integer.self)
    }

    /// Writes the 16 bytes of an actor's identity.
    func store(_ actor: ActorID, at offset: Int) {
        storeBytes(of: actor.high.bigEndian, toByteOffset: offset, as: UInt64.self)
        storeBytes(of: actor.low.bigEndian, toByteOffset: offset + 8, as: UInt64.self)
    }
}

extension [UInt8] {
    /// `withUnsafeBytes` with a typed error.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try span.bytes.withUnsafeBytes(body)
    }

    /// `withUnsafeMutableBytes` with a typed error.
    mutating func withMutableBytes<Result, Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var span = mutableSpan
        var bytes = span.mutableBytes
        return try bytes.withUnsafeMutableBytes(body)
    }
}
