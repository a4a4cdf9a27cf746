// SPDX-License-Identifier: Apache-2.0

public import TheaterHandler
public import TheaterPlatform

/// What an external participant can have done with messages: one case for each operation.
public enum MessageCommand: Sendable, Hashable, Codable {
    /// Puts a message into an actor's mailbox.
    case sendMessage(target: ActorID, body: [UInt8])
    /// Asks an actor, and waits for its answer.
    case request(target: ActorID, body: [UInt8])
    /// Offers a channel to an actor, and waits until it is accepted.
    case openChannel(target: ActorID, body: [UInt8])
    /// Sends on a channel of an external participant.
    case channelMessage(channel: ChannelID, body: [UInt8])
    /// Closes a channel of an external participant.
    case channelClose(channel: ChannelID)

    /// The command on one line, for logs: never a body.
    public func toLog() -> String {
        switch self {
        case .sendMessage(let target, let body): "send-message to \(target), \(body.count) bytes"
        case .request(let target, let body): "request to \(target), \(body.count) bytes"
        case .openChannel(let target, let body): "open-channel to \(target), \(body.count) bytes"
        case .channelMessage(let channel, let body):
            "channel-message on \(channel), \(body.count) bytes"
        case .channelClose(let channel): "channel-close of \(channel)"
        }
    }
}

extension MessageCommand: CustomStringConvertible {
    /// The same as ``toLog()``.
    public var description: String { toLog() }
}

/// What a ``MessageCommand`` comes back with.
public enum MessageReply: Sendable {
    /// It was accepted.
    case accepted
    /// The answer of a request, which may be empty.
    case answer([UInt8])
    /// The channel that was opened.
    case channel(ExternalChannel)
}
