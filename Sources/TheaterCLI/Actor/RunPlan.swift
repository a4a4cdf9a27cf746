// SPDX-License-Identifier: Apache-2.0

internal import TheaterManifest
internal import TheaterRuntime

/// What one run of an actor is to do.
struct RunPlan: Sendable {
    /// The actor.
    let actor: LoadedActor
    /// Its module.
    let wasm: [UInt8]
    /// What to call, in order; without calls the run lasts as long as the actor.
    let calls: [CallArguments.Call]
    /// Where the chain is kept; `nil` for in memory.
    let dataDirectory: String?
    /// How long the actor may take to stop.
    let grace: Duration
    /// Whether the chain is verified and shown at the end.
    let showsChain: Bool
    /// Whether the actor's metrics are shown at the end.
    let showsMetrics: Bool
    /// Where the actor goes on; `nil` for one that begins.
    var fork: ForkSource?
    /// Which actors come back after a crash; `nil` for a run that begins or forks one.
    var resumes: ResumeSelection?
    /// What is done with new code when the module's file changes; `nil` does not look.
    var watch: UpgradeRequest.Gate?

    /// The most bytes of standard input.
    static let inputSizeMax = 16 << 20

    /// The name of the actor.
    var name: String { actor.manifest.name }

    /// Resolves the calls.
    func resolved(
        _ resolver: CallResolver, input: [UInt8]?
    ) throws(CLIError) -> [ResolvedCall] {
        var resolved: [ResolvedCall] = []
        for call in calls {
            resolved.append(try resolver.resolve(call, input: call.takesInput ? input : nil))
        }
        return resolved
    }
}

/// How a run went, as far as the process's status depends on it.
struct RunOutcome: Sendable {
    /// Why the actor ended.
    let reason: ExitReason
    /// The first call that failed.
    let failure: ActorError?
    /// How many calls were not made.
    let callsLeft: Int
    /// Whether a signal asked for the end.
    let isInterrupted: Bool
    /// Whether a second signal asked for it at once.
    var isForced = false

    /// What went wrong; `nil` when nothing did.
    func error(grace: Duration) -> CLIError? {
        if isInterrupted {
            if case .killed = reason {
                return CLIError(
                    .interrupted, "cli.killed",
                    isForced
                        ? "the actor was ended at once, as a second signal asked"
                        : "the actor did not stop within \(grace) and was ended; give it longer with "
                            + "--grace")
            }
            if case .failed(let error) = reason { return CLIError(error) }
            if callsLeft > 0 || failure != nil {
                return CLIError(
                    .interrupted, "cli.interrupted",
                    "the run was interrupted before its last call was answered")
            }
        }
        if let failure { return CLIError(failure) }
        switch reason {
        case .completed, .stopped: return nil
        case .failed(let error): return CLIError(error)
        case .killed:
            return CLIError(
                .failure, "actor.killed",
                "the actor did not stop within \(grace) and was ended; give it longer with --grace")
        }
    }
}
