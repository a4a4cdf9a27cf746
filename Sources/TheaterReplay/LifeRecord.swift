// SPDX-License-Identifier: Apache-2.0

public import TheaterChain

/// What the chain of a durable actor notes of its present life, as far as it was read.
public struct LifeRecord: Sendable, Hashable {
    /// Where the life stands in the tree; `nil` when it is not durable.
    public var placement: Placement?
    /// The number of the last mail whose call has begun.
    public var handledMail: UInt64?
    /// The number of the mail that the next call handles, if that is noted.
    public var takenMail: UInt64?
    /// Whether the actor has said that it takes messages.
    public var isRegistered = false

    /// Makes the record of a life of which nothing was read.
    public init() {}

    /// The event type of the call by which an actor says that it takes messages.
    public static let registering = "theater:simple/message-server-host/register"

    /// Takes the next event of the chain.
    mutating func take(_ event: ChainEvent, _ kind: EventPayload.Kind) {
        switch kind {
        case .spawned, .forked: self = LifeRecord()
        case .called:
            if let takenMail { handledMail = takenMail }
            takenMail = nil
        case .hostCall: if event.type == Self.registering { isRegistered = true }
        case .note:
            switch try? event.decodedPayload() {
            case .note(.durable(let placement))?: self.placement = placement
            case .note(.taken(let mail))?: takenMail = mail
            // A crash came before the call that was to handle it: it is taken again.
            case .note(.resumed)?: takenMail = nil
            default: break
            }
        default: break
        }
    }
}
