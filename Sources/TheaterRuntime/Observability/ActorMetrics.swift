// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// What an actor did and holds, at one moment. Read without asking the actor.
public struct ActorMetrics: Sendable, Hashable, Codable {
    /// The actor.
    public let actor: ActorID
    /// Its name.
    public let name: String
    /// Where it stands.
    public internal(set) var status: ActorStatus
    /// How many calls of its exports are over, `init` and callbacks included.
    public let calls: UInt64
    /// How many of them failed: with an error value, a trap or a limit.
    public let errors: UInt64
    /// The fuel that they used, as far as the engine had counted when one was cut short.
    public let fuelUsed: UInt64
    /// The time inside of calls, a running one included.
    public let callTime: Duration
    /// The time inside of calls without the waits for host calls: what the actor's code and its quick
    /// host calls took of a processor, and what they waited for one. Never less than the processor time,
    /// and about the same while there are processors to spare. It is not processor time: reading that at
    /// each slice would double the time of a short call.
    public let busyTime: Duration
    /// The guest's memory, in bytes; zero when it is over.
    public let memorySize: UInt64
    /// The most that it was.
    public let memoryPeak: UInt64
    /// How many calls wait in the mailbox.
    public let mailboxDepth: Int
    /// How long the oldest of them has waited; `nil` when none waits.
    public let oldestMessageAge: Duration?
    /// How long the running call has run; `nil` when none runs.
    public let runningCallAge: Duration?
    /// How often it called the host functions of each interface that it imports, by name.
    public let hostCalls: [HostCallCount]
    /// How many events its chain has; `nil` when it is not recorded.
    public let chainLength: UInt64?
    /// How often it was started again.
    public let restarts: UInt64
    /// The longest call that is over; zero without one.
    public let slowestCall: Duration
    /// How long the calls took that are over.
    public let latency: LatencyHistogram
    /// What the watchdog found and still holds.
    public let warnings: [Warning]

    /// How often an actor called one interface.
    public struct HostCallCount: Sendable, Hashable, Codable {
        /// The interface, such as `theater:simple/runtime`.
        public let interface: String
        /// How many calls of its functions.
        public let count: UInt64
    }

    /// Something that is older than its limit.
    public enum Warning: String, Sendable, Hashable, Codable, CaseIterable {
        /// The running call.
        case runningCall = "running-call"
        /// The oldest message of the mailbox.
        case oldestMessage = "oldest-message"
    }

    private enum CodingKeys: String, CodingKey {
        case actor, name, status, calls, errors, restarts, latency, warnings
        case fuelUsed = "fuel_used"
        case callTime = "call_time_ns"
        case busyTime = "busy_time_ns"
        case memorySize = "memory"
        case memoryPeak = "memory_peak"
        case mailboxDepth = "mailbox_depth"
        case oldestMessageAge = "oldest_message_age_ns"
        case runningCallAge = "running_call_age_ns"
        case hostCalls = "host_calls"
        case chainLength = "chain_length"
        case slowestCall = "slowest_call_ns"
    }
}

extension ActorMetrics {
    /// Reads what ``encode(to:)`` writes.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func duration(_ key: CodingKeys) throws -> Duration? {
            try values.decodeIfPresent(Int64.self, forKey: key).map { .nanoseconds($0) }
        }
        let text = try values.decode(String.self, forKey: .actor)
        guard let actor = ActorID(text) else {
            throw DecodingError.dataCorruptedError(
                forKey: .actor, in: values, debugDescription: "this is no actor's identity")
        }
        self.actor = actor
        name = try values.decode(String.self, forKey: .name)
        status = try values.decode(ActorStatus.self, forKey: .status)
        calls = try values.decode(UInt64.self, forKey: .calls)
        errors = try values.decode(UInt64.self, forKey: .errors)
        fuelUsed = try values.decode(UInt64.self, forKey: .fuelUsed)
        callTime = try duration(.callTime) ?? .zero
        busyTime = try duration(.busyTime) ?? .zero
        memorySize = try values.decode(UInt64.self, forKey: .memorySize)
        memoryPeak = try values.decode(UInt64.self, forKey: .memoryPeak)
        mailboxDepth = try values.decode(Int.self, forKey: .mailboxDepth)
        oldestMessageAge = try duration(.oldestMessageAge)
        runningCallAge = try duration(.runningCallAge)
        hostCalls = try values.decode([HostCallCount].self, forKey: .hostCalls)
        chainLength = try values.decodeIfPresent(UInt64.self, forKey: .chainLength)
        restarts = try values.decode(UInt64.self, forKey: .restarts)
        slowestCall = try duration(.slowestCall) ?? .zero
        latency = try values.decode(LatencyHistogram.self, forKey: .latency)
        warnings = try values.decode([Warning].self, forKey: .warnings)
    }

    /// Writes an object with the names of `Documentation/Observability.md`; durations in nanoseconds.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(actor.description, forKey: .actor)
        try values.encode(name, forKey: .name)
        try values.encode(status, forKey: .status)
        try values.encode(calls, forKey: .calls)
        try values.encode(errors, forKey: .errors)
        try values.encode(fuelUsed, forKey: .fuelUsed)
        try values.encode(callTime.wholeNanoseconds, forKey: .callTime)
        try values.encode(busyTime.wholeNanoseconds, forKey: .busyTime)
        try values.encode(memorySize, forKey: .memorySize)
        try values.encode(memoryPeak, forKey: .memoryPeak)
        try values.encode(mailboxDepth, forKey: .mailboxDepth)
        try values.encodeIfPresent(oldestMessageAge?.wholeNanoseconds, forKey: .oldestMessageAge)
        try values.encodeIfPresent(runningCallAge?.wholeNanoseconds, forKey: .runningCallAge)
        try values.encode(hostCalls, forKey: .hostCalls)
        try values.encodeIfPresent(chainLength, forKey: .chainLength)
        try values.encode(restarts, forKey: .restarts)
        try values.encode(slowestCall.wholeNanoseconds, forKey: .slowestCall)
        try values.encode(latency, forKey: .latency)
        try values.encode(warnings, forKey: .warnings)
    }
}

extension ActorMetrics {
    /// The same of an actor that is over.
    func ended(_ reason: ExitReason) -> ActorMetrics {
        var metrics = self
        metrics.status = reason.status
        return metrics
    }

    /// Puts a reading and what the cell knows together.
    init(
        info: ActorInfo, reading: ActorMeter.Reading, latency: LatencyHistogram,
        hostCalls: [HostCallCount], oldestMessageAge: Duration?, runningCallAge: Duration?,
        chainLength: UInt64?, warnings: ActorMeter.Warnings
    ) {
        actor = info.id
        name = info.name
        status = info.status
        calls = reading.calls
        errors = reading.errors
        fuelUsed = reading.fuel
        callTime = .nanoseconds(Int64(clamping: reading.callTime))
        busyTime = .nanoseconds(Int64(clamping: reading.callTime - reading.waitTime))
        memorySize = reading.memory
        memoryPeak = reading.memoryPeak
        mailboxDepth = info.mailboxDepth
        self.oldestMessageAge = oldestMessageAge
        self.runningCallAge = runningCallAge
        self.hostCalls = hostCalls
        self.chainLength = chainLength
        restarts = reading.restarts
        slowestCall = .nanoseconds(Int64(clamping: reading.slowest))
        self.latency = latency
        self.warnings =
            (warnings.contains(.call) ? [.runningCall] : [])
            + (warnings.contains(.message) ? [.oldestMessage] : [])
    }
}
