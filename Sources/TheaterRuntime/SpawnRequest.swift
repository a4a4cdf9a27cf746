// SPDX-License-Identifier: Apache-2.0

public import TheaterCapability
public import TheaterManifest
public import TheaterPlatform
public import TheaterValue

/// What it takes to start an actor.
public struct SpawnRequest: Sendable {
    /// The wasm.
    public var wasm: [UInt8]
    /// What the actor may do, and its bounds.
    public var manifest: Manifest
    /// Its name, instead of the manifest's. Unique among live actors.
    public var name: String?
    /// Its first state, instead of the manifest's.
    public var initialState: Value?
    /// Whose child it is; `nil` for a root. What the parent holds bounds what the child gets.
    public var parent: ActorID?
    /// A further bound on what the actor gets, whoever starts it.
    public var grantsMax = GrantSet.unlimited
    /// How it is supervised, when it has a parent.
    public var childSpec = ChildSpec()
    /// Where the manifest was read, so that references in it can be resolved.
    public var manifestPath: String?
    /// Who waits for its result; then the parent is not told of it.
    var waiter: ResultBox?
    /// What the references in the manifest may lead to.
    var scope = ReferenceScope.everything
    /// Whether an actor wrote the manifest: then its bounds are no wider than the parent's.
    var isAuthored = false
    /// The identity that a child gets; `nil` for a new one.
    var childID: ActorID?

    /// Makes a request.
    public init(
        wasm: [UInt8], manifest: Manifest, name: String? = nil, initialState: Value? = nil,
        parent: ActorID? = nil
    ) {
        self.wasm = wasm
        self.manifest = manifest
        self.name = name
        self.initialState = initialState
        self.parent = parent
    }
}

/// Tighter bounds for one call than the actor's own.
public struct CallOptions: Sendable, Hashable {
    /// The fuel; `nil` or more than the actor's limit means the actor's limit.
    public var fuel: UInt64?
    /// How long the call may take, waiting for its turn included; `nil` or more than the actor's
    /// limit means the actor's limit.
    ///
    /// A call that has not begun by then fails alone. One that has begun cannot be stopped halfway
    /// and the actor kept: it ends the actor.
    public var timeout: Duration?

    /// Makes options.
    public init(fuel: UInt64? = nil, timeout: Duration? = nil) {
        self.fuel = fuel
        self.timeout = timeout
    }
}
