// SPDX-License-Identifier: Apache-2.0

public import TheaterHandler

/// A one-way message.
public struct ActorSend: Sendable, Hashable, Codable {
    /// Who sends it.
    public var sender: ChannelParticipant
    /// What it says.
    public var body: [UInt8]

    /// Makes a message.
    public init(sender: ChannelParticipant, body: [UInt8]) {
        self.sender = sender
        self.body = body
    }
}

/// A message that waits for an answer.
public struct ActorRequest: Sendable, Hashable, Codable {
    /// The request's identity, which the receiver answers to.
    public var id: String
    /// Who asks.
    public var sender: ChannelParticipant
    /// What is asked.
    public var body: [UInt8]

    /// Makes a request.
    public init(id: String, sender: ChannelParticipant, body: [UInt8]) {
        self.id = id
        self.sender = sender
        self.body = body
    }
}

/// The offer of a channel.
public struct ActorChannelOpen: Sendable, Hashable, Codable {
    /// The channel.
    public var channel: ChannelID
    /// Who offers it.
    public var initiator: ChannelParticipant
    /// What comes with the offer.
    public var body: [UInt8]

    /// Makes an offer.
    public init(channel: ChannelID, initiator: ChannelParticipant, body: [UInt8]) {
        self.channel = channel
        self.initiator = initiator
        self.body = body
    }
}

/// What the initiator of a channel has when it is accepted.
public struct ActorChannelInitiated: Sendable, Hashable, Codable {
    /// The channel.
    public var channel: ChannelID
    /// The one who accepted it.
    public var target: ChannelParticipant

    /// Makes a notice.
    public init(channel: ChannelID, target: ChannelParticipant) {
        self.channel = channel
        self.target = target
    }
}

/// A message on a channel.
public struct ActorChannelMessage: Sendable, Hashable, Codable {
    /// The channel.
    public var channel: ChannelID
    /// Who sends it.
    public var sender: ChannelParticipant
    /// What it says.
    public var body: [UInt8]

    /// Makes a message.
    public init(channel: ChannelID, sender: ChannelParticipant, body: [UInt8]) {
        self.channel = channel
        self.sender = sender
        self.body = body
    }
}

/// The end of a channel.
public struct ActorChannelClose: Sendable, Hashable, Codable {
    /// The channel.
    public var channel: ChannelID
    /// Who closed it, or ended.
    public var sender: ChannelParticipant

    /// Makes a notice.
    public init(channel: ChannelID, sender: ChannelParticipant) {
        self.channel = channel
        self.sender = sender
    }
}

/// What arrives at an actor: one callback for each case.
public enum ActorMessage: Sendable, Hashable, Codable {
    /// Calls `handle-send`.
    case send(ActorSend)
    /// Calls `handle-request`.
    case request(ActorRequest)
    /// Calls `handle-channel-open`.
    case channelOpen(ActorChannelOpen)
    /// Calls `handle-channel-message`.
    case channelMessage(ActorChannelMessage)
    /// Calls `handle-channel-close`.
    case channelClose(ActorChannelClose)

    /// Who sends it.
    public var sender: ChannelParticipant {
        switch self {
        case .send(let message): message.sender
        case .request(let request): request.sender
        case .channelOpen(let offer): offer.initiator
        case .channelMessage(let message): message.sender
        case .channelClose(let notice): notice.sender
        }
    }

    /// The body's size in bytes.
    public var size: Int {
        switch self {
        case .send(let message): message.body.count
        case .request(let request): request.body.count
        case .channelOpen(let offer): offer.body.count
        case .channelMessage(let message): message.body.count
        case .channelClose: 0
        }
    }

    /// The kind in one word, such as `channel-open`.
    public var kind: String {
        switch self {
        case .send: "send"
        case .request: "request"
        case .channelOpen: "channel-open"
        case .channelMessage: "channel-message"
        case .channelClose: "channel-close"
        }
    }
}

/// What an external participant sees of its channel, in order.
public enum ChannelEvent: Sendable, Hashable, Codable {
    /// The channel is open. The first event.
    case initiated(ActorChannelInitiated)
    /// The other side says something.
    case message(ActorChannelMessage)
    /// The channel is closed. The last event.
    case closed(ActorChannelClose)
}

extension ActorSend: CustomStringConvertible {
    /// Who, and how much; never what.
    public var description: String { "send from \(sender), \(body.count) bytes" }
}

extension ActorRequest: CustomStringConvertible {
    /// Which, who, and how much; never what.
    public var description: String { "request \(id) from \(sender), \(body.count) bytes" }
}

extension ActorChannelOpen: CustomStringConvertible {
    /// Which, who, and how much; never what.
    public var description: String {
        "channel-open \(channel) from \(initiator), \(body.count) bytes"
    }
}

extension ActorChannelInitiated: CustomStringConvertible {
    /// Which, and with whom.
    public var description: String { "channel-initiated \(channel) to \(target)" }
}

extension ActorChannelMessage: CustomStringConvertible {
    /// Which, who, and how much; never what.
    public var description: String {
        "channel-message \(channel) from \(sender), \(body.count) bytes"
    }
}

extension ActorChannelClose: CustomStringConvertible {
    /// Which, and by whom.
    public var description: String { "channel-close \(channel) from \(sender)" }
}

extension ActorMessage: CustomStringConvertible {
    /// The message on one line, without its body.
    public var description: String {
        switch self {
        case .send(let message): message.description
        case .request(let request): request.description
        case .channelOpen(let offer): offer.description
        case .channelMessage(let message): message.description
        case .channelClose(let notice): notice.description
        }
    }
}

extension ChannelEvent: CustomStringConvertible {
    /// The event on one line, without its body.
    public var description: String {
        switch self {
        case .initiated(let notice): notice.description
        case .message(let message): message.description
        case .closed(let notice): notice.description
        }
    }
}
