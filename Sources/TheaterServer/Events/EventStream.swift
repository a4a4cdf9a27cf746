// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform
internal import TheaterRuntime

/// The events of a chain as messages of a stream.
///
/// - `start`: the first message; `actor` is the identity of the actor whose chain it is, `next` the first sequence
///   that it will be about.
/// - `event`: an event of the chain; its `id` is its sequence.
/// - `gap`: events that are not delivered, `first` and `count`; its `id` is the last of them.
/// - `mark`: how far the chain has been looked through, when the filter passes nothing for long.
///
/// The client's pace is its own: the runtime keeps a bounded number of events for it and drops the
/// oldest, which shows as a gap. What it gets is on disk: no crash takes back an event that a client has seen, so it
/// goes on in the chain that it knew.
struct EventStream: Sendable {
    /// After how many events that the filter holds back a client is told how far it is.
    static let markEvery: UInt64 = 1024

    let subscription: EventSubscription
    let filter: TypeFilter
    let actor: ActorID
    let journal: Journal

    /// The first message.
    static func start(_ actor: ActorID, _ first: UInt64) -> ServerSentEvent {
        ServerSentEvent(
            "start", data: ["actor": .string(actor.description), "next": .integer(first)])
    }

    /// Makes the messages until the chain ends, the subscription is cancelled, or nobody reads.
    func make(_ put: @Sendable (ServerSentEvent) async -> Bool) async -> String {
        var held: UInt64 = 0
        var onDisk: UInt64 = 0
        do throws(ActorError) {
            for try await item in subscription {
                if Self.last(of: item) >= onDisk {
                    guard let count = await written() else {
                        return JournalError.Code.disk.rawValue
                    }
                    onDisk = count
                }
                if case .event(let event) = item, !filter.wants(event.type) {
                    held += 1
                    guard held >= Self.markEvery else { continue }
                    held = 0
                    guard await put(ServerSentEvent("mark", id: "\(event.sequence)", data: [:]))
                    else { break }
                    continue
                }
                held = 0
                guard await put(Self.message(item)) else { break }
            }
            return "finished"
        } catch {
            return error.code.rawValue
        }
    }

    /// How many events of the chain are on disk, once those are that it has now; `nil` when the disk failed.
    private func written() async -> UInt64? {
        let count = journal.existingHead(actor: actor)?.count ?? 0
        do throws(JournalError) {
            try await journal.settled()
            return count
        } catch {
            return nil
        }
    }

    private static func last(of item: FeedItem) -> UInt64 {
        switch item {
        case .event(let event): event.sequence
        case .gap(let first, let count): first + count - 1
        }
    }

    private static func message(_ item: FeedItem) -> ServerSentEvent {
        switch item {
        case .event(let event):
            ServerSentEvent("event", id: "\(event.sequence)", data: EventJSON.event(event))
        case .gap(let first, let count):
            ServerSentEvent(
                "gap", id: "\(first + count - 1)",
                data: ["first": .integer(first), "count": .integer(count)])
        }
    }
}

/// Which types of events are wanted.
struct TypeFilter: Sendable {
    private let types: [String]

    /// - Parameter types: one that ends in `/` stands for all below it; none for all.
    init(_ types: [String]) { self.types = types }

    func wants(_ type: String) -> Bool {
        types.isEmpty || types.contains { $0 == type || ($0.hasSuffix("/") && type.hasPrefix($0)) }
    }
}
