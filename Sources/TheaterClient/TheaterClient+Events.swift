// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import NIOCore
public import TheaterAPI

/// What the one who follows a chain gets.
public enum FollowedItem: Sendable, Hashable {
    /// The next event.
    case event(JSONValue)
    /// So many events, from that sequence on, are not delivered: the client was too slow, or they are no
    /// longer kept.
    case gap(first: UInt64, count: UInt64)
    /// The connection was lost, and is made again.
    case interrupted(ClientError)
}

extension TheaterClient {
    /// Events of an actor's chain, past and present, oldest first; of a past actor's too.
    ///
    /// - Parameter types: such as `theater.runtime/called`; one that ends in `/` stands for all below it.
    public func events(
        of actor: String, from: UInt64 = 0, types: [String] = [], limit: Int = 1000
    ) async throws(ClientError) -> (events: [JSONValue], next: UInt64?) {
        let page = try await json(
            Outgoing(
                path: path(actor, "/events"),
                query: [
                    ("from", String(from)), ("limit", String(limit)),
                    ("type", types.isEmpty ? nil : types.joined(separator: ",")),
                ]))
        return (page["events"]?.array ?? [], page["next"]?.integer())
    }

    /// Follows an actor's chain until the actor is over for good, or `take` says no.
    ///
    /// When the connection is lost it is made again, and goes on behind the last event: nothing is lost
    /// and nothing comes twice. It is the chain of one actor: another that has its name later is another's.
    ///
    /// - Parameters:
    ///   - from: the first sequence that is wanted; `nil` for what comes from now on.
    ///   - attemptsMax: how many connections in a row may fail before this does.
    ///   - pause: waits before the next attempt, whose number it gets; throws to give up.
    ///   - take: gets what comes; `false` ends it.
    /// - Throws: the node's refusal, or `client.no-node` and `client.connection` after the last attempt.
    public func follow(
        _ actor: String, from: UInt64? = nil, types: [String] = [], attemptsMax: Int = 10,
        pause: (_ attempt: Int) async throws -> Void,
        take: (FollowedItem) async -> Bool
    ) async throws(ClientError) {
        var position = Position(next: from)
        var attempt = 0
        while true {
            let before = position
            let error: ClientError
            do throws(ClientError) {
                guard let reason = try await followOnce(actor, types, &position, take) else {
                    return
                }
                error = ClientError(
                    .connection, "the node at '\(place)' ended the stream (\(reason))")
            } catch let failure {
                error = failure
            }
            attempt = position == before ? attempt + 1 : 1
            guard Self.mayRetry(error), attempt <= attemptsMax, await take(.interrupted(error))
            else { throw error }
            do {
                try await pause(attempt)
            } catch {
                throw failure(error)
            }
        }
    }

    /// Whether another connection may do better.
    private static func mayRetry(_ error: ClientError) -> Bool {
        if let problem = error.problem { return problem.status == 503 || problem.status == 429 }
        return error.code != ClientError.Code.cancelled.rawValue
    }

    /// Where a follower stands, which a new connection goes on from.
    struct Position: Equatable {
        /// The next sequence that is wanted; `nil` before it is known.
        var next: UInt64?
        /// The identity of the actor whose chain it is; `nil` before it is known.
        var actor: String?
    }

    /// Follows over one connection.
    ///
    /// - Returns: why the node ended the stream, or `nil` when it is over for good.
    private func followOnce(
        _ actor: String, _ types: [String], _ position: inout Position,
        _ take: (FollowedItem) async -> Bool
    ) async throws(ClientError) -> String? {
        let response = try await begin(
            Outgoing(
                path: path(position.actor ?? actor, "/events/stream"),
                query: [
                    ("from", position.next.map { String($0) }),
                    ("type", types.isEmpty ? nil : types.joined(separator: ",")),
                ], accept: MediaType.eventStream))
        let step = try await messages(of: response) { (event) async throws(ClientError) -> Step? in
            let step = try await deliver(event, &position, take)
            if case .goOn = step { return nil }
            return step
        }
        if case .ended(let reason) = step { return reason }
        return nil
    }

    /// Reads a stream of messages until `take` answers something.
    ///
    /// - Throws: what `take` throws, and `client.connection` when the stream ends before.
    func messages<Answer>(
        of response: HTTPClientResponse,
        _ take: (ServerSentEvent) async throws(ClientError) -> Answer?
    ) async throws(ClientError) -> Answer {
        var parser = ServerSentEventParser()
        var body = response.body.makeAsyncIterator()
        while true {
            let buffer: ByteBuffer?
            do {
                buffer = try await body.next()
            } catch {
                throw failure(error)
            }
            guard let buffer else {
                throw ClientError(.connection, "the node at '\(place)' ended the stream")
            }
            let events: [ServerSentEvent]
            do throws(JSONError) {
                events = try parser.take(buffer.readableBytesView)
            } catch {
                throw ClientError(.badAnswer, "\(error)")
            }
            for event in events {
                if let answer = try await take(event) { return answer }
            }
        }
    }

    /// What follows a message.
    private enum Step {
        case goOn
        case over
        case ended(String)
    }

    /// Hands on a message of the stream.
    private func deliver(
        _ event: ServerSentEvent, _ position: inout Position,
        _ take: (FollowedItem) async -> Bool
    ) async throws(ClientError) -> Step {
        guard let data = try? JSONValue.parse(event.data) else {
            throw ClientError(.badAnswer, "the node at '\(place)' sent an event that is no JSON")
        }
        let last = event.id.flatMap { UInt64($0) }
        // What a connection repeats of the one before it was delivered already.
        if let last, let next = position.next, last < next { return .goOn }
        var item: FollowedItem?
        switch event.name {
        case "start":
            position.next = position.next ?? data["next"]?.integer()
            position.actor = position.actor ?? data["actor"]?.string
        case "event": item = .event(data)
        case "gap":
            if let first: UInt64 = data["first"]?.integer(),
                let count: UInt64 = data["count"]?.integer()
            {
                item = .gap(first: first, count: count)
            }
        case "end":
            let reason = data["reason"]?.string ?? "-"
            return reason == "finished" ? .over : .ended(reason)
        default: break
        }
        if let last { position.next = last + 1 }
        if let item, await !take(item) { return .over }
        return .goOn
    }
}
