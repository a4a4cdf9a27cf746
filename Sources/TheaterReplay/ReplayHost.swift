// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import TheaterChain
internal import TheaterEngine

/// Answers a guest's host calls from the chain, after comparing them with it.
final class ReplayHost: GuestHost {
    // The life lets go of its guest, and with it of this.
    private let life: ReplayLife
    private var stream: EventStream { life.stream }
    /// Whether no call is answered any more, or none yet.
    var isStopped = false
    /// Answers in its place when the chain is over.
    var successor: (any GuestHost)?

    init(life: ReplayLife) { self.life = life }

    var mustAskToWait: Bool { successor?.mustAskToWait ?? false }

    func willWait() async -> EngineError? { await successor?.willWait() }

    func pause() async { await successor?.pause() }

    func answer(import index: Int, input: UnsafeRawBufferPointer) -> HostAnswer {
        if let successor { return unsafe successor.answer(import: index, input: input) }
        if !isStopped {
            do throws(ReplayStop) {
                return try unsafe respond(index, input)
            } catch {
                isStopped = true
                life.stop(error)
            }
        }
        return .failure(EngineError(.hostFunction, "the replay ends here"))
    }

    private func respond(
        _ index: Int, _ input: UnsafeRawBufferPointer
    ) throws(ReplayStop) -> HostAnswer {
        while true {
            if try life.isCutOff() { return cut() }
            guard let event = try stream.peek() else { return cut() }
            switch try stream.kind(of: event) {
            case .hostCall:
                return try unsafe answer(event, index, input)
            case .hostError: return try unsafe fail(event, index, input)
            case .intent: return try unsafe effect(event, index, input)
            case .denied:
                guard case .denied(let what, _) = try stream.payload(of: event),
                    event.type == EventType.denied.name,
                    what == life.importNames[index]
                else { throw unsafe other(.otherCall, event, index, input) }
                stream.advance()
            case .failed:
                // What the guest passed was too large to be recorded.
                if case .failed(_, RecordedEnd.tooLarge, _) = try stream.payload(of: event) {
                    return cut()
                }
                throw unsafe other(.extraCall, event, index, input)
            case .spawned, .forked, .called, .returned, .limit, .exited, .outcome, .outcomeError,
                .settled, .note, .upgrade:
                throw unsafe other(.extraCall, event, index, input)
            }
        }
    }

    private func answer(
        _ event: ChainEvent, _ index: Int, _ input: UnsafeRawBufferPointer
    ) throws(ReplayStop) -> HostAnswer {
        guard let payload = event.payload, let parts = EventPayload.partsOfHostCall(in: payload)
        else { throw Self.unreadable(event) }
        guard event.type == life.importTypes[index] else {
            throw unsafe other(.otherCall, event, index, input)
        }
        guard unsafe Self.areSame(payload, parts.input, input) else {
            throw unsafe other(.otherInput, event, index, input)
        }
        let output = Array(payload[parts.output])
        stream.advance()
        life.counts.hostCalls += 1
        if EventPayload.isRedacted(payload) { life.noteRedacted(event.sequence) }
        // Nothing that follows could be compared, so it need not run.
        if try life.isCutOff() { life.cut() }
        return .bytes(output)
    }

    private func fail(
        _ event: ChainEvent, _ index: Int, _ input: UnsafeRawBufferPointer
    ) throws(ReplayStop) -> HostAnswer {
        guard case .hostError(_, _, let recorded, let message) = try stream.payload(of: event)
        else { throw Self.unreadable(event) }
        guard event.type == life.importTypes[index] else {
            throw unsafe other(.otherCall, event, index, input)
        }
        guard unsafe Self.areSame(recorded, 0..<recorded.count, input) else {
            throw unsafe other(.otherInput, event, index, input)
        }
        stream.advance()
        life.counts.hostCalls += 1
        life.counts.hostErrors += 1
        if try life.isCutOff() { life.cut() }
        return .failure(EngineError(.hostFunction, message))
    }

    /// Answers a call that changed the world: its intent stands before its outcome.
    private func effect(
        _ event: ChainEvent, _ index: Int, _ input: UnsafeRawBufferPointer
    ) throws(ReplayStop) -> HostAnswer {
        guard case .intent(_, _, let recorded, _, _) = try stream.payload(of: event) else {
            throw Self.unreadable(event)
        }
        guard event.type == life.importTypes[index] else {
            throw unsafe other(.otherCall, event, index, input)
        }
        guard unsafe Self.areSame(recorded, 0..<recorded.count, input) else {
            throw unsafe other(.otherInput, event, index, input)
        }
        stream.advance()
        life.counts.hostCalls += 1
        while let next = try stream.peek() {
            switch try stream.payload(of: next) {
            case .denied(let what, _) where what == life.importNames[index]: stream.advance()
            // Somebody said what became of it; when the actor was brought back the answer follows.
            case .settled(event.sequence, _, _): stream.advance()
            case .outcome(_, _, event.sequence, let output):
                stream.advance()
                if let payload = next.payload, EventPayload.isRedacted(payload) {
                    life.noteRedacted(next.sequence)
                }
                if try life.isCutOff() { life.cut() }
                return .bytes(output)
            case .outcomeError(_, _, event.sequence, let message):
                stream.advance()
                life.counts.hostErrors += 1
                if try life.isCutOff() { life.cut() }
                return .failure(EngineError(.hostFunction, message))
            case .settled(let intent, _, _) where intent == event.sequence: return cut()
            case .settled: throw Self.stray(next, in: event)
            default:
                if try life.isCutOff() { return cut() }
                throw Self.stray(next, in: event)
            }
        }
        return cut()
    }

    private static func stray(_ next: ChainEvent, in intent: ChainEvent) -> ReplayStop {
        .diverged(
            ReplayDivergence(
                .unexpectedEvent, next.sequence,
                "\(next.type) stands where the outcome of event \(intent.sequence) belongs"))
    }

    private func cut() -> HostAnswer {
        life.cut()
        return .failure(EngineError(.killed, "the record of the call ends here"))
    }

    private func other(
        _ kind: ReplayDivergence.Kind, _ event: ChainEvent, _ index: Int,
        _ input: UnsafeRawBufferPointer
    ) -> ReplayStop {
        let name = life.importTypes[index]
        let detail =
            switch kind {
            case .otherInput: "\(name) was called with another input"
            case .otherCall: "\(name) was called in place of the recorded host call"
            default: "\(name) was called where no host call was recorded"
            }
        return .diverged(
            ReplayDivergence(
                kind, event.sequence, detail, recorded: RecordedEnd.side(of: event),
                replayed: .init("host call of \(name)", unsafe [UInt8](input))))
    }

    private static func areSame(
        _ recorded: [UInt8], _ range: Range<Int>, _ input: UnsafeRawBufferPointer
    ) -> Bool {
        guard range.count == input.count else { return false }
        guard let right = input.baseAddress, !range.isEmpty else { return true }
        return unsafe recorded.withUnsafeBytes { bytes in
            guard let left = unsafe UnsafeRawBufferPointer(rebasing: bytes[range]).baseAddress
            else { return false }
            return unsafe memcmp(left, right, range.count) == 0
        }
    }

    private static func unreadable(_ event: ChainEvent) -> ReplayStop {
        .diverged(
            ReplayDivergence(.unreadableEvent, event.sequence, "it is no host call that decodes"))
    }
}
