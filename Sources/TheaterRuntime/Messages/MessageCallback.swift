// SPDX-License-Identifier: Apache-2.0

internal import TheaterHandler
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterValue

/// The callbacks of an actor that takes messages.
enum MessageCallback: Int, CaseIterable {
    case send
    case request
    case channelOpen
    case channelMessage
    case channelClose

    /// The export's name.
    var name: String {
        switch self {
        case .send: "theater:simple/message-server-client.handle-send"
        case .request: "theater:simple/message-server-client.handle-request"
        case .channelOpen: "theater:simple/message-server-client.handle-channel-open"
        case .channelMessage: "theater:simple/message-server-client.handle-channel-message"
        case .channelClose: "theater:simple/message-server-client.handle-channel-close"
        }
    }

    /// The parameters after the state, without the sender.
    var parameters: [TypeDescription] {
        switch self {
        case .send: [.list(.u8)]
        case .request, .channelOpen, .channelMessage: [.string, .list(.u8)]
        case .channelClose: [.string]
        }
    }
}

/// One callback of one actor: the export, and in which of the accepted forms it is declared.
///
/// After the state come the callback's parameters, each for itself or all in one tuple. One more
/// parameter at the end, a `string` or an `option<string>`, receives the sender: its identity, or for
/// somebody who is no actor `external` or `none`. An actor that does not declare it is called without.
struct MessageCallbackBinding: Sendable {
    enum SenderForm {
        case absent
        case text
        case optional
    }

    let export: ExportBinding
    let takesState: Bool
    let isTuple: Bool
    let sender: SenderForm

    /// Recognises the form; `nil` for a declaration that is none.
    init?(_ callback: MessageCallback, _ export: ExportBinding) {
        self.export = export
        guard let signature = export.signature else {
            (takesState, isTuple, sender) = (false, false, .absent)
            return
        }
        let expected = callback.parameters
        let all = signature.parameters
        func rest(_ count: Int) -> [TypeDescription]? {
            signature.parameters(forArguments: count).map { $0.map(\.type) }
        }
        if let types = rest(expected.count), Self.fit(types, expected) {
            (isTuple, sender) = (false, .absent)
            takesState = all.count > types.count
        } else if let types = rest(expected.count + 1), let last = types.last,
            let form = Self.senderForm(last), Self.fit(types.dropLast(), expected)
        {
            (isTuple, sender) = (false, form)
            takesState = all.count > types.count
        } else if let types = rest(1), case .tuple(let items)? = types.first {
            isTuple = true
            takesState = all.count > 1
            if Self.fit(items, expected) {
                sender = .absent
            } else if let last = items.last, let form = Self.senderForm(last),
                Self.fit(items.dropLast(), expected)
            {
                sender = form
            } else {
                return nil
            }
        } else {
            return nil
        }
    }

    private static func fit(
        _ types: some Collection<TypeDescription>, _ expected: [TypeDescription]
    ) -> Bool {
        types.count == expected.count
            && zip(types, expected).allSatisfy { $0 == $1 || $0 == .value }
    }

    private static func senderForm(_ type: TypeDescription) -> SenderForm? {
        switch type {
        case .string: .text
        case .option(.string): .optional
        default: nil
        }
    }

    /// The arguments of one call, without the state.
    func arguments(_ values: [Value], from sender: ChannelParticipant) -> [Value] {
        var values = values
        switch self.sender {
        case .absent: break
        case .text: values.append(.string(sender.actor?.description ?? "external"))
        case .optional:
            values.append(.option(.string, sender.actor.map { .string($0.description) }))
        }
        return isTuple ? [.tuple(values)] : values
    }
}

/// What a callback answered, beside the new state.
enum MessageAnswer {
    /// What `handle-request` answered: bytes, `none`, or something else.
    static func reply(_ value: Value) -> ReplyForm {
        switch unwrapped(value) {
        case .option(_, nil): .deferred
        case .option(_, let inner?): inner.asBytes.map { .bytes($0) } ?? .wrong
        default: .wrong
        }
    }

    enum ReplyForm: Equatable {
        case bytes([UInt8])
        case deferred
        case wrong
    }

    /// What `handle-channel-open` answered: whether it accepts, and what it says first.
    static func accept(_ value: Value) -> (isAccepted: Bool, body: [UInt8]?)? {
        guard let record = unwrapped(value).asRecord,
            let accepted = record.fields.first(where: { $0.name == "accepted" })?.value.asBool
        else { return nil }
        guard
            case .option(_, let body?)? = record.fields.first(where: { $0.name == "message" })?
                .value
        else { return (accepted, nil) }
        guard let bytes = body.asBytes else { return nil }
        return (accepted, bytes)
    }

    /// The tuple style wraps the only result.
    private static func unwrapped(_ value: Value) -> Value {
        if case .tuple(let items) = value, items.count == 1 { return items[0] }
        return value
    }
}
