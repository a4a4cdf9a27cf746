// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Waits for one descriptor in one direction: one waiter at a time, which can be told to wait no more.
final class Readiness: Sendable {
    private struct State {
        var waiter: CheckedContinuation<Void, Never>?
        var watch: UInt64?
        var isOver = false
    }

    private let poller: Poller
    private let descriptor: Descriptor
    private let direction: Poller.Direction
    private let state = Mutex(State())

    init(_ descriptor: Descriptor, _ direction: Poller.Direction, _ poller: Poller) {
        self.descriptor = descriptor
        self.direction = direction
        self.poller = poller
    }

    /// Whether nobody waits any more.
    var isOver: Bool { state.withLock { $0.isOver } }

    /// Returns when the descriptor is ready, or at once when waiting is over, as it is when the descriptor
    /// cannot be watched any more.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiter = continuation }
                return state.isOver
            }
            guard !isOver else { return continuation.resume() }
            guard
                let watch = poller.watch(descriptor, direction, { [weak self] in self?.wake() })
            else { return end() }
            let isLate = state.withLock { state in
                if state.waiter != nil { state.watch = watch }
                return state.waiter == nil
            }
            if isLate { poller.unwatch(watch) }
        }
    }

    /// Ends the present wait, and every later one at once.
    func end() {
        let watch = state.withLock { state in
            state.isOver = true
            return state.watch
        }
        if let watch { poller.unwatch(watch) }
        wake()
    }

    private func wake() {
        let waiter = state.withLock { state in
            state.watch = nil
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
