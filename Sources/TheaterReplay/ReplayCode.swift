// SPDX-License-Identifier: Apache-2.0

public import TheaterChain
public import TheaterEngine

/// What a chain says about the beginning of one life of its actor.
public struct ReplayBirth: Sendable, Hashable {
    /// The event that says so.
    public let sequence: UInt64
    /// The SHA-256 of the wasm.
    public let module: Digest
    /// The SHA-256 of the manifest, with the values of its variables.
    public let manifest: Digest
    /// What the actor was called.
    public let name: String?

    /// What an event says; `nil` when it is not the beginning of a life or a fork.
    public init?(_ event: ChainEvent) {
        guard event.type == EventType.spawned.name || event.type == EventType.forked.name else {
            return nil
        }
        switch try? event.decodedPayload() {
        case .spawned(let module, let manifest, let name, _, _, _)?:
            self.init(sequence: event.sequence, module: module, manifest: manifest, name: name)
        case .forked(let fork)?:
            self.init(
                sequence: event.sequence, module: fork.module, manifest: fork.manifest,
                name: fork.name)
        default: return nil
        }
    }

    /// What a chain says that is not at hand.
    public init(sequence: UInt64, module: Digest, manifest: Digest, name: String?) {
        self.sequence = sequence
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

    /// Makes the code of a life.
    public init(
        wasm: [UInt8], limits: GuestLimits = GuestLimits(), startFuel: UInt64 = 10_000_000_000
    ) {
        self.wasm = wasm
        self.limits = limits
        self.startFuel = startFuel
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
