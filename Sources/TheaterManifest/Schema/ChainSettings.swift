// SPDX-License-Identifier: Apache-2.0

/// How an actor's chain is kept: the table `[chain]`.
public struct ChainSettings: Sendable, Hashable {
    /// When an event counts as kept.
    public enum Durability: String, Sendable, Hashable, CaseIterable, Comparable {
        /// In memory only; the chain ends with the process.
        case memory
        /// On disk within `delay`.
        case `async`
        /// On disk before any effect or reply leaves the actor.
        case strict

        /// Whether one keeps less than the other.
        public static func < (left: Durability, right: Durability) -> Bool {
            allCases.firstIndex(of: left) ?? 0 < allCases.firstIndex(of: right) ?? 0
        }
    }

    /// When an event counts as kept (`durability`).
    public var durability = Durability.async
    /// How long an event may wait for the disk (`delay`); has a meaning for `async` only.
    public var delay = Duration.milliseconds(20)

    /// Whether the actor comes back when a node is started again on its data directory after a crash
    /// (`durable`).
    public var isDurable = false

    /// After how many events of a durable actor a snapshot of it is taken (`snapshot_every`); 0 for never.
    public var snapshotEvery = 10_000

    /// Makes settings with defaults.
    public init() {}

    /// What `snapshot_every` may be.
    public static let snapshotBounds = 0...1_000_000_000

    /// What `delay` may be.
    public static let delayBounds = Duration.milliseconds(1)...Duration.seconds(60)
}

extension ChainSettings {
    static let keys = ["durability", "delay", "durable", "snapshot_every"]

    init(_ reader: inout SectionReader) {
        let words = Durability.allCases.map(\.rawValue)
        let defaults = ChainSettings()
        let word = reader.choice("durability", among: words)
        durability = word.flatMap(Durability.init(rawValue:)) ?? defaults.durability
        delay = reader.duration("delay", in: Self.delayBounds) ?? defaults.delay
        isDurable = reader.bool("durable") ?? false
        snapshotEvery =
            reader.integer("snapshot_every", in: Self.snapshotBounds) ?? defaults.snapshotEvery
        if !isDurable, let entry = reader.table["snapshot_every"] {
            reader.add(
                .conflict, at: entry.place,
                "'snapshot_every' has a meaning for a durable actor only", "set durable = true")
        }
        if isDurable, durability == .memory, let entry = reader.table["durable"] {
            reader.add(
                .conflict, at: entry.place,
                "a durable actor is brought back from its chain, and durability \"memory\" keeps none",
                "set durability = \"async\" or \"strict\"")
        }
        if durability != .async, let entry = reader.table["delay"] {
            reader.add(
                .conflict, at: entry.place,
                "'delay' has no meaning with durability \"\(durability.rawValue)\"",
                "remove it, or set durability = \"async\"")
        }
    }
}

/// What an error from one of the actor's callbacks leads to: the key `on_error`.
public enum OnError: String, Sendable, Hashable, CaseIterable {
    /// The actor ends with the error as its reason.
    case fail
    /// The error is recorded and the actor goes on with the state it had before the call.
    case `continue`
}
