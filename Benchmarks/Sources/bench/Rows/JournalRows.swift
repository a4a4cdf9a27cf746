// SPDX-License-Identifier: Apache-2.0

import TheaterChain
import TheaterPlatform

/// The journal beside a loop of write and fdatasync on the same disk.
enum JournalRows {
    static let rows = [
        Row(name: "Journal.append", place: .here) { [try await append($0)] },
        Row(name: "Journal.sync", place: .here) { [try await sync($0)] },
        Row(name: "Journal.group", place: .here) { try await group($0) },
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
                unit: .perSecond, peerName: "C: write + fdatasync each MiB",
                target: .atLeast(300_000)), times: count
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
                peerName: "C: write + fdatasync", target: .ratio(1.25)), times: count
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

    /// How many writers commit as a group.
    private static let writerCount = 256

    /// The same work against two programs in C: one whose writers wait for the disk as ours do, each for
    /// itself, and one that nobody waits for, which is what the disk and the copying cost alone.
    private static func group(_ setting: Setting) async throws -> [Figure] {
        let journal = try Journal.open(directory: setting.folder + "/group")
        let writers = try (0..<writerCount).map { _ in
            try journal.makeChain(actor: .random(), name: nil, durability: .strict)
        }
        let count = setting.times(40)
        let path = setting.folder + "/group.peer"
        func measure(
            _ figure: Figure, _ peer: @escaping () throws -> Double
        ) async throws -> Figure {
            try await setting.rounds.measure(figure, times: count * writerCount, peer: peer) {
                try await nanoseconds(of: { try await commit(writers, each: count) })
                    / Double(count * writerCount)
            }
        }
        let committing = try await measure(
            Figure(
                name: "Journal.group",
                what: "an event of one of \(writerCount) strict chains that commit together",
                unit: .nanoseconds,
                peerName: "C: \(writerCount) threads, one log, a record each and wait",
                target: .ratio(1.25))
        ) {
            try Peer.commit(path, size: recordSize, writers: writerCount, each: count)
        }
        let writing = try await measure(
            Figure(
                name: "Journal.group.bare", what: "the same, against a loop that nobody waits for",
                unit: .nanoseconds, peerName: "C: write + fdatasync of \(writerCount)")
        ) {
            try Peer.stream(
                path, size: recordSize, count: count * writerCount,
                batch: recordSize * writerCount)
        }
        try await journal.close()
        return [committing, writing]
    }

    private static func commit(_ writers: [ChainWriter], each: Int) async throws {
        let payload = [UInt8](repeating: 7, count: payloadSize)
        try await withThrowingTaskGroup { tasks in
            for writer in writers {
                tasks.addTask {
                    for _ in 0..<each {
                        try writer.append(EventType("bench:test"), payload: payload)
                        try await writer.sync()
                    }
                }
            }
            try await tasks.waitForAll()
        }
    }
}
