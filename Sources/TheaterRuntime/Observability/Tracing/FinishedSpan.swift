// SPDX-License-Identifier: Apache-2.0

public import TheaterChain
public import TheaterPlatform

/// A call of an actor, or a host call that it made, from its beginning to its end.
public struct FinishedSpan: Sendable, Hashable {
    /// What it was.
    public enum Kind: Sendable, Hashable {
        /// An export of the actor was called: by a message, by another actor, or from outside.
        case call
        /// The actor called a host function.
        case hostCall
    }

    /// What it was.
    public let kind: Kind
    /// Itself.
    public let context: TraceContext
    /// The span that caused it; `nil` for the first of a trace.
    public let parent: UInt64?
    /// The function, with its interface.
    public let name: String
    /// Whose call it was.
    public let actor: ActorID
    /// The actor's name.
    public let actorName: String
    /// When it began.
    public let start: WallTime
    /// When it ended.
    public let end: WallTime
    /// The event of the chain that it ended with; `nil` for an actor that is not recorded, and for a host call that
    /// was cut short.
    public let event: EventHead?
    /// The event of the chain that it began with; `nil` for a host call, which is one event.
    public let first: UInt64?
    /// Whether it failed.
    public let hasFailed: Bool
}

/// Takes the spans of a node's actors.
public protocol SpanSink: Sendable {
    /// Takes a span. Called by the actor's runner: must neither block nor wait.
    func take(_ span: FinishedSpan)
}
