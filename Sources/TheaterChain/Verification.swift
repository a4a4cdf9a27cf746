// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// Something in a journal that is not as it was written.
public struct ChainProblem: Sendable, Hashable {
    /// The checks of a verification. Raw values are stable.
    public enum Check: String, Sendable, Hashable, CaseIterable {
        /// The first bytes of a segment.
        case segmentHeader = "chain.segment-header"
        /// The segments are numbered without a gap.
        case missingSegment = "chain.missing-segment"
        /// The segment digest at a mark or at the next segment's beginning: whether records were
        /// taken out, put in or put in another order.
        case segmentDigest = "chain.segment-digest"
        /// A record's sizes, kind and checksum.
        case record = "chain.damaged-record"
        /// The record that begins a chain, and that each chain has one.
        case chainRecord = "chain.chain-record"
        /// The events of a chain are numbered without a gap, and each appears once.
        case sequence = "chain.wrong-sequence"
        /// Each event names the one before it as its parent; the first names its actor.
        case parent = "chain.broken-link"
        /// Each record points back to the one before it in its chain.
        case backPointer = "chain.back-pointer"
        /// The payload has the digest that the event names.
        case payload = "chain.altered-payload"
        /// The event has the hash that its fields give.
        case eventHash = "chain.altered-event"
        /// The journal ends before a place that it reached.
        case cutTail = "chain.cut-tail"
    }

    /// Which check failed.
    public let check: Check
    /// Whose chain, when it can be told.
    public let actor: ActorID?
    /// Which event, when it can be told.
    public let sequence: UInt64?
    /// In which file.
    public let file: String
    /// Where in the file, in bytes.
    public let offset: UInt64
    /// What was found.
    public let detail: String
}

extension ChainProblem: CustomStringConvertible {
    /// The event, the place, what was found, and the code.
    public var description: String {
        let event =
            switch (actor, sequence) {
            case (let actor?, let sequence?): "event \(sequence) of actor \(actor), "
            case (let actor?, nil): "the chain of actor \(actor), "
            case (nil, _): ""
            }
        return "\(event)'\(file)' at byte \(offset): \(detail) [\(check.rawValue)]"
    }
}

/// What verifying one chain found.
public struct VerificationReport: Sendable, Hashable {
    /// Whose chain it is.
    public let actor: ActorID
    /// The label that the actor had when the chain began.
    public let name: String?
    /// The first event that is kept: zero, unless the oldest were dropped from memory.
    public let firstSequence: UInt64
    /// How many events the chain has, dropped ones included.
    public let count: UInt64
    /// The hash of its newest event, or the genesis of its actor when it has none.
    public let head: Digest
    /// The first thing that is wrong; `nil` when the chain is whole.
    public let problem: ChainProblem?

    /// Whether every event is as it was recorded, in order, from the first to the head.
    public var isValid: Bool { problem == nil }
}

/// What verifying a whole journal found.
public struct JournalVerification: Sendable, Hashable {
    /// One report for each chain, in the order in which the chains began.
    public let chains: [VerificationReport]
    /// Everything wrong, in file order: at most one problem of each chain and each segment.
    public let problems: [ChainProblem]
    /// How many segments were read.
    public let segmentCount: Int
    /// How many events were checked.
    public let eventCount: UInt64
    /// How many bytes at the end are not a whole record: being written, or left by a crash.
    public let tailSize: UInt64

    /// Whether nothing is wrong. A tail that was being written is not wrong.
    public var isValid: Bool { problems.isEmpty }
}
