// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterTesting

@testable import TheaterHandlers

@Suite("Output of processes, cut")
struct OutputTests {
    /// What comes out when the bytes go in in parts of random sizes.
    private func cut(
        _ mode: OutputMode, limit: Int, _ bytes: [UInt8], seed: UInt64 = 1
    ) -> (pieces: [[UInt8]], dropped: Int) {
        var random = SplitMix(seed: seed)
        var splitter = OutputSplitter(mode, limit: limit)
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = min(rest.count, 1 + Int(random.next(below: 9)))
            splitter.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
            while let piece = splitter.next() { pieces.append(piece) }
        }
        splitter.finish()
        while let piece = splitter.next() { pieces.append(piece) }
        return (pieces, splitter.droppedCount)
    }

    private func texts(
        _ mode: OutputMode, limit: Int = 100, _ text: String, seed: UInt64 = 1
    ) -> [String] {
        cut(mode, limit: limit, Array(text.utf8), seed: seed).pieces.map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test("raw output is passed on whole, in pieces no larger than the buffer")
    func raw() {
        for seed in 1...50 as ClosedRange<UInt64> {
            let pieces = texts(.raw, limit: 4, "some text\nand more", seed: seed)
            #expect(pieces.joined() == "some text\nand more", "seed \(seed)")
            #expect(pieces.allSatisfy { (1...4).contains($0.utf8.count) }, "seed \(seed)")
        }
    }

    @Test("chunks have one size, and the last has what is left")
    func chunks() {
        for seed in 1...50 as ClosedRange<UInt64> {
            #expect(texts(.chunks, limit: 4, "abcdefghij", seed: seed) == ["abcd", "efgh", "ij"])
            #expect(texts(.chunks, limit: 5, "abcdefghij", seed: seed) == ["abcde", "fghij"])
        }
        #expect(texts(.chunks, limit: 4, "") == [])
    }

    @Test("lines lose their newline and keep the rest; empty ones are dropped")
    func lines() {
        #expect(texts(.lines, "a\r\n\n\nb b\n c") == ["a\r", "b b", " c"])
        #expect(texts(.lines, "\n\n") == [])
        #expect(texts(.lines, "last") == ["last"])
    }

    // Goal: long lines come in fragments of exactly the buffer's size, whatever the parts they arrive in.
    // Method: against the rule of the interface, one byte at a time.
    @Test("long lines come in fragments")
    func fragments() {
        for seed in 1...400 as ClosedRange<UInt64> {
            var random = SplitMix(seed: seed)
            let bytes = (0..<60).map { _ in UInt8(random.next(below: 4) == 0 ? 10 : 97) }
            let limit = 1 + Int(random.next(below: 6))
            var expected: [[UInt8]] = []
            var pending: [UInt8] = []
            for byte in bytes {
                if byte != 10 { pending.append(byte) }
                if byte == 10 || pending.count == limit {
                    if !pending.isEmpty { expected.append(pending) }
                    pending = []
                }
            }
            if !pending.isEmpty { expected.append(pending) }
            #expect(cut(.lines, limit: limit, bytes, seed: seed).pieces == expected, "seed \(seed)")
        }
    }

    @Test("of JSON only whole, valid lines are passed on, without blanks around them")
    func json() {
        for seed in 1...50 as ClosedRange<UInt64> {
            let text = " {\"a\":1} \n\nnonsense\n[1,\n\"\u{e9}\u{1F600}\"\r\n{\"tail\":true}"
            let (pieces, dropped) = cut(.json, limit: 100, Array(text.utf8), seed: seed)
            #expect(
                pieces
                    == ["{\"a\":1}", "\"\u{e9}\u{1F600}\"", "{\"tail\":true}"].map {
                        Array($0.utf8)
                    },
                "seed \(seed)")
            #expect(dropped == 2)
        }
    }

    @Test("JSON that is cut off, too long or no UTF-8 is dropped and counted")
    func badJSON() {
        for seed in 1...50 as ClosedRange<UInt64> {
            let long = "[" + String(repeating: "1,", count: 20) + "1]"
            let text =
                Array("\(long)\n[1]\n".utf8) + [0x22, 0xFF, 0x22, 0x0A] + Array("{\"a\":".utf8)
            let (pieces, dropped) = cut(.json, limit: 10, text, seed: seed)
            #expect(pieces == [Array("[1]".utf8)], "seed \(seed)")
            #expect(dropped == 3, "seed \(seed)")
        }
        #expect(texts(.json, limit: 3, "[1]\n") == ["[1]"])
        #expect(texts(.json, limit: 2, "[1]\n") == [])
        // A line without end that is too long, and then the end.
        #expect(cut(.json, limit: 10, Array(repeating: 0x31, count: 100)).dropped == 1)
    }

    @Test("nothing but an unfinished piece is kept")
    func bounded() {
        for mode in OutputMode.allCases {
            var splitter = OutputSplitter(mode, limit: 1000)
            var count = 0
            for _ in 0..<1000 {
                splitter.append([UInt8](repeating: 0x31, count: 4096))
                while let piece = splitter.next() { count += piece.count }
            }
            let mirror = Mirror(reflecting: splitter)
            let buffer = mirror.children.first { $0.label == "buffer" }?.value as? [UInt8]
            #expect((buffer?.count ?? .max) <= 4096 + 1000, "\(mode)")
            #expect(mode == .json ? count == 0 : count > 4_000_000, "\(mode)")
        }
    }

    @Test(
        "JSON texts are told from others",
        arguments: [
            ("0", true), ("-0.5e+3", true), ("1E2", true), ("\"\\u00e9\\n\"", true), ("[]", true),
            ("{}", true), ("[[],{}]", true), ("{\"a\":[1,{\"b\":null}],\"c\":true}", true),
            (" [ 1 , 2 ] ", true), ("", false), ("01", false), ("1.", false), (".5", false),
            ("+1", false), ("1e", false), ("-", false), ("[1,]", false), ("[,1]", false),
            ("{\"a\"}", false), ("{\"a\":}", false), ("{a:1}", false), ("{\"a\":1,}", false),
            ("[1", false), ("1]", false), ("[1}", false), ("tru", false), ("truee", false),
            ("\"a", false), ("\"\\x\"", false), ("\"\\u12g4\"", false), ("\"a\nb\"", false),
            ("1 2", false), ("'a'", false), ("{\"a\":1}{", false), ("nul", false),
        ] as [(String, Bool)])
    func valid(text: String, isJSON: Bool) {
        #expect(JSONCheck.isJSON(Array(text.utf8)[...]) == isJSON)
    }

    @Test("JSON is nested to a bound")
    func depth() {
        for (depth, isJSON) in [(JSONCheck.depthMax, true), (JSONCheck.depthMax + 1, false)] {
            let text =
                String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth)
            #expect(JSONCheck.isJSON(Array(text.utf8)[...]) == isJSON)
        }
    }
}

