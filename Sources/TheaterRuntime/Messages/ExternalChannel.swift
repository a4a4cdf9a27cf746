// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
public import TheaterHandler
public import TheaterPlatform

/// A channel between an actor and somebody outside: a program that embeds the node, or a client of its API.
///
/// A sequence of what the actor says: first ``ChannelEvent/initiated(_:)``, last
/// ``ChannelEvent/closed(_:)``. It keeps a bounded number of unread messages; past that the actor's
/// sending is refused with `message.mailbox-full`. Letting go of the channel closes it.
///
/// ```swift
/// let channel = try await system.openChannel(to: actor, Array("hello".utf8))
/// for await event in channel { print(event) }
/// ```
public final class ExternalChannel: AsyncSequence, Sendable {
    /// What the sequence consists of.
    public typealias Element = ChannelEvent

    /// The channel's identity.
    public let id: ChannelID
    /// The actor on the other side.
    public let actor: ActorID
    private let buffer: ChannelBuffer
    private let exchange: Exchange

    init(id: ChannelID, actor: ActorID, buffer: ChannelBuffer, exchange: Exchange) {
        self.id = id
        self.actor = actor
        self.buffer = buffer
        self.exchange = exchange
    }

    deinit { _ = exchange.close(id, by: .external) }

    /// Puts a message into the actor's mailbox. Returns before it is on disk.
    ///
    /// - Throws: `message.unknown-channel` when the channel is closed, `message.mailbox-full`,
    ///   `message.too-large`, `message.no-callback`.
    public func send(_ body: [UInt8]) throws(MessageError) {
        if let error = exchange.send(body, on: id, from: .external) { throw error }
    }

    /// Puts a message into the actor's mailbox, and returns when it is kept: a durable actor whose durability
    /// is strict has it on disk then, and handles it after a crash too.
    ///
    /// - Throws: what ``send(_:)`` throws; `message.not-kept` when the disk refuses.
    @concurrent
    public func post(_ body: [UInt8]) async throws(MessageError) {
        try await exchange.post(body, on: id)
    }

    /// Closes the channel and tells the actor. Repeated calls change nothing.
    public func close() {
        guard exchange.close(id, by: .external) == nil else { return }
        buffer.close(.closed(ActorChannelClose(channel: id, sender: .external)))
    }

    /// How many of its events nobody has read yet.
    public var unreadCount: Int { buffer.count }

    /// Reads the channel.
    public func makeAsyncIterator() -> Iterator { Iterator(channel: self) }

    /// Reads a channel's events. Each event goes to one reader.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let channel: ExternalChannel

        /// The next event; `nil` after the last, and when the reader's task is cancelled.
        public mutating func next() async -> ChannelEvent? { await channel.buffer.next() }
    }
}

/// The unread events of an external participant, at most so many.
final class ChannelBuffer: Sendable {
    private struct State {
        var events: [ChannelEvent] = []
        var isClosed = false
        var waiting: [(number: UInt64, continuation: CheckedContinuation<ChannelEvent?, Never>)] =
            []
        var last: UInt64 = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) { self.capacity = Swift.max(1, capacity) }

    /// How many events are unread.
    var count: Int { state.withLock { $0.events.count } }

    /// Adds an event, unless there are too many unread ones or the channel is closed.
    func push(_ event: ChannelEvent) -> Bool {
        let (isTaken, reader) = state.withLock { state in
            guard !state.isClosed, state.events.count < capacity else {
                return (false, CheckedContinuation<ChannelEvent?, Never>?.none)
            }
            return (true, Self.add(event, &state))
        }
        reader?.resume(returning: event)
        return isTaken
    }

    /// Adds the last event, for which there is always room.
    func close(_ event: ChannelEvent) {
        let (reader, others) = state.withLock { state in
            guard !state.isClosed else {
                return (
                    CheckedContinuation<ChannelEvent?, Never>?.none,
                    [CheckedContinuation<ChannelEvent?, Never>]()
                )
            }
            state.isClosed = true
            let reader = Self.add(event, &state)
            defer { state.waiting = [] }
            return (reader, state.waiting.map(\.continuation))
        }
        reader?.resume(returning: event)
        for other in others { other.resume(returning: nil) }
    }

    private static func add(
        _ event: ChannelEvent, _ state: inout State
    ) -> CheckedContinuation<ChannelEvent?, Never>? {
        if !state.waiting.isEmpty { return state.waiting.removeFirst().continuation }
        state.events.append(event)
        return nil
    }

    func next() async -> ChannelEvent? {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state -> ChannelEvent?? in
                    if !state.events.isEmpty { return .some(state.events.removeFirst()) }
                    if state.isClosed || Task.isCancelled { return .some(nil) }
                    state.waiting.append((number, continuation))
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            let reader = state.withLock { state in
                state.waiting.firstIndex { $0.number == number }.map {
                    state.waiting.remove(at: $0).continuation
                }
            }
            reader?.resume(returning: nil)
        }
    }
}
