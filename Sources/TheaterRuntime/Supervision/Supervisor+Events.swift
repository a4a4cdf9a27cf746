// SPDX-License-Identifier: Apache-2.0

internal import TheaterManifest

/// What goes into a supervisor, and what comes out of it.
extension Supervisor {
    /// How a child ended.
    enum Exit: Sendable {
        /// By itself, or in order.
        case normal
        case abnormal
    }

    /// What was asked for, by whoever waits for it.
    typealias Ticket = UInt64

    enum Event: Sendable {
        /// Start these, from left to right. At most once.
        case start([(ID, ChildSpec)])
        /// A start succeeded.
        case started(ID)
        /// A start failed; nothing of the child is left.
        case startFailed(ID)
        /// A child is over, asked or not.
        case ended(ID, Exit)
        /// A wait is over.
        case waited(UInt64)
        /// A child that runs already, brought back after a crash; at the right end.
        case adopt(ID, ChildSpec)
        /// Start one more, at the right end.
        case add(ID, ChildSpec, Ticket)
        /// Stop a child if it runs, and start it; this does not count as a restart.
        case restart(ID, Ticket)
        /// Stop a child and forget it.
        case remove(ID, Ticket)
        /// Somebody else ends this child: do not start it again.
        case release(ID)
        /// Stop all, from right to left. The last event.
        case shutDown
    }

    enum Outcome: Sendable, Hashable {
        case done
        /// The start failed.
        case failed
        /// There is no such child.
        case unknown
        /// Somebody else ended the child meanwhile.
        case released
        /// The supervisor is ending.
        case stopping
        /// Too many requests wait.
        case overloaded
    }

    enum Action: Sendable {
        /// Start a child, and feed ``Event/started(_:)`` or ``Event/startFailed(_:)``.
        case start(ID)
        /// Stop a child, and feed ``Event/ended(_:_:)``.
        case stop(ID, ChildDeclaration.Shutdown)
        /// Wait, and feed ``Event/waited(_:)``.
        case wait(Duration, UInt64)
        /// Answer a request.
        case answer(Ticket, Outcome)
        /// The child will not be started again; forget it.
        case forget(ID)
        /// All children of ``Event/start(_:)`` run.
        case allStarted
        /// One of them did not start, and those before it are stopped again.
        case startFailed(ID)
        /// There were too many restarts; all children are stopped. The supervisor must end.
        case gaveUp
        /// All children are stopped, as ``Event/shutDown`` asked.
        case allStopped
    }

    enum Phase: Equatable {
        case down, starting, up, stopping
    }
}
