// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// What an event says: the typed form of its payload.
///
/// Values cross in the encoding of the guest ABI (CGRF) and are not decoded here.
public enum EventPayload: Sendable, Hashable {
    /// An actor came to life.
    case spawned(
        module: Digest, manifest: Digest, name: String?, parent: ActorID?, grants: [String],
        state: [UInt8])
    /// An export is called, with a budget of fuel and a deadline; `nil` means without.
    case called(
        function: String, parameters: [UInt8], fuel: UInt64?, deadlineNanoseconds: UInt64?)
    /// A called export returned; the digest is of the actor's state after it.
    case returned(function: String, output: [UInt8], state: Digest?, fuelUsed: UInt64)
    /// A called export did not return.
    case failed(function: String, kind: String, message: String)
    /// A host function answered.
    case hostCall(interface: String, function: String, input: [UInt8], output: [UInt8])
    /// A host function was refused or broke.
    case hostError(interface: String, function: String, input: [UInt8], message: String)
    /// The actor asked for something that it holds no grant for.
    case denied(what: String, reason: String)
    /// The actor reached a limit.
    case limit(kind: String, message: String)
    /// The actor's life ended.
    case exited(kind: String, reason: String, result: [UInt8]?)
    /// A host function that changes the world outside is about to be called. An outcome or a settlement
    /// that names this event's sequence follows, or the effect is in doubt.
    case intent(
        interface: String, function: String, input: [UInt8], effect: EffectKind, policy: DoubtPolicy
    )
    /// That host function answered; the number is the sequence of the intent.
    case outcome(interface: String, function: String, intent: UInt64, output: [UInt8])
    /// That host function broke, or was never called.
    case outcomeError(interface: String, function: String, intent: UInt64, message: String)
    /// An actor goes on where another's chain stood.
    case forked(Fork)
    /// An effect in doubt is settled.
    case settled(intent: UInt64, as: EffectSettlement, note: String)
    /// What is noted of a durable actor beside.
    case note(LifeNote)
    /// The actor's code is exchanged between two calls.
    case upgrade(CodeUpgrade)
}

extension EventPayload {
    /// The version of the binary form that ``encode()`` writes.
    public static let version: UInt8 = 1

    /// The type of an event with this payload.
    public var type: EventType {
        switch self {
        case .spawned: .spawned
        case .called: .called
        case .returned: .returned
        case .failed: .failed
        case .hostCall(let interface, let function, _, _):
            EventType(interface: interface, function: function)
        case .hostError(let interface, let function, _, _):
            EventType(interface: interface, function: function)
        case .denied: .denied
        case .limit: .limit
        case .exited: .exited
        case .intent(let interface, let function, _, _, _),
            .outcome(let interface, let function, _, _),
            .outcomeError(let interface, let function, _, _):
            EventType(interface: interface, function: function)
        case .settled: .settled
        case .forked: .forked
        case .note(let note): note.type
        case .upgrade(let step): step.type
        }
    }

    /// The tags of the binary form.
    enum Tag: UInt8 {
        case spawned = 1, called, returned, failed, hostCall, hostError, denied, limit, exited
        case intent, outcome, outcomeError, settled, forked
        case durable, taken, resumed, inbox, mail, dropped, restarting
        case upgrade = 24
        case redactedHostCall, redactedOutcome
    }

    /// The compact binary form. Interface and function of a host call or effect are not in it: they are
    /// the event's type.
    ///
    /// - Parameter isRedacted: whether the code got another answer than the output of a host call or an
    ///   outcome says, see ``isRedacted(_:)``. Of other payloads nothing is redacted.
    public func encode(isRedacted: Bool = false) -> [UInt8] {
        var out = PayloadEncoder()
        switch self {
        case .spawned(let module, let manifest, let name, let parent, let grants, let state):
            out.begin(.spawned)
            out.put(module)
            out.put(manifest)
            out.put(optional: name) { $0.put($1) }
            out.put(optional: parent) { $0.bytes += $1.bytes }
            out.put(UInt64(grants.count))
            for grant in grants { out.put(grant) }
            out.put(state)
        case .called(let function, let parameters, let fuel, let deadline):
            out.begin(.called)
            out.put(function)
            out.put(optional: fuel) { $0.put($1) }
            out.put(optional: deadline) { $0.put($1) }
            out.put(parameters)
        case .returned(let function, let output, let state, let fuelUsed):
            out.begin(.returned)
            out.put(function)
            out.put(fuelUsed)
            out.put(optional: state) { $0.put($1) }
            out.put(output)
        case .failed(let function, let kind, let message):
            out.begin(.failed)
            for text in [function, kind, message] { out.put(text) }
        case .hostCall(_, _, let input, let output):
            out.begin(isRedacted ? .redactedHostCall : .hostCall)
            out.put(input)
            out.put(output)
        case .hostError(_, _, let input, let message):
            out.begin(.hostError)
            out.put(input)
            out.put(message)
        case .denied(let what, let reason):
            out.begin(.denied)
            out.put(what)
            out.put(reason)
        case .limit(let kind, let message):
            out.begin(.limit)
            out.put(kind)
            out.put(message)
        case .exited(let kind, let reason, let result):
            out.begin(.exited)
            out.put(kind)
            out.put(reason)
            out.put(optional: result) { $0.put($1) }
        case .intent(_, _, let input, let effect, let policy):
            out.begin(.intent)
            out.bytes += [effect.rawValue, policy.rawValue]
            out.put(input)
        case .outcome(_, _, let intent, let output):
            out.begin(isRedacted ? .redactedOutcome : .outcome)
            out.put(intent)
            out.put(output)
        case .outcomeError(_, _, let intent, let message):
            out.begin(.outcomeError)
            out.put(intent)
            out.put(message)
        case .forked(let fork):
            out.begin(.forked)
            fork.put(&out)
        case .settled(let intent, let settlement, let note):
            out.begin(.settled)
            out.put(intent)
            out.bytes.append(settlement.rawValue)
            out.put(note)
        case .note(let note):
            out.begin(note.tag)
            note.put(&out)
        case .upgrade(let step):
            out.begin(.upgrade)
            step.put(&out)
        }
        return out.bytes
    }

