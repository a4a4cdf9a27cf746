// SPDX-License-Identifier: Apache-2.0

public import TheaterHandler
public import TheaterPlatform

/// Messages from outside: the sender is ``TheaterHandler/ChannelParticipant/external``.
extension ActorSystem {
    /// Puts a one-way message into an actor's mailbox.
    ///
    /// Messages of one sender arrive in the order in which they were sent. Returns before the actor has
    /// seen the message; what it does with it is not told.
    ///
    /// - Throws: `message.unknown-target`, `message.target-ended`, `message.not-registered`,
    ///   `message.no-callback`, `message.mailbox-full`, `message.too-large`. A refused message is a dead
    ///   letter too.
    public func send(_ body: [UInt8], to actor: ActorID) throws(MessageError) {
        if world.has(.overtakingSends) {
            world.start {
                _ = self.exchange.send(
                    body, to: actor, from: .external, sizeMax: MessageOptions.sizeLimit)
            }
            return
        }
        let error = exchange.send(
            body, to: actor, from: .external, sizeMax: MessageOptions.sizeLimit)
        if let error { throw error }
    }

    /// Puts a one-way message into an actor's mailbox, and returns when it is kept: a durable actor whose
    /// durability is strict has it on disk then, and handles it after a crash too.
    ///
    /// - Throws: what ``send(_:to:)`` throws; `message.not-kept` when the disk refuses.
    @concurrent
    public func post(_ body: [UInt8], to actor: ActorID) async throws(MessageError) {
        try await exchange.keep(by: actor) { () throws(MessageError) in try send(body, to: actor) }
    }

    /// Asks an actor, and waits for its answer, which may be empty.
    ///
    /// - Parameter timeout: how long the answer may take. A request that the actor has not begun by
    ///   then is not begun; one that it has is finished, and its answer dropped.
    /// - Throws: what ``send(_:to:)`` throws, `message.error-reply` with the actor's error,
    ///   `message.cancelled`, `message.timeout`, and `message.target-ended` when the actor ends before
    ///   it answers.
    @concurrent
    public func request(
        _ body: [UInt8], to actor: ActorID, timeout: Duration = .seconds(30)
    ) async throws(MessageError) -> [UInt8] {
        try await ask { answer in
            exchange.request(body, to: actor, from: .external, timeout: timeout, answer: answer)
        }
    }

    /// Offers a channel to an actor, and waits until it is accepted.
    ///
    /// - Parameter unreadMax: how many messages of the actor may be unread.
    /// - Throws: what ``request(_:to:timeout:)`` throws, `message.channel-rejected` and
    ///   `message.too-many-channels`.
    @concurrent
    public func openChannel(
        to actor: ActorID, _ body: [UInt8] = [], timeout: Duration = .seconds(30),
        unreadMax: Int = 256
    ) async throws(MessageError) -> ExternalChannel {
        // The first event stands beside the messages.
        let buffer = ChannelBuffer(capacity: max(1, min(unreadMax, 65_536)) + 1)
        let id = try await ask { answer in
            exchange.openChannel(
                body, to: actor, from: .external, timeout: timeout, buffer: buffer, answer: answer)
        }
        return ExternalChannel(id: id, actor: actor, buffer: buffer, exchange: exchange)
    }

    /// Sends on a channel of an external participant, as ``ExternalChannel/send(_:)`` does.
    public func send(_ body: [UInt8], on channel: ChannelID) throws(MessageError) {
        if let error = exchange.send(body, on: channel, from: .external) { throw error }
    }

    /// Sends on a channel of an external participant, as ``ExternalChannel/post(_:)`` does.
    @concurrent
    public func post(_ body: [UInt8], on channel: ChannelID) async throws(MessageError) {
        try await exchange.post(body, on: channel)
    }

    /// Closes a channel of an external participant.
    ///
    /// - Throws: `message.unknown-channel` when it is closed, `message.not-participant` when it is a
    ///   channel between two actors.
    public func close(_ channel: ChannelID) throws(MessageError) {
        if let error = exchange.close(channel, by: .external) { throw error }
    }

    /// Carries out a command of an external participant.
    public func perform(_ command: MessageCommand) async throws(MessageError) -> MessageReply {
        switch command {
        case .sendMessage(let target, let body):
            try await post(body, to: target)
            return .accepted
        case .request(let target, let body):
            return .answer(try await request(body, to: target))
        case .openChannel(let target, let body):
            return .channel(try await openChannel(to: target, body))
        case .channelMessage(let channel, let body):
            try await post(body, on: channel)
            return .accepted
        case .channelClose(let channel):
            try close(channel)
            return .accepted
        }
    }

    /// The newest messages that reached nobody, oldest first; at most 256.
    public var deadLetters: [DeadLetter] { exchange.deadLetters }

    /// How many messages reached nobody since the system was made, by the code of the reason.
    public var deadLetterCounts: [String: UInt64] { exchange.deadLetterCounts }

    private func ask<Success: Sendable>(
        _ begin:
            (@escaping @Sendable (Result<Success, MessageError>) -> Void)
            -> @Sendable () -> Void
    ) async throws(MessageError) -> Success {
        let abandoning = Abandoning()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                abandoning.set(begin { continuation.resume(returning: $0) })
            }
        } onCancel: {
            abandoning.abandon()
        }
        return try result.get()
    }
}
