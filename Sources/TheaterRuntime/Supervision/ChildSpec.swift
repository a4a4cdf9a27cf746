// SPDX-License-Identifier: Apache-2.0

public import TheaterManifest

/// How one child is supervised.
public struct ChildSpec: Sendable, Hashable {
    /// When it is started again.
    public var restart: ChildDeclaration.Restart
    /// How it is stopped.
    public var shutdown: ChildDeclaration.Shutdown
    /// What it starts with again.
    public var state: ChildDeclaration.StateSource

    /// Makes a spec; by default that of a child which an actor spawned: never started again.
    public init(
        restart: ChildDeclaration.Restart = .temporary,
        shutdown: ChildDeclaration.Shutdown = .timeout(.seconds(5)),
        state: ChildDeclaration.StateSource = .fresh
    ) {
        self.restart = restart
        self.shutdown = shutdown
        self.state = state
    }

    /// The spec of a child that an actor spawns: what the child's own manifest asks for.
    init(ofSpawned settings: SupervisionSettings) {
        self.init()
        restart = settings.restart ?? restart
        shutdown = settings.shutdown ?? shutdown
        state = settings.state ?? state
    }

    /// The spec of a declared child.
    public init(_ declaration: ChildDeclaration) {
        self.init(
            restart: declaration.restart, shutdown: declaration.shutdown, state: declaration.state)
    }
}
