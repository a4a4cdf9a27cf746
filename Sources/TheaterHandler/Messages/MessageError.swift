// SPDX-License-Identifier: Apache-2.0

/// Why a message, a request or a channel did not come about. The receiver is unharmed by all of these,
/// except where it ended by itself.
public struct MessageError: Error, Sendable, Hashable {
    /// What went wrong. The raw value is stable, and guests see it.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// There never was an actor of this identity or name, or it is forgotten.
        case unknownTarget = "message.unknown-target"
        /// The receiver is over, or ended before it answered.
        case targetEnded = "message.target-ended"
        /// The receiver crashed while it handled the message.
        case targetCrashed = "message.target-crashed"
        /// The receiver takes no messages.
        case notRegistered = "message.not-registered"
        /// The receiver does not export the callback for this kind of message.
        case noCallback = "message.no-callback"
        /// The receiver's callback is declared with parameters that no message has.
        case badCallback = "message.bad-callback"
        /// The sender's grant does not cover the receiver.
        case denied = "message.denied"
        /// The message is larger than the sender or the receiver may pass.
        case tooLarge = "message.too-large"
        /// The receiver's mailbox is full.
        case mailboxFull = "message.mailbox-full"
        /// The message waited in a full mailbox and made room for a newer one.
        case dropped = "message.dropped"
        /// The journal refuses to keep a message to a durable actor.
        case notKept = "message.not-kept"
        /// No answer came in time.
        case timeout = "message.timeout"
        /// The receiver waits for the sender, directly or through others.
        case cycle = "message.cycle"
        /// The receiver answered with an error.
        case errorReply = "message.error-reply"
        /// The receiver's callback answered with something that is no answer.
        case wrongReply = "message.wrong-reply"
        /// The receiver cancelled the request.
        case cancelled = "message.cancelled"
        /// The one who waited gave up.
        case givenUp = "message.given-up"
        /// The receiver has as many unanswered requests as it may have.
        case tooManyRequests = "message.too-many-requests"
        /// The receiver has no request of this identity.
        case unknownRequest = "message.unknown-request"
        /// The one who made the request no longer waits for its answer.
        case requesterGone = "message.requester-gone"
        /// The text is no identity of a channel.
        case badChannelID = "message.bad-channel-id"
        /// There is no channel of this identity; it may have been closed.
        case unknownChannel = "message.unknown-channel"
        /// The channel belongs to two others.
        case notParticipant = "message.not-participant"
        /// The channel is not yet accepted.
        case channelNotOpen = "message.channel-not-open"
        /// The receiver did not accept the channel.
        case channelRejected = "message.channel-rejected"
        /// One side has as many channels as it may have.
        case tooManyChannels = "message.too-many-channels"
    }

    /// What went wrong.
    public let code: Code
    /// The fact, and what to do about it.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The same as the error of a host function.
    public var hostError: HostError { HostError(code.rawValue, message) }
}

extension MessageError: CustomStringConvertible {
    /// The message and the code.
    public var description: String { "\(message) [\(code.rawValue)]" }
}
