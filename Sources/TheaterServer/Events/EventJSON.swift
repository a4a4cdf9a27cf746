// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform

/// Events of chains as documents, whole: who has one can compute its hash.
enum EventJSON {
    static func event(_ event: ChainEvent) -> JSONValue {
        [
            "actor": .string(event.actor.description), "sequence": .integer(event.sequence),
            "time": .string(event.time.rfc3339),
            "time_nanoseconds": .integer(event.time.nanoseconds), "type": .string(event.type),
            "hash": .string(event.hash.description), "parent": .string(event.parent.description),
            "payload_digest": .string(event.payloadDigest.description),
            "payload": .optional(event.payload.map(Base64.encode)),
        ]
    }
}
