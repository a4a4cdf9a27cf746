// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// Decides what becomes of code that was exchanged: it stays when its first calls do not fail.
///
/// A state machine without clock, guest or chain: the cell acts.
struct UpgradeMachine: Equatable {
    /// Where the actor's code stands.
    enum Phase: Equatable {
        /// It is the actor's, and nothing is kept beside it.
        case settled
        /// New code is being started and given the state to migrate.
        case preparing
        /// New code has the actor; the old one comes back when a call fails.
        case trial(callsLeft: Int, until: MonotonicTime)
    }

    enum Action: Equatable {
        /// Nothing changes.
        case goOn
        /// The new code stays.
        case keep
        /// The old code comes back.
        case undo
    }

    /// How a call on trial ended, as far as that says something of the code.
    enum Ending {
        /// With an answer, an error value included.
        case answered
        /// In a way that would have ended the actor.
        case failed
        /// In a way that is not the code's doing, or without having begun.
        case other
    }

    private(set) var phase = Phase.settled

    /// Whether the old code may come back.
    var isOnTrial: Bool { if case .trial = phase { true } else { false } }

    /// New code comes. What was on trial stays: whoever brings more does not doubt it.
    ///
    /// - Returns: what becomes of that; `undo` never.
    mutating func begin() -> Action {
        defer { phase = .preparing }
        return isOnTrial ? .keep : .goOn
    }

    /// The new code did not start, or could not take the state.
    mutating func failed() {
        if phase == .preparing { phase = .settled }
    }

    /// The new code has the actor.
    ///
    /// - Returns: whether there is no trial.
    mutating func swapped(calls: Int, until: MonotonicTime) -> Action {
        guard phase == .preparing, calls > 0 else {
            phase = .settled
            return .keep
        }
        phase = .trial(callsLeft: calls, until: until)
        return .goOn
    }

    /// A call is over.
    mutating func callEnded(_ ending: Ending) -> Action {
        guard case .trial(let left, let until) = phase else { return .goOn }
        switch ending {
        case .other: return .goOn
        case .failed:
            phase = .settled
            return .undo
        case .answered where left > 1:
            phase = .trial(callsLeft: left - 1, until: until)
            return .goOn
        case .answered:
            phase = .settled
            return .keep
        }
    }

    /// Time has passed, and no call runs.
    mutating func tick(_ now: MonotonicTime) -> Action {
        guard case .trial(_, let until) = phase, until <= now else { return .goOn }
        phase = .settled
        return .keep
    }
}
