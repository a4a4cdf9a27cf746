// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterAPI
import TheaterTesting

@Suite("Frames of WebSockets")
struct FrameTests {
    @Test("what is written is read again, however it is cut and whatever its size")
    func roundTrip() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed: seed)
        func chance(_ most: Int) -> Int { Int(random.next(below: most)) }
        for _ in 0..<20 {
            let frames: [WebSocketFrame] = (0..<chance(6)).map { _ in
                let sizes = [0, 1, 125, 126, 127, 65_535, 65_536, chance(300)]
                let body = (0..<sizes[chance(sizes.count)]).map { _ in UInt8(chance(128)) }
                switch chance(4) {
                case 0: return .message(body, isText: true)
                case 1: return .ping(Array(body.prefix(125)))
                case 2: return .close(WebSocketClose(1000, "over"))
                default: return .message(body, isText: false)
                }
            }
            let isMasked = chance(2) == 0
            let mask: UInt32? = isMasked ? UInt32(chance(1 << 30)) : nil
            let bytes = frames.flatMap { $0.encoded(mask: mask) }
            var reader = WebSocketReader(messageMax: 1 << 20, isMasked: isMasked)
            var read: [WebSocketFrame] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = min(rest.count, 1 + chance(5000))
                reader.add(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
                while let frame = try reader.next() { read.append(frame) }
            }
            #expect(read == frames, "seed \(seed)")
        }
    }

    @Test("arbitrary bytes are refused or read, and never more is kept than a message has")
    func noise() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed: seed)
        func byte() -> UInt8 { UInt8(truncatingIfNeeded: random.next()) }
        for _ in 0..<2000 {
            var reader = WebSocketReader(messageMax: 100, isMasked: byte() & 1 == 0)
            for _ in 0..<20 {
                reader.add((0..<Int(byte() % 40)).map { _ in byte() })
                do {
                    while let frame = try reader.next() {
                        if case .message(let body, _) = frame {
                            #expect(body.count <= 100, "seed \(seed)")
                        }
                    }
                } catch {
                    #expect([1002, 1007, 1009].contains(error.code ?? 0), "seed \(seed)")
                    break
                }
            }
        }
    }

    @Test("what the standard forbids is refused with its number")
    func forbidden() {
        func code(_ bytes: [UInt8], isMasked: Bool = false) -> UInt16? {
            var reader = WebSocketReader(messageMax: 10, isMasked: isMasked)
            reader.add(bytes)
            do {
                while try reader.next() != nil {}
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code([0xC2, 0x00]) == 1002, "a reserved bit")
        #expect(code([0x83, 0x00]) == 1002, "a kind that is not there")
        #expect(code([0x09, 0x00]) == 1002, "a ping in parts")
        #expect(code([0x89, 0x7E, 0x00, 0x7E]) == 1002, "a long ping")
        #expect(code([0x80, 0x00]) == 1002, "the end of nothing")
        #expect(code([0x01, 0x00, 0x82, 0x00]) == 1002, "a message inside of another")
        #expect(code([0x82, 0x0B]) == 1009, "a large one")
        #expect(code([0x02, 0x06, 0, 0, 0, 0, 0, 0, 0x80, 0x06]) == 1009, "large parts")
        #expect(code([0x82, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]) == 1009)
        #expect(code([0x81, 0x01, 0xFF]) == 1007, "no UTF-8")
        #expect(code([0x88, 0x01, 0x03]) == 1002, "half of a number")
        #expect(code([0x88, 0x02, 0x03, 0xED]) == 1002, "a number that nobody may send")
        #expect(code([0x82, 0x00], isMasked: true) == 1002, "not masked")
        #expect(code([0x82, 0x80, 0, 0, 0, 0]) == 1002, "masked")
    }
}
