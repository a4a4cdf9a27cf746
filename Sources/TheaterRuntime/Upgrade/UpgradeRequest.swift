// SPDX-License-Identifier: Apache-2.0

public import TheaterChain
public import TheaterPlatform
public import TheaterReplay

/// New code for an actor that lives.
public struct UpgradeRequest: Sendable {
    /// What is done before with the actor's own chain.
    public enum Gate: String, Sendable, Hashable, CaseIterable {
        /// Nothing.
        case none
        /// It is replayed on the new code, and the report says what was found.
        case report
        /// It is replayed, and the upgrade is refused unless the code does all that the chain says.
        case refuse
    }

    /// The wasm.
    public var wasm: [UInt8]
    /// What is done with the actor's chain before.
    public var gate: Gate
    /// How many calls the new code must answer before the old one is given up; none for no trial.
    public var trialCalls: Int
    /// After how long it is given up all the same.
    public var trialTime: Duration
    /// How long the call that runs may go on; then the upgrade is given up.
    public var wait: Duration

    /// Makes a request.
    public init(
        wasm: [UInt8], gate: Gate = .refuse, trialCalls: Int = 3,
        trialTime: Duration = .seconds(60), wait: Duration = .seconds(30)
    ) {
        self.wasm = wasm
        self.gate = gate
        self.trialCalls = trialCalls
        self.trialTime = trialTime
        self.wait = wait
    }
}

/// An actor has new code.
public struct UpgradeReport: Sendable, Hashable {
    /// Which actor.
    public let actor: ActorID
    /// The SHA-256 of the wasm that it had.
    public let from: Digest
    /// The SHA-256 of the wasm that it has.
    public let to: Digest
    /// Whether the new code migrated the state; otherwise it fits as it was.
    public let hasMigrated: Bool
    /// Whether the old code comes back when one of the first calls fails.
    public let isOnTrial: Bool
    /// What the replay of the actor's chain on the new code found; `nil` when there was none.
    public let check: Check?

    /// What the replay of the actor's chain on the new code found.
    public enum Check: Sendable, Hashable {
        /// The code does what the chain says.
        case same(ReplayCounts)
        /// It does not.
        case differs(ReplayDivergence)
        /// The chain cannot be replayed.
        case unknown(ReplayError)
    }
}

extension UpgradeReport.Check {
    /// Whether the code does what the chain says; `nil` when that is not known.
    public var isSame: Bool? {
        switch self {
        case .same: true
        case .differs: false
        case .unknown: nil
        }
    }

    /// The code of the first difference, or of the error; `nil` when there is neither.
    public var code: String? {
        switch self {
        case .same: nil
        case .differs(let divergence): divergence.kind.rawValue
        case .unknown(let error): error.code.rawValue
        }
    }

    /// The first difference, or the error, in words.
    public var detail: String? {
        switch self {
        case .same: nil
        case .differs(let divergence): "\(divergence)"
        case .unknown(let error): "\(error)"
        }
    }
}
