// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterChain
internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterValue

/// One actor's side of the node's messages: its callbacks, its unanswered requests, what it waits for.
final class Endpoint: Sendable {
    private struct State {
        var isRegistered: Bool
        var isClosed = false
        var requests: RequestTable<Waiting<[UInt8], MessageError>>
        /// What it had sent before a crash, and its chain does not have: it sends that again.
        var sent: [Mail] = []
        /// Ends what the actor waits for at the moment.
        var giveUp: (@Sendable (MessageError) -> Void)?
    }

    private enum Callback {
        case absent
        /// Declared in no form that messages have.
        case bad(String)
        case bound(MessageCallbackBinding)
    }

    let id: ActorID
    let name: String
    let cell: Cell
    let options: MessageOptions
    private let exchange: Exchange
    private let callbacks: [Callback]
    private let state: Mutex<State>

    init(cell: Cell, options: MessageOptions, exchange: Exchange) {
        self.cell = cell
        self.options = options
        self.exchange = exchange
        id = cell.id
        name = cell.name
        callbacks = MessageCallback.allCases.map { callback in
            guard let export = cell.template.exports[callback.name] else { return .absent }
            return MessageCallbackBinding(callback, export).map { .bound($0) }
                ?? .bad(export.usage)
        }
        // An actor that cannot say when it is ready is ready.
        let registers = cell.template.imports.contains {
            $0.signature.qualifiedName == "theater:simple/message-server-host.register"
        }
        state = Mutex(
            State(
                isRegistered: !registers,
                requests: RequestTable(
                    first: exchange.world.randomWord() >> 1, capacity: options.outstandingMax)))
    }

    var isRegistered: Bool { state.withLock { $0.isRegistered } }

    /// Whether the actor has a callback that can be called.
    func has(_ callback: MessageCallback) -> Bool {
        if case .bound = callbacks[callback.rawValue] { true } else { false }
    }

    private func bound(_ callback: MessageCallback) throws(MessageError) -> MessageCallbackBinding {
        switch callbacks[callback.rawValue] {
        case .bound(let binding): return binding
        case .absent:
            throw MessageError(
                .noCallback, "'\(name)' does not take this: it exports no '\(callback.name)'")
        case .bad(let usage):
            throw MessageError(
                .badCallback,
                "'\(name)' declares \(usage), which is no form of '\(callback.name)'; it takes the "
                    + "state, then (\(callback.parameters.map(\.description).joined(separator: ", "))), "
                    + "then a string for the sender if it wants that")
        }
    }

    // MARK: Receiving

    /// Puts a message into the mailbox. What is accepted and not done becomes a dead letter, unless
    /// somebody waits for its completion.
    func deliver(
        _ message: ActorMessage, exceedsCapacity: Bool = false, item: InboxItem? = nil
    ) throws(MessageError) {
        let item = item ?? fresh(message)
        try deliver(
            message, beginBy: nil, depth: nil, exceedsCapacity: exceedsCapacity, item: item
        ) {
            [exchange, id] result in
            guard case .failure(let error) = result else { return }
            switch error.code {
            case .ended, .stopping, .cancelled: exchange.bury(message, to: .actor(id), .targetEnded)
            case .wrongArgument: exchange.bury(message, to: .actor(id), .tooLarge)
            case .mailboxFull: exchange.bury(message, to: .actor(id), .dropped)
            default: break
            }
        }
    }

    /// What the inbox keeps of a message, with the place where its sender's chain is going to have it.
    private func fresh(_ message: ActorMessage) -> InboxItem {
        guard cell.inbox != nil, var mail = Mail(message) else { return .none }
        if mail.kind != .channelClose, let sender = mail.sender {
            mail.position = exchange.system?.liveCell(sender)?.recorder.chainLength
        }
        return .fresh(mail)
    }

