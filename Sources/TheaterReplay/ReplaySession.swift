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
    /// The life whose code was exchanged, as long as it may come back.
    private var replaced: ReplayLife?
    /// Whether new code was started and does not have the actor yet.
    private var isMigrating = false
    /// Linked code by its digest: lives of one actor share it.
    private var linked: [String: LinkedModule] = [:]
    var verdict = ReplayVerdict()
    /// Who goes on with the guest; `nil` when nobody does.
    var successor: Successor?
    /// Whether somebody wants the guest where the chain ends, so that a life that did nothing counts, too.
    var needsGuest = false

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
        guard let life = lastLife, let successor else { return nil }
        defer { end() }
        return life.handOver(to: successor.host)
    }

    /// The guest that lives when the chain is over, between two calls; `nil` when none does.
    var restingGuest: Guest? { lastLife?.restingGuest }

    /// Who lives when the chain is over: an exchange of the code that the end cut off never was.
    private var lastLife: ReplayLife? { isMigrating ? replaced : life }

    /// Lets go of the guests.
    func end() {
        endLife()
        replaced?.end()
        replaced = nil
        isMigrating = false
    }

    func run(_ library: some ReplayLibrary) async throws(ReplayStop) {
        while let event = try next() {
            switch try stream.kind(of: event) {
            case .spawned: try await begin(event, library)
            case .called: try await call(event)
            case .exited: end()
            case .upgrade: try await upgrade(event, library)
            case .failed: try checkFailure(event)
            // Somebody said what became of an effect; the stream checks where a fork begins.
            case .settled, .note: break
            case .forked: settleUpgrade()
            case .returned, .hostCall, .hostError, .denied, .limit, .intent, .outcome,
                .outcomeError:
                throw .diverged(
                    ReplayDivergence(
                        .unexpectedEvent, event.sequence,
                        "\(event.type) stands outside of any call"))
            }
        }
    }

    /// The next event, while somebody waits for the result.
    private func next() throws(ReplayStop) -> ChainEvent? {
        guard !Task.isCancelled else { throw .failed(.cancelled) }
        return try stream.take()
    }

    // MARK: Lives

    private func begin(
        _ event: ChainEvent, _ library: some ReplayLibrary
    ) async throws(ReplayStop) {
        guard
            case .spawned(let module, let manifest, let name, _, _, let state) =
                try stream.payload(of: event)
        else { return }
        end()
        (firstState, lastAnswer) = (state, nil)
        verdict.counts.lives += 1
        let birth = ReplayBirth(event, module: module, manifest: manifest, name: name)
        try await start(birth, event, library)
    }

    /// Goes a step of an exchange of the code.
    private func upgrade(
        _ event: ChainEvent, _ library: some ReplayLibrary
    ) async throws(ReplayStop) {
        guard case .upgrade(let step) = try stream.payload(of: event) else { return }
        if step.stage != .begun, !step.state.isEmpty {
            (firstState, lastAnswer) = (step.state, nil)
        }
        switch step.stage {
        case .begun:
            settleUpgrade()
            guard let life else { throw Self.stray(event) }
            replaced = life
            self.life = nil
            isMigrating = true
            let birth = ReplayBirth(
                event, module: step.to, manifest: step.manifest, name: nil)
            try await start(birth, event, library)
        case .done:
            guard isMigrating else { throw Self.stray(event) }
            isMigrating = false
        case .kept:
            guard replaced != nil, !isMigrating else { throw Self.stray(event) }
            settleUpgrade()
        case .undone:
            guard replaced != nil else { throw Self.stray(event) }
            isMigrating = true
            settleUpgrade()
        }
    }

    /// Ends an exchange of the code where somebody goes on with what is in place.
    private func settleUpgrade() {
        if isMigrating {
            endLife()
            life = replaced
        } else {
            replaced?.end()
        }
        (replaced, isMigrating) = (nil, false)
    }

    private static func stray(_ event: ChainEvent) -> ReplayStop {
        .diverged(
            ReplayDivergence(
                .unexpectedEvent, event.sequence,
                "\(event.type) stands where no code of the actor's could be exchanged"))
    }

    /// Starts the code that the actor goes on with.
    private func start(
        _ birth: ReplayBirth, _ event: ChainEvent, _ library: some ReplayLibrary
    ) async throws(ReplayStop) {
        // A life that did nothing: whatever ended it was not code.
        switch try stream.peekKind() {
        case nil where needsGuest: break
        case nil, .spawned?: return
        case .exited?:
            guard let end = try stream.peek(), try ReplayLife.isFailedStart(end, stream) else {
                return
            }
        default: break
        }
        let code: ReplayCode
        do throws(ReplayError) {
            code = try await library.code(for: birth)
        } catch {
            throw .failed(error)
        }
        // Only the guest that is handed over goes on with its successor's code and control.
        let successor = self.successor.flatMap { $0.isOf(birth) ? $0 : nil }
        let linked: LinkedModule
        if let successor { linked = successor.linked } else { linked = try await link(code.wasm) }
        let isOther = linked.module.digest != birth.module.description
        if isOther { verdict.hasOtherCode = true }
        if !code.knowsLimits { verdict.assumesLimits = true }
        let life = ReplayLife(
            stream: stream, linked: linked, isOther: isOther, options: options,
            control: successor?.control ?? GuestControl())
        // From here on somebody lets go of it, whatever happens.
        self.life = life
        defer { verdict.counts += life.takeCounts() }
        try await life.start(code, engine: engine, birth: event)
    }

    /// Takes a life up where an image was taken of it.
    func restore(
        _ image: LifeImage, _ library: some ReplayLibrary
    ) async throws(ReplayStop) {
        guard let successor, successor.linked.module.digest == image.module.description else {
            throw .failed(ReplayError(.wrongDigest, "the snapshot is of other code"))
        }
        let birth = ReplayBirth(
            of: image.actor, sequence: image.sequence, module: image.module, manifest: .zero,
            name: nil)
        let code: ReplayCode
        do throws(ReplayError) {
            code = try await library.code(for: birth)
        } catch {
            throw .failed(error)
        }
        let life = ReplayLife(
            stream: stream, linked: successor.linked, isOther: false, options: options,
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
    private(set) var firstState: [UInt8] = []
    /// The last answer that left a state.
    private(set) var lastAnswer: (function: String, output: [UInt8])?

    private func note(_ function: String, _ parameters: [UInt8], _ output: [UInt8]) {
        var rule = StateRule()
        rule.exports = successor?.exports
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
        if isMigrating, life.isOther { return try skipMigration() }
        defer { verdict.counts += life.takeCounts() }
        let goesOn = try await life.call(call, parameters, fuel: fuel ?? .max)
        if goesOn, successor?.exports != nil { note(function, parameters, life.output) }
        if !goesOn { endLife() }
    }

    /// Other code migrates other states: what the recorded code made of it is in the events.
    private func skipMigration() throws(ReplayStop) {
        while let kind = try stream.peekKind() {
            switch kind {
            case .upgrade, .spawned, .exited: return
            default: stream.advance()
            }
        }
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