    /// Whether the bytes of a payload say that the code got another answer than the output in them: one
    /// that must not be written down. Only what recorded it knows, so nothing is taken from the output itself.
    public static func isRedacted(_ payload: [UInt8]) -> Bool {
        switch payload.withUnsafeBytes({ tag(of: $0) }) {
        case .redactedHostCall, .redactedOutcome: true
        default: false
        }
    }

    /// Reads the binary form of an event of a type. That an answer is redacted is not in what comes out, see
    /// ``isRedacted(_:)``.
    ///
    /// - Throws: ``PayloadError`` with the offset of the first byte that is wrong. Every number in
    ///   the input is checked against the bytes that are left before it is believed.
    public static func decode(
        _ bytes: [UInt8], type: String
    ) throws(PayloadError) -> EventPayload {
        var input = PayloadDecoder(bytes)
        let version = try input.byte("version")
        guard version == Self.version else { throw input.wrong("version \(version) is not known") }
        let number = try input.byte("tag")
        guard let tag = Tag(rawValue: number) else {
            throw input.wrong("tag \(number) is not known")
        }
        let payload = try read(tag, &input, type: type)
        guard input.isAtEnd else { throw input.wrong("bytes are left over") }
        return payload
    }

    private static func read(
        _ tag: Tag, _ input: inout PayloadDecoder, type: String
    ) throws(PayloadError) -> EventPayload {
        switch tag {
        case .spawned:
            let (module, manifest) = (try input.digest("module"), try input.digest("manifest"))
            let name = try input.flag("name") ? try input.text("name") : nil
            let parent = try input.flag("parent") ? try input.actor("parent") : nil
            var grants: [String] = []
            for _ in 0..<(try input.count("grants")) { grants.append(try input.text("grant")) }
            return .spawned(
                module: module, manifest: manifest, name: name, parent: parent, grants: grants,
                state: try input.blob("state"))
        case .called:
            let function = try input.text("function")
            let fuel = try input.flag("fuel") ? try input.varint("fuel") : nil
            let deadline = try input.flag("deadline") ? try input.varint("deadline") : nil
            return .called(
                function: function, parameters: try input.blob("parameters"), fuel: fuel,
                deadlineNanoseconds: deadline)
        case .returned:
            let function = try input.text("function")
            let fuelUsed = try input.varint("fuel")
            let state = try input.flag("state") ? try input.digest("state") : nil
            return .returned(
                function: function, output: try input.blob("output"), state: state,
                fuelUsed: fuelUsed)
        case .failed:
            return .failed(
                function: try input.text("function"), kind: try input.text("kind"),
                message: try input.text("message"))
        case .hostCall, .redactedHostCall:
            let (interface, function) = try input.split(type)
            return .hostCall(
                interface: interface, function: function, input: try input.blob("input"),
                output: try input.blob("output"))
        case .hostError:
            let (interface, function) = try input.split(type)
            return .hostError(
                interface: interface, function: function, input: try input.blob("input"),
                message: try input.text("message"))
        case .denied:
            return .denied(what: try input.text("what"), reason: try input.text("reason"))
        case .limit:
            return .limit(kind: try input.text("kind"), message: try input.text("message"))
        case .exited:
            let (kind, reason) = (try input.text("kind"), try input.text("reason"))
            let result = try input.flag("result") ? try input.blob("result") : nil
            return .exited(kind: kind, reason: reason, result: result)
        case .intent:
            let (interface, function) = try input.split(type)
            let effect: EffectKind = try input.choice("kind of effect")
            let policy: DoubtPolicy = try input.choice("policy")
            return .intent(
                interface: interface, function: function, input: try input.blob("input"),
                effect: effect, policy: policy)
        case .outcome, .redactedOutcome:
            let (interface, function) = try input.split(type)
            return .outcome(
                interface: interface, function: function, intent: try input.varint("intent"),
                output: try input.blob("output"))
        case .outcomeError:
            let (interface, function) = try input.split(type)
            return .outcomeError(
                interface: interface, function: function, intent: try input.varint("intent"),
                message: try input.text("message"))
        case .forked: return .forked(try Fork(&input))
        case .settled:
            let intent = try input.varint("intent")
            return .settled(
                intent: intent, as: try input.choice("settlement"), note: try input.text("note"))
        case .durable, .taken, .resumed, .inbox, .mail, .dropped, .restarting:
            guard let note = try LifeNote(tag, &input) else {
                throw input.wrong("the tag is not known")
            }
            return .note(note)
        case .upgrade: return .upgrade(try CodeUpgrade(&input))
        }
    }
}

extension ChainEvent {
    /// The typed form of the payload; `nil` when it was dropped.
    ///
    /// - Throws: ``PayloadError`` when the payload is not one of ``EventPayload``'s.
    public func decodedPayload() throws(PayloadError) -> EventPayload? {
        guard let payload else { return nil }
        return try EventPayload.decode(payload, type: type)
    }
}
