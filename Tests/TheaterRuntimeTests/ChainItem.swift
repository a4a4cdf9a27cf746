// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterHandler
import TheaterPlatform
import TheaterValue

/// A `chain-event` record as an actor gets it.
struct ChainItem: Equatable {
    let hash: [UInt8]
    let parent: [UInt8]
    let type: String
    let data: [UInt8]
    let milliseconds: UInt64
    let note: String?

    /// Takes a record apart.
    init(_ value: Value) throws {
        guard case .record(let record) = value,
            record.fields.map(\.name) == [
                "hash", "parent-hash", "event-type", "data", "timestamp", "description",
            ], case .u64(let time) = record.fields[4].value
        else { throw Stage.Missing() }
        hash = try #require(record.fields[0].value.asBytes)
        parent = try #require(record.fields[1].value.asOption??.asBytes)
        type = try #require(record.fields[2].value.asString)
        data = try #require(record.fields[3].value.asBytes)
        milliseconds = time
        note = record.fields[5].value.asOption??.asString
    }

    /// What an actor should get of an event.
    init(_ event: ChainEvent) {
        let payload = event.payload ?? []
        hash = event.hash.bytes
        parent = event.parent.bytes
        type = event.type
        data = Array(payload.prefix(RecentEvent.payloadSizeMax))
        milliseconds = UInt64(clamping: event.time.nanoseconds / 1_000_000)
        note =
            data.count < payload.count
            ? "the first \(data.count) of \(payload.count) bytes; the chain has all" : nil
    }
}
