// SPDX-License-Identifier: Apache-2.0

import TheaterChain
import TheaterPlatform

/// The journal beside a loop of write and fdatasync on the same disk. No targets: disks differ.
enum JournalRows {
    static let rows = [
        Row(name: "Journal.append", place: .here) { [try await append($0)] },
        Row(name: "Journal.sync", place: .here) { [try await sync($0)] },
    ]

    private static let payloadSize = 100
    /// A record of such a payload: head, type and payload.
    private static let recordSize = 154 + 10 + payloadSize

    private static func append(_ setting: Setting) async throws -> Figure {
        let journal = try Journal.open(directory: setting.folder + "/append")
        let writer = try journal.makeChain(actor: .random(), name: "bench")
        let payload = [UInt8](repeating: 7, count: payloadSize)
        let count = setting.times(20_000)
        let path = setting.folder + "/append.peer"
        let measured = try await setting.rounds.measure(
            Figure(
                name: "Journal.append",
                what: "events of \(payloadSize) bytes appended, then one sync",
                unit: .perSecond, peerName: "C: write + fdatasync each MiB"), times: count
        ) {
            1e9 / (try Peer.stream(path, size: recordSize, count: count, batch: 1 << 20))
        } ours: {
            let spent = try await nanoseconds(of: {
                for _ in 0..<count {
                    if journal.isUnderPressure { await journal.waitForSpace() }
                    try writer.append(EventType("bench:test"), payload: payload)
                }
                try await writer.sync()
            })
            return Double(count) / spent * 1e9
        }
        try await journal.close()
        return measured
    }

    private static func sync(_ setting: Setting) async throws -> Figure {
        let journal = try Journal.open(directory: setting.folder + "/sync")
        let writer = try journal.makeChain(actor: .random(), name: "bench", durability: .strict)
        let payload = [UInt8](repeating: 7, count: payloadSize)
        let count = setting.times(40)
        let path = setting.folder + "/sync.peer"
        let measured = try await setting.rounds.measure(
            Figure(
                name: "Journal.sync", what: "one event appended and durable", unit: .nanoseconds,
                peerName: "C: write + fdatasync"), times: count
        ) {
            try Peer.stream(path, size: recordSize, count: count, batch: recordSize)
        } ours: {
            let spent = try await nanoseconds(of: {
                for _ in 0..<count {
                    try writer.append(EventType("bench:test"), payload: payload)
                    try await writer.sync()
                }
            })
            return spent / Double(count)
        }
        try await journal.close()
        return measured
    }
}
