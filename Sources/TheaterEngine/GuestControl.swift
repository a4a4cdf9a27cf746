// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
public import TheaterPlatform

/// The handle by which others end a guest at once, whatever it is doing, and by which what it waits for
/// answers it.
///
/// One control belongs to one guest for its life. `kill` may be called from any thread, any number
/// of times; the first reason stays.
public final class GuestControl: Sendable {
    enum Outcome: Sendable {
        case answered(any Sendable)
        case deadline
        case killed(EngineError)
    }

    private struct State {
        var killed: EngineError?
        /// Counts waits, so that what arrives late for an earlier one is dropped.
        var wait: UInt64 = 0
        var outcome: Outcome?
        var waiter: CheckedContinuation<Outcome, Never>?
        var lateness: Deadlines.Entry?
        /// When the present wait is late.
        var deadline: MonotonicTime?
    }

    let world: World
    private let deadlines: Deadlines
    private let state = Mutex(State())
    private let flag = Atomic<Bool>(false)

    /// Makes a control for one guest.
    ///
    /// - Parameter deadlines: where waits are watched; those of one node share it.
    public init(world: World = .system, deadlines: Deadlines? = nil) {
        self.world = world
        self.deadlines = deadlines ?? Deadlines(world: world)
    }

    /// Why the guest must end; `nil` while it may live. Cheap.
    public var killedBecause: EngineError? {
        flag.load(ordering: .relaxed) ? state.withLock { $0.killed } : nil
    }

    /// Ends the guest: a running one at its next yield, a waiting one now.
    public func kill(_ reason: EngineError) {
        let waiter = state.withLock { state -> CheckedContinuation<Outcome, Never>? in
            guard state.killed == nil else { return nil }
            state.killed = reason
            flag.store(true, ordering: .relaxed)
            state.outcome = .killed(reason)
            defer { state.waiter = nil }
            return state.waiter
        }
        if world.has(.deafKill) { return }
        waiter?.resume(returning: .killed(reason))
    }

    /// Begins a wait, and lets `start` begin what is waited for.
    ///
    /// - Returns: the wait's completion, whose outcome is taken next.
    func park(_ start: (HostCompletion) -> Void) -> HostCompletion {
        let number = state.withLock { state -> UInt64 in
            state.wait += 1
            state.outcome = state.killed.map { .killed($0) }
            state.deadline = nil
            return state.wait
        }
        let completion = HostCompletion(control: self, number: number)
        start(completion)
        return completion
    }

    /// The outcome of a wait, if it is there.
    func outcome(of completion: HostCompletion) -> Outcome? {
        state.withLock { $0.wait == completion.number ? $0.outcome : nil }
    }

    /// Waits for the outcome of a wait, a deadline or a kill, whichever comes first.
    func awaitOutcome(
        of completion: HostCompletion, until deadline: MonotonicTime?
    ) async -> Outcome {
        let entry = deadline.map { deadline in
            let entry = state.withLock { state in
                let known = state.lateness ?? Deadlines.Entry { [weak self] in self?.late($0) }
                state.lateness = known
                state.deadline = deadline
                return known
            }
            deadlines.arm(entry, at: deadline)
            return entry
        }
        defer { if let entry { deadlines.disarm(entry) } }
        return await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> Outcome? in
                if let outcome = state.outcome { return outcome }
                state.waiter = continuation
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }

    private func late(_ time: MonotonicTime) {
        // What was armed for an earlier wait may come late itself.
        let number = state.withLock { state in
            state.deadline.map { $0 <= time } == true ? state.wait : nil
        }
        if let number { finish(number, .deadline) }
    }

    /// Runs an operation that must be over by a deadline; cancels it, and goes on without it, when it is not.
    public func finishes(
        _ operation: @escaping @Sendable () async -> Void, by deadline: MonotonicTime
    ) async -> Bool {
        var work: Task<Void, Never>?
        let completion = park { completion in
            work = world.start {
                await operation()
                completion.resume(returning: true)
            }
        }
        let outcome = await awaitOutcome(of: completion, until: deadline)
        if case .answered = outcome { return true }
        work?.cancel()
        return false
    }

    fileprivate func finish(_ number: UInt64, _ outcome: Outcome) {
        let waiter = state.withLock { state -> CheckedContinuation<Outcome, Never>? in
            guard state.wait == number, state.outcome == nil else { return nil }
            state.outcome = outcome
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: outcome)
    }
}

/// Answers one wait of a guest, from any thread. The first answer counts; one that comes after the wait
/// is over is dropped.
public struct HostCompletion: Sendable {
    fileprivate let control: GuestControl
    fileprivate let number: UInt64

    /// Ends the wait with an answer, which goes to the wait's `then`.
    public func resume(returning answer: any Sendable) {
        control.finish(number, .answered(answer))
    }
}
