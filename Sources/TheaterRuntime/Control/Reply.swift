// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Where the answer of one command goes. Answered once: what comes later is turned away.
public final class Reply<Success: Sendable>: Sendable {
    private struct State {
        var result: Result<Success, ActorError>?
        var waiters: [CheckedContinuation<Result<Success, ActorError>, Never>] = []
    }

    private let state = Mutex(State())
    private let told: (@Sendable (Result<Success, ActorError>) -> Void)?

    /// Makes a reply that nobody has given yet.
    ///
    /// - Parameter told: called with the answer, once, by whoever gives it; must not block.
    public init(told: (@Sendable (Result<Success, ActorError>) -> Void)? = nil) {
        self.told = told
    }

    /// The answer; `nil` before it is given.
    public var result: Result<Success, ActorError>? { state.withLock { $0.result } }

    /// Gives the answer.
    ///
    /// - Returns: whether it was the first; another changes nothing.
    @discardableResult
    public func answer(_ result: Result<Success, ActorError>) -> Bool {
        let (isFirst, waiters) = state.withLock { state in
            let isFirst = state.result == nil
            if isFirst { state.result = result }
            defer { state.waiters = [] }
            return (isFirst, state.waiters)
        }
        guard isFirst else { return false }
        told?(result)
        for waiter in waiters { waiter.resume(returning: result) }
        return true
    }

    /// Waits for the answer. It comes at the command's deadline at the latest.
    public func value() async throws(ActorError) -> Success {
        if let result { return try result.get() }
        let result = await withCheckedContinuation { continuation in
            let known = state.withLock { state -> Result<Success, ActorError>? in
                if state.result == nil { state.waiters.append(continuation) }
                return state.result
            }
            if let known { continuation.resume(returning: known) }
        }
        return try result.get()
    }
}
