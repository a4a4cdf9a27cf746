// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// What a chain notes of a durable actor, beside what crosses the boundary of its sandbox: what bringing it
/// back after a crash needs. The code of the actor neither sees nor makes it.
public enum LifeNote: Sendable, Hashable {
    /// The life that has just begun is durable.
    case durable(Placement)
    /// The next call handles the mail of this number.
    case taken(mail: UInt64)
    /// The actor was brought back by a node that was started again.
    case resumed(interrupted: UInt64?, snapshot: UInt64?)
    /// This chain is the inbox of an actor. Its first event.
    case inbox(of: ActorID)
    /// The actor's mailbox has accepted mail; its number is the sequence of the event.
    case mail(Mail)
    /// Mail that will not be handled, and why.
    case dropped(mail: UInt64, reason: String)
    /// The life that ends with the next event is followed by another: its parent's supervisor is going to
    /// start it.
    case restarting
}

/// What a durable life needs beside its code to be brought back at its place in the tree.
public struct Placement: Sendable, Hashable {
    /// When the actor is started again, as its parent's supervisor has it.
    public enum Restart: UInt8, Sendable, Hashable, CaseIterable {
        /// Always.
        case permanent = 1
        /// When it did not end by itself or in order.
        case transient = 2
        /// Never.
        case temporary = 3
    }

    /// How the actor is stopped.
    public enum Shutdown: Sendable, Hashable {
        /// At once.
        case kill
        /// In order, however long it takes.
        case infinity
        /// In order, for so many nanoseconds.
        case timeout(UInt64)
    }

    /// What the references in the actor's manifest may lead to.
    public enum Scope: Sendable, Hashable {
        /// Everything.
        case everything
        /// A folder, and what an actor may name.
        case named(folder: String?, actor: ActorID)
    }

    /// How many lives the actor had, with this one.
    public var lives: UInt64
    /// The number of the first mail that this life may handle.
    public var firstMail: UInt64
    /// When it is started again.
    public var restart: Restart
    /// How it is stopped.
    public var shutdown: Shutdown
    /// Whether it starts again with the state that it had when it ended.
    public var startsWithLastState: Bool
    /// Whether its parent waits for its result in a call.
    public var isAwaited: Bool
    /// Whether an actor wrote its manifest, so that its bounds are no wider than its parent's.
    public var isAuthored: Bool
    /// Where its manifest was.
    public var origin: String?
    /// What the references in the manifest may lead to.
    public var scope: Scope

    /// Makes a placement.
    public init(
        lives: UInt64, firstMail: UInt64, restart: Restart, shutdown: Shutdown,
        startsWithLastState: Bool, isAwaited: Bool, isAuthored: Bool, origin: String?, scope: Scope
    ) {
        self.lives = lives
        self.firstMail = firstMail
        self.restart = restart
        self.shutdown = shutdown
        self.startsWithLastState = startsWithLastState
        self.isAwaited = isAwaited
        self.isAuthored = isAuthored
        self.origin = origin
        self.scope = scope
    }
}

/// A message that a durable actor has accepted.
public struct Mail: Sendable, Hashable {
    /// What it is.
    public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
        /// A one-way message.
        case send = 1
        /// A message on a channel.
        case channelMessage = 2
        /// The end of a channel.
        case channelClose = 3
    }

    /// What it is.
    public var kind: Kind
    /// Who sent it; `nil` for somebody who is no actor.
    public var sender: ActorID?
    /// The sequence that the next event of the sender's chain had: where the sending is recorded; `nil`
    /// for what is sent outside of a call.
    public var position: UInt64?
    /// The channel, as it is written; empty without one.
    public var channel: String
    /// What it says.
    public var body: [UInt8]

    /// Makes mail.
    public init(
        kind: Kind, sender: ActorID?, position: UInt64? = nil, channel: String = "", body: [UInt8]
    ) {
        self.position = position
        self.kind = kind
        self.sender = sender
        self.channel = channel
        self.body = body
    }
}

extension ActorID {
    /// The identity under which the inbox of a durable actor is kept: the same for all its lives, and
    /// nobody else's.
    public var inbox: ActorID {
        let digest = Digest.sha256(of: Array("theater.inbox.1\0".utf8) + bytes).bytes
        func word(_ range: Range<Int>) -> UInt64 {
            digest[range].reduce(0) { $0 << 8 | UInt64($1) }
        }
        return ActorID(version4: (word(0..<8), word(8..<16)))
    }
}

extension EventType {
    /// The life that has just begun is durable.
    public static let durable = EventType("theater.runtime/durable")
    /// The next call handles mail.
    public static let taken = EventType("theater.runtime/taken")
    /// The actor was brought back after a crash.
    public static let resumed = EventType("theater.runtime/resumed")
    /// The chain is an inbox.
    public static let inbox = EventType("theater.runtime/inbox")
    /// A mailbox has accepted mail.
    public static let mail = EventType("theater.runtime/mail")
    /// Mail will not be handled.
    public static let dropped = EventType("theater.runtime/dropped")
    /// The life that ends is followed by another.
    public static let restarting = EventType("theater.runtime/restarting")
}

extension LifeNote {
    /// The type of the event that it is.
    public var type: EventType {
        switch self {
        case .durable: .durable
        case .taken: .taken
        case .resumed: .resumed
        case .inbox: .inbox
        case .mail: .mail
        case .dropped: .dropped
        case .restarting: .restarting
        }
    }

    /// About how much it holds, in bytes.
    public var size: Int {
        switch self {
        case .durable(let placement): 256 + (placement.origin?.utf8.count ?? 0)
        case .mail(let mail): 256 + mail.body.count
        case .dropped(_, let reason): 256 + reason.utf8.count
        case .taken, .resumed, .inbox, .restarting: 256
        }
    }
}

extension Collection<ChainSummary> {
    /// The chains of actors alone, without the inboxes of durable ones.
    public func withoutInboxes() -> [ChainSummary] {
        let inboxes = Set(map(\.actor.inbox))
        return filter { !inboxes.contains($0.actor) }
    }
}
