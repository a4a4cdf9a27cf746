// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
public import TheaterPlatform

/// The handle by which others end a guest at once, whatever it is doing.
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
    }

    private let state = Mutex(State())
    private let flag = Atomic<Bool>(false)

    let world: World

    /// Makes a control for one guest.
    public init(world: World = .system) { self.world = world }

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
        waiter?.resume(returning: .killed(reason))
    }

    /// Waits for a host operation, a deadline or a kill, whichever comes first.
    ///
    /// The operation runs in a task of its own, so that cancelling the caller of an actor does not
    /// cancel what the actor is doing; when the wait ends otherwise it is cancelled.
    func wait(
        for operation: @escaping @Sendable () async -> any Sendable, until deadline: MonotonicTime?
    ) async -> Outcome {
        let number = state.withLock { state -> UInt64? in
            guard state.killed == nil else { return nil }
            state.wait += 1
            state.outcome = nil
            return state.wait
        }
        guard let number else {
            return .killed(killedBecause ?? EngineError(.killed, "the actor was ended"))
        }
        let work = world.start { self.finish(number, .answered(await operation())) }
        let timer = deadline.map { deadline in
            world.start {
                guard (try? await self.world.sleep(until: deadline)) != nil else { return }
                self.finish(number, .deadline)
            }
        }
        let outcome = await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> Outcome? in
                if let outcome = state.outcome { return outcome }
                state.waiter = continuation
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
        timer?.cancel()
        if case .answered = outcome {} else { work.cancel() }
        return outcome
    }

    /// Runs an operation that must be over by a deadline; cancels it, and goes on without it, when it is not.
    public func finishes(
        _ operation: @escaping @Sendable () async -> Void, by deadline: MonotonicTime
    ) async -> Bool {
        let outcome = await wait(
            for: {
                await operation()
                return true
            }, until: deadline)
        if case .answered = outcome { return true }
        return false
    }

    private func finish(_ number: UInt64, _ outcome: Outcome) {
        let waiter = state.withLock { state -> CheckedContinuation<Outcome, Never>? in
            guard state.wait == number, state.outcome == nil else { return nil }
            state.outcome = outcome
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: outcome)
    }
}
