// SPDX-License-Identifier: Apache-2.0

import TheaterValue

/// The value codec.
enum ValueRows {
    static let rows = [
        Row(name: "Value.record200", place: .here) { setting in
            [try await encodeRecord(setting), try await decodeRecord(setting)]
        },
        Row(name: "Value.bytes1MiB", place: .here) { setting in
            [try await encodeBytes(setting), try await decodeBytes(setting)]
        },
    ]

    private static func encodeRecord(_ setting: Setting) async throws -> Figure {
        let size = try CGRF.encode(Guests.record200).count
        let count = setting.times(50_000)
        return try await setting.rounds.measure(
            Figure(
                name: "Value.record200.encode", what: "a record of \(size) bytes, 6 fields",
                unit: .nanoseconds, target: .atMost(1000)), times: count
        ) {
            let start = clockNanoseconds()
            for _ in 0..<count { consume(try CGRF.encode(Guests.record200)) }
            return Double(clockNanoseconds() - start) / Double(count)
        }
    }

    private static func decodeRecord(_ setting: Setting) async throws -> Figure {
        let bytes = try CGRF.encode(Guests.record200)
        let count = setting.times(50_000)
        return try await setting.rounds.measure(
            Figure(
                name: "Value.record200.decode", what: "a record of \(bytes.count) bytes, 6 fields",
                unit: .nanoseconds, target: .atMost(1000)), times: count
        ) {
            let start = clockNanoseconds()
            for _ in 0..<count { consume(try CGRF.decode(bytes)) }
            return Double(clockNanoseconds() - start) / Double(count)
        }
    }

    private static let bytes = [UInt8](repeating: 0xA5, count: 1 << 20)

    private static func encodeBytes(_ setting: Setting) async throws -> Figure {
        let value = Value.bytes(bytes)
        return try await rate(setting, "encode") { consume(try CGRF.encode(value)) }
    }

    private static func decodeBytes(_ setting: Setting) async throws -> Figure {
        let encoded = try CGRF.encode(.bytes(bytes))
        return try await rate(setting, "decode") { consume(try CGRF.decode(encoded)) }
    }

    private static func rate(
        _ setting: Setting, _ verb: String, _ body: () throws -> Void
    ) async throws -> Figure {
        let count = setting.times(200)
        return try await setting.rounds.measure(
            Figure(
                name: "Value.bytes1MiB.\(verb)", what: "list<u8> of 1 MiB",
                unit: .gigabytesPerSecond, peerName: "C: memcpy", target: .atLeast(2)), times: count
        ) {
            Double(bytes.count) / (try Peer.copy(size: bytes.count, count: count))
        } ours: {
            let start = clockNanoseconds()
            for _ in 0..<count { try body() }
            return Double(bytes.count * count) / Double(clockNanoseconds() - start)
        }
    }
}
