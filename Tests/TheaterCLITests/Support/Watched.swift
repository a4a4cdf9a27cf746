// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A value that others wait for.
final class Watched<Value: Sendable>: Sendable {
    private struct Waiter {
        let isEnough: @Sendable (Value) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var value: Value
        var waiters: [Waiter] = []
    }

    private let state: Mutex<State>

    init(_ value: Value) { state = Mutex(State(value: value)) }

    var value: Value { state.withLock { $0.value } }

    /// Changes it, and wakes who waited for that.
    func change(_ edit: (inout Value) -> Void) {
        let done = state.withLock { state in
            edit(&state.value)
            let value = state.value
            let first = state.waiters.partition { $0.isEnough(value) }
            defer { state.waiters.removeSubrange(first...) }
            return state.waiters[first...]
        }
        for waiter in done { waiter.continuation.resume() }
    }

    /// Waits until it is as wanted.
    func wait(until isEnough: @escaping @Sendable (Value) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if isEnough(state.value) { return true }
                state.waiters.append(Waiter(isEnough: isEnough, continuation: continuation))
                return false
            }
            if isDone { continuation.resume() }
        }
    }
}
