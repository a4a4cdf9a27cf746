// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterEngine
internal import TheaterHandler
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterValue

/// Answers the host calls of one guest: decodes, checks, asks the handler, encodes, records.
final class CellHost: GuestHost, @unchecked Sendable {
    // SAFETY: used by the guest's runner alone; what a suspended call finishes runs while its runner
    // waits for exactly that.
    let template: ActorTemplate
    let handlers: [any Handler]
    let recorder: Recorder
    let meter: ActorMeter
    let world: World
    /// Set when something could not be recorded: the actor ends with it.
    private(set) var journalFailure: ActorError?
    /// Whether what would reach beyond the actor is refused.
    private let isDryRun: Bool
    /// Whether the running call did what cannot be done again as if nothing had been.
    var hasReachedOut = false
    /// Whether an intent was recorded whose effect may begin only when it is on disk.
    var hasFreshIntent = false
    /// What the chain says of the call that a crash cut off, while that is answered from it.
    var script: CallScript?
    /// Whether the guest was given a secret.
    var hasSecret = false
    /// Whether the guest called its host before its first call.
    private(set) var hasStartCalls = false
    /// Whether the guest has begun.
    var hasBegun = false

    init(
        template: ActorTemplate, handlers: [any Handler], recorder: Recorder, meter: ActorMeter,
        world: World, isDryRun: Bool = false
    ) {
        self.isDryRun = isDryRun
        self.template = template
        self.handlers = handlers
        self.recorder = recorder
        self.meter = meter
        self.world = world
    }

    func answer(import index: Int, input: UnsafeRawBufferPointer) -> HostAnswer {
        let binding = template.imports[index]
        if !hasBegun { hasStartCalls = true }
        if let script, let answer = unsafe answer(from: script, binding, input) { return answer }
        meter.hostCall(
            interfaceIndex: template.interfaceIndices[index], of: template.interfaces.count)
        if !binding.isRepeatable { hasReachedOut = true }
        recorder.tracer?.hostCallBegins(binding.signature)
        let call: HostCall
        switch unsafe decode(input, binding) {
        case .success(let decoded): call = decoded
        case .failure(let error): return unsafe fail(binding, [UInt8](input), error)
        }
        if isDryRun, binding.reachesOut {
            let error = HostError(
                "fork.dry-run",
                "'\(call.interface).\(call.function)' is refused, because the fork may have no effects; "
                    + "fork with --grant-effects to let it happen")
            if let stopped = noteDenial(of: call, error) { return stopped }
            return unsafe refuse(binding, [UInt8](input), error)
        }
        if let effect = binding.effect {
            return unsafe begin(effect, binding, [UInt8](input), call)
        }
        switch ask(binding.handler, call) {
        case .value(let value):
            return unsafe finish(binding, input, value)
        case .failure(let error):
            return unsafe refuse(binding, [UInt8](input), error)
        case .denied(let error):
            if let stopped = noteDenial(of: call, error) { return stopped }
            return unsafe refuse(binding, [UInt8](input), error)
        case .withheld(let error, let answer):
            if let stopped = noteDenial(of: call, error) { return stopped }
            return unsafe finish(binding, input, answer)
        case .redacted(let value, let recorded):
            hasSecret = true
            return unsafe finish(binding, input, value, recorded: recorded)
        case .later(let operation):
            meter.waitBegan(at: world.now())
            let kept = unsafe [UInt8](input)
            return .later(
                HostWait(
                    operation: { await operation() }, then: { self.then(binding, kept, call, $0) },
                    ifEnded: { self.ended(binding, kept, $0) }))
        case .parked(let start):
            meter.waitBegan(at: world.now())
            let kept = unsafe [UInt8](input)
            return .later(
                HostWait(
                    start: { completion in start(HostAnswering { completion.resume(returning: $0) })
                    },
                    then: { self.then(binding, kept, call, $0) },
                    ifEnded: { self.ended(binding, kept, $0) }))
        }
    }

    /// Records that a grant does not cover a call; answers only when that is impossible.
    func noteDenial(of call: HostCall, _ error: HostError) -> HostAnswer? {
        do throws(ActorError) {
            try recorder.denied("\(call.interface).\(call.function)", error.description)
            return nil
        } catch {
            return stop(error)
        }
    }

    private func then(
        _ binding: ImportBinding, _ input: [UInt8], _ call: HostCall, _ outcome: any Sendable
    ) -> Result<[UInt8], EngineError> {
        meter.waitEnded(at: world.now())
        let answer: HostAnswer =
            switch outcome as? Result<Value, HostError> {
            case .success(let value)?:
                unsafe input.withUnsafeBytes { unsafe finish(binding, $0, value) }
            case .failure(let error)?:
                (error.isDenial ? noteDenial(of: call, error) : nil)
                    ?? refuse(binding, input, error)
            case nil: .failure(EngineError(.hostFunction, "an operation lost its answer"))
            }
        switch answer {
        case .bytes(let bytes): return .success(bytes)
        case .failure(let error): return .failure(error)
        case .later: return .failure(EngineError(.hostFunction, "an answer waited twice"))
        }
    }

