// SPDX-License-Identifier: Apache-2.0

public import TheaterEngine
public import TheaterPlatform
public import TheaterValue

/// What a replay found.
public struct ReplayVerdict: Sendable, Hashable {
    /// What was replayed.
    public internal(set) var counts = ReplayCounts()
    /// The first difference between the chain and the run; `nil` when there is none.
    public internal(set) var divergence: ReplayDivergence?
    /// Whether a life ran on other wasm than the chain names.
    public internal(set) var hasOtherCode = false
    /// Whether a life ran with the limits that most actors have, because its own are not known.
    public internal(set) var assumesLimits = false

    /// Whether the code did what the chain says.
    public var isFaithful: Bool { divergence == nil }
}

/// How much was replayed.
public struct ReplayCounts: Sendable, Hashable {
    /// Events that were compared, or that say nothing a guest could do differently.
    public internal(set) var events: UInt64 = 0
    /// Lives of the actor: one, and one for each time it was started again.
    public internal(set) var lives: UInt64 = 0
    /// Calls of exports that were made again.
    public internal(set) var calls: UInt64 = 0
    /// Host calls that were answered from the chain, errors included.
    public internal(set) var hostCalls: UInt64 = 0
    /// Host calls of those that had no answer.
    public internal(set) var hostErrors: UInt64 = 0
    /// Answers that are recorded as another value than the guest had, for they held a secret.
    public internal(set) var redacted: UInt64 = 0
    /// Calls that failed again as they had: a trap, or no fuel left.
    public internal(set) var failures: UInt64 = 0
    /// Calls that the clock or a kill had cut off, and that were replayed up to there.
    public internal(set) var cutOff: UInt64 = 0
    /// The fuel that the calls that returned used.
    public internal(set) var fuel: UInt64 = 0
}

/// The first place where a run does not do what its chain says.
public struct ReplayDivergence: Sendable, Hashable {
    /// In what way. Raw values are stable.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The event is not as it was recorded.
        case alteredEvent = "replay.altered-event"
        /// The event's payload does not decode.
        case unreadableEvent = "replay.unreadable-event"
        /// The event cannot stand where it stands.
        case unexpectedEvent = "replay.unexpected-event"
        /// The guest called another host function than was recorded.
        case otherCall = "replay.other-call"
        /// The guest called the recorded host function with another input.
        case otherInput = "replay.other-input"
        /// The guest called a host function where it had made no call.
        case extraCall = "replay.extra-call"
        /// The guest ended its call without a host call that it had made.
        case missingCall = "replay.missing-call"
        /// The guest answered with something else.
        case otherAnswer = "replay.other-answer"
        /// The call ended in another way: with an answer instead of a failure, or the other way round.
        case otherEnd = "replay.other-end"
        /// The call used another amount of fuel.
        case otherFuel = "replay.other-fuel"
        /// The code has no function that was called.
        case unknownFunction = "replay.unknown-function"
        /// The guest did not start, although it had.
        case otherStart = "replay.other-start"
    }

    /// The exported function in whose call it happened.
    public struct Call: Sendable, Hashable {
        /// The event that the call began with.
        public let sequence: UInt64
        /// The function.
        public let function: String
    }

    /// One of the two sides.
    public struct Side: Sendable, Hashable {
        /// What happened.
        public let what: String
        /// What was passed, in the guest's encoding; `nil` when nothing was.
        public let bytes: [UInt8]?

        init(_ what: String, _ bytes: [UInt8]? = nil) {
            self.what = what
            self.bytes = bytes
        }

        /// What was passed, decoded; `nil` when nothing was, or it does not decode.
        public var value: Value? { bytes.flatMap { try? CGRF.decode($0) } }
    }

    /// In what way.
    public let kind: Kind
    /// Which event.
    public let sequence: UInt64
    /// Whose chain it is in; for a fork it may be the one that it left.
    public internal(set) var actor: ActorID?
    /// What is different, in a sentence.
    public let detail: String
    /// What the chain says.
    public let recorded: Side?
    /// What the run did.
    public let replayed: Side?
    /// The call it happened in.
    public internal(set) var call: Call?
    /// The wasm functions it happened in, innermost first.
    public internal(set) var frames: [EngineError.Frame] = []
    /// The first answer before it that is recorded as another value than the guest had: the guest
    /// saw something else in this run, which may be the whole difference.
    public internal(set) var redactedAt: UInt64?

    init(
        _ kind: Kind, _ sequence: UInt64, _ detail: String, recorded: Side? = nil,
        replayed: Side? = nil
    ) {
        self.kind = kind
        self.sequence = sequence
        self.detail = detail
        self.recorded = recorded
        self.replayed = replayed
    }

    /// Where in the two values they differ; empty when one of them is no value.
    public func differences(countMax: Int = 16) -> [ValueDifference] {
        guard let left = recorded?.value, let right = replayed?.value else { return [] }
        return ValueDiff.differences(left, right, countMax: countMax)
    }
}

extension ReplayDivergence: CustomStringConvertible {
    /// The event, what is different, and the code.
    public var description: String { "event \(sequence): \(detail) [\(kind.rawValue)]" }
}
