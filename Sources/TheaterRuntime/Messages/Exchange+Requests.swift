// SPDX-License-Identifier: Apache-2.0

internal import TheaterHandler
internal import TheaterPlatform
internal import TheaterValue

/// Who asks: an actor by its endpoint, or somebody outside.
enum Asker {
    case actor(Endpoint)
    case external

    var endpoint: Endpoint? { if case .actor(let endpoint) = self { endpoint } else { nil } }

    var participant: ChannelParticipant {
        switch self {
        case .actor(let endpoint): .actor(endpoint.id)
        case .external: .external
        }
    }

    var sizeMax: Int { endpoint?.options.messageSizeMax ?? MessageOptions.sizeLimit }

    /// How many runners wait below on the stack, for an asker that runs.
    var depth: Int? { endpoint.map { $0.cell.depth + 1 } }
}

extension Exchange {
    /// Asks an actor.
    ///
    /// - Returns: how to give up; without effect once there is an answer.
    @discardableResult
    func request(
        _ body: [UInt8], to target: ActorID, from asker: Asker, timeout: Duration,
        answer: @escaping @Sendable (Result<[UInt8], MessageError>) -> Void
    ) -> @Sendable () -> Void {
        let receiver: Endpoint
        let waiting: Waiting<[UInt8], MessageError>
        let id: RequestID
        do throws(MessageError) {
            try checkSize(body, asker.sizeMax, of: "the sender")
            receiver = try self.receiver(target)
            let sizeMax = asker.sizeMax
            waiting = try wait(of: asker, for: receiver, "the request") { result in
                answer(Self.fitting(result, sizeMax))
            }
        } catch {
            bury(request("", body, asker), to: .actor(target), error.code)
            answer(.failure(error))
            return {}
        }
        guard let accepted = receiver.accept(waiting) else {
            let error = MessageError(
                .tooManyRequests,
                "'\(receiver.name)' has as many unanswered requests as it may have "
                    + "(\(receiver.options.outstandingMax)); ask later, or raise "
                    + "outstanding_requests of its handler 'message-server'")
            bury(request("", body, asker), to: .actor(target), error.code)
            waiting.settle(.failure(error))
            return {}
        }
        id = accepted
        let giveUp = { @Sendable (error: MessageError) -> Void in
            if waiting.settle(.failure(error)) { receiver.abandon(id) }
        }
        asker.endpoint?.hold(giveUp)
        let deadline = deadline(after: timeout, of: asker)
        let message = request(id.description, body, asker)
        do throws(MessageError) {
            try receiver.deliver(message, beginBy: deadline, depth: asker.depth) { result in
                receiver.finished(id, result)
            }
        } catch {
            bury(message, to: .actor(target), error.code)
            receiver.refused(id, error)
            return {}
        }
        waiting.expire(at: deadline) { giveUp(Self.lateError(receiver, "request_timeout")) }
        return {
            giveUp(MessageError(.givenUp, "the request to '\(receiver.name)' was given up"))
        }
    }

    private func request(_ id: String, _ body: [UInt8], _ asker: Asker) -> ActorMessage {
        .request(ActorRequest(id: id, sender: asker.participant, body: body))
    }

    /// An answer within the bounds of the one who asked.
    private static func fitting(
        _ answer: Result<[UInt8], MessageError>, _ sizeMax: Int
    ) -> Result<[UInt8], MessageError> {
        guard case .success(let body) = answer, body.count > sizeMax else { return answer }
        return .failure(tooLarge(body, sizeMax, of: "the one who asked"))
    }

    /// Enters the wait of an asker, and makes what is answered.
    func wait<Success: Sendable>(
        of asker: Asker, for receiver: Endpoint, _ what: String,
        answer: @escaping @Sendable (Result<Success, MessageError>) -> Void
    ) throws(MessageError) -> Waiting<Success, MessageError> {
        guard let sender = asker.endpoint else {
            return Waiting(deadlines: deadlines, release: nil, answer: answer)
        }
        switch beginWait(sender.id, for: receiver.id) {
        case .success(let end):
            return Waiting(
                deadlines: deadlines,
                release: {
                    end()
                    sender.hold(nil)
                }, answer: answer)
        case .failure(let cycle):
            throw MessageError(.cycle, cycle.message("\(what) to '\(receiver.name)'"))
        }
    }

    /// When a wait is late: after its timeout, and before the asker's own call is.
    func deadline(after timeout: Duration, of asker: Asker) -> MonotonicTime {
        let now = world.now()
        let wanted = now.advanced(by: timeout)
        guard let cell = asker.endpoint?.cell else { return wanted }
        return min(wanted, cell.waitLimit(now: now))
    }

    static func lateError(_ receiver: Endpoint, _ key: String) -> MessageError {
        MessageError(
            .timeout,
            "'\(receiver.name)' did not answer in time; raise \(key) of handler 'message-server', or "
                + "call_timeout under [limits] if the call itself is too short")
    }
}
