// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform
public import TheaterValue

/// A live actor, to be called, asked and ended. Keeping it keeps the system, not the actor.
public struct ActorHandle: Sendable {
    /// The actor's identity.
    public let id: ActorID
    /// Its name.
    public let name: String
    private let system: ActorSystem

    init(id: ActorID, name: String, system: ActorSystem) {
        self.id = id
        self.name = name
        self.system = system
    }

    /// Where the actor stands; `nil` once it is forgotten.
    public var status: ActorStatus? { system.status(of: id) }

    /// Calls an export. See ``ActorSystem/call(_:_:_:options:)``.
    @concurrent
    @discardableResult
    public func call(
        _ function: String, _ arguments: [Value] = [], options: CallOptions = CallOptions()
    ) async throws(ActorError) -> Value {
        try await system.call(id, function, arguments, options: options)
    }

    /// The state after the last call that is over.
    public func state() throws(ActorError) -> Value { try system.state(of: id) }

    /// What the actor did and holds.
    public func metrics() throws(ActorError) -> ActorMetrics { try system.metrics(of: id) }

    /// The actor's events as they are recorded.
    public func events(
        from start: FeedStart = .now, options: FeedOptions = FeedOptions()
    ) throws(ActorError) -> EventSubscription {
        try system.subscribe(to: id, from: start, options: options)
    }

    /// Stops the actor in order. See ``ActorSystem/stop(_:grace:)``.
    @concurrent
    @discardableResult
    public func stop(grace: Duration = .seconds(5)) async throws(ActorError) -> ExitReason {
        try await system.stop(id, grace: grace)
    }

    /// Ends the actor at once.
    @concurrent
    @discardableResult
    public func terminate() async throws(ActorError) -> ExitReason {
        try await system.terminate(id)
    }
}
