// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterPlatform

/// Who asked for the turn between two calls, and what became of that.
enum TurnOutcome: Sendable {
    /// It is the runner now.
    case held
    /// Somebody else waits for the same.
    case busy
    case stopping
    case ended
    /// The present call took too long.
    case late
}

extension Cell {
    /// Does something between two calls, before everything that waits, as the runner.
    ///
    /// - Parameters:
    ///   - deadline: when the present call must be over; `nil` waits for as long as it takes.
    ///   - body: what follows it is decided by its result: an error that ends the actor is one of the
    ///     second kind.
    /// - Throws: `actor.upgrading`, `actor.stopping`, `actor.ended` or `actor.deadline`, when it was not
    ///   done.
    func withTurn<Success: Sendable>(
        by deadline: MonotonicTime?,
        _ body: () async -> (result: Result<Success, ActorError>, fatal: ActorError?)
    ) async throws(ActorError) -> Success {
        switch await takeTurn(by: deadline) {
        case .held: break
        case .busy:
            throw ActorError(
                .upgrading, "the code of '\(name)' is being exchanged already; try again later")
        case .stopping: throw stoppingError
        case .ended: throw endedError
        case .late:
            throw ActorError(
                .deadline,
                "the present call of '\(name)' was not over in time; try again when it is less busy, "
                    + "or wait longer")
        }
        // Whoever asked for the end meanwhile gets it.
        if shared.withLock({ $0.requested != nil }) {
            pass(on: shared.withLock { $0.mailbox.finished() })
            throw stoppingError
        }
        let outcome = await body()
        lastEnd = world.now()
        if let fatal = outcome.fatal {
            note(.failed(fatal))
            _ = shared.withLock { $0.mailbox.stop(drain: false) }
        }
        pass(on: shared.withLock { $0.mailbox.finished() })
        return try outcome.result.get()
    }

    /// Takes the turn between two calls, and keeps it until ``wake(isOver:)``: what comes waits.
    ///
    /// - Returns: whether that was to be had before the deadline. It is not while somebody else waits for it, or
    ///   the actor is ending.
    func rest(by deadline: MonotonicTime) async -> Bool {
        guard case .held = await takeTurn(by: deadline) else { return false }
        return true
    }

    /// Gives the turn back that ``rest(by:)`` took.
    ///
    /// - Parameter isOver: whether nothing runs any more, and the actor ends.
    func wake(isOver: Bool = false) {
        let action = shared.withLock { shared in
            if isOver { _ = shared.mailbox.stop(drain: false) }
            return shared.mailbox.finished()
        }
        pass(on: action)
    }

    /// Waits until the present call is over, at most until the deadline.
    private func takeTurn(by deadline: MonotonicTime?) async -> TurnOutcome {
        let lateness = Deadlines.Entry { [weak self] _ in self?.giveUpTurn() }
        if let deadline { deadlines.arm(lateness, at: deadline) }
        defer { deadlines.disarm(lateness) }
        return await withCheckedContinuation { continuation in
            let action = shared.withLock { shared in
                let action = shared.mailbox.hold()
                if case .wait = action { shared.holder = continuation }
                return action
            }
            switch action {
            case .held: continuation.resume(returning: .held)
            case .busy: continuation.resume(returning: .busy)
            case .rejectDraining: continuation.resume(returning: .stopping)
            case .rejectEnded: continuation.resume(returning: .ended)
            // A deadline that passed before there was somebody to tell was not heard.
            case .wait: if let deadline, deadline < world.now() { giveUpTurn() }
            }
        }
    }

    private func giveUpTurn() {
        let holder = shared.withLock { shared in
            shared.mailbox.release() ? shared.takeHolder() : nil
        }
        holder?.resume(returning: .late)
    }

    /// Hands the turn to the one who asked for it.
    func handTurn() {
        shared.withLock { $0.takeHolder() }?.resume(returning: .held)
    }

    /// Tells the one who asked for the turn that there is none any more.
    func refuseTurn() {
        shared.withLock { $0.takeHolder() }?.resume(returning: .ended)
    }
}

extension Cell.Shared {
    fileprivate mutating func takeHolder() -> CheckedContinuation<TurnOutcome, Never>? {
        defer { holder = nil }
        return holder
    }
}
