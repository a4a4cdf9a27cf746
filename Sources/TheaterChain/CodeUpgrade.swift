// SPDX-License-Identifier: Apache-2.0

/// A step of the exchange of an actor's code between two of its calls.
///
/// The events between ``Stage/begun`` and ``Stage/done`` are the new code's, which is started and given the
/// state to migrate; so are those up to ``Stage/kept`` or ``Stage/undone``, in which it is on trial.
public struct CodeUpgrade: Sendable, Hashable {
    /// How far it is. The raw values are stable.
    public enum Stage: UInt8, Sendable, Hashable, CaseIterable {
        /// The new code is started beside the old.
        case begun = 1
        /// The new code has the actor, and is on trial.
        case done
        /// The trial is over, and the old code is gone.
        case kept
        /// The old code goes on, with the state that it had.
        case undone
    }

    /// How far it is.
    public let stage: Stage
    /// The wasm that is replaced.
    public let from: Digest
    /// The wasm that replaces it.
    public let to: Digest
    /// The manifest, which stays.
    public let manifest: Digest
    /// The actor's state after the step, in the guest's encoding; empty when it is as it was.
    public let state: [UInt8]
    /// Why the old code goes on; empty otherwise.
    public let reason: String

    /// Makes a step.
    public init(
        _ stage: Stage, from: Digest, to: Digest, manifest: Digest, state: [UInt8] = [],
        reason: String = ""
    ) {
        self.stage = stage
        self.from = from
        self.to = to
        self.manifest = manifest
        self.state = state
        self.reason = reason
    }

    /// The type of its event.
    public var type: EventType {
        switch stage {
        case .begun: .upgradeBegun
        case .done: .upgradeDone
        case .kept: .upgradeKept
        case .undone: .upgradeUndone
        }
    }

    /// Writes the fields in their order.
    func put(_ out: inout PayloadEncoder) {
        out.bytes.append(stage.rawValue)
        for digest in [from, to, manifest] { out.put(digest) }
        out.put(state)
        out.put(reason)
    }

    /// Reads the fields in their order.
    init(_ input: inout PayloadDecoder) throws(PayloadError) {
        stage = try input.choice("stage")
        from = try input.digest("old module")
        to = try input.digest("new module")
        manifest = try input.digest("manifest")
        state = try input.blob("state")
        reason = try input.text("reason")
    }
}

extension EventType {
    /// New code is started beside the actor's.
    public static let upgradeBegun = EventType("theater.runtime/upgrade-begun")
    /// The new code has the actor, on trial.
    public static let upgradeDone = EventType("theater.runtime/upgrade-done")
    /// The new code stays.
    public static let upgradeKept = EventType("theater.runtime/upgrade-kept")
    /// The old code goes on.
    public static let upgradeUndone = EventType("theater.runtime/upgrade-undone")
}
