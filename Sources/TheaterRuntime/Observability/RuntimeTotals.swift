// SPDX-License-Identifier: Apache-2.0

/// What all actors of a node did together since it began.
public struct RuntimeTotals: Sendable, Hashable {
    /// How many actors there are that are not over for good.
    public internal(set) var actors = 0
    /// How many lives of actors were begun; a restart begins another.
    public internal(set) var livesStarted: UInt64 = 0
    /// How many lives are over, by how they ended.
    public internal(set) var livesEnded = EndCounts()
    /// How many calls are over.
    public internal(set) var calls: UInt64 = 0
    /// How many of them failed.
    public internal(set) var errors: UInt64 = 0
    /// The fuel that they used.
    public internal(set) var fuelUsed: UInt64 = 0
    /// How many host calls were made.
    public internal(set) var hostCalls: UInt64 = 0
    /// The memory of the live guests, in bytes.
    public internal(set) var memorySize: UInt64 = 0
    /// How many events subscribers lost because they were too slow.
    public internal(set) var eventsDropped: UInt64 = 0
    /// How many ends of children slow parents were not told of.
    public internal(set) var noticesDropped: UInt64 = 0
    /// How many calls the watchdog found to run longer than their limit.
    public internal(set) var callsFlagged: UInt64 = 0
    /// How many times it found that an actor's oldest message had waited longer than its limit.
    public internal(set) var messagesFlagged: UInt64 = 0
    /// How many messages reached nobody, by the code of the reason.
    public internal(set) var deadLetters: [String: UInt64] = [:]
    /// How long the calls took.
    public internal(set) var latency = LatencyHistogram()

    /// How many lives ended in which way.
    public struct EndCounts: Sendable, Hashable {
        /// Ended themselves.
        public internal(set) var completed: UInt64 = 0
        /// Stopped in order.
        public internal(set) var stopped: UInt64 = 0
        /// Ended at once.
        public internal(set) var killed: UInt64 = 0
        /// Trapped, broke a limit or the convention, or could not be recorded.
        public internal(set) var failed: UInt64 = 0

        /// All together.
        public var total: UInt64 { completed + stopped + killed + failed }

        mutating func add(_ reason: ExitReason) {
            switch reason {
            case .completed: completed += 1
            case .stopped: stopped += 1
            case .killed: killed += 1
            case .failed: failed += 1
            }
        }
    }

    mutating func add(_ reading: ActorMeter.Reading, _ latency: LatencyHistogram) {
        calls &+= reading.calls
        errors &+= reading.errors
        fuelUsed &+= reading.fuel
        hostCalls &+= reading.hostCalls
        memorySize &+= reading.memory
        self.latency.merge(latency)
    }
}