    private func ended(_ binding: ImportBinding, _ input: [UInt8], _ reason: EngineError) {
        meter.waitEnded(at: world.now())
        _ = fail(
            binding, input,
            HostError(
                "host.in-doubt",
                "the actor ended while the call ran (\(reason.message)); whether the call took "
                    + "effect is not known"))
    }

    /// Only strict durability and effects hold a wait up.
    var mustAskToWait: Bool { recorder.isStrict || hasFreshIntent }

    /// Nothing that happened before an effect may be lost while the effect stays.
    func willWait() async -> EngineError? {
        do throws(ActorError) {
            if hasFreshIntent {
                hasFreshIntent = false
                try await recorder.settleAlways()
            } else {
                try await recorder.settle()
            }
            return nil
        } catch {
            journalFailure = error
            return EngineError(.hostFunction, error.message)
        }
    }

    func pause() async {
        await recorder.waitForSpace()
    }

    func decode(
        _ input: UnsafeRawBufferPointer, _ binding: ImportBinding
    ) -> Result<HostCall, HostError> {
        let signature = binding.signature
        let value: Value
        do throws(CGRFError) {
            value = try unsafe CGRF.decode(input)
        } catch {
            return .failure(
                HostError(
                    "host.undecodable",
                    "the guest passed bytes to '\(signature.qualifiedName)' that do not decode: \(error)"
                ))
        }
        guard let arguments = CallShape.arguments(of: value, parameters: signature.parameters)
        else {
            return .failure(
                HostError(
                    "host.wrong-argument",
                    "the guest passed \(ValueText.print(value, options: .init(limit: 8)).prefix(80)) to "
                        + "'\(signature.qualifiedName)', which is \(signature)"))
        }
        for (argument, parameter) in zip(arguments, signature.parameters) {
            do throws(PactError) {
                try TypeCheck.check(argument, against: parameter.type)
            } catch {
                return .failure(
                    HostError(
                        "host.wrong-argument",
                        "argument '\(parameter.name)' of '\(signature.qualifiedName)' does not fit: "
                            + error.problem))
            }
        }
        return .success(
            HostCall(
                interface: signature.interface, function: signature.name, arguments: arguments))
    }

    /// Encodes an answer, and records it or what stands in for it.
    private func finish(
        _ binding: ImportBinding, _ input: UnsafeRawBufferPointer, _ value: Value,
        recorded: Value? = nil
    ) -> HostAnswer {
        let bytes: [UInt8]
        var recordedBytes: [UInt8]?
        do throws(HostError) {
            bytes = try Self.encode(value)
            if let recorded { recordedBytes = try Self.encode(recorded) }
        } catch {
            return unsafe fail(binding, [UInt8](input), error)
        }
        do throws(ActorError) {
            try unsafe recorder.hostCall(
                binding.eventType, input, recordedBytes ?? bytes, isRedacted: recordedBytes != nil)
        } catch {
            return stop(error)
        }
        return .bytes(bytes)
    }

    /// Encodes an answer.
    static func encode(_ value: Value) throws(HostError) -> [UInt8] {
        if case .tuple(let items) = value, items.isEmpty { return unitBytes }
        do throws(CGRFError) {
            return try CGRF.encode(value)
        } catch {
            throw HostError("host.unencodable", "the answer does not encode: \(error)")
        }
    }

    /// The error value where the function has one, else a trap.
    private func refuse(_ binding: ImportBinding, _ input: [UInt8], _ error: HostError)
        -> HostAnswer
    {
        guard binding.failsWithString else { return fail(binding, input, error) }
        let value = Self.errorValue(error)
        return unsafe input.withUnsafeBytes { unsafe finish(binding, $0, value) }
    }

    /// A failure as the error value of a function that has one.
    static func errorValue(_ error: HostError) -> Value {
        .result(ok: .string, err: .string, .err(.string(error.description)))
    }

    /// Records that a call has no answer, and traps the guest.
    private func fail(_ binding: ImportBinding, _ input: [UInt8], _ error: HostError) -> HostAnswer
    {
        do throws(ActorError) {
            try recorder.hostError(binding.signature, input, error.description)
        } catch {
            return stop(error)
        }
        return .failure(EngineError(.hostFunction, error.description))
    }

    func stop(_ error: ActorError) -> HostAnswer {
        journalFailure = error
        return .failure(EngineError(.hostFunction, error.message))
    }

    private static let unitBytes: [UInt8] = [
        0x43, 0x47, 0x52, 0x46, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
        0x0B, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0,
    ]
}
