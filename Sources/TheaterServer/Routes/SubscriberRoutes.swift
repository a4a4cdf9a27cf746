// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import TheaterAPI
internal import TheaterPlatform

/// Who follows what, and how far behind they are.
struct SubscriberRoutes: Sendable {
    let life: ServerLife
    let lookup: ActorLookup

    func list(_ call: Call) throws(Problem) -> Response {
        let limit = try call.integer("limit", in: 1...10_000) ?? 100
        var streams = life.streams.map { ($0, $0.facts.load()) }
        if let actor = call.parameter("actor") {
            let id = try lookup.recorded(actor)
            streams = streams.filter { $0.0.facts.actor == id }
        }
        streams.sort { left, right in
            let (one, other) = (left.1, right.1)
            if one.lost != other.lost { return one.lost > other.lost }
            if one.waiting != other.waiting { return one.waiting > other.waiting }
            if one.bytes != other.bytes { return one.bytes > other.bytes }
            return left.0.number < right.0.number
        }
        return Answer.json([
            "subscribers": .array(
                streams.prefix(limit).map { stream, load in
                    [
                        "number": .integer(stream.number), "credential": .string(stream.owner),
                        "kind": .string(stream.facts.kind.rawValue),
                        "actor": .string(stream.facts.actor.description),
                        "since": .string(stream.facts.since.rfc3339),
                        "waiting": .integer(load.waiting), "waiting_bytes": .integer(load.bytes),
                        "lost": .integer(load.lost),
                    ]
                }),
            "total": .integer(streams.count),
            "lost": .integer(streams.reduce(UInt64(0)) { $0 &+ $1.1.lost }),
        ])
    }
}
