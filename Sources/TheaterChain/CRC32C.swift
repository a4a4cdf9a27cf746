// SPDX-License-Identifier: Apache-2.0

/// The CRC-32C checksum (Castagnoli polynomial, reflected, as in RFC 3720).
///
/// It finds accidents, not forgery; hashes find both.
enum CRC32C {
    /// Eight tables of 256 entries: table `k` advances a byte over `k` more zero bytes.
    ///
    // SAFETY: filled once before anyone sees it, never written or freed after.
    private struct Tables: @unchecked Sendable {
        let entries: UnsafePointer<UInt32>

        init() {
            let entries = UnsafeMutablePointer<UInt32>.allocate(capacity: 8 * 256)
            for index in 0..<256 {
                var value = UInt32(index)
                for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
                entries[index] = value
            }
            for index in 256..<8 * 256 {
                let value = entries[index - 256]
                entries[index] = value >> 8 ^ entries[Int(value & 0xFF)]
            }
            self.entries = UnsafePointer(entries)
        }
    }

    private static let tables = Tables()

    /// The checksum of some bytes.
    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        let table = tables.entries
        var crc = UInt32.max
        var offset = 0
        while offset + 8 <= bytes.count {
            let word = bytes.load(UInt64.self, at: offset) ^ UInt64(crc)
            let low = UInt32(truncatingIfNeeded: word)
            let high = UInt32(truncatingIfNeeded: word >> 32)
            let first = table[7 * 256 + byte(low, 0)] ^ table[6 * 256 + byte(low, 8)]
            let second = table[5 * 256 + byte(low, 16)] ^ table[4 * 256 + byte(low, 24)]
            let third = table[3 * 256 + byte(high, 0)] ^ table[2 * 256 + byte(high, 8)]
            let fourth = table[256 + byte(high, 16)] ^ table[byte(high, 24)]
            crc = first ^ second ^ third ^ fourth
            offset += 8
        }
        while offset < bytes.count {
            crc = crc >> 8 ^ table[Int((crc ^ UInt32(bytes[offset])) & 0xFF)]
            offset += 1
        }
        return ~crc
    }

    private static func byte(_ word: UInt32, _ shift: UInt32) -> Int { Int(word >> shift & 0xFF) }
}
