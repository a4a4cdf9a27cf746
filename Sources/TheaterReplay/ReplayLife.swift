// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterEngine

/// One life of an actor, lived again: its guest, and the host that answers it from the chain.
final class ReplayLife {
    /// Why the guest is not to go on.
    enum Halt {
        /// What was found in the chain, or could not be.
        case stop(ReplayStop)
        /// The record of the call ends here: the clock, a kill or the end of the replay cut it off.
        case cut
    }

    let stream: EventStream
    private let linked: LinkedModule
    /// Whether the code is other code than the chain's.
    let isOther: Bool
    private let control: GuestControl
    private var guest: Guest?
    private var host: ReplayHost?
    /// The types of the events that calls of the imports make.
    let importTypes: [String]
    /// The names by which denials call the imports.
    let importNames: [String]
    var counts = ReplayCounts()
    /// The last answer.
    private(set) var output: [UInt8] = []
    private var halt: Halt?
    /// How large the events of the chain could be.
    private let payloadSizeMax: Int
    /// The first answer of this life that is recorded as another value than the guest had.
    private var redactedAt: UInt64?

    init(
        stream: EventStream, linked: LinkedModule, isOther: Bool, options: ReplayOptions,
        control: GuestControl
    ) {
        self.control = control
        self.stream = stream
        self.linked = linked
        self.isOther = isOther
        payloadSizeMax = options.payloadSizeMax
        importTypes = linked.module.imports.map {
            EventType(interface: $0.module, function: $0.name).name
        }
        importNames = linked.module.imports.map { "\($0.module).\($0.name)" }
    }

    /// What was counted since it was asked last.
    func takeCounts() -> ReplayCounts {
        defer { counts = ReplayCounts() }
        return counts
    }

    /// Lets go of the guest, which holds its host.
    func end() {
        guest = nil
        host = nil
    }

    /// The guest, if it is between two calls.
    var restingGuest: Guest? { halt == nil ? guest : nil }

    /// Gives the guest away; its host calls go to another host from now on.
    func handOver(to successor: any GuestHost) -> Guest? {
        defer { end() }
        guard let guest, let host, halt == nil else { return nil }
        host.successor = successor
        return guest
    }

    /// Takes note of an answer that is recorded as another value than the guest had.
    func noteRedacted(_ sequence: UInt64) {
        counts.redacted += 1
        if redactedAt == nil { redactedAt = sequence }
    }

    /// Whether what the guest computes may be counted: with the code and the answers that it had.
    private var comparesFuel: Bool { !isOther && redactedAt == nil }

    // MARK: Start

    /// Makes the guest, and with it runs its start function.
    func start(
        _ code: ReplayCode, engine: Engine, birth: ChainEvent
    ) async throws(ReplayStop) {
        let host = ReplayHost(life: self)
        self.host = host
        do throws(EngineError) {
            guest = try await Guest(
                linked, engine: engine, host: host, control: control,
                limits: code.limits, budget: CallBudget(fuel: code.startFuel))
        } catch {
            if case .stop(let stop)? = halt { throw placed(stop, nil, error.frames) }
            if halt != nil { return }
            if error.code == .guestCeiling { throw .failed(ReplayError(.ceiling, error.message)) }
            guard let next = try stream.peek() else { return }
            // Live it ended the life too, or the upgrade that brought the code, if that is what follows.
            if try endsLife(next, error) { return }
            var divergence = ReplayDivergence(
                .otherStart, birth.sequence,
                "the code does not start: \(error.message)",
                recorded: RecordedEnd.side(of: next),
                replayed: .init("failed to start: \(error.message)"))
            divergence.frames = error.frames
            throw .diverged(divergence)
        }
        guard let next = try stream.peek(), try Self.isFailedStart(next, stream) else { return }
        throw .diverged(
            ReplayDivergence(
                .otherStart, next.sequence, "the code starts, and had not",
                recorded: RecordedEnd.side(of: next), replayed: .init("started")))
    }

    /// Whether an event says that the code did not start.
    static func isFailedStart(
        _ event: ChainEvent, _ stream: EventStream
    ) throws(ReplayStop) -> Bool {
        guard case .exited("failed", let reason, _) = try stream.payload(of: event) else {
            return false
        }
        return FailureText.isFailedStart(reason)
    }

    /// Whether an event is the end of a life that does not start: this end, or one that somebody or the
    /// clock made before it came to that.
    private func endsLife(_ event: ChainEvent, _ error: EngineError) throws(ReplayStop) -> Bool {
        if try stream.kind(of: event) == .upgrade { return true }
        guard case .exited(_, let reason, _) = try stream.payload(of: event) else { return false }
        return try !Self.isFailedStart(event, stream)
            || FailureText.isStart(reason, error, isOther: isOther)
    }

