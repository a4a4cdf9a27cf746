// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// One writer at a time, in the order in which they came.
final class WriteLine: Sendable {
    private struct State {
        var isTaken = false
        var isClosed = false
        var waiting: [(number: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
        /// Those who gave up before they waited.
        var withdrawn: Set<UInt64> = []
        var last: UInt64 = 0
        /// The bytes of all who are in the line.
        var size = 0
    }

    private let sizeMax: Int
    private let state = Mutex(State())

    /// - Parameter sizeMax: the most bytes of all who write and wait.
    init(sizeMax: Int) { self.sizeMax = sizeMax }

    /// How many wait.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Whether one has the line now.
    enum Turn {
        case yes
        /// Too much waits.
        case busy
        /// The task was cancelled, or the line is closed.
        case never
    }

    /// Waits for the line. Whoever has it leaves it with ``leave(_:)``.
    func enter(_ size: Int) async -> Turn {
        let number = state.withLock { state -> UInt64? in
            guard state.size == 0 || state.size + size <= sizeMax else { return nil }
            state.size += size
            state.last += 1
            return state.last
        }
        guard let number else { return .busy }
        let hasTurn = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isFree = state.withLock { state -> Bool? in
                    if state.withdrawn.remove(number) != nil || state.isClosed { return false }
                    guard state.isTaken else {
                        state.isTaken = true
                        return true
                    }
                    state.waiting.append((number, continuation))
                    return nil
                }
                if let isFree { continuation.resume(returning: isFree) }
            }
        } onCancel: {
            withdraw(number)
        }
        // A cancellation that came too late leaves its mark.
        state.withLock { state in
            state.withdrawn.remove(number)
            if !hasTurn { state.size -= size }
        }
        return hasTurn ? .yes : .never
    }

    private func withdraw(_ number: UInt64) {
        let continuation = state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.number == number }) else {
                state.withdrawn.insert(number)
                return nil as CheckedContinuation<Bool, Never>?
            }
            return state.waiting.remove(at: index).continuation
        }
        continuation?.resume(returning: false)
    }

    /// Gives the line to the next.
    func leave(_ size: Int) {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            state.size -= size
            guard !state.waiting.isEmpty else {
                state.isTaken = false
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }

    /// Lets nobody in any more.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for (_, continuation) in waiting { continuation.resume(returning: false) }
    }
}