    /// Puts a message into the mailbox.
    ///
    /// - Parameters:
    ///   - beginBy: after this it is not begun; `nil` waits for its turn however long it takes.
    ///   - item: what a durable actor's inbox keeps of it.
    ///   - depth: see ``Cell/post(_:_:takesState:isCallback:options:depth:completion:)``.
    func deliver(
        _ message: ActorMessage, beginBy: MonotonicTime?, depth: Int?,
        exceedsCapacity: Bool = false, item: InboxItem = .none,
        completion: @escaping @Sendable (Result<Value, ActorError>) -> Void
    ) throws(MessageError) {
        let callback: MessageCallback
        let values: [Value]
        let body: [UInt8]
        var isDroppable = false
        switch message {
        case .send(let message):
            isDroppable = true
            (callback, values, body) = (.send, [.bytes(message.body)], message.body)
        case .request(let request):
            callback = .request
            (values, body) = ([.string(request.id), .bytes(request.body)], request.body)
        case .channelOpen(let offer):
            callback = .channelOpen
            values = [.string(offer.channel.description), .bytes(offer.body)]
            body = offer.body
        case .channelMessage(let message):
            callback = .channelMessage
            values = [.string(message.channel.description), .bytes(message.body)]
            body = message.body
        case .channelClose(let notice):
            (callback, values, body) = (.channelClose, [.string(notice.channel.description)], [])
        }
        let binding = try bound(callback)
        try exchange.checkSize(body, options.messageSizeMax, of: "'\(name)'")
        let refusal = cell.post(
            binding.export, binding.arguments(values, from: message.sender),
            takesState: binding.takesState, isCallback: true,
            beginBy: beginBy ?? MonotonicTime(nanoseconds: .max),
            exceedsCapacity: exceedsCapacity, isDroppable: isDroppable, depth: depth,
            mail: item, completion: completion)
        guard let refusal else { return }
        switch refusal.code {
        case .journal: throw MessageError(.notKept, refusal.message)
        case .tooLarge: throw MessageError(.tooLarge, refusal.message)
        default: throw error(refusal)
        }
    }

    /// A cell's error as the one who sent learns it.
    func error(_ error: ActorError) -> MessageError {
        switch error.code {
        case .mailboxFull:
            MessageError(
                .mailboxFull,
                "the mailbox of '\(name)' is full (\(cell.manifest.limits.mailbox) wait); send less "
                    + "often, or raise mailbox under [limits] of its manifest")
        case .deadline: Exchange.lateError(self, "request_timeout")
        case .guestError: MessageError(.errorReply, error.message)
        case .wrongArgument: MessageError(.tooLarge, error.message)
        case .ended, .stopping, .cancelled: MessageError(.targetEnded, error.message)
        default:
            MessageError(.targetCrashed, "'\(name)' ended over the message: \(error.message)")
        }
    }

    // MARK: Requests to this actor

    func accept(_ waiting: Waiting<[UInt8], MessageError>) -> RequestID? {
        state.withLock { $0.requests.accept(waiting) }
    }

    func abandon(_ request: RequestID) { state.withLock { $0.requests.abandon(request) } }

    /// The request could not be delivered.
    func refused(_ request: RequestID, _ error: MessageError) {
        state.withLock { $0.requests.finished(request) }?.settle(.failure(error))
    }

    /// The callback of a request is over.
    func finished(_ request: RequestID, _ result: Result<Value, ActorError>) {
        let answer: Result<[UInt8], MessageError>
        switch result {
        case .success(let value):
            switch MessageAnswer.reply(value) {
            case .bytes(let bytes):
                do throws(MessageError) {
                    try exchange.checkSize(bytes, options.messageSizeMax, of: "'\(name)'")
                    answer = .success(bytes)
                } catch {
                    answer = .failure(error)
                }
            case .deferred:
                return state.withLock { $0.requests.deferred(request) }
            case .wrong:
                answer = .failure(
                    MessageError(
                        .wrongReply,
                        "'\(name)' answered handle-request with something else than option<list<u8>>"
                    ))
            }
        case .failure(let error): answer = .failure(self.error(error))
        }
        state.withLock { $0.requests.finished(request) }?.settle(answer)
    }

    /// Takes out a request that the actor answers or cancels.
    private func take(
        _ text: String
    ) -> Result<Waiting<[UInt8], MessageError>, MessageError> {
        guard let request = RequestID(text) else { return .failure(unknownRequest(text)) }
        return state.withLock { state in
            do throws(RequestTable<Waiting<[UInt8], MessageError>>.Refusal) {
                return .success(try state.requests.take(request))
            } catch {
                switch error {
                case .unknown: return .failure(unknownRequest(text))
                case .requesterGone: return .failure(Self.gone(text))
                }
            }
        }
    }

    private func unknownRequest(_ text: String) -> MessageError {
        MessageError(
            .unknownRequest,
            "'\(name)' has no unanswered request '\(GuestText.shown(String(text.prefix(64))))'; list "
                + "them with list-outstanding-requests")
    }

    private static func gone(_ text: String) -> MessageError {
        MessageError(
            .requesterGone,
            "nobody waits for the answer of request '\(text)' any more: its time was over, or the "
                + "one who asked has ended")
    }

    // MARK: What this actor waits for

    /// Remembers how to end the present wait.
    func hold(_ giveUp: (@Sendable (MessageError) -> Void)?) {
        let isClosed = state.withLock { state in
            state.giveUp = giveUp
            return state.isClosed
        }
        if isClosed { giveUp?(Self.overError) }
    }

