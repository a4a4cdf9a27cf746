// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import TheaterAPI
internal import TheaterPlatform

/// Who follows what, and how far behind they are.
struct SubscriberRoutes: Sendable {
    let life: ServerLife
    let lookup: ActorLookup

    /// Which of them are wanted.
    private struct Query: Sendable {
        let limit: Int
        let actor: ActorID?
    }

    func list(_ call: Call) throws(Problem) -> Response { Answer.json(value(try query(call))) }

    func follow(_ call: Call, _ streams: ValueStreams) throws(Problem) -> Response {
        let query = try query(call)
        let thing = "subscribers \(query.actor?.description ?? "") \(query.limit)"
        return try streams.response(to: call, showing: thing) { [self] in
            ValueStream.Look(value: value(query))
        }
    }

    private func query(_ call: Call) throws(Problem) -> Query {
        let limit = try call.integer("limit", in: 1...10_000) ?? 100
        guard let actor = call.parameter("actor") else { return Query(limit: limit, actor: nil) }
        return Query(limit: limit, actor: try lookup.recorded(actor))
    }

    private func value(_ query: Query) -> JSONValue {
        var streams = life.streams.map { ($0, $0.facts.load()) }
        if let id = query.actor { streams = streams.filter { $0.0.facts.actor == id } }
        streams.sort { left, right in
            let (one, other) = (left.1, right.1)
            if one.lost != other.lost { return one.lost > other.lost }
            if one.waiting != other.waiting { return one.waiting > other.waiting }
            if one.bytes != other.bytes { return one.bytes > other.bytes }
            return left.0.number < right.0.number
        }
        return [
            "subscribers": .array(
                streams.prefix(query.limit).map { stream, load in
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
        ]
    }
}
