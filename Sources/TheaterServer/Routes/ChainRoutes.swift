// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform
internal import TheaterRuntime

/// Chains of actors, past and present.
struct ChainRoutes: Sendable {
    let node: ServedNode
    let options: ServerOptions
    let life: ServerLife
    private var lookup: ActorLookup { ActorLookup(node: node) }

    func page(_ call: Call) async throws(Problem) -> Response {
        let id = try lookup.recorded(call.place("actor"))
        let from: UInt64 = try call.integer("from", in: 0...Self.sequenceMax) ?? 0
        let limit = try call.integer("limit", in: 1...10_000) ?? 1000
        let filter = EventFilter(
            range: from..<UInt64.max, types: call.list("type"), limit: limit)
        do throws(ActorError) {
            let page = try await node.control.send { .getActorEvents(id, filter, $0) }
            return Answer.json([
                "events": .array(page.events.map(EventJSON.event)), "next": .optional(page.next),
            ])
        } catch {
            throw Problem(error)
        }
    }

    func follow(_ call: Call) async throws(Problem) -> Response {
        guard !life.isDraining else { throw Problem(.unready, "the node is ending") }
        let id = try lookup.recorded(call.place("actor"))
        // Without a beginning, what comes from now on: counted here, so that the client knows where it
        // goes on after a connection that brought nothing.
        let first: UInt64
        if let wanted = try start(call) {
            first = wanted
        } else {
            first = node.journal.existingHead(actor: id)?.count ?? 0
            // The client goes on from there after a crash, too.
            do throws(JournalError) {
                try await node.journal.settled()
            } catch {
                throw Problem(error)
            }
        }
        let subscription: EventSubscription
        do throws(ActorError) {
            subscription = try await node.control.send {
                .subscribeToActor(id, from: .sequence(first), FeedOptions(), $0)
            }
        } catch {
            throw Problem(error)
        }
        let events = EventStream(
            subscription: subscription, filter: TypeFilter(call.list("type")), actor: id,
            journal: node.journal)
        let facts = StreamFacts(kind: .events, actor: id, since: node.world.wallTime()) {
            [weak subscription] in
            StreamFacts.Load(
                waiting: subscription?.waitingCount ?? 0, lost: subscription?.droppedCount ?? 0)
        }
        let stream = LiveStream(
            caller: call.caller, facts: facts, first: EventStream.start(id, first),
            options: options,
            life: life, world: node.world, make: { put in await events.make(put) },
            cancel: { subscription.cancel() })
        return stream.response(to: call.request)
    }

    /// After the last event that the client has, or from the sequence that it names.
    private func start(_ call: Call) throws(Problem) -> UInt64? {
        let last = call.request.headers[.lastEventID] ?? call.parameter("last_event_id")
        if let last, !last.isEmpty {
            guard let sequence = UInt64(last), sequence <= Self.sequenceMax else {
                throw Problem(.parameter, "Last-Event-ID must be the sequence of an event")
            }
            return sequence + 1
        }
        return try call.integer("from", in: 0...Self.sequenceMax)
    }

    private static let sequenceMax: UInt64 = 999_999_999_999_999_999
}

extension HTTPField.Name {
    fileprivate static let lastEventID = HTTPField.Name("Last-Event-ID") ?? .eTag
}
