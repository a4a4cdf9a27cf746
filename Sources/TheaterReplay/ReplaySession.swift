// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterEngine
internal import TheaterPlatform
internal import TheaterValue

/// One replay: goes through the events, makes the lives and the calls that they name again.
final class ReplaySession {
    private let engine: Engine
    private let stream: EventStream
    private let options: ReplayOptions
    private var life: ReplayLife?
    /// Linked code by its digest: lives of one actor share it.
    private var linked: [String: LinkedModule] = [:]
    var verdict = ReplayVerdict()
    /// Who goes on with the guest; `nil` when nobody does.
    var successor: Successor?

    init(engine: Engine, stream: EventStream, options: ReplayOptions) {
        self.engine = engine
        self.stream = stream
        self.options = options
    }

    /// How many events were found to be as the run is: all before the divergence.
    var comparedCount: UInt64 {
        verdict.divergence.map { stream.count(before: $0.sequence) } ?? stream.taken
    }

    /// Whose chain is read at present.
    var actor: ActorID? { stream.actor }

    /// Gives the guest away that lives when the chain is over; `nil` when none does.
    func handOver() -> Guest? {
        guard let life, let successor else { return nil }
        self.life = nil
        return life.handOver(to: successor.host)
    }

    /// Lets go of the guest.
    func end() { endLife() }

    func run(_ library: some ReplayLibrary) async throws(ReplayStop) {
        while let event = try stream.take(), !Task.isCancelled {
            switch try stream.kind(of: event) {
            case .spawned: try await begin(event, library)
            case .called: try await call(event)
            case .exited: endLife()
            case .failed: try checkFailure(event)
            // Somebody said what became of an effect; the stream checks where a fork begins.
            case .settled, .forked, .note: break
            case .returned, .hostCall, .hostError, .denied, .limit, .intent, .outcome,
                .outcomeError:
                throw .diverged(
                    ReplayDivergence(
                        .unexpectedEvent, event.sequence,
                        "\(event.type) stands outside of any call"))
            }
        }
    }

    // MARK: Lives

    private func begin(
        _ event: ChainEvent, _ library: some ReplayLibrary
    ) async throws(ReplayStop) {
        guard
            case .spawned(let module, let manifest, let name, _, _, let state) =
                try stream.payload(of: event)
        else { return }
        endLife()
        (firstState, lastAnswer) = (state, nil)
        verdict.counts.lives += 1
        // A life that did nothing: whatever ended it was not code.
        switch try stream.peekKind() {
        case nil where successor != nil: break
        case nil, .spawned?, .exited?: return
        default: break
        }
        let birth = ReplayBirth(
            sequence: event.sequence, module: module, manifest: manifest, name: name)
        let code: ReplayCode
        do throws(ReplayError) {
            code = try await library.code(for: birth)
        } catch {
            throw .failed(error)
        }
        let linked: LinkedModule
        if let successor { linked = successor.linked } else { linked = try await link(code.wasm) }
        let isOther = linked.module.digest != module.description
        if isOther { verdict.hasOtherCode = true }
        let life = ReplayLife(
            stream: stream, linked: linked, isOther: isOther, redaction: options.redaction,
            control: successor?.control ?? GuestControl())
        defer { verdict.counts += life.takeCounts() }
        try await life.start(code, engine: engine, birth: event)
        self.life = life
    }

    /// Takes a life up where an image was taken of it.
    func restore(
        _ image: LifeImage, _ library: some ReplayLibrary
    ) async throws(ReplayStop) {
        guard let successor, successor.linked.module.digest == image.module.description else {
            throw .failed(ReplayError(.wrongDigest, "the snapshot is of other code"))
        }
        let birth = ReplayBirth(
            sequence: image.sequence, module: image.module, manifest: .zero, name: nil)
        let code: ReplayCode
        do throws(ReplayError) {
            code = try await library.code(for: birth)
        } catch {
            throw .failed(error)
        }
        let life = ReplayLife(
            stream: stream, linked: successor.linked, isOther: false, redaction: options.redaction,
            control: successor.control)
        try await life.restore(image, code, engine: engine)
        self.life = life
    }

    private func link(_ wasm: [UInt8]) async throws(ReplayStop) -> LinkedModule {
        do throws(EngineError) {
            let module = try await engine.modules.module(for: wasm)
            if let known = linked[module.digest] { return known }
            let made = try LinkedModule(
                module,
                modes: module.imports.map {
                    options.isSuspending($0.module, $0.name) ? .suspending : .immediate
                })
            linked[module.digest] = made
            return made
        } catch {
            throw .failed(
                ReplayError(.module, "the code of the chain does not load: \(error.message)"))
        }
    }

    private func endLife() {
        life?.end()
        life = nil
    }

    /// What the chain notes of the present life.
    var record: LifeRecord { stream.record }

    /// The state that the present life began with.
    private var firstState: [UInt8] = []
    /// The last answer that left a state.
    private(set) var lastAnswer: (function: String, output: [UInt8])?

    private func note(_ function: String, _ parameters: [UInt8], _ output: [UInt8]) {
        let rule = StateRule(exports: successor?.exports)
        let isStateful =
            rule.declaresState(function)
            ?? rule.takesState(
                function, parameters,
                state: lastAnswer.flatMap { rule.state(after: $0.function, $0.output) }
                    ?? (try? CGRF.decode(firstState)))
        guard isStateful else { return }
        lastAnswer = (function, output)
    }

    // MARK: Calls

    private func call(_ event: ChainEvent) async throws(ReplayStop) {
        guard
            case .called(let function, let parameters, let fuel, _) =
                try stream.payload(of: event)
        else { return }
        let call = ReplayDivergence.Call(sequence: event.sequence, function: function)
        guard let life else {
            throw .diverged(
                ReplayDivergence(
                    .unexpectedEvent, event.sequence,
                    "'\(function)' is called, and the actor does not live"))
        }
        defer { verdict.counts += life.takeCounts() }
        let goesOn = try await life.call(call, parameters, fuel: fuel ?? .max)
        if goesOn, successor?.exports != nil { note(function, parameters, life.output) }
        if !goesOn { endLife() }
    }

    /// A failure outside of a call: the runtime refused an answer or a call, which ends the life.
    private func checkFailure(_ event: ChainEvent) throws(ReplayStop) {
        guard case .failed(let function, let kind, _) = try stream.payload(of: event) else {
            return
        }
        guard RecordedEnd.isRuntimes(kind) else {
            throw .diverged(
                ReplayDivergence(
                    .unexpectedEvent, event.sequence,
                    "'\(function)' failed with \(kind) outside of any call"))
        }
        endLife()
    }
}

extension ReplayCounts {
    static func += (left: inout ReplayCounts, right: ReplayCounts) {
        left.lives += right.lives
        left.calls += right.calls
        left.hostCalls += right.hostCalls
        left.hostErrors += right.hostErrors
        left.redacted += right.redacted
        left.failures += right.failures
        left.cutOff += right.cutOff
        left.fuel += right.fuel
    }
}
