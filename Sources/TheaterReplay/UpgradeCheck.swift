// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
public import TheaterEngine
public import TheaterPlatform

/// Whether other code does what recorded chains say: a gate before an upgrade, and a regression test.
///
/// Each chain is replayed on the code with its host calls answered from the record. The first differences
/// are grouped: chains that differ in the same way in the same call have one cause.
public struct UpgradeCheck: Sendable {
    /// Chains whose first differences are alike.
    public struct Group: Sendable {
        /// In what way they differ.
        public let kind: ReplayDivergence.Kind
        /// The function in whose calls they differ; `nil` outside of any.
        public let function: String?
        /// What is different, in a sentence.
        public let detail: String
        /// The first chain of the group, and where it differs.
        public let example: (actor: ActorID, divergence: ReplayDivergence)
        /// The chains, with the event at which each differs, and whose that event is: for a fork it may
        /// be in the chain that it left.
        public internal(set) var chains: [(actor: ActorID, sequence: UInt64, owner: ActorID)]
    }

    /// A chain that could not be replayed.
    public struct Failure: Sendable {
        /// Whose chain it is; `nil` when not even that could be read.
        public let actor: ActorID?
        /// What names the chain: its actor, or the file that it was to come from.
        public let name: String
        /// Why not.
        public let error: ReplayError
    }

    /// The chains on which the code does what they say.
    public private(set) var passed: [ActorID] = []
    /// The chains on which it does not, those with the most chains first.
    public private(set) var groups: [Group] = []
    /// The chains that say nothing, because they cannot be replayed.
    public private(set) var failures: [Failure] = []
    /// What was replayed in all.
    public private(set) var counts = ReplayCounts()

    /// Whether every chain was replayed and none differs.
    public var isPassed: Bool { groups.isEmpty && failures.isEmpty }

    /// Makes a check without chains.
    public init() {}

    /// Replays a chain.
    ///
    /// - Parameters:
    ///   - library: gives the code that is checked.
    ///   - events: all events of the chain.
    public mutating func replay(
        _ actor: ActorID, _ events: ReplayEvents, engine: Engine, library: some ReplayLibrary,
        options: ReplayOptions
    ) async {
        do throws(ReplayError) {
            let replayer = Replayer(engine: engine, library: library, options: options)
            take(try await replayer.replay(events), of: actor)
        } catch {
            fail(actor, error)
        }
    }

    /// Takes note of a chain that cannot be replayed.
    public mutating func fail(_ actor: ActorID, _ error: ReplayError) {
        failures.append(Failure(actor: actor, name: actor.description, error: error))
    }

    /// Takes note of a file that no chain can be read from.
    public mutating func fail(file: String, _ error: ReplayError) {
        failures.append(Failure(actor: nil, name: file, error: error))
    }

    /// Takes what the replay of a chain found.
    public mutating func take(_ verdict: ReplayVerdict, of actor: ActorID) {
        counts.events += verdict.counts.events
        counts += verdict.counts
        guard let divergence = verdict.divergence else {
            passed.append(actor)
            return
        }
        let place = (
            actor: actor, sequence: divergence.sequence, owner: divergence.actor ?? actor
        )
        let function = divergence.call?.function
        let known = groups.firstIndex {
            $0.kind == divergence.kind && $0.function == function && $0.detail == divergence.detail
        }
        if let known {
            groups[known].chains.append(place)
        } else {
            groups.append(
                Group(
                    kind: divergence.kind, function: function, detail: divergence.detail,
                    example: (actor, divergence), chains: [place]))
        }
        groups.sort { $0.chains.count > $1.chains.count }
    }
}
