// SPDX-License-Identifier: Apache-2.0

public import TheaterValue

/// How an actor's children are supervised, and how it wants to be itself: the table `[supervision]`. The
/// meanings are those of OTP.
public struct SupervisionSettings: Sendable, Hashable {
    /// Whom the end of a child concerns.
    public enum Strategy: String, Sendable, Hashable, CaseIterable {
        /// The child alone is started again.
        case oneForOne = "one-for-one"
        /// All children are stopped and started again.
        case oneForAll = "one-for-all"
        /// The child and those that were started after it are.
        case restForOne = "rest-for-one"
    }

    /// How long to wait before a child is started again.
    public struct Backoff: Sendable, Hashable {
        /// The wait before the first restart within the period; zero for none.
        public var initial = Duration.zero
        /// The longest wait.
        public var max = Duration.seconds(30)
        /// What each further restart within the period multiplies the wait by.
        public var factor = 2

        /// Makes a back-off that does not wait.
        public init() {}
    }

    /// Whom the end of a child concerns (`strategy`).
    public var strategy = Strategy.oneForOne
    /// How many restarts a period may see; one more, and the supervisor gives up (`intensity`).
    public var intensity = 3
    /// The length of the period (`period`).
    public var period = Duration.seconds(5)
    /// How long to wait before a restart (`backoff`).
    public var backoff = Backoff()
    /// When the actor itself is started again, if another actor spawned it (`restart`).
    public var restart: ChildDeclaration.Restart?
    /// How the actor itself is stopped by an actor that spawned it (`shutdown`).
    public var shutdown: ChildDeclaration.Shutdown?
    /// What the actor itself starts with again, if another actor spawned it (`state`).
    public var state: ChildDeclaration.StateSource?

    /// Makes settings with defaults.
    public init() {}
}

/// A child that is started with its parent: an entry of `[[children]]`.
public struct ChildDeclaration: Sendable, Hashable {
    /// When a child that ended is started again.
    public enum Restart: String, Sendable, Hashable, CaseIterable {
        /// Always.
        case permanent
        /// When it did not end by itself or in order.
        case transient
        /// Never.
        case temporary
    }

    /// How a child is stopped.
    public enum Shutdown: Sendable, Hashable {
        /// At once.
        case kill
        /// In order, and at once when that takes longer.
        case timeout(Duration)
        /// In order, however long it takes: for children that supervise others.
        case infinity
    }

    /// What a child that is started again starts with.
    public enum StateSource: String, Sendable, Hashable, CaseIterable {
        /// The state that it was first started with.
        case fresh
        /// The state that it had when it ended.
        case last
    }

    /// The child's name.
    public var name: String
    /// Where its manifest is: a path relative to the parent's manifest, or `store://…`.
    public var manifest: String
    /// When it is started again (`restart`).
    public var restart = Restart.permanent
    /// How it is stopped (`shutdown`).
    public var shutdown = Shutdown.timeout(.seconds(5))
    /// What it starts with again (`state`).
    public var state = StateSource.fresh
    /// The state it is first started with, instead of its manifest's (`initial_state`).
    public var initialState: Value?
    /// Where its wasm is, instead of what its manifest says (`wasm`).
    public var wasm: String?

    /// Makes a declaration with defaults.
    public init(name: String, manifest: String) {
        self.name = name
        self.manifest = manifest
    }
}
