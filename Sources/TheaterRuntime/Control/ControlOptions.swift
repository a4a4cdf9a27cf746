// SPDX-License-Identifier: Apache-2.0

/// The bounds of a control plane.
public struct ControlOptions: Sendable, Hashable {
    /// How many commands of one kind are worked on at once.
    public var runningMax: Int
    /// How many more of one kind may wait; a further one is refused with `control.busy`.
    public var waitingMax: Int
    /// How long a command may take, waiting for its turn included; the grace period of a stop is added.
    public var deadline: Duration

    /// Makes options.
    public init(runningMax: Int = 64, waitingMax: Int = 1024, deadline: Duration = .seconds(60)) {
        self.runningMax = max(1, runningMax)
        self.waitingMax = max(0, waitingMax)
        self.deadline = deadline
    }
}

/// What commands need that the runtime does not have itself. What is `nil` makes its command fail with
/// `control.unavailable`.
public struct ControlServices: Sendable {
    /// Makes a namespace in the content store and answers its identity.
    public var makeStore: (@Sendable () async throws(ActorError) -> String)?
    /// Makes an offer of nothing.
    public init() {}
}

/// How much a control plane has to do.
public struct ControlLoad: Sendable, Hashable {
    /// How many commands are worked on.
    public let running: Int
    /// How many wait for their turn.
    public let waiting: Int
}
