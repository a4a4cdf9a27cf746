// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform
public import TheaterValue

/// What a handler may do about the children of its own actor.
///
/// Every method takes the parent, and acts on its children alone: for anybody else's actor the answer is
/// `supervisor.not-a-child`.
public protocol SupervisionPort: Sendable {
    /// Starts a child; returns when its `init` is over.
    func spawn(_ order: ChildOrder, parent: ActorID) async -> Result<ActorID, HostError>

    /// Starts a child that the parent is told nothing of, and waits for its result.
    ///
    /// - Parameter timeout: after this the child is stopped, and the answer is `supervisor.timeout`.
    func spawnAndWait(
        _ order: ChildOrder, timeout: Duration?, parent: ActorID
    ) async -> Result<[UInt8]?, HostError>

    /// The children, in the order in which they were started.
    func children(of parent: ActorID) -> [ActorID]

    /// Stops a child and starts it again under the same identity.
    func restart(_ child: ActorID, parent: ActorID) async -> HostError?

    /// Stops a child in order, and forgets it.
    func stop(_ child: ActorID, parent: ActorID) async -> HostError?

    /// The state that a child had after its last call. Never waits for the child.
    func state(of child: ActorID, parent: ActorID) -> Result<Value, HostError>

    /// The newest events of a child's chain, oldest first.
    func events(
        of child: ActorID, countMax: Int, parent: ActorID
    ) async -> Result<[RecentEvent], HostError>

    /// Passes a child's further events on until the subscription is cancelled or the child is over.
    ///
    /// - Parameters:
    ///   - sink: called in the order of the chain, on a task that the child does not wait for.
    ///   - ended: called once, when nothing more comes.
    func subscribe(
        to child: ActorID, parent: ActorID,
        sink: @escaping @Sendable (ChildEvent) async -> Void,
        ended: @escaping @Sendable () -> Void
    ) -> Result<ChildSubscription, HostError>

    /// Takes note that a parent will not hear of so many ends, because it was too slow.
    func missed(_ count: Int, by parent: ActorID)

    /// Who is told how the children's lives end: once for each life, in the order in which they end.
    ///
    /// - Parameter sink: must not block; `nil` for nobody.
    func tell(_ parent: ActorID, of sink: (@Sendable (ChildNotice) -> Void)?)
}

/// What a child is to be made from.
public struct ChildOrder: Sendable {
    /// Where its manifest is, or the manifest itself.
    public var manifest: Source
    /// The state it starts with, instead of its manifest's.
    public var initialState: Value?
    /// Its wasm, instead of what its manifest says.
    public var wasm: [UInt8]?

    /// Where a manifest comes from.
    public enum Source: Sendable, Hashable {
        /// A path relative to the parent's manifest, or `store://…`.
        case reference(String)
        /// The text of a manifest.
        case text(String)
    }

    /// Makes an order.
    public init(manifest: Source, initialState: Value? = nil, wasm: [UInt8]? = nil) {
        self.manifest = manifest
        self.initialState = initialState
        self.wasm = wasm
    }
}

/// How a child's life ended.
public enum ChildNotice: Sendable, Hashable {
    /// It ended itself, with a result.
    case exited(ActorID, [UInt8]?)
    /// Something went wrong.
    case failed(ActorID, ChildFailure, code: String, message: String)
    /// Somebody stopped it.
    case stopped(ActorID)
}

/// What kind of thing went wrong in a child.
public enum ChildFailure: Sendable, Hashable {
    /// A call took longer than it may.
    case timeout
    /// A function answered with something else than it declares.
    case wrongType
    /// The node was shutting down.
    case shuttingDown
    /// Anything else.
    case other
}

/// What a subscriber learns.
public enum ChildEvent: Sendable, Hashable {
    /// An event of the child's chain: its type, and its payload's bytes.
    case event(type: String, payload: [UInt8])
    /// So many events were passed over, because the subscriber was too slow.
    case gap(Int)
    /// The events cannot be read any more, for this reason; nothing follows.
    case broken(String)
}

/// A subscription to a child's events.
public struct ChildSubscription: Sendable {
    /// Ends it at once.
    public let cancel: @Sendable () -> Void

    /// Makes a subscription.
    public init(cancel: @escaping @Sendable () -> Void) { self.cancel = cancel }
}
