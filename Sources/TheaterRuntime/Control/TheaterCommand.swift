// SPDX-License-Identifier: Apache-2.0

public import TheaterManifest
public import TheaterPact
public import TheaterPlatform
public import TheaterValue

/// What the operator of a node, or a part of it, asks of the runtime. Each command has its own reply,
/// which is answered exactly once.
public enum TheaterCommand: Sendable {
    // MARK: Starting and ending

    /// Starts an actor.
    case spawnActor(SpawnRequest, Reply<ActorID>)
    /// Starts the actor of a manifest.
    ///
    /// - Parameter wasm: the code, instead of the manifest's.
    case resumeActor(ManifestSource, wasm: [UInt8]?, Reply<ActorID>)
    /// Stops an actor in order, and ends it after the grace period. Answered when it is over.
    case stopActor(ActorID, grace: Duration, Reply<ExitReason>)
    /// Ends an actor at once. Answered when it is over.
    case terminateActor(ActorID, Reply<ExitReason>)
    /// Stops an actor in order and starts it again, as its child spec says. Answered with its identity.
    case restartActor(ActorID, Reply<ActorID>)
    /// Exchanges the code of a live actor between two of its calls. Answered when the new code has it.
    case upgradeActor(ActorID, UpgradeRequest, Reply<UpgradeReport>)
    /// An actor wants to end, with a result for its parent. Answered when that is noted.
    case shuttingDown(ActorID, data: [UInt8]?, Reply<Void>)
    /// Asks to be told when an actor's shutdown is complete: when it is over for good and has given back
    /// everything.
    case actorShutdownComplete(ActorID, Reply<ExitReason>)
    /// Ends every actor in order, each within the grace period, and starts no more.
    case shutdownRuntime(grace: Duration, Reply<Void>)

    // MARK: Telling

    /// An event was recorded in an actor's chain by somebody else than its cell: subscribers are
    /// told to read it. Answered with how many there are.
    case newEvent(ActorID, sequence: UInt64, Reply<Int>)
    /// An actor has failed outside of its code, and ends for that reason.
    case actorError(ActorID, ActorError, Reply<ExitReason>)
    /// Something failed that belongs to no actor: logged and counted.
    case actorRuntimeError(ActorError, Reply<Void>)

    // MARK: Asking

    /// The live actors, ordered by identity.
    case getActors(Reply<[ActorInfo]>)
    /// An actor's manifest.
    case getActorManifest(ActorID, Reply<Manifest>)
    /// Where an actor stands.
    case getActorStatus(ActorID, Reply<ActorStatus>)
    /// An actor's children, in the order in which they were started.
    case listChildren(ActorID, Reply<[ActorInfo]>)
    /// An actor's state after its last call that is over.
    case getActorState(ActorID, Reply<Value>)
    /// Events of an actor's chain.
    case getActorEvents(ActorID, EventFilter, Reply<EventPage>)
    /// What an actor did and holds.
    case getActorMetrics(ActorID, Reply<ActorMetrics>)
    /// The events of an actor as they are recorded.
    case subscribeToActor(ActorID, from: FeedStart, FeedOptions, Reply<EventSubscription>)
    /// Makes a new, empty namespace in the content store. Answered with its identity.
    case newStore(Reply<String>)
    /// Something to call an actor with; `nil` when none of that identity lives.
    case getActorHandle(ActorID, Reply<ActorHandle?>)
    /// The hashes of the interfaces that an actor exports.
    case getActorExportHashes(ActorID, Reply<[PackageMetadata.Hash]>)
}

/// Where a manifest comes from.
public enum ManifestSource: Sendable, Hashable {
    /// A path, or `store://…`.
    case reference(String)
    /// The TOML itself, which goes with wasm.
    case text(String)
}

/// The names of the commands.
public enum CommandName: String, Sendable, Hashable, Codable, CaseIterable {
    /// ``TheaterCommand/spawnActor(_:_:)``
    case spawnActor = "spawn-actor"
    /// ``TheaterCommand/resumeActor(_:wasm:_:)``
    case resumeActor = "resume-actor"
    /// ``TheaterCommand/stopActor(_:grace:_:)``
    case stopActor = "stop-actor"
    /// ``TheaterCommand/terminateActor(_:_:)``
    case terminateActor = "terminate-actor"
    /// ``TheaterCommand/restartActor(_:_:)``
    case restartActor = "restart-actor"
    /// ``TheaterCommand/upgradeActor(_:_:_:)``
    case upgradeActor = "upgrade-actor"
    /// ``TheaterCommand/shuttingDown(_:data:_:)``
    case shuttingDown = "shutting-down"
    /// ``TheaterCommand/actorShutdownComplete(_:_:)``
    case actorShutdownComplete = "actor-shutdown-complete"
    /// ``TheaterCommand/shutdownRuntime(grace:_:)``
    case shutdownRuntime = "shutdown-runtime"
    /// ``TheaterCommand/newEvent(_:sequence:_:)``
    case newEvent = "new-event"
    /// ``TheaterCommand/actorError(_:_:_:)``
    case actorError = "actor-error"
    /// ``TheaterCommand/actorRuntimeError(_:_:)``
    case actorRuntimeError = "actor-runtime-error"
    /// ``TheaterCommand/getActors(_:)``
    case getActors = "get-actors"
    /// ``TheaterCommand/getActorManifest(_:_:)``
    case getActorManifest = "get-actor-manifest"
    /// ``TheaterCommand/getActorStatus(_:_:)``
    case getActorStatus = "get-actor-status"
    /// ``TheaterCommand/listChildren(_:_:)``
    case listChildren = "list-children"
    /// ``TheaterCommand/getActorState(_:_:)``
    case getActorState = "get-actor-state"
    /// ``TheaterCommand/getActorEvents(_:_:_:)``
    case getActorEvents = "get-actor-events"
    /// ``TheaterCommand/getActorMetrics(_:_:)``
    case getActorMetrics = "get-actor-metrics"
    /// ``TheaterCommand/subscribeToActor(_:from:_:_:)``
    case subscribeToActor = "subscribe-to-actor"
    /// ``TheaterCommand/newStore(_:)``
    case newStore = "new-store"
    /// ``TheaterCommand/getActorHandle(_:_:)``
    case getActorHandle = "get-actor-handle"
    /// ``TheaterCommand/getActorExportHashes(_:_:)``
    case getActorExportHashes = "get-actor-export-hashes"
}
