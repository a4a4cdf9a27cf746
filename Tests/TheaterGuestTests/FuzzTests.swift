// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterTesting

@testable import GuestPlain

/// Goal: whatever a server writes is read or refused, as the standard says. Method: damaged texts, beside
/// Foundation's reader: what we accept it accepts, with the same value, but for numbers that no `Double` holds; what
/// it accepts beyond that has a comma too many, a byte order mark or half a character. `THEATER_FUZZ_COUNT` and
/// `THEATER_FUZZ_SEED` change how many there are, and which.
@Suite("Damaged JSON") struct FuzzTests {
    private static func setting(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }

    private static let originals = [
        #"{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"a\nb"}],"isError":false}}"#,
        #"[1,-2.5e3,0.1,true,false,null,"\u00e9\ud83d\ude00\\",{"a":{"b":[[],{}]}}]"#,
        #"{"id":"x","method":"ping","params":{"é":["😀",1e-9,123456789012]}}"#, "[[[[[[[[1]]]]]]]]",
        #""\b\f\n\r\t\/\"""#,
    ]
    private static let pieces = Array(#"{}[]:,"\u0eE+-.19tfn "#.utf8) + [0, 0x80, 0xC3, 0xFF]

    @Test func textsAreReadOrRefused() throws {
        let seed = UInt64(Self.setting("THEATER_FUZZ_SEED") ?? 0x15_0F)
        let count = (Self.setting("THEATER_FUZZ_COUNT") ?? 100_000) / 10
        print("JSON fuzz seed \(seed)")
        var random = SplitMix(seed: seed)
        var accepted = 0
        for round in 0..<count {
            let bytes = Self.damaged(&random)
            let comment: Comment =
                "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)"
            let known = try? JSONSerialization.jsonObject(
                with: Data(bytes), options: .fragmentsAllowed)
            do throws(Failure) {
                let value = try JSON(parsing: bytes)
                accepted += 1
                #expect(try JSON(parsing: value.bytes).bytes == value.bytes, comment)
                _ = try? MCP.read(bytes)
                if let known { #expect(Self.same(value, known), comment) }
                // What it refuses beyond us: numbers that no Double holds.
                if known == nil { #expect(Self.hasLargeNumber(value), comment) }
            } catch {
                guard known != nil else { continue }
                let isOurs =
                    error.message.contains("half a character")
                    || bytes.starts(with: [0xEF, 0xBB, 0xBF])
                    || String(decoding: bytes, as: UTF8.self).contains(/,\s*[\]}]/)
                #expect(isOurs, comment)
            }
        }
        #expect(accepted > count / 50, "seed \(seed)")
    }

    private static func damaged(_ random: inout SplitMix) -> [UInt8] {
        var bytes = Array(originals[random.next(below: originals.count)].utf8)
        for _ in 0..<random.next(below: 4) where !bytes.isEmpty {
            let place = random.next(below: bytes.count)
            let piece = pieces[random.next(below: pieces.count)]
            switch random.next(below: 4) {
            case 0: bytes[place] = piece
            case 1: bytes.insert(piece, at: place)
            case 2: bytes.remove(at: place)
            default:
                let end = min(bytes.count, place + 1 + random.next(below: 8))
                bytes.insert(contentsOf: bytes[place..<end], at: random.next(below: bytes.count))
            }
        }
        return bytes
    }

    private static func hasLargeNumber(_ value: JSON) -> Bool {
        switch value {
        case .number(let number): !(Double(number.text)?.isFinite ?? false)
        case .array(let items): items.contains(where: hasLargeNumber)
        case .object(let members): members.contains { hasLargeNumber($0.value) }
        case .null, .bool, .string: false
        }
    }

    private static func same(_ ours: JSON, _ theirs: Any) -> Bool {
        switch ours {
        case .null: return theirs is NSNull
        case .bool(let flag): return (theirs as? Bool) == flag
        case .number(let number):
            guard let known = theirs as? NSNumber, let own = Double(number.text) else {
                return false
            }
            return known.doubleValue == own
        case .string(let text): return (theirs as? String) == text
        case .array(let items):
            guard let known = theirs as? [Any], known.count == items.count else { return false }
            return zip(items, known).allSatisfy { same($0, $1) }
        case .object(let members):
            guard let known = theirs as? [String: Any] else { return false }
            // Which of equal names counts is nobody's rule, and Foundation compares them by characters.
            guard Set(members.map(\.name)).count == members.count else { return true }
            return members.count == known.count
                && members.allSatisfy { member in
                    known[member.name].map { same(member.value, $0) } ?? false
                }
        }
    }
}
