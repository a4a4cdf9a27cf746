// SPDX-License-Identifier: Apache-2.0

public import TheaterChain
public import TheaterPlatform
public import TheaterRuntime
public import TheaterStore

/// The parts of a node that its API reaches.
public final class ServedNode: Sendable {
    /// The actors.
    public let system: ActorSystem
    /// The door for commands.
    public let control: ControlPlane
    /// The chains.
    public let journal: Journal
    /// Where modules are kept.
    public let store: ContentStore
    /// Its clocks and chance.
    public let world: World

    /// Puts the parts together.
    public init(
        system: ActorSystem, control: ControlPlane, journal: Journal, store: ContentStore,
        world: World = .system
    ) {
        self.system = system
        self.control = control
        self.journal = journal
        self.store = store
        self.world = world
    }
}
