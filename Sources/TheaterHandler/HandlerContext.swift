// SPDX-License-Identifier: Apache-2.0

public import Logging
public import TheaterPlatform

/// What a handler knows of its actor, and how it reaches the runtime.
public struct HandlerContext: Sendable {
    /// The actor's identity.
    public let actorID: ActorID
    /// The actor's name.
    public let actorName: String
    /// A logger that carries the actor's identity.
    public let logger: Logger
    /// The actor's own cell.
    public let cell: any CellPort

    /// Makes a context.
    public init(actorID: ActorID, actorName: String, logger: Logger, cell: any CellPort) {
        self.actorID = actorID
        self.actorName = actorName
        self.logger = logger
        self.cell = cell
    }
}

/// What a handler may ask of the cell of its own actor.
public protocol CellPort: Sendable {
    /// Asks that the actor ends in order after its present call, with a result for its parent.
    ///
    /// Repeated requests change nothing: the first one stays.
    func requestShutdown(result: [UInt8]?)

    /// The newest events of the actor's own chain, oldest first.
    ///
    /// - Parameter countMax: how many at the most.
    func recentEvents(_ countMax: Int) -> [RecentEvent]
}

/// An event of the actor's own chain as the actor may see it.
public struct RecentEvent: Sendable, Hashable {
    /// The event's position in the chain, counted from zero.
    public let sequence: UInt64
    /// The event's hash, 32 bytes.
    public let hash: [UInt8]
    /// The hash of the event before it, 32 bytes.
    public let parent: [UInt8]
    /// The event's type.
    public let type: String
    /// When it was recorded.
    public let time: WallTime

    /// Makes an event.
    public init(
        sequence: UInt64, hash: [UInt8], parent: [UInt8], type: String, time: WallTime
    ) {
        self.sequence = sequence
        self.hash = hash
        self.parent = parent
        self.type = type
        self.time = time
    }
}
