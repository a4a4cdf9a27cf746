// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// How the handler `message-server` reaches the node's messages.
public protocol MessagePort: Sendable {
    /// Makes the endpoint of an actor, through which it sends and is reached.
    ///
    /// - Returns: `nil` when the node has no such actor.
    func endpoint(for actor: ActorID, options: MessageOptions) -> (any MessageEndpoint)?
}

/// The bounds of one actor's messages.
public struct MessageOptions: Sendable, Hashable {
    /// The largest message that any actor may pass, in bytes.
    public static let sizeLimit = 16 << 20

    /// How long a request, or the opening of a channel, waits for its answer.
    public var requestTimeout = Duration.seconds(30)
    /// The largest message that the actor sends or takes, in bytes.
    public var messageSizeMax = 1 << 20
    /// How many requests may wait for the actor's answers.
    public var outstandingMax = 1024
    /// Whom it may reach.
    public var targets = TargetRule()

    /// Makes options with every bound at its default.
    public init() {}
}

/// One actor's side of the node's messages.
///
/// No method waits. What takes time answers through its closure, exactly once, from any thread and
/// perhaps before the method returns.
public protocol MessageEndpoint: Sendable {
    /// Lets others reach the actor. Repeated calls change nothing.
    func register()

    /// Finds an actor by its identity or its name, and checks that the grant covers it.
    func resolve(_ address: String) -> Result<ActorID, MessageError>

    /// Puts a message into the receiver's mailbox.
    func send(_ body: [UInt8], to target: ActorID) -> MessageError?

    /// Asks, and waits for the answer.
    func request(
        _ body: [UInt8], to target: ActorID,
        answer: @escaping @Sendable (Result<[UInt8], MessageError>) -> Void)

    /// The requests that the actor has deferred, oldest first.
    func outstandingRequests() -> [String]

    /// Answers a request.
    func respond(to request: String, _ body: [UInt8]) -> MessageError?

    /// Ends a request without an answer.
    func cancel(_ request: String) -> MessageError?

    /// Offers a channel, and waits until it is accepted.
    func openChannel(
        _ body: [UInt8], to target: ActorID,
        answer: @escaping @Sendable (Result<ChannelID, MessageError>) -> Void)

    /// Puts a message on a channel into the mailbox of its other side.
    func send(_ body: [UInt8], on channel: ChannelID) -> MessageError?

    /// Closes a channel and tells its other side.
    func close(_ channel: ChannelID) -> MessageError?

    /// Ends everything that the actor takes part in.
    func close()
}
