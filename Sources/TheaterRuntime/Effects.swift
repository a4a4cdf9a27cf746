// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterChain
internal import TheaterEngine
internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterValue

extension CellHost {
    /// Records the intent of an effect. The handler sees the call only when the intent is on disk.
    func begin(
        _ kind: EffectKind, _ binding: ImportBinding, _ input: [UInt8], _ call: HostCall
    ) -> HostAnswer {
        let policy = DoubtPolicy(recorder.grants[binding.handler].grant.inDoubt ?? .fail)
        let id: EffectID?
        do throws(ActorError) {
            id = try recorder.intent(binding.signature, input, kind, policy)
        } catch {
            return stop(error)
        }
        hasFreshIntent = id != nil
        return carryOut(Effect(binding: binding, id: id, policy: policy), call)
    }

    /// Waits for an effect whose intent is recorded.
    private func carryOut(_ effect: Effect, _ call: HostCall) -> HostAnswer {
        let binding = effect.binding
        let call = HostCall(
            interface: call.interface, function: call.function, arguments: call.arguments,
            effectID: effect.id?.description)
        meter.waitBegan(at: world.now())
        return .later(
            HostWait(
                begin: { completion, world in
                    effect.hasBegun = true
                    return self.perform(call, binding, completion, world)
                },
                then: { self.finish(effect, call, $0) },
                ifEnded: { self.end(effect, $0) }))
    }

    /// Goes on after an intent that a crash cut off: does it again where its policy says so and nobody has
    /// said what came of it, and otherwise answers that nobody knows.
    func goOn(
        _ intent: EffectID, _ policy: DoubtPolicy, _ settlement: String?, _ binding: ImportBinding,
        _ input: UnsafeRawBufferPointer
    ) -> HostAnswer {
        let effect = Effect(binding: binding, id: intent, policy: policy)
        let call: HostCall
        switch unsafe decode(input, binding) {
        case .success(let decoded): call = decoded
        case .failure(let error): return stop(ActorError(.resume, error.description))
        }
        if settlement == nil, policy == .retry { return carryOut(effect, call) }
        let note = settlement ?? "it counts as failed"
        if settlement == nil {
            do throws(ActorError) {
                try recorder.settled(intent, as: .failed, "the node ended while the call ran")
            } catch {
                return stop(error)
            }
        }
        let error = HostError(
            "host.in-doubt",
            "the node ended while '\(call.interface).\(call.function)' ran, and whether it took effect is "
                + "not known: \(note)")
        meter.waitBegan(at: world.now())
        switch finish(effect, call, EffectAnswer(.failure(error))) {
        case .success(let bytes): return .bytes(bytes)
        case .failure(let failure): return .failure(failure)
        }
    }

    /// Hands the call to its handler.
    private func perform(
        _ call: HostCall, _ binding: ImportBinding, _ completion: HostCompletion, _ world: World
    ) -> Task<Void, Never>? {
        switch ask(binding.handler, call) {
        case .later(let operation):
            return world.start { completion.resume(returning: EffectAnswer(await operation())) }
        case .parked(let start):
            start(HostAnswering { completion.resume(returning: EffectAnswer($0)) })
            return nil
        case .value(let value): completion.resume(returning: EffectAnswer(.success(value)))
        case .failure(let error): completion.resume(returning: EffectAnswer(.failure(error)))
        case .denied(let error):
            completion.resume(returning: EffectAnswer(.failure(error), denial: error))
        case .withheld(let error, let answer):
            completion.resume(returning: EffectAnswer(.success(answer), denial: error))
        case .redacted(let value, let recorded):
            hasSecret = true
            completion.resume(returning: EffectAnswer(.success(value), recorded: recorded))
        }
        return nil
    }