@Suite("The processes of an actor, counted")
struct ProcessDeskTests {
    @Test("places are bounded, given back, and numbers never given twice")
    func places() {
        var desk = ProcessDesk<UInt64>(countMax: 2)
        func add() -> UInt64? { try? desk.add(startTime: 5, { $0 }).get() }
        #expect(add() == 1 && add() == 2 && add() == nil)
        desk.exited(1, 3)
        #expect(desk.record(1)?.exitCode == 3)
        #expect(add() == nil, "it has its place until all is gone")
        desk.remove(1)
        #expect(add() == 3)
        #expect(desk.records.map(\.id) == [1, 2, 3])
        #expect(desk.session(1) == nil && desk.session(2) == 2)
        #expect(desk.wasGiven(3) && !desk.wasGiven(4) && !desk.wasGiven(0))
        desk.remove(3)
        #expect(desk.record(3) == nil, "it never ran")
        #expect(desk.close() == [2])
        #expect(add() == nil)
    }

    @Test("the last 64 that ended are remembered")
    func ended() {
        var desk = ProcessDesk<UInt64>(countMax: 1)
        for number in 1...100 as ClosedRange<UInt64> {
            _ = desk.add(startTime: number) { $0 }
            desk.exited(number, 0)
            desk.remove(number)
        }
        #expect(desk.records.map(\.id) == Array(37...100))
        #expect(desk.record(36) == nil && desk.count == 0)
    }
}