    /// Makes the guest, and makes it what it was when the image was taken.
    func restore(
        _ image: LifeImage, _ code: ReplayCode, engine: Engine
    ) async throws(ReplayStop) {
        let host = ReplayHost(life: self)
        self.host = host
        // A guest that calls its host before its first call has no image.
        host.isStopped = true
        do throws(EngineError) {
            let guest = try await Guest(
                linked, engine: engine, host: host, control: control, limits: code.limits,
                budget: CallBudget(fuel: code.startFuel))
            try guest.become(image.guest)
            self.guest = guest
        } catch {
            throw .failed(
                ReplayError(
                    error.code == .guestCeiling ? .ceiling : .source,
                    "the snapshot cannot be taken up: \(error.message)"))
        }
        host.isStopped = false
    }

    // MARK: Calls

    /// Makes a call again and compares how it ends.
    ///
    /// - Returns: whether the life goes on.
    func call(
        _ call: ReplayDivergence.Call, _ parameters: [UInt8], fuel: UInt64
    ) async throws(ReplayStop) -> Bool {
        guard let guest else {
            throw .diverged(
                ReplayDivergence(
                    .unexpectedEvent, call.sequence,
                    "'\(call.function)' is called, and the actor did not start"))
        }
        // Nothing is recorded that could be compared.
        if try isCutOff() { return try finishCut() }
        guard let index = linked.module.function(named: call.function) else {
            throw .diverged(
                ReplayDivergence(
                    .unknownFunction, call.sequence,
                    "the code has no function '\(call.function)'; it exports "
                        + linked.module.functionNames.prefix(8).joined(separator: ", ")))
        }
        halt = nil
        let outcome: Result<GuestAnswer, EngineError>
        do throws(EngineError) {
            let budget = CallBudget(fuel: fuel)
            if let answer = try guest.begin(function: index, input: parameters, budget: budget) {
                outcome = .success(answer)
            } else {
                outcome = .success(try await guest.finish())
            }
        } catch {
            outcome = .failure(error)
        }
        let frames: [EngineError.Frame] =
            if case .failure(let error) = outcome { error.frames } else { [] }
        switch halt {
        case .stop(let stop)?: throw placed(stop, call, frames)
        case .cut?: return try finishCut()
        case nil: break
        }
        do throws(ReplayStop) {
            switch outcome {
            case .success(let answer): return try compare(answer, call)
            case .failure(let error): return try compare(error, call)
            }
        } catch {
            throw placed(error, call, frames)
        }
    }

    /// Notes where in the run a divergence happened.
    private func placed(
        _ stop: ReplayStop, _ call: ReplayDivergence.Call?, _ frames: [EngineError.Frame]
    ) -> ReplayStop {
        guard case .diverged(var divergence) = stop else { return stop }
        divergence.call = call
        divergence.frames = frames
        divergence.redactedAt = redactedAt
        return .diverged(divergence)
    }

    // MARK: Ends that the guest did not make

    /// Whether the call's record ends here, for a reason that is not the guest's.
    func isCutOff() throws(ReplayStop) -> Bool {
        guard let kind = try stream.peekKind() else { return true }
        switch kind {
        case .limit, .failed, .exited: break
        // The node went away in the middle of the call, or an effect was in doubt when it was ended.
        case .spawned, .settled: return true
        default: return false
        }
        guard let event = try stream.peek() else { return true }
        return switch try stream.payload(of: event) {
        case .limit(let kind, _): kind == RecordedEnd.deadline
        case .failed(_, let kind, _): kind == RecordedEnd.killed
        case .exited(let kind, _, _): kind == "killed" || kind == "failed"
        default: false
        }
    }

    /// Ends the guest where its record ends.
    func cut() {
        halt = .cut
        control.kill(EngineError(.killed, "the record of the call ends here"))
    }

    /// Ends the guest because the replay is over.
    func stop(_ stop: ReplayStop) { halt = .stop(stop) }

    /// Passes by what says that the call was cut off.
    private func finishCut() throws(ReplayStop) -> Bool {
        guard try stream.peek() != nil else { return false }
        counts.calls += 1
        counts.cutOff += 1
        while try stream.peekKind() == .settled { stream.advance() }
        var isOfClock = false
        if try stream.peekKind() == .limit {
            stream.advance()
            isOfClock = true
        }
        guard let next = try stream.peek(),
            case .failed(_, let kind, _) = try stream.payload(of: next)
        else { return false }
        // What the code does by itself is no cut.
        guard isOfClock || kind == RecordedEnd.killed || kind == RecordedEnd.tooLarge else {
            throw .diverged(
                ReplayDivergence(
                    .unexpectedEvent, next.sequence,
                    "the call was cut off, and the failure that stands here is the code's own",
                    recorded: RecordedEnd.side(of: next)))
        }
        stream.advance()
        return false
    }

    // MARK: Comparing ends

