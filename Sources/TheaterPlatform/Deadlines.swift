// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Points in time at which something is told that it is late: one sleeping task for any number of waits.
///
/// Made for waits that nearly always end in time: arming and disarming cost a lock and no allocation,
/// and nothing is sorted. The task sleeps until the earliest time that was armed since it last looked.
public final class Deadlines: Sendable {
    /// A wait that can be told. One object serves any number of waits, one after the other.
    public final class Entry: @unchecked Sendable {
        // SAFETY: both are touched under the lock of the one `Deadlines` that the entry is armed in.
        fileprivate var slot = -1
        fileprivate var time = MonotonicTime(nanoseconds: .max)
        fileprivate let expired: @Sendable (MonotonicTime) -> Void

        /// Makes an entry.
        ///
        /// - Parameter expired: called once for each arming that expires, with the time that was armed, on a
        ///   task of the world; must not block. It may come after the entry was disarmed, when it was
        ///   under way.
        public init(expired: @escaping @Sendable (MonotonicTime) -> Void) { self.expired = expired }
    }

    private struct State {
        var armed: [Entry] = []
        /// No armed entry is earlier; when the task looks next.
        var next: MonotonicTime?
        var task: Task<Void, Never>?
        var generation: UInt64 = 0
    }

    private let world: World
    private let state = Mutex(State())

    /// Makes an empty list.
    public init(world: World = .system) { self.world = world }

    deinit { state.withLock { $0.task }?.cancel() }

    /// Arms an entry that is not armed. A time that is past expires soon after.
    public func arm(_ entry: Entry, at time: MonotonicTime) {
        state.withLock { state in
            assert(entry.slot < 0, "an entry is armed once at a time")
            entry.slot = state.armed.count
            entry.time = time
            state.armed.append(entry)
            if let next = state.next, next <= time || world.has(.sleepyDeadlines) { return }
            state.next = time
            sleep(until: time, &state)
        }
    }

    /// Disarms an entry; without effect when it is not armed.
    public func disarm(_ entry: Entry) {
        state.withLock { state in Self.remove(entry, &state) }
    }

    /// Forgets every wait and ends the task.
    public func close() {
        state.withLock { state in
            for entry in state.armed { entry.slot = -1 }
            state.armed = []
            state.next = nil
            state.generation += 1
            state.task?.cancel()
            state.task = nil
        }
    }

    /// How many entries are armed.
    public var count: Int { state.withLock { $0.armed.count } }

    private static func remove(_ entry: Entry, _ state: inout State) {
        guard entry.slot >= 0 else { return }
        let last = state.armed.removeLast()
        if last !== entry {
            state.armed[entry.slot] = last
            last.slot = entry.slot
        }
        entry.slot = -1
    }

    private func sleep(until time: MonotonicTime, _ state: inout State) {
        state.generation += 1
        let generation = state.generation
        state.task?.cancel()
        state.task = world.start { [weak self, world] in
            guard (try? await world.sleep(until: time)) != nil else { return }
            self?.look(generation)
        }
    }

    private func look(_ generation: UInt64) {
        let now = world.now()
        let late = state.withLock { state -> [(entry: Entry, time: MonotonicTime)] in
            guard state.generation == generation else { return [] }
            let late = state.armed.filter { $0.time <= now }.map { ($0, $0.time) }
                .sorted { $0.1 < $1.1 }
            for (entry, _) in late { Self.remove(entry, &state) }
            state.next = state.armed.map(\.time).min()
            state.task = nil
            if let next = state.next { sleep(until: next, &state) }
            return late
        }
        for (entry, time) in late { entry.expired(time) }
    }
}
