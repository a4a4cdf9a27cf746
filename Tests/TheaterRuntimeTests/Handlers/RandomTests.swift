// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

@Suite("The handler random", .timeLimit(.minutes(1)))
struct RandomTests {
    private let clock = ManualClock()

    private func drawer(
        _ stage: Stage, _ keys: [String: ManifestValue] = [:], name: String = "actor",
        parent: ActorID? = nil
    ) async throws -> ActorID {
        try await stage.small("random", SmallHandler.random, keys, name: name) {
            $0.parent = parent
        }
    }

    /// One answer of each function.
    private func draw(_ stage: Stage, _ id: ActorID) async throws -> [Value] {
        [
            try await stage.host(id, "random-bytes", .u32(20)),
            try await stage.host(id, "random-range", .u64(1000), .u64(1_000_000)),
            try await stage.host(id, "random-float"),
            try await stage.host(id, "generate-uuid"),
        ]
    }

    @Test("every function answers what it says, and the chain has each answer")
    func functions() async throws {
        let stage = try Stage.small(clock)
        let id = try await drawer(stage)
        let drawn = try await draw(stage, id)
        #expect(drawn[0].asBytes?.count == 20)
        let number = try #require(drawn[1].integer(as: UInt64.self))
        #expect((1000..<1_000_000).contains(number))
        guard case .f64(let fraction) = drawn[2] else {
            Issue.record("\(drawn[2]) is no fraction")
            return
        }
        #expect((0..<1).contains(fraction))
        let uuid = try #require(drawn[3].asString)
        #expect(
            uuid.wholeMatch(
                of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        let recorded = try await stage.events(of: id).compactMap { event -> Value? in
            guard case .hostCall(_, _, _, let output) = event else { return nil }
            guard case .result(_, _, .ok(let value)) = try CGRF.decode(output) else { return nil }
            return value
        }
        #expect(recorded == drawn)
        #expect(try await draw(stage, id) != drawn)
        await stage.system.shutDown()
    }

    @Test("a seed gives the same answers again, of every function; without one nobody's are alike")
    func seeds() async throws {
        let stage = try Stage.small(clock)
        var drawn: [String: [Value]] = [:]
        for (name, seed) in [("a", 7), ("b", 7), ("c", 8), ("d", -1)] as [(String, Int64)] {
            let id = try await drawer(stage, ["seed": .integer(seed)], name: name)
            drawn[name] = try await draw(stage, id)
        }
        for name in ["e", "f"] {
            drawn[name] = try await draw(stage, try await drawer(stage, name: name))
        }
        #expect(drawn["a"] == drawn["b"])
        for index in 0..<4 {
            let answers = ["a", "c", "d", "e", "f"].compactMap { drawn[$0]?[index] }
            #expect(Set(answers).count == 5, "function \(index): \(answers)")
        }
        await stage.system.shutDown()
    }

    @Test("bounds hold for every function, themselves included")
    func bounds() async throws {
        let stage = try Stage.small(clock)
        let id = try await drawer(
            stage, ["max_bytes": .integer(100), "max_int": .integer(1000)])
        #expect(try await stage.host(id, "random-bytes", .u32(100)).asBytes?.count == 100)
        #expect(try await stage.host(id, "random-bytes", .u32(0)).asBytes?.isEmpty == true)
        #expect(try await stage.host(id, "random-range", .u64(999), .u64(1000)) == .u64(999))
        for length: UInt32 in [101, .max] {
            let error = try await stage.hostError(id, "random-bytes", .u32(length))
            #expect(error.hasSuffix("[random.too-many-bytes]"))
        }
        for end: UInt64 in [1001, .max] {
            let error = try await stage.hostError(id, "random-range", .u64(0), .u64(end))
            #expect(error.hasSuffix("[random.too-large]"))
        }
        #expect(try await stage.denials(id).count == 4)
        for (least, end): (UInt64, UInt64) in [(5, 5), (6, 5), (.max, 0)] {
            let error = try await stage.hostError(id, "random-range", .u64(least), .u64(end))
            #expect(error.hasSuffix("[random.empty-range]"))
        }
        let child = try await drawer(
            stage, ["max_bytes": .string("1MiB")], name: "child", parent: id)
        let error = try await stage.hostError(child, "random-bytes", .u32(101))
        #expect(error.hasSuffix("[random.too-many-bytes]"), "a child draws no more than its parent")
        await stage.system.shutDown()
    }

    @Test("without keys, a call draws a mebibyte at the most")
    func defaults() async throws {
        let stage = try Stage.small(clock)
        let id = try await drawer(stage)
        #expect(try await stage.host(id, "random-bytes", .u32(1 << 20)).asBytes?.count == 1 << 20)
        let error = try await stage.hostError(id, "random-bytes", .u32(1 << 20 + 1))
        #expect(error.hasSuffix("[random.too-many-bytes]"))
        let large = try await stage.hostError(id, "random-range", .u64(0), .u64(1 << 63))
        #expect(large.hasSuffix("[random.too-large]"))
        for keys: [String: ManifestValue] in [
            ["max_bytes": .string("5MiB")], ["max_bytes": .integer(-1)], ["max_int": .integer(-1)],
            ["seed": .string("x")], ["allow_crypto_secure": .bool(true)], ["size": .integer(1)],
        ] {
            await #expect(throws: ActorError.self, "\(keys)") {
                _ = try await drawer(stage, keys, name: "wrong")
            }
        }
        _ = try await drawer(stage, ["allow_crypto_secure": .bool(false)], name: "right")
        await stage.system.shutDown()
    }
}