    private func compare(
        _ answer: GuestAnswer, _ call: ReplayDivergence.Call
    ) throws(ReplayStop) -> Bool {
        if try isCutOff() { return try finishCut() }
        guard let event = try stream.take() else { return false }
        let recorded = RecordedEnd.side(of: event)
        let replayed =
            answer.status == 0
            ? ReplayDivergence.Side("\(call.function) returned", answer.bytes)
            : ReplayDivergence.Side("\(call.function) answered with status \(answer.status)")
        func diverged(_ kind: ReplayDivergence.Kind, _ detail: String) -> ReplayStop {
            .diverged(
                ReplayDivergence(
                    kind, event.sequence, detail, recorded: recorded, replayed: replayed))
        }
        switch try stream.payload(of: event) {
        case .returned(let function, let output, _, let fuelUsed):
            guard function == call.function else {
                throw diverged(.unexpectedEvent, "'\(function)' returns, which was not called")
            }
            guard answer.status == 0 else {
                throw diverged(.otherEnd, "'\(function)' answered with an error text")
            }
            guard output == answer.bytes else {
                throw diverged(.otherAnswer, "'\(function)' answered with something else")
            }
            guard !comparesFuel || fuelUsed == answer.fuelUsed else {
                throw diverged(
                    .otherFuel,
                    "'\(function)' used \(answer.fuelUsed) units of fuel and had used \(fuelUsed)")
            }
            counts.calls += 1
            counts.fuel += fuelUsed
            self.output = output
            return true
        case .failed(let function, RecordedEnd.guestError, let message) where answer.status != 0:
            guard function == call.function,
                FailureText.isAnswer(message, of: function, answer.bytes)
            else {
                throw diverged(.otherAnswer, "'\(call.function)' answered with another error text")
            }
            counts.calls += 1
            return true
        case .failed(call.function, RecordedEnd.tooLarge, _) where isTooLarge(answer, call):
            // The answer was never recorded.
            counts.calls += 1
            counts.cutOff += 1
            return false
        case .hostCall, .hostError, .denied, .intent:
            throw diverged(
                .missingCall, "'\(call.function)' ended without a host call that it had made")
        case .failed, .limit:
            throw diverged(.otherEnd, "'\(call.function)' came to an end, and had failed")
        case .spawned, .forked, .called, .exited, .outcome, .outcomeError, .settled, .note,
            .upgrade:
            throw diverged(
                .unexpectedEvent, "\(event.type) stands in the middle of a call")
        }
    }

    /// Whether an answer is more than a chain takes.
    private func isTooLarge(_ answer: GuestAnswer, _ call: ReplayDivergence.Call) -> Bool {
        guard answer.status == 0 else { return false }
        let returned = EventPayload.returned(
            function: call.function, output: answer.bytes, state: nil, fuelUsed: answer.fuelUsed)
        return returned.encode().count > payloadSizeMax
    }

    /// Compares a failure of the guest's with the recorded one.
    private func compare(
        _ error: EngineError, _ call: ReplayDivergence.Call
    ) throws(ReplayStop) -> Bool {
        if try isCutOff() { return try finishCut() }
        guard var event = try stream.take() else { return false }
        let replayed = ReplayDivergence.Side("\(call.function) failed: \(error.message)")
        func diverged(_ kind: ReplayDivergence.Kind, _ detail: String) -> ReplayStop {
            .diverged(
                ReplayDivergence(
                    kind, event.sequence, detail, recorded: RecordedEnd.side(of: event),
                    replayed: replayed))
        }
        var isLimit = false
        if case .limit(let kind, let message) = try stream.payload(of: event) {
            guard kind == error.code.rawValue, message == error.message else {
                throw diverged(.otherEnd, "'\(call.function)' failed in another way")
            }
            isLimit = true
            guard let next = try stream.take() else { return false }
            event = next
        }
        switch try stream.payload(of: event) {
        case .failed(let function, RecordedEnd.crashed, let message):
            guard function == call.function,
                isLimit
                    || FailureText.isCrash(message, in: function, error, isOther: isOther)
            else { throw diverged(.otherEnd, "'\(call.function)' failed in another way") }
            counts.calls += 1
            counts.failures += 1
            return false
        // What an effect answered was too large; that it was is what the guest was told.
        case .failed(call.function, RecordedEnd.tooLarge, _) where error.code == .hostFunction:
            counts.calls += 1
            counts.cutOff += 1
            return false
        case .hostCall, .hostError, .denied, .intent:
            throw diverged(
                .missingCall,
                "'\(call.function)' failed without a host call that it had made: \(error.message)")
        case .returned, .failed, .limit:
            throw diverged(.otherEnd, "'\(call.function)' failed: \(error.message)")
        case .spawned, .forked, .called, .exited, .outcome, .outcomeError, .settled, .note,
            .upgrade:
            throw diverged(.unexpectedEvent, "\(event.type) stands in the middle of a call")
        }
    }
}
