// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterHandler
internal import TheaterPlatform
internal import TheaterValue

extension Exchange {
    /// One side of a channel, and where it reads if it is no actor.
    private typealias Side = (participant: ChannelParticipant, buffer: ChannelBuffer?)

    /// Offers a channel to an actor.
    ///
    /// - Parameter buffer: where an external asker reads what comes.
    /// - Returns: how to give up; without effect once there is an answer.
    @discardableResult
    func openChannel(
        _ body: [UInt8], to target: ActorID, from asker: Asker, timeout: Duration,
        buffer: ChannelBuffer? = nil,
        answer: @escaping @Sendable (Result<ChannelID, MessageError>) -> Void
    ) -> @Sendable () -> Void {
        let id = ChannelID(world: world)
        let initiator = asker.participant
        let message = ActorMessage.channelOpen(
            ActorChannelOpen(channel: id, initiator: initiator, body: body))
        let receiver: Endpoint
        let waiting: Waiting<ChannelID, MessageError>
        do throws(MessageError) {
            try checkSize(body, asker.sizeMax, of: "the sender")
            receiver = try self.receiver(target)
            waiting = try wait(of: asker, for: receiver, "the channel", answer: answer)
        } catch {
            bury(message, to: .actor(target), error.code)
            answer(.failure(error))
            return {}
        }
        let giveUp = { @Sendable [weak self] (error: MessageError) -> Void in
            if waiting.settle(.failure(error)) { self?.drop(id) }
        }
        let deadline = deadline(after: timeout, of: asker)
        do throws(MessageError) {
            try enter(id, from: initiator, to: target, buffer)
            asker.endpoint?.hold(giveUp)
            try receiver.deliver(message, beginBy: deadline, depth: asker.depth) { result in
                self.offered(id, from: initiator, to: receiver, waiting, result)
            }
        } catch {
            drop(id)
            bury(message, to: .actor(target), error.code)
            waiting.settle(.failure(error))
            return {}
        }
        waiting.expire(at: deadline) { giveUp(Self.lateError(receiver, "request_timeout")) }
        return {
            giveUp(MessageError(.givenUp, "the channel to '\(receiver.name)' was given up"))
        }
    }

    private func enter(
        _ id: ChannelID, from initiator: ChannelParticipant, to target: ActorID,
        _ buffer: ChannelBuffer?
    ) throws(MessageError) {
        let refusal = channels.withLock { channels -> ChannelTable.Refusal? in
            do throws(ChannelTable.Refusal) {
                try channels.table.open(id, from: initiator, to: .actor(target))
                if let buffer { channels.buffers[id] = buffer }
                return nil
            } catch {
                return error
            }
        }
        if let refusal { throw error(refusal, id) }
    }

    /// The callback of an offer is over.
    private func offered(
        _ id: ChannelID, from initiator: ChannelParticipant, to receiver: Endpoint,
        _ waiting: Waiting<ChannelID, MessageError>,
        _ result: Result<Value, ActorError>
    ) {
        let answer: (isAccepted: Bool, body: [UInt8]?)
        switch result {
        case .failure(let error):
            drop(id)
            waiting.settle(.failure(receiver.error(error)))
            return
        case .success(let value):
            guard let given = MessageAnswer.accept(value) else {
                drop(id)
                waiting.settle(
                    .failure(
                        MessageError(
                            .wrongReply,
                            "'\(receiver.name)' answered handle-channel-open with something else than "
                                + "{ accepted: bool, message: option<list<u8>> }")))
                return
            }
            answer = given
        }
        guard answer.isAccepted else {
            drop(id)
            waiting.settle(
                .failure(
                    MessageError(
                        .channelRejected, "'\(receiver.name)' did not accept the channel")))
            return
        }
        let (isThere, buffer) = channels.withLock { channels in
            (channels.table.accepted(id), channels.buffers[id])
        }
        guard isThere else {
            // The initiator has gone meanwhile; the one who accepted learns that at once.
            tell(receiver.id, ActorChannelClose(channel: id, sender: initiator))
            return
        }
        _ = buffer?.push(
            .initiated(ActorChannelInitiated(channel: id, target: .actor(receiver.id))))
        if let body = answer.body { _ = send(body, on: id, from: .actor(receiver.id)) }
        // An actor that gave up in this moment drops the channel itself.
        waiting.settle(.success(id))
    }

