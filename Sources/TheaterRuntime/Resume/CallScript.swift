// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterEngine
internal import TheaterPact
internal import TheaterPlatform

/// What the chain says about a call that a crash cut off: the guest makes its call again, and is answered
/// from here up to where the record ends. From there on the world answers.
final class CallScript {
    /// What a host call of the guest's is answered with.
    enum Answer {
        case bytes([UInt8])
        case failure(EngineError)
        /// The record says what was about to be done, and not what came of it.
        case begun(EffectID, DoubtPolicy, settled: String?)
        /// The record ends here.
        case live
        /// The guest does something else than the record says.
        case other(String)
    }

    private let actor: ActorID
    private var cursor: EventCursor
    private var ahead: ChainEvent?

    /// What follows the beginning of a call.
    init(_ actor: ActorID, _ cursor: EventCursor) {
        self.actor = actor
        self.cursor = cursor
    }

    /// What is left of the record, in a word; `nil` when nothing is.
    func rest() throws(JournalError) -> String? {
        while let event = try peek() {
            guard case .settled? = event.payload.flatMap(EventPayload.kind) else {
                return event.type
            }
            ahead = nil
        }
        return nil
    }

    /// The answer to a host call.
    func answer(
        _ binding: ImportBinding, _ input: UnsafeRawBufferPointer
    ) throws(JournalError) -> Answer {
        while let event = try peek() {
            ahead = nil
            let name = binding.eventType.name
            switch try? event.decodedPayload() {
            case .denied?, .settled?: continue
            case .hostCall(_, _, let recorded, let output)?:
                return unsafe fits(event, name, recorded, input) ?? .bytes(output)
            case .hostError(_, _, let recorded, let message)?:
                return unsafe fits(event, name, recorded, input)
                    ?? .failure(EngineError(.hostFunction, message))
            case .intent(_, _, let recorded, _, let policy)?:
                if let other = unsafe fits(event, name, recorded, input) { return other }
                return try outcome(of: EffectID(actor: actor, sequence: event.sequence), policy)
            default: return .other("event \(event.sequence), \(event.type), is no host call")
            }
        }
        return .live
    }

    private func fits(
        _ event: ChainEvent, _ name: String, _ recorded: [UInt8], _ input: UnsafeRawBufferPointer
    ) -> Answer? {
        guard event.type == name else {
            return .other("event \(event.sequence) is \(event.type), and the code calls \(name)")
        }
        guard unsafe recorded.elementsEqual(input) else {
            return .other("event \(event.sequence), \(name), had another input")
        }
        return nil
    }

    private func outcome(
        of intent: EffectID, _ policy: DoubtPolicy
    ) throws(JournalError) -> Answer {
        var settlement: String?
        while let event = try peek() {
            switch try? event.decodedPayload() {
            case .denied?: ahead = nil
            case .settled(intent.sequence, let how, let note)?:
                ahead = nil
                settlement = "\(note) (\(Self.text(how)))"
            case .outcome(_, _, intent.sequence, let output)?:
                ahead = nil
                return .bytes(output)
            case .outcomeError(_, _, intent.sequence, let message)?:
                ahead = nil
                return .failure(EngineError(.hostFunction, message))
            default:
                return .other(
                    "event \(event.sequence), \(event.type), is not the outcome of \(intent)")
            }
        }
        return .begun(intent, policy, settled: settlement)
    }

    private static func text(_ settlement: EffectSettlement) -> String {
        switch settlement {
        case .done: "it took place"
        case .notDone: "it did not take place"
        case .failed: "it counts as failed"
        }
    }

    /// The next event that the code could have to do with.
    private func peek() throws(JournalError) -> ChainEvent? {
        while ahead == nil {
            guard let event = try cursor.next() else { return nil }
            if event.payload.flatMap(EventPayload.kind) != .note { ahead = event }
        }
        return ahead
    }
}

extension CellHost {
    /// Answers a host call of a call that a crash had cut off.
    ///
    /// - Returns: `nil` when the record is over, and the world answers.
    func answer(
        from script: CallScript, _ binding: ImportBinding, _ input: UnsafeRawBufferPointer
    ) -> HostAnswer? {
        do throws(JournalError) {
            switch try unsafe script.answer(binding, input) {
            case .bytes(let bytes): return .bytes(bytes)
            case .failure(let error): return .failure(error)
            case .live:
                self.script = nil
                return nil
            case .other(let problem): return stop(Self.diverged(problem))
            case .begun(let intent, let policy, let settlement):
                self.script = nil
                return unsafe goOn(intent, policy, settlement, binding, input)
            }
        } catch {
            return stop(ActorError(.resume, "the chain cannot be read: \(error)"))
        }
    }

    /// Takes note that the call is over: all of its record must have been used.
    func endScript() throws(ActorError) {
        guard let script else { return }
        self.script = nil
        let rest: String?
        do throws(JournalError) {
            rest = try script.rest()
        } catch {
            throw ActorError(.resume, "the chain cannot be read: \(error)")
        }
        if let rest {
            throw Self.diverged("the call is over, and the record goes on with \(rest)")
        }
    }

    private static func diverged(_ problem: String) -> ActorError {
        ActorError(
            .resume,
            "the call that the crash cut off does not go as its record says: \(problem)")
    }
}
