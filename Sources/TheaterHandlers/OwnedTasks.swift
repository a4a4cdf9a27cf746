// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterPlatform

/// The tasks of one actor's handler: each can be cancelled, and closing cancels and awaits them all.
final class OwnedTasks: Sendable {
    private enum Slot {
        case starting(isCancelled: Bool)
        case running(Task<Void, Never>)
    }

    private struct State {
        var slots: [UInt64: Slot] = [:]
        var last: UInt64 = 0
        var isClosed = false
    }

    private let world: World
    private let countMax: Int
    private let state = Mutex(State())

    /// - Parameter countMax: how many tasks may be there at once, those that were cancelled and are not
    ///   over included.
    init(world: World, countMax: Int) {
        self.world = world
        self.countMax = countMax
    }

    /// Takes the number of a task to come; `nil` when there are too many, or it is closed.
    func reserve() -> UInt64? {
        state.withLock { state in
            guard !state.isClosed, state.slots.count < countMax else { return nil }
            state.last += 1
            state.slots[state.last] = .starting(isCancelled: false)
            return state.last
        }
    }

    /// Starts the task of a number, unless it was cancelled.
    func start(_ number: UInt64, _ work: @escaping @Sendable () async -> Void) {
        let mayStart = state.withLock { state -> Bool in
            if case .starting(isCancelled: false)? = state.slots[number] { return true }
            state.slots[number] = nil
            return false
        }
        guard mayStart else { return }
        let task = world.start {
            await work()
            self.forget(number)
        }
        let isCancelled = state.withLock { state -> Bool in
            // The task may be over already.
            guard case .starting(let isCancelled)? = state.slots[number] else { return false }
            state.slots[number] = .running(task)
            return isCancelled
        }
        if isCancelled { task.cancel() }
    }

    /// Cancels a task; without effect when it is over.
    func cancel(_ number: UInt64) {
        let task = state.withLock { state -> Task<Void, Never>? in
            switch state.slots[number] {
            case .running(let task)?: return task
            case .starting?: state.slots[number] = .starting(isCancelled: true)
            case nil: break
            }
            return nil
        }
        task?.cancel()
    }

    /// Gives a number back whose task is over, or was never started.
    func forget(_ number: UInt64) { state.withLock { $0.slots[number] = nil } }

    /// Waits until all tasks are over, without cancelling them, and starts no more.
    func finish() async {
        let tasks = state.withLock { state -> [Task<Void, Never>] in
            state.isClosed = true
            return state.slots.keys.sorted().compactMap { number in
                if case .running(let task)? = state.slots[number] { return task }
                state.slots[number] = .starting(isCancelled: true)
                return nil
            }
        }
        for task in tasks { await task.value }
    }

    /// Cancels all tasks, waits until they are over, and starts no more.
    func close() async {
        let tasks = state.withLock { state -> [Task<Void, Never>] in
            state.isClosed = true
            return state.slots.keys.sorted().compactMap { number in
                switch state.slots[number] {
                case .running(let task)?: return task
                case .starting?, nil:
                    state.slots[number] = .starting(isCancelled: true)
                    return nil
                }
            }
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }
}