    /// Ends the present wait.
    ///
    /// - Returns: whether there was one.
    func interrupt(_ error: MessageError) -> Bool {
        guard let giveUp = state.withLock({ $0.giveUp }) else { return false }
        giveUp(error)
        return true
    }

    private static let overError = MessageError(.givenUp, "the one who asked has ended")
}

extension Endpoint: MessageEndpoint {
    func register() { state.withLock { $0.isRegistered = true } }

    func resolve(_ address: String) -> Result<ActorID, MessageError> {
        guard let target = exchange.id(at: address) else {
            return .failure(
                MessageError(
                    .unknownTarget,
                    "no actor has the identity or the name "
                        + "'\(GuestText.shown(String(address.prefix(64))))'"))
        }
        if options.targets.names == nil { return .success(target) }
        let name = exchange.system?.name(of: target)
        if let name, !options.targets.covers(name) {
            return .failure(
                MessageError(
                    .denied,
                    "'\(self.name)' may not reach '\(name)'; its grant covers "
                        + "\(options.targets.text). Add it to targets of handler 'message-server'"))
        }
        return .success(target)
    }

    func send(_ body: [UInt8], to target: ActorID) -> MessageError? {
        if hasSent({ $0.kind == .send && $0.sender == target && $0.body == body }) { return nil }
        return exchange.send(
            body, to: target, from: .actor(id), sizeMax: options.messageSizeMax)
    }

    func request(
        _ body: [UInt8], to target: ActorID,
        answer: @escaping @Sendable (Result<[UInt8], MessageError>) -> Void
    ) {
        exchange.request(
            body, to: target, from: .actor(self), timeout: options.requestTimeout, answer: answer)
    }

    func outstandingRequests() -> [String] {
        state.withLock { $0.requests.outstanding }.map(\.description)
    }

    func respond(to request: String, _ body: [UInt8]) -> MessageError? {
        do throws(MessageError) {
            try exchange.checkSize(body, options.messageSizeMax, of: "'\(name)'")
            // A requester that leaves in this moment has not had its answer.
            return try take(request).get().settle(.success(body)) ? nil : Self.gone(request)
        } catch {
            return error
        }
    }

    func cancel(_ request: String) -> MessageError? {
        do throws(MessageError) {
            let error = MessageError(.cancelled, "'\(name)' cancelled the request")
            return try take(request).get().settle(.failure(error)) ? nil : Self.gone(request)
        } catch {
            return error
        }
    }

    func openChannel(
        _ body: [UInt8], to target: ActorID,
        answer: @escaping @Sendable (Result<ChannelID, MessageError>) -> Void
    ) {
        exchange.openChannel(
            body, to: target, from: .actor(self), timeout: options.requestTimeout, answer: answer)
    }

    /// Remembers what the actor sent before a crash that its chain does not have; the senders there are
    /// those it was sent to.
    func remember(sent: [Mail]) { state.withLock { $0.sent = sent } }

    private func hasSent(_ isSame: (Mail) -> Bool) -> Bool {
        state.withLock { state in
            guard let index = state.sent.firstIndex(where: isSame) else { return false }
            state.sent.remove(at: index)
            return true
        }
    }

    func send(_ body: [UInt8], on channel: ChannelID) -> MessageError? {
        let text = channel.description
        if hasSent({ $0.kind == .channelMessage && $0.channel == text && $0.body == body }) {
            return nil
        }
        return exchange.send(
            body, on: channel, from: .actor(id), sizeMax: options.messageSizeMax)
    }

    func close(_ channel: ChannelID) -> MessageError? {
        exchange.close(channel, by: .actor(id))
    }

    func close() {
        exchange.remove(self)
        let (unanswered, giveUp) = state.withLock { state in
            state.isClosed = true
            return (state.requests.close(), state.giveUp)
        }
        giveUp?(Self.overError)
        let error = MessageError(.targetEnded, "'\(name)' ended before it answered")
        for waiting in unanswered { waiting.settle(.failure(error)) }
        exchange.endChannels(of: id)
    }
}

extension Exchange: MessagePort {
    func endpoint(for actor: ActorID, options: MessageOptions) -> (any MessageEndpoint)? {
        guard let cell = system?.liveCell(actor) else { return nil }
        // A second grant made in code opens nothing new.
        if let known = endpoint(of: actor), known.cell === cell { return known }
        var options = options
        let longest = cell.manifest.limits.requestTimeout ?? options.requestTimeout
        options.requestTimeout = min(options.requestTimeout, longest)
        let endpoint = Endpoint(cell: cell, options: options, exchange: self)
        add(endpoint)
        return endpoint
    }
}
