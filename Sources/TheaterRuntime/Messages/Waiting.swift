// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterPlatform

/// Somebody who waits for an answer, and gets exactly one: the first.
final class Waiting<Success: Sendable, Failure: Error>: Sendable {
    private struct State: Sendable {
        var answer: (@Sendable (Result<Success, Failure>) -> Void)?
        /// Gives back what the wait holds, before the answer is told.
        var release: (@Sendable () -> Void)?
        var timer: Deadlines.Entry?
    }

    private let state: Mutex<State>
    private let deadlines: Deadlines

    init(
        deadlines: Deadlines, release: (@Sendable () -> Void)?,
        answer: @escaping @Sendable (Result<Success, Failure>) -> Void
    ) {
        self.deadlines = deadlines
        state = Mutex(State(answer: answer, release: release))
    }

    /// Answers, unless somebody has.
    ///
    /// - Returns: whether this was the answer.
    @discardableResult
    func settle(_ result: Result<Success, Failure>) -> Bool {
        let taken = state.withLock { state in
            defer { state = State() }
            return state
        }
        guard let answer = taken.answer else { return false }
        if let timer = taken.timer { deadlines.disarm(timer) }
        taken.release?()
        answer(result)
        return true
    }

    /// Has a closure called when no answer has come in time.
    func expire(at time: MonotonicTime, _ expired: @escaping @Sendable () -> Void) {
        // What was answered at once needs no timer.
        guard state.withLock({ $0.answer != nil }) else { return }
        let entry = Deadlines.Entry { _ in expired() }
        deadlines.arm(entry, at: time)
        let isOver = state.withLock { state in
            if state.answer != nil { state.timer = entry }
            return state.answer == nil
        }
        if isOver { deadlines.disarm(entry) }
    }
}
