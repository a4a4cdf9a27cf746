// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain

/// How a call ended, as chains say it.
///
/// The kinds are the codes of the runtime's errors; `Documentation/ErrorCodes.md` lists them.
enum RecordedEnd {
    /// Somebody ended the actor at once.
    static let killed = "actor.killed"
    /// What the guest passed was too large to be recorded.
    static let tooLarge = "actor.too-large"
    /// The answer is not of the declared type, although the guest gave it.
    static let wrongResult = "actor.wrong-result"
    /// The guest answered with an error in place of a value.
    static let guestError = "actor.guest-error"
    /// The guest trapped, or used up its fuel.
    static let crashed = "actor.crashed"
    /// The limit that the clock sets.
    static let deadline = "engine.deadline"

    /// Whether a failure may stand outside of a call, because the runtime found it there.
    static func isRuntimes(_ kind: String) -> Bool { kind == wrongResult || kind == tooLarge }

    /// What happened, for people, with the bytes that belong to it.
    static func side(of event: ChainEvent) -> ReplayDivergence.Side {
        guard let payload = try? event.decodedPayload() else {
            return ReplayDivergence.Side("event \(event.sequence), \(event.type)")
        }
        return switch payload {
        case .spawned: .init("the actor was started again")
        case .forked(let fork):
            .init("the chain was forked from event \(fork.sequence) of \(fork.actor)")
        case .called(let function, let parameters, _, _): .init("call of \(function)", parameters)
        case .returned(let function, let output, _, _):
            .init("\(function) returned", output)
        case .failed(let function, let kind, let message):
            .init("\(function) failed: \(message.prefix(500)) (\(kind))")
        case .hostCall(let interface, let function, let input, _):
            .init("host call of \(interface)/\(function)", input)
        case .hostError(let interface, let function, let input, let message):
            .init("host call of \(interface)/\(function), which failed: \(message)", input)
        case .denied(let what, _): .init("\(what) was denied")
        case .limit(let kind, let message): .init("limit \(kind): \(message)")
        case .exited(let kind, let reason, _): .init("the actor ended, \(kind): \(reason)")
        case .intent(let interface, let function, let input, _, _):
            .init("host call of \(interface)/\(function)", input)
        case .outcome(let interface, let function, let intent, let output):
            .init("answer of \(interface)/\(function) of event \(intent)", output)
        case .outcomeError(let interface, let function, let intent, let message):
            .init("\(interface)/\(function) of event \(intent) failed: \(message)")
        case .settled(let intent, _, let note):
            .init("the effect of event \(intent) was settled: \(note)")
        case .note(let note): .init(note.type.name)
        case .upgrade(let step): .init("\(step.type.name) of \(step.from) to \(step.to)")
        }
    }
}
