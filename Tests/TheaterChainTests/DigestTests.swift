// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform

@testable import TheaterChain

@Suite("Digests and checksums")
struct DigestTests {
    @Test("SHA-256 of 'abc' is the published value, in hexadecimal and back")
    func sha256() throws {
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        let digest = Digest.sha256(of: Array("abc".utf8))
        #expect(digest.description == text)
        #expect(Digest(hex: text.uppercased()) == digest)
        #expect(Digest(bytes: digest.bytes) == digest)
        #expect(digest.short == "ba7816bf8f01")
    }

    @Test(
        "refuses what is not 64 hexadecimal digits",
        arguments: [
            "", "00", String(repeating: "0", count: 63), String(repeating: "0", count: 65),
            String(repeating: "g", count: 64), String(repeating: "0", count: 66),
        ])
    func badHex(text: String) { #expect(Digest(hex: text) == nil) }

    @Test("refuses another number of bytes", arguments: [0, 31, 33])
    func badBytes(count: Int) { #expect(Digest(bytes: [UInt8](repeating: 0, count: count)) == nil) }

    @Test("orders as the bytes do")
    func order() {
        let low = Digest(bytes: [0] + [UInt8](repeating: 255, count: 31))
        let high = Digest(bytes: [1] + [UInt8](repeating: 0, count: 31))
        #expect(low.flatMap { low in high.map { low < $0 && !($0 < low) } } == true)
    }

    @Test("CRC-32C gives the published check values")
    func crc() {
        let checksum = { (bytes: [UInt8]) in bytes.withUnsafeBytes { CRC32C.checksum($0) } }
        #expect(checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(checksum([]) == 0)
        #expect(checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(checksum([UInt8](repeating: 255, count: 32)) == 0x62A8_AB43)
    }
}
