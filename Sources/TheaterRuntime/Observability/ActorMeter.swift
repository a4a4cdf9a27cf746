// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterPlatform

/// What is counted of one actor while it works.
///
/// The actor's runner writes, one thread at a time; any thread reads, without a lock, and may see a
/// call half counted that ends at that moment. An actor that was called once at most has no tables.
final class ActorMeter: @unchecked Sendable {
    // SAFETY: what any thread touches is atomic. The tables at hand are the runner's alone, of which there is one at
    // a time, as it hands over through its mailbox's lock.
    private let calls = Atomic<UInt64>(0)
    private let errors = Atomic<UInt64>(0)
    private let fuel = Atomic<UInt64>(0)
    /// Nanoseconds inside of calls, and those of them in which a host call was waited for.
    private let callTime = Atomic<UInt64>(0)
    private let waitTime = Atomic<UInt64>(0)
    private let memory = Atomic<UInt64>(0)
    private let memoryPeak = Atomic<UInt64>(0)
    private let hostCalls = Atomic<UInt64>(0)
    /// When the running call began, and the host call that it waits for; zero when there is none.
    private let began = Atomic<UInt64>(0)
    private let waiting = Atomic<UInt64>(0)
    private let slowest = Atomic<UInt64>(0)
    private let restarts = Atomic<UInt64>(0)
    private let warnings = Atomic<UInt8>(0)
    /// Made at the second call and the first host call.
    private let latencies = AtomicLazyReference<Counters>()
    private let interfaces = AtomicLazyReference<Counters>()
    /// The same at hand, as loading them costs more than what is counted in them.
    private var ownLatencies: Counters?
    private var ownInterfaces: Counters?

    // MARK: The runner's side

    /// A call begins.
    func callBegan(at time: MonotonicTime) { began.set(Self.mark(time)) }

    /// The call is over: with an answer, an error value or a failure.
    func callEnded(at time: MonotonicTime, fuel used: UInt64, failed: Bool) {
        let duration = Self.elapsed(since: began.now, until: time)
        noteLatency(duration)
        fuel.bump(by: used)
        callTime.bump(by: duration)
        if failed { errors.bump() }
        calls.bump()
        waiting.set(0)
        began.set(0)
    }

    /// The actor calls a host function.
    ///
    /// - Parameters:
    ///   - interfaceIndex: the position of the function's interface among those the actor imports.
    ///   - count: how many interfaces it imports.
    func hostCall(interfaceIndex: Int, of count: Int) {
        hostCalls.bump()
        if let ownInterfaces { return ownInterfaces.raise(interfaceIndex) }
        let table = interfaces.storeIfNil(Counters(count: count))
        ownInterfaces = table
        table.raise(interfaceIndex)
    }

    /// The running call begins to wait for a host call.
    func waitBegan(at time: MonotonicTime) { waiting.set(Self.mark(time)) }

    /// The wait is over.
    func waitEnded(at time: MonotonicTime) {
        waitTime.bump(by: Self.elapsed(since: waiting.now, until: time))
        waiting.set(0)
    }

    /// How much memory the guest has.
    func memory(_ size: Int) {
        let size = UInt64(clamping: size)
        guard size != memory.now else { return }
        memory.set(size)
        if size > memoryPeak.now { memoryPeak.set(size) }
    }

    /// The actor begins another life.
    func restarted() { restarts.bump() }

    private func noteLatency(_ duration: UInt64) {
        let count = calls.now
        if count > 0 {
            let table: Counters
            if let ownLatencies {
                table = ownLatencies
            } else {
                table = latencies.storeIfNil(Counters(count: LatencyHistogram.bucketCount))
                ownLatencies = table
                // The first call was kept as the slowest.
                if count == 1 { table.raise(Self.bucket(slowest.now)) }
            }
            table.raise(Self.bucket(duration))
        }
        if duration > slowest.now { slowest.set(duration) }
    }

    private static func bucket(_ duration: UInt64) -> Int {
        LatencyHistogram.bucket(of: Int64(clamping: duration))
    }

    /// A time as it is kept: never zero.
    private static func mark(_ time: MonotonicTime) -> UInt64 {
        max(1, UInt64(clamping: time.nanoseconds))
    }

    private static func elapsed(since mark: UInt64, until time: MonotonicTime) -> UInt64 {
        let end = UInt64(clamping: time.nanoseconds)
        return mark > 0 && end > mark ? end - mark : 0
    }

    // MARK: Everybody's side

    /// What the watchdog found; zero for nothing.
    var found: Warnings {
        get { Warnings(rawValue: warnings.load(ordering: .relaxed)) }
        set { warnings.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// When the running call began.
    var callBegan: MonotonicTime? {
        let mark = began.now
        return mark == 0 ? nil : MonotonicTime(nanoseconds: Int64(clamping: mark))
    }

    /// How often each imported interface was called, by its position.
    var callsByInterface: [UInt64] { interfaces.load()?.values ?? [] }

    /// Everything at a point in time.
    func reading(at time: MonotonicTime) -> Reading {
        var reading = Reading()
        reading.calls = calls.now
        reading.errors = errors.now
        reading.fuel = fuel.now
        let wait = Self.elapsed(since: waiting.now, until: time)
        let running = Self.elapsed(since: began.now, until: time)
        reading.callTime = callTime.now &+ running
        reading.waitTime = min(waitTime.now &+ wait, reading.callTime)
        reading.memory = memory.now
        reading.memoryPeak = memoryPeak.now
        reading.hostCalls = hostCalls.now
        reading.restarts = restarts.now
        reading.slowest = slowest.now
        return reading
    }

    /// How long the calls took that are over.
    var latency: LatencyHistogram {
        if let table = latencies.load() { return LatencyHistogram(counts: table.values) }
        var histogram = LatencyHistogram()
        if calls.now > 0 { histogram.add(.nanoseconds(Int64(clamping: slowest.now))) }
        return histogram
    }

    /// Plain values of the counters. Times are in nanoseconds.
    struct Reading: Sendable, Hashable {
        var calls: UInt64 = 0
        var errors: UInt64 = 0
        var fuel: UInt64 = 0
        var callTime: UInt64 = 0
        var waitTime: UInt64 = 0
        var memory: UInt64 = 0
        var memoryPeak: UInt64 = 0
        var hostCalls: UInt64 = 0
        var restarts: UInt64 = 0
        var slowest: UInt64 = 0
    }

    /// What the watchdog found.
    struct Warnings: OptionSet, Sendable, Hashable {
        let rawValue: UInt8
        /// The running call is older than the limit.
        static let call = Warnings(rawValue: 1)
        /// The oldest message is older than the limit.
        static let message = Warnings(rawValue: 2)
    }
}
