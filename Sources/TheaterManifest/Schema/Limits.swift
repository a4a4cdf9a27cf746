// SPDX-License-Identifier: Apache-2.0

/// The bounds an actor lives in: the table `[limits]`.
public struct Limits: Sendable, Hashable {
    /// How large the actor's memory may grow (`memory`).
    public var memory = ByteCount.mebibytes(64)
    /// How many elements its tables may hold (`table_elements`).
    public var tableElements = 10_000
    /// How much fuel one call may burn (`fuel_per_call`); fuel is about one per instruction.
    public var fuelPerCall: UInt64 = 10_000_000_000
    /// How much fuel all calls of one life may burn together (`fuel_per_life`); `nil` for any amount.
    public var fuelPerLife: UInt64?
    /// How long one call may take, waiting included (`call_timeout`).
    public var callTimeout = Duration.seconds(30)
    /// How long the actor may take to start (`init_timeout`).
    public var initTimeout = Duration.seconds(10)
    /// How long the actor waits at most for the answer to a request of its own (`request_timeout`);
    /// `nil` leaves it to the handler.
    public var requestTimeout: Duration?
    /// How old a waiting message or the running call may become before the actor is flagged
    /// (`message_age_max`).
    public var messageAgeMax = Duration.seconds(30)
    /// How many messages may wait (`mailbox`).
    public var mailbox = 1_024
    /// What happens to a message that finds the mailbox full (`mailbox_policy`).
    public var mailboxPolicy = MailboxPolicy.reject

    /// Makes limits with every bound at its default.
    public init() {}

    /// The narrower of both bounds, each for itself.
    public func within(_ other: Limits) -> Limits {
        var limits = self
        limits.memory = min(memory, other.memory)
        limits.tableElements = min(tableElements, other.tableElements)
        limits.fuelPerCall = min(fuelPerCall, other.fuelPerCall)
        limits.fuelPerLife = [fuelPerLife, other.fuelPerLife].compactMap { $0 }.min()
        limits.callTimeout = min(callTimeout, other.callTimeout)
        limits.initTimeout = min(initTimeout, other.initTimeout)
        limits.requestTimeout = [requestTimeout, other.requestTimeout].compactMap { $0 }.min()
        limits.messageAgeMax = min(messageAgeMax, other.messageAgeMax)
        limits.mailbox = min(mailbox, other.mailbox)
        return limits
    }

    /// What `memory` may be.
    public static let memoryBounds = ByteCount.kibibytes(64)...ByteCount.gibibytes(4)
    /// What `table_elements` may be.
    public static let tableElementsBounds = 0...1_000_000
    /// What `fuel_per_call` may be.
    public static let fuelPerCallBounds: ClosedRange<UInt64> = 1...(1 << 62)
    /// What `fuel_per_life` may be.
    public static let fuelPerLifeBounds: ClosedRange<UInt64> = 1...(1 << 62)
    /// What the timeouts may be.
    public static let timeoutBounds = Duration.milliseconds(1)...Duration.seconds(86_400)
    /// What `mailbox` may be.
    public static let mailboxBounds = 1...1_000_000
}

extension Limits {
    static let keys = [
        "memory", "table_elements", "fuel_per_call", "fuel_per_life", "call_timeout",
        "init_timeout", "request_timeout", "message_age_max", "mailbox",
        "mailbox_policy",
    ]

    init(_ reader: inout SectionReader) {
        let defaults = Limits()
        memory = reader.bytes("memory", in: Self.memoryBounds) ?? defaults.memory
        tableElements =
            reader.integer("table_elements", in: Self.tableElementsBounds)
            ?? defaults.tableElements
        let fuel = reader.integer("fuel_per_call", in: 1...(1 << 62))
        fuelPerCall = fuel.flatMap { UInt64(exactly: $0) } ?? defaults.fuelPerCall
        let life = reader.integer("fuel_per_life", in: 1...(1 << 62))
        fuelPerLife = life.flatMap { UInt64(exactly: $0) }
        callTimeout =
            reader.duration("call_timeout", in: Self.timeoutBounds) ?? defaults.callTimeout
        initTimeout =
            reader.duration("init_timeout", in: Self.timeoutBounds) ?? defaults.initTimeout
        requestTimeout = reader.duration("request_timeout", in: Self.timeoutBounds)
        messageAgeMax =
            reader.duration("message_age_max", in: Self.timeoutBounds) ?? defaults.messageAgeMax
        mailbox = reader.integer("mailbox", in: Self.mailboxBounds) ?? defaults.mailbox
        let policy = reader.choice(
            "mailbox_policy", among: MailboxPolicy.allCases.map(\.rawValue))
        mailboxPolicy = policy.flatMap(MailboxPolicy.init(rawValue:)) ?? defaults.mailboxPolicy
    }
}

/// What happens when a message finds the mailbox full: the key `mailbox_policy` of `[limits]`.
public enum MailboxPolicy: String, Sendable, Hashable, CaseIterable {
    /// The newest is refused, and its sender hears that.
    case reject
    /// The oldest one-way message that waits makes room and becomes a dead letter. Without one, the
    /// newest is refused: requests, calls and what belongs to channels are never dropped.
    case dropOldest = "drop-oldest"
}
