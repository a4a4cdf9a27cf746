// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// The name of a blob: the SHA-256 of its bytes, printed as 64 lower-case hexadecimal digits.
public struct ContentID: Hashable, Sendable, Comparable {
    // Four big-endian words, so that comparing words compares bytes.
    private let a: UInt64
    private let b: UInt64
    private let c: UInt64
    private let d: UInt64

    /// The size of a name in bytes.
    public static let size = 32
    /// The number of hexadecimal digits of a name.
    public static let digitCount = 64

    /// Names some bytes.
    public init(of content: [UInt8]) {
        var hasher = SHA256()
        content.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        self.init(hasher)
    }

    /// Names the bytes that a hasher has taken.
    init(_ hasher: SHA256) { self = hasher.finalize().withUnsafeBytes { ContentID($0) } }

    /// Reads 32 bytes; `nil` for another number of bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.size else { return nil }
        self = Array(bytes).withUnsafeBytes { ContentID($0) }
    }

    /// Parses 64 hexadecimal digits, in either case; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        self.init(digits: text.utf8)
    }

    /// Parses 64 hexadecimal digits, in either case; `nil` for anything else.
    init?(digits: some Sequence<UInt8>) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var count = 0
        for byte in digits {
            guard count < Self.digitCount, let digit = Self.digit(byte) else { return nil }
            switch count / 16 {
            case 0: words.0 = words.0 << 4 | digit
            case 1: words.1 = words.1 << 4 | digit
            case 2: words.2 = words.2 << 4 | digit
            default: words.3 = words.3 << 4 | digit
            }
            count += 1
        }
        guard count == Self.digitCount else { return nil }
        (a, b, c, d) = words
    }

    /// Parses 64 hexadecimal digits, in either case.
    ///
    /// - Throws: `store.bad-reference`.
    public static func parse(_ text: some StringProtocol) throws(StoreError) -> ContentID {
        guard let id = ContentID(text) else { throw .badContentID(String(text)) }
        return id
    }

    /// Reads the first 32 bytes of a buffer that has them.
    private init(_ buffer: UnsafeRawBufferPointer) {
        func word(_ offset: Int) -> UInt64 {
            UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        (a, b, c, d) = (word(0), word(8), word(16), word(24))
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        [a, b, c, d].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
        }
    }

    /// Orders names by their bytes.
    public static func < (left: ContentID, right: ContentID) -> Bool {
        (left.a, left.b, left.c, left.d) < (right.a, right.b, right.c, right.d)
    }

    /// The value of a hexadecimal digit; `nil` for any other byte.
    static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}

extension ContentID: CustomStringConvertible {
    /// 64 hexadecimal digits.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}

extension ContentID {
    /// The names that some bytes mention: wherever 64 hexadecimal digits stand.
    ///
    /// In a longer run of digits, any 64 of them count; of a run beyond 4,096 digits, which is data
    /// and no name, the first and the last 64.
    public static func mentioned(in bytes: [UInt8]) -> Set<ContentID> {
        var found: Set<ContentID> = []
        var start = 0
        for index in 0...bytes.count {
            if index < bytes.count, digit(bytes[index]) != nil { continue }
            let run = bytes[start..<index]
            start = index + 1
            guard run.count >= digitCount else { continue }
            let last = run.endIndex - digitCount
            let places = run.count <= 4096 ? Array(run.startIndex...last) : [run.startIndex, last]
            for place in places {
                if let id = ContentID(digits: run[place..<place + digitCount]) { found.insert(id) }
            }
        }
        return found
    }
}
