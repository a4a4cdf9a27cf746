// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TheaterManifest

@Suite("Manifest text forms")
struct TextTests {
    @Test(
        "sizes are read in binary and decimal units",
        arguments: [
            ("0", 0), ("64", 64), ("64B", 64), ("64KiB", 65_536), ("1 MiB", 1_048_576),
            ("2gib", 2_147_483_648), ("1TiB", 1_099_511_627_776), ("10kB", 10_000),
            ("3MB", 3_000_000), ("4GB", 4_000_000_000), ("1_000", 1_000),
            ("18446744073709551615", UInt64.max),
        ] as [(String, UInt64)])
    func sizes(text: String, bytes: UInt64) { #expect(ByteCount(text)?.bytes == bytes) }

    @Test(
        "other text is no size",
        arguments: [
            "", " ", "B", "-1", "1.5MiB", "64  MiB", "64MiB ", " 64", "64 ", "64Mi", "_1", "1_",
            "18446744073709551616", "16777216TiB", "١KiB", "1KiB1",
            String(repeating: "1", count: 99),
        ])
    func noSizes(text: String) { #expect(ByteCount(text) == nil) }

    @Test("sizes print exactly and read back")
    func sizeText() {
        var generator = SplitMix(seed: 11)
        #expect(ByteCount.mebibytes(64).description == "64MiB")
        #expect(ByteCount(bytes: 65_537).description == "65537B")
        #expect(ByteCount(bytes: 0).description == "0B")
        #expect(ByteCount.gibibytes(.max).bytes == .max)
        for _ in 0..<500 {
            let count = ByteCount(
                bytes: generator.next() << UInt64.random(in: 0...63, using: &generator))
            #expect(ByteCount(count.description) == count, "seed 11, \(count.bytes)")
        }
    }

    @Test(
        "durations are read with a unit",
        arguments: [
            ("0s", .zero), ("500ms", .milliseconds(500)), ("30s", .seconds(30)),
            ("30 s", .seconds(30)), ("2m", .seconds(120)), ("24h", .seconds(86_400)),
            ("1d", .seconds(86_400)), ("7us", .microseconds(7)), ("7µs", .microseconds(7)),
            ("9ns", .nanoseconds(9)), ("9223372036854775807ns", .nanoseconds(Int64.max)),
        ] as [(String, Duration)])
    func durations(text: String, duration: Duration) {
        #expect(DurationText.parse(text) == duration)
    }

    @Test(
        "other text is no duration",
        arguments: [
            "", "30", "s", "1.5s", "-1s", "1m30s", "30S", "30sec", "9223372036854775808ns",
            "768614336404564651d", "18446744073709551615h",
        ])
    func noDurations(text: String) { #expect(DurationText.parse(text) == nil) }

    @Test("durations print in the largest unit that divides them and read back")
    func durationText() {
        #expect(DurationText.format(.seconds(90)) == "90s")
        #expect(DurationText.format(.seconds(120)) == "2m")
        #expect(DurationText.format(.milliseconds(1500)) == "1500ms")
        #expect(DurationText.format(.milliseconds(-1500)) == "-1500ms")
        #expect(DurationText.format(.seconds(Int64.max)) == "9223372036854775807s")
        var generator = SplitMix(seed: 12)
        for _ in 0..<500 {
            let nanoseconds = Int64.random(
                in: 0...(Int64.max >> (generator.next() % 62)), using: &generator)
            let duration = Duration.nanoseconds(nanoseconds)
            #expect(DurationText.parse(DurationText.format(duration)) == duration, "seed 12")
        }
    }

    @Test(
        "the distance counts edits and swaps",
        arguments: [
            ("", "", 0), ("a", "", 1), ("", "ab", 2), ("memory", "memory", 0),
            ("memry", "memory", 1), ("mmeory", "memory", 1), ("kitten", "sitting", 3),
        ])
    func distance(left: String, right: String, expected: Int) {
        #expect(EditDistance.between(left, right) == expected)
        #expect(EditDistance.between(right, left) == expected)
    }

    @Test("a suggestion is near, or there is none")
    func suggestions() {
        let keys = Limits.keys
        #expect(EditDistance.suggestion(for: "max_memry", among: keys) == "memory")
        #expect(EditDistance.suggestion(for: "Mailbox", among: keys) == "mailbox")
        #expect(EditDistance.suggestion(for: "fuel-per-call", among: keys) == "fuel_per_call")
        #expect(EditDistance.suggestion(for: "init_timout", among: keys) == "init_timeout")
        #expect(EditDistance.suggestion(for: "qqq", among: keys) == nil)
        #expect(EditDistance.suggestion(for: "", among: keys) == nil)
        let long = String(repeating: "m", count: 100_000)
        #expect(EditDistance.suggestion(for: long, among: keys) == nil)
    }
}
