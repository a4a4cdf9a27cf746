// SPDX-License-Identifier: Apache-2.0

public import TheaterChain
public import TheaterEngine
public import TheaterPlatform

/// What a chain says about the beginning of one life of its actor, or about the code that it goes on
/// with from an upgrade on.
public struct ReplayBirth: Sendable, Hashable {
    /// Whose chain it is in.
    public let actor: ActorID
    /// The event that says so.
    public let sequence: UInt64
    /// The SHA-256 of the wasm.
    public let module: Digest
    /// The SHA-256 of the manifest, with the values of its variables.
    public let manifest: Digest
    /// What the actor was called.
    public let name: String?

    /// What an event says; `nil` when the actor does not go on with other code from there on: it is not the
    /// beginning of a life, a fork or an upgrade, or the undoing of one.
    public init?(_ event: ChainEvent) {
        switch event.type {
        case EventType.spawned.name, EventType.forked.name, EventType.upgradeBegun.name,
            EventType.upgradeUndone.name:
            break
        default: return nil
        }
        switch try? event.decodedPayload() {
        case .spawned(let module, let manifest, let name, _, _, _)?:
            self.init(event, module: module, manifest: manifest, name: name)
        case .forked(let fork)?:
            self.init(event, module: fork.module, manifest: fork.manifest, name: fork.name)
        case .upgrade(let step)?:
            self.init(
                event, module: step.stage == .undone ? step.from : step.to,
                manifest: step.manifest, name: nil)
        default: return nil
        }
    }

    /// What a chain says that is not at hand.
    public init(
        of actor: ActorID, sequence: UInt64, module: Digest, manifest: Digest, name: String?
    ) {
        self.actor = actor
        self.sequence = sequence
        self.module = module
        self.manifest = manifest
        self.name = name
    }

    init(_ event: ChainEvent, module: Digest, manifest: Digest, name: String?) {
        actor = event.actor
        sequence = event.sequence
        self.module = module
        self.manifest = manifest
        self.name = name
    }
}

/// What a life is made of again.
public struct ReplayCode: Sendable {
    /// The wasm.
    public var wasm: [UInt8]
    /// The memory and the tables that the guest may have, which decide whether its memory can grow.
    public var limits: GuestLimits
    /// The fuel for the guest's start function.
    public var startFuel: UInt64
    /// Whether these are the limits of the life, and not those that most actors have.
    public let knowsLimits: Bool

    /// Makes the code of a life.
    public init(wasm: [UInt8], limits: GuestLimits, startFuel: UInt64) {
        self.wasm = wasm
        self.limits = limits
        self.startFuel = startFuel
        knowsLimits = true
    }

    /// Makes the code of a life whose limits nobody knows: it gets those that most actors have, and the
    /// verdict says so.
    public init(wasm: [UInt8]) {
        self.wasm = wasm
        limits = GuestLimits()
        startFuel = 10_000_000_000
        knowsLimits = false
    }
}

/// Finds what the lives of a chain were made of.
public protocol ReplayLibrary {
    /// The code of a life.
    ///
    /// Code with another digest than the chain names is run all the same; fuel and places in the
    /// wasm are not compared then.
    func code(for birth: ReplayBirth) async throws(ReplayError) -> ReplayCode
}

/// One wasm for every life, such as a rebuilt one.
public struct OneCode: ReplayLibrary, Sendable {
    private let code: ReplayCode

    /// Makes a library of one wasm.
    public init(_ code: ReplayCode) { self.code = code }

    /// The code, whatever the chain names.
    public func code(for birth: ReplayBirth) async throws(ReplayError) -> ReplayCode { code }
}
