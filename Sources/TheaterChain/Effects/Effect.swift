// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// What doing the same effect a second time would do.
public enum EffectKind: UInt8, Sendable, Hashable, CaseIterable {
    /// Nothing more: whoever performs it recognises the effect's identity, or what it does.
    case idempotent = 1
    /// It would be done twice.
    case once = 2
}

/// What becomes of an effect in doubt: one that was begun and of which nobody knows whether it took place.
public enum DoubtPolicy: UInt8, Sendable, Hashable, CaseIterable {
    /// It counts as failed.
    case fail = 1
    /// It stays open, and may be done again under the same identity.
    case retry = 2
    /// It stays open until somebody says what happened.
    case ask = 3

    /// How an effect in doubt is settled without asking anybody; `nil` when it stays open.
    public var settlement: EffectSettlement? {
        switch self {
        case .fail: .failed
        case .retry, .ask: nil
        }
    }
}

/// What an effect in doubt counts as, once it is settled.
public enum EffectSettlement: UInt8, Sendable, Hashable, CaseIterable {
    /// It took place: somebody looked.
    case done = 1
    /// It did not take place: somebody looked.
    case notDone = 2
    /// Nobody knows; its policy says that it counts as failed.
    case failed = 3
}

/// The identity of an effect: whose it is, and the place of its intent in the chain.
///
/// It stays the same however often the effect is tried, and no other effect has it: a fork of the chain
/// has another actor. Handlers pass it on as idempotency key.
public struct EffectID: Sendable, Hashable, CustomStringConvertible {
    /// Whose effect it is.
    public let actor: ActorID
    /// The sequence of the intent.
    public let sequence: UInt64

    /// Makes the identity of an effect.
    public init(actor: ActorID, sequence: UInt64) {
        self.actor = actor
        self.sequence = sequence
    }

    /// The actor, a colon and the sequence.
    public var description: String { "\(actor):\(sequence)" }
}

/// An effect in doubt: its intent is in the chain, and neither an outcome nor a settlement.
public struct EffectDoubt: Sendable, Hashable {
    /// Which effect it is.
    public let id: EffectID
    /// The label that the actor had when the chain began.
    public let name: String?
    /// When it was begun.
    public let time: WallTime
    /// The interface of the host function.
    public let interface: String
    /// The host function.
    public let function: String
    /// The arguments, in the encoding of the guest ABI.
    public let input: [UInt8]
    /// What doing it again would do.
    public let kind: EffectKind
    /// What its grant says about doubt.
    public let policy: DoubtPolicy
}
