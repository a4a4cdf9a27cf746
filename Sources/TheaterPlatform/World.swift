// SPDX-License-Identifier: Apache-2.0

/// The clocks of a simulated world, which move only when its driver says so.
public protocol SimulatedClock: Sendable {
    /// The monotonic time now.
    func monotonic() -> MonotonicTime
    /// The wall time now.
    func wall() -> WallTime
    /// Suspends the task until a point in time.
    ///
    /// - Throws: `CancellationError` when the task is cancelled meanwhile.
    func sleep(until time: MonotonicTime) async throws
}

/// The outside as the runtime sees it: its time, its chance, and the threads that its tasks run on.
///
/// One value goes through everything that runs in a node. ``system`` is the real one; a simulation makes
/// its own, so that the same seed gives the same run.
public struct World: Sendable {
    private let clock: (any SimulatedClock)?
    private let words: (@Sendable () -> UInt64)?
    /// Where tasks run; `nil` for Swift's own pool.
    public let executor: (any TaskExecutor)?
    /// The fault that is planted in this world's runtime; without effect in a release build.
    package var planted: PlantedFault?

    /// The real outside.
    public static let system = World(clock: nil, words: nil, executor: nil)

    /// Makes a simulated outside.
    ///
    /// - Parameters:
    ///   - words: the next random word; called from the executor alone.
    public init(
        clock: any SimulatedClock, words: @escaping @Sendable () -> UInt64,
        executor: any TaskExecutor
    ) {
        self.init(clock: .some(clock), words: .some(words), executor: .some(executor))
    }

    private init(
        clock: (any SimulatedClock)?, words: (@Sendable () -> UInt64)?,
        executor: (any TaskExecutor)?
    ) {
        self.clock = clock
        self.words = words
        self.executor = executor
    }

    /// Whether a fault is planted.
    @inline(__always)
    package func has(_ fault: PlantedFault) -> Bool {
        #if DEBUG
        planted == fault
        #else
        false
        #endif
    }

    /// Reads the monotonic clock.
    public func now() -> MonotonicTime { clock?.monotonic() ?? MonotonicTime.now() }

    /// Reads the wall clock.
    public func wallTime() -> WallTime { clock?.wall() ?? WallTime.now() }

    /// Suspends the task until a point in time; returns at once when that is past.
    ///
    /// - Throws: `CancellationError` when the task is cancelled meanwhile.
    public func sleep(until time: MonotonicTime) async throws {
        if let clock { return try await clock.sleep(until: time) }
        let left = time.nanoseconds - MonotonicTime.now().nanoseconds
        if left > 0 { try await Sleeper.sleep(for: .nanoseconds(left)) }
        try Task.checkCancellation()
    }

    /// Suspends the task for a time. See ``sleep(until:)``.
    public func sleep(for duration: Duration) async throws {
        try await sleep(until: now().advanced(by: duration))
    }

    /// A random word. Never for secrets in a simulated world.
    public func randomWord() -> UInt64 { words?() ?? Randomness.twoWords().0 }

    /// A new identity.
    public func newActorID() -> ActorID {
        guard let words else { return .random() }
        return ActorID(version4: (words(), words()))
    }

    /// Starts a task of this world. Whoever starts it owns it: cancels it and awaits it, or bounds it.
    ///
    /// - Parameter isUrgent: whether it goes before the tasks that actors run on; only for what is short, and
    ///   runs no guest.
    @discardableResult
    public func start(
        isUrgent: Bool = false, _ work: @escaping @Sendable () async -> Void
    ) -> Task<Void, Never> {
        if let executor { return Task(executorPreference: executor) { await work() } }
        return Task(priority: isUrgent ? .high : nil) { await work() }
    }
}