    /// Records the outcome.
    private func finish(
        _ effect: Effect, _ call: HostCall, _ answer: any Sendable
    ) -> Result<[UInt8], EngineError> {
        meter.waitEnded(at: world.now())
        guard let answer = answer as? EffectAnswer else {
            return .failure(EngineError(.hostFunction, "an operation lost its answer"))
        }
        if let denial = answer.denial, case .failure(let stopped)? = noteDenial(of: call, denial) {
            return .failure(stopped)
        }
        var result = answer.result
        if case .failure(let error) = result, effect.binding.failsWithString {
            result = .success(Self.errorValue(error))
        }
        let bytes: [UInt8]
        let recorded: [UInt8]
        do throws(HostError) {
            bytes = try Self.encode(try result.get())
            recorded =
                try answer.recorded.map { (value) throws(HostError) in
                    try Self.encode(value)
                } ?? bytes
        } catch {
            return record(.failure(error), of: effect)
                ?? .failure(EngineError(.hostFunction, error.description))
        }
        return record(.success(recorded), of: effect, isRedacted: answer.recorded != nil)
            ?? .success(bytes)
    }

    /// Takes note that the actor ended first.
    private func end(_ effect: Effect, _ reason: EngineError) {
        meter.waitEnded(at: world.now())
        guard effect.hasBegun else {
            let error = HostError(
                "host.not-begun", "the actor ended before the call was begun (\(reason.message))")
            _ = record(.failure(error), of: effect)
            return
        }
        // Without a settlement it is in doubt, which is what the chain then says.
        guard let id = effect.id, let settlement = effect.policy.settlement else { return }
        let note = "the actor ended while the call ran (\(reason.message))"
        do throws(ActorError) {
            try recorder.settled(id, as: settlement, note)
        } catch {
            _ = stop(error)
        }
    }

    /// Records an outcome; answers only when that is impossible.
    private func record(
        _ result: Result<[UInt8], HostError>, of effect: Effect, isRedacted: Bool = false
    ) -> Result<[UInt8], EngineError>? {
        guard let id = effect.id else { return nil }
        let signature = effect.binding.signature
        do throws(ActorError) {
            do throws(ActorError) {
                try recorder.outcome(signature, of: id, result, isRedacted: isRedacted)
            } catch  where error.code == .tooLarge {
                // It is not in doubt: what cannot be kept is its answer.
                let large = HostError("host.unrecordable", error.message)
                try recorder.outcome(signature, of: id, .failure(large))
                throw error
            }
            return nil
        } catch {
            _ = stop(error)
            return .failure(EngineError(.hostFunction, error.message))
        }
    }
}

/// An effect of one guest between its intent and its outcome.
private final class Effect {
    let binding: ImportBinding
    /// `nil` for an actor that is not recorded.
    let id: EffectID?
    let policy: DoubtPolicy
    /// Whether the handler has seen the call.
    var hasBegun = false

    init(binding: ImportBinding, id: EffectID?, policy: DoubtPolicy) {
        self.binding = binding
        self.id = id
        self.policy = policy
    }
}

/// What a handler answered to an effect.
private struct EffectAnswer: Sendable {
    let result: Result<Value, HostError>
    /// Why the grant does not cover it.
    var denial: HostError?
    /// What the chain keeps in its place.
    var recorded: Value?

    init(_ result: Result<Value, HostError>, denial: HostError? = nil, recorded: Value? = nil) {
        self.result = result
        if case .failure(let error) = result, error.isDenial {
            self.denial = error
        } else {
            self.denial = denial
        }
        self.recorded = recorded
    }
}

extension ActorTemplate {
    /// Refuses a manifest that allows to do again what would be done twice.
    func checkRetries(_ grants: [HandlerGrant], of name: String) throws(ActorError) {
        for binding in imports where binding.effect == .once {
            guard grants.indices.contains(binding.handler) else { continue }
            let grant = grants[binding.handler]
            guard grant.inDoubt == .retry else { continue }
            let diagnostic = ManifestDiagnostic(
                .invalidValue, file: grant.file, at: grant.inDoubtPlace,
                "'\(name)' imports '\(binding.signature.qualifiedName)', which must not be done again "
                    + "when it is in doubt",
                suggestion: "write in_doubt = \"ask\" or \"fail\"")
            throw ActorError(.manifest, diagnostic.description)
        }
    }
}

extension EffectKind {
    /// The kind of an effect; `nil` for none.
    init?(_ effect: HostEffect) {
        switch effect {
        case .none: return nil
        case .idempotent: self = .idempotent
        case .once: self = .once
        }
    }
}

extension DoubtPolicy {
    /// The policy that a manifest states.
    init(_ policy: InDoubt) {
        switch policy {
        case .fail: self = .fail
        case .retry: self = .retry
        case .ask: self = .ask
        }
    }
}
