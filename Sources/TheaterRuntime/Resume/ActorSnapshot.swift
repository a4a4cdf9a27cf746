// SPDX-License-Identifier: Apache-2.0

public import TheaterChain
public import TheaterPlatform
public import TheaterReplay

/// All that bringing a durable actor back needs of its life before an event.
public struct ActorSnapshot: Sendable, Hashable {
    /// The life.
    public var life: LifeImage
    /// The event that it began with.
    public var birth: UInt64
    /// When that was.
    public var bornAt: WallTime
    /// The SHA-256 of the manifest.
    public var manifest: Digest
    /// What the actor is called.
    public var name: String
    /// Its parent.
    public var parent: ActorID?
    /// The state that the life began with, in the guest's encoding.
    public var firstState: [UInt8]
    /// The state at the event.
    public var state: [UInt8]

    /// Makes a snapshot.
    public init(
        life: LifeImage, birth: UInt64, bornAt: WallTime, manifest: Digest, name: String,
        parent: ActorID?, firstState: [UInt8], state: [UInt8]
    ) {
        self.life = life
        self.birth = birth
        self.bornAt = bornAt
        self.manifest = manifest
        self.name = name
        self.parent = parent
        self.firstState = firstState
        self.state = state
    }
}

/// Keeps snapshots of durable actors.
public protocol SnapshotKeeper: Sendable {
    /// Keeps a snapshot, and forgets all but the newest of the actor's. What it cannot keep costs time at
    /// the next resume, and nothing else.
    func keep(_ snapshot: ActorSnapshot) async

    /// The newest kept snapshot of an actor that stands before an event. One that is not whole is passed
    /// over.
    func snapshot(of actor: ActorID, before sequence: UInt64) async -> ActorSnapshot?

    /// The actors of whom there are snapshots.
    func actors() async -> Set<ActorID>

    /// Forgets the snapshots of an actor that is over.
    func forget(_ actor: ActorID) async
}
