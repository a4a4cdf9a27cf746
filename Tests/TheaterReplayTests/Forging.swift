// SPDX-License-Identifier: Apache-2.0

import TheaterChain
import TheaterPlatform

extension ChainEvent {
    /// The event with another payload and its old hash.
    func altered(payload: [UInt8]) -> ChainEvent {
        ChainEvent(
            actor: actor, sequence: sequence, parent: parent, type: type, time: time,
            payload: payload, payloadDigest: payloadDigest, hash: hash)
    }

    /// The event without its payload.
    var dropped: ChainEvent {
        ChainEvent(
            actor: actor, sequence: sequence, parent: parent, type: type, time: time, payload: nil,
            payloadDigest: payloadDigest, hash: hash)
    }

    /// The event at another place of its chain, with its old hashes.
    func renumbered(_ sequence: UInt64) -> ChainEvent {
        ChainEvent(
            actor: actor, sequence: sequence, parent: parent, type: type, time: time,
            payload: payload, payloadDigest: payloadDigest, hash: hash)
    }

    /// The event after another, with another payload, and hashes to fit.
    func forged(_ payload: EventPayload? = nil, after parent: Digest) -> ChainEvent {
        let bytes = payload?.encode() ?? self.payload ?? []
        func made(_ hash: Digest) -> ChainEvent {
            ChainEvent(
                actor: actor, sequence: sequence, parent: parent,
                type: payload?.type.name ?? type, time: time, payload: bytes,
                payloadDigest: .sha256(of: bytes), hash: hash)
        }
        return made(made(.zero).computedHash)
    }
}

/// A chain with one event's payload replaced, and every hash made anew.
func forging(
    _ events: [ChainEvent], at sequence: Int, _ payload: EventPayload
) -> [ChainEvent] {
    var forged: [ChainEvent] = []
    for (index, event) in events.enumerated() {
        let parent = forged.last?.hash ?? ChainHead.genesis(of: event.actor)
        forged.append(event.forged(index == sequence ? payload : nil, after: parent))
    }
    return forged
}

/// Events of one chain, numbered and hashed anew.
func reforged(_ events: [ChainEvent]) -> [ChainEvent] {
    forging(
        events.enumerated().map { $1.renumbered(UInt64($0)) }, at: -1, .denied(what: "", reason: "")
    )
}