    /// Sends on a channel.
    func send(
        _ body: [UInt8], on id: ChannelID, from sender: ChannelParticipant, sizeMax: Int? = nil
    ) -> MessageError? {
        let found = channels.withLock { channels -> Result<Side, ChannelTable.Refusal> in
            do throws(ChannelTable.Refusal) {
                return .success((try channels.table.other(id, of: sender), channels.buffers[id]))
            } catch {
                return .failure(error)
            }
        }
        let (other, buffer): Side
        switch found {
        case .failure(let refusal): return error(refusal, id)
        case .success(let side): (other, buffer) = side
        }
        let message = ActorChannelMessage(channel: id, sender: sender, body: body)
        do throws(MessageError) {
            try checkSize(body, sizeMax ?? MessageOptions.sizeLimit, of: "the sender")
            switch other {
            case .actor(let target): try receiver(target).deliver(.channelMessage(message))
            case .external:
                guard buffer?.push(.message(message)) == true else {
                    throw MessageError(
                        .mailboxFull,
                        "the other side of \(id) has not read what is there; send less often")
                }
            }
            return nil
        } catch {
            bury(.channelMessage(message), to: other, error.code)
            return error
        }
    }

    /// Closes a channel for one of its participants.
    func close(_ id: ChannelID, by participant: ChannelParticipant) -> MessageError? {
        let closed = channels.withLock { channels -> Result<Side, ChannelTable.Refusal> in
            do throws(ChannelTable.Refusal) {
                let other = try channels.table.close(id, by: participant)
                return .success((other, channels.buffers.removeValue(forKey: id)))
            } catch {
                return .failure(error)
            }
        }
        switch closed {
        case .failure(let refusal): return error(refusal, id)
        case .success(let (other, buffer)):
            notify(other, buffer, ActorChannelClose(channel: id, sender: participant))
            return nil
        }
    }

    /// Takes a channel out whose offer came to nothing; tells the other side if it had accepted.
    private func drop(_ id: ChannelID) {
        guard let (channel, _) = channels.withLock({ $0.remove(id) }), channel.phase == .open
        else { return }
        notify(channel.target, nil, ActorChannelClose(channel: id, sender: channel.initiator))
    }

    /// Ends the channels of an actor that is over.
    func endChannels(of id: ActorID) {
        let ended = channels.withLock { channels in
            channels.table.end(.actor(id)).map { ended in
                (ended, channels.buffers.removeValue(forKey: ended.id))
            }
        }
        for (channel, buffer) in ended where channel.phase == .open {
            notify(
                channel.other, buffer, ActorChannelClose(channel: channel.id, sender: .actor(id)))
        }
    }

    private func notify(
        _ other: ChannelParticipant, _ buffer: ChannelBuffer?, _ notice: ActorChannelClose
    ) {
        switch other {
        case .actor(let target):
            if !world.has(.untoldChannels) { tell(target, notice) }
        case .external: buffer?.close(.closed(notice))
        }
    }

    /// A notice is taken in even by a full mailbox: there are never more than the actor has channels.
    private func tell(_ target: ActorID, _ notice: ActorChannelClose) {
        let message = ActorMessage.channelClose(notice)
        guard let endpoint = endpoint(of: target), endpoint.has(.channelClose) else { return }
        do throws(MessageError) {
            try endpoint.deliver(message, exceedsCapacity: true)
        } catch {
            bury(message, to: .actor(target), error.code)
        }
    }

    private func error(_ refusal: ChannelTable.Refusal, _ id: ChannelID) -> MessageError {
        switch refusal {
        case .unknown:
            MessageError(.unknownChannel, "there is no channel \(id); it was closed, or never was")
        case .notParticipant:
            MessageError(
                .notParticipant, "the channel \(id) belongs to two others; open one of your own")
        case .notOpen:
            MessageError(
                .channelNotOpen,
                "the channel \(id) is not open yet; use it after handle-channel-open has accepted it"
            )
        case .full(.actor(let actor)):
            MessageError(
                .tooManyChannels,
                "'\(system?.name(of: actor) ?? "?")' has \(channels.withLock { $0.table.actorMax }) "
                    + "channels, which is the most; close some")
        case .full(.external):
            MessageError(
                .tooManyChannels,
                "there are \(channels.withLock { $0.table.externalMax }) external channels, which is "
                    + "the most; close some")
        }
    }
}

extension ActorSystem {
    /// How many channels there are, for the simulation's checkers.
    package var channelCount: Int { exchange.channels.withLock { $0.table.count } }

    /// How many actors wait for another, for the simulation's checkers.
    package var waitCount: Int { exchange.waitsCount }
}
