// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// One link of an actor's chain: something that crossed the boundary of its sandbox.
public struct ChainEvent: Sendable, Hashable {
    /// Whose chain it belongs to.
    public let actor: ActorID
    /// Its position in the chain, counted from zero.
    public let sequence: UInt64
    /// The hash of the event before it; for the first event ``ChainHead/genesis(of:)``.
    public let parent: Digest
    /// What happened: `<interface>/<function>` for a host call, `theater.runtime/…` otherwise.
    public let type: String
    /// When the runtime recorded it.
    public let time: WallTime
    /// The facts; `nil` when they were dropped to save space. Its digest remains.
    public let payload: [UInt8]?
    /// The SHA-256 of the payload.
    public let payloadDigest: Digest
    /// The hash of this event, which the next one names as its parent.
    public let hash: Digest

    /// Makes an event from its parts, as read from a journal.
    public init(
        actor: ActorID, sequence: UInt64, parent: Digest, type: String, time: WallTime,
        payload: [UInt8]?, payloadDigest: Digest, hash: Digest
    ) {
        self.actor = actor
        self.sequence = sequence
        self.parent = parent
        self.type = type
        self.time = time
        self.payload = payload
        self.payloadDigest = payloadDigest
        self.hash = hash
    }
}

/// What kind of event it is, with its UTF-8 ready to be hashed and written.
///
/// Make one per host function and keep it: making it costs an allocation, using it does not.
public struct EventType: Sendable, Hashable, CustomStringConvertible {
    /// The largest size of a type in bytes.
    public static let sizeMax = 1024

    /// The type as text.
    public let name: String
    let utf8: [UInt8]

    /// Names a type. One that is empty or longer than ``sizeMax`` is refused when it is appended.
    public init(_ name: String) {
        self.name = name
        utf8 = Array(name.utf8)
    }

    /// The type of a call of a host function: `<interface>/<function>`.
    public init(interface: String, function: String) {
        self.init(interface + "/" + function)
    }

    /// The type as text.
    public var description: String { name }

    /// Compares the names.
    public static func == (left: EventType, right: EventType) -> Bool { left.name == right.name }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension EventType {
    /// An actor came to life.
    public static let spawned = EventType("theater.runtime/spawned")
    /// An export of the actor is called.
    public static let called = EventType("theater.runtime/called")
    /// A called export returned.
    public static let returned = EventType("theater.runtime/returned")
    /// A called export did not return: it trapped, or its call was refused.
    public static let failed = EventType("theater.runtime/failed")
    /// The actor asked for something that it holds no grant for.
    public static let denied = EventType("theater.runtime/denied")
    /// The actor reached a limit.
    public static let limit = EventType("theater.runtime/limit")
    /// The actor's life ended.
    public static let exited = EventType("theater.runtime/exited")
    /// An actor goes on where another's chain stood.
    public static let forked = EventType("theater.runtime/forked")
    /// An effect in doubt is settled.
    public static let settled = EventType("theater.runtime/settled")
}

/// Where a chain stands.
public struct ChainHead: Sendable, Hashable {
    /// How many events it has; also the sequence of the next one.
    public let count: UInt64
    /// The hash of its newest event, or the genesis of its actor when it has none.
    public let hash: Digest

    /// Describes where a chain stands.
    public init(count: UInt64, hash: Digest) {
        self.count = count
        self.hash = hash
    }

    /// The parent of an actor's first event: a digest of the actor's identity, so that a chain cannot
    /// be passed off as another actor's.
    public static func genesis(of actor: ActorID) -> Digest { Hashing.genesis(of: actor) }
}

/// The event that an append made.
public struct EventHead: Sendable, Hashable {
    /// Its position in the chain, counted from zero.
    public let sequence: UInt64
    /// Its hash.
    public let hash: Digest
}

/// One chain of a journal, in brief.
public struct ChainSummary: Sendable, Hashable {
    /// Whose chain it is.
    public let actor: ActorID
    /// The label that the actor had when the chain began.
    public let name: String?
    /// How many events it has.
    public let count: UInt64
    /// The hash of its newest event, or the genesis of its actor when it has none.
    public let head: Digest
    /// When its first event was recorded; `nil` when it has none.
    public let firstTime: WallTime?
    /// When its newest event was recorded; `nil` when it has none.
    public let lastTime: WallTime?
    /// Whether it is kept in memory only.
    public let isInMemory: Bool
}

/// How much a chain promises about a crash.
public enum Durability: String, Sendable, Hashable, CaseIterable {
    /// Kept in memory only: the newest events, within the bound of the journal's options.
    case memory
    /// On disk within the journal's delay. A crash of the process or the machine may lose the newest
    /// events of that delay, never an event before one that survives.
    case async
    /// As `async`, and the runtime waits for ``ChainWriter/sync()`` before any effect or reply.
    case strict
}
