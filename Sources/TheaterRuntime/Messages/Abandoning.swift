// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// How to give up a wait, which may be asked for before it is known.
final class Abandoning: Sendable {
    private struct State {
        var action: (@Sendable () -> Void)?
        var isAbandoned = false
    }

    private let state = Mutex(State())

    func set(_ action: @escaping @Sendable () -> Void) {
        let isAbandoned = state.withLock { state in
            state.action = action
            return state.isAbandoned
        }
        if isAbandoned { action() }
    }

    func abandon() {
        let action = state.withLock { state in
            state.isAbandoned = true
            return state.action
        }
        action?()
    }
}
