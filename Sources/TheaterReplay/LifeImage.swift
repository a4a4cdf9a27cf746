// SPDX-License-Identifier: Apache-2.0

public import TheaterChain
public import TheaterEngine
public import TheaterPlatform

/// A life as it was between two calls: a replay goes on from there in place of the beginning.
public struct LifeImage: Sendable, Hashable {
    /// What the guest is.
    public var guest: GuestImage
    /// Whose life it is.
    public var actor: ActorID
    /// How many events the chain had.
    public var sequence: UInt64
    /// The hash of the last of them.
    public var head: Digest
    /// The SHA-256 of the wasm.
    public var module: Digest
    /// The fuel that the calls of the life had used.
    public var fuelUsed: UInt64
    /// What the chain had noted of the life.
    public var record: LifeRecord

    /// Makes an image.
    public init(
        guest: GuestImage, actor: ActorID, sequence: UInt64, head: Digest, module: Digest,
        fuelUsed: UInt64, record: LifeRecord
    ) {
        self.guest = guest
        self.actor = actor
        self.sequence = sequence
        self.head = head
        self.module = module
        self.fuelUsed = fuelUsed
        self.record = record
    }
}
