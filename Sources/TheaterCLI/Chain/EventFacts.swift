// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform
internal import TheaterValue

/// The facts of an event by name, for people and programs.
enum EventFacts {
    /// One fact.
    enum Fact {
        /// Text.
        case text(String)
        /// A number.
        case number(UInt64)
        /// Several texts.
        case list([String])
        /// A value in the guest's encoding.
        case value(Value, size: Int)
        /// Bytes that are no value.
        case bytes([UInt8])

        /// The fact as text.
        func text(options: ValueText.Options) -> String {
            switch self {
            case .text(let text): Printable.line(text)
            case .number(let number): String(number)
            case .list(let items): Printable.line(items.joined(separator: ", "))
            case .value(let value, _): ValueText.print(value, options: options)
            case .bytes(let bytes):
                // Bytes are as well a list of them.
                ValueText.print(.bytes(bytes), options: options)
            }
        }

        /// The fact as JSON; of a value the text form, the size, and in full the hexadecimal bytes.
        func json(isFull: Bool) -> JSON {
            switch self {
            case .text(let text): return .string(text)
            case .number(let number): return .integer(number)
            case .list(let items): return .array(items.map(JSON.string))
            case .value(let value, let size):
                let limit = isFull ? nil : EventText.valueSizeMax
                return .object([
                    ("size", .integer(size)),
                    ("text", .string(ValueText.print(value, options: .init(limit: limit)))),
                ])
            case .bytes(let bytes):
                let shown = isFull ? bytes : Array(bytes.prefix(EventText.valueSizeMax))
                return .object([
                    ("size", .integer(bytes.count)), ("hex", .string(Hexadecimal.encode(shown))),
                ])
            }
        }
    }

    /// The value that bytes hold, or the bytes.
    static func value(_ bytes: [UInt8]) -> Fact {
        guard let value = try? CGRF.decode(bytes) else { return .bytes(bytes) }
        return .value(value, size: bytes.count)
    }

    /// That the code got another answer than the event has, if it did.
    private static func redaction(_ event: ChainEvent) -> [(String, Fact)] {
        event.payload.map(EventPayload.isRedacted) == true ? [("redacted", .text("true"))] : []
    }

    /// The facts of an event in the order of its payload.
    static func facts(_ event: ChainEvent) -> [(String, Fact)] {
        let payload: EventPayload
        do throws(PayloadError) {
            guard let decoded = try event.decodedPayload() else { return [] }
            payload = decoded
        } catch {
            return [("undecodable", .bytes(event.payload ?? []))]
        }
        switch payload {
        case .spawned(let module, let manifest, let name, let parent, let grants, let state):
            return [
                ("module", .text(module.description)), ("manifest", .text(manifest.description)),
            ]
                + optional("name", name) + optional("parent", parent?.description)
                + [("grants", .list(grants)), ("state", value(state))]
        case .forked(let fork):
            return [
                ("actor", .text(fork.actor.description)), ("sequence", .number(fork.sequence)),
                ("hash", .text(fork.hash.description)),
                ("module", .text(fork.module.description)),
                ("manifest", .text(fork.manifest.description)),
            ]
                + optional("name", fork.name)
                + [
                    ("grants", .list(fork.grants)), ("dry_run", .text("\(fork.isDryRun)")),
                    ("state", value(fork.state)),
                ]
        case .called(let function, let parameters, let fuel, let deadline):
            return [("function", .text(function)), ("parameters", value(parameters))]
                + optional("fuel", fuel) + optional("deadline_nanoseconds", deadline)
        case .returned(let function, let output, let state, let fuelUsed):
            return [("function", .text(function)), ("output", value(output))]
                + optional("state", state?.description) + [("fuel_used", .number(fuelUsed))]
        case .failed(let function, let kind, let message):
            return [
                ("function", .text(function)), ("kind", .text(kind)), ("message", .text(message)),
            ]
        case .hostCall(let interface, let function, let input, let output):
            return [
                ("interface", .text(interface)), ("function", .text(function)),
                ("input", value(input)), ("output", value(output)),
            ] + redaction(event)
        case .hostError(let interface, let function, let input, let message):
            return [
                ("interface", .text(interface)), ("function", .text(function)),
                ("input", value(input)), ("message", .text(message)),
            ]
        case .intent(let interface, let function, let input, let effect, let policy):
            return [
                ("interface", .text(interface)), ("function", .text(function)),
                ("input", value(input)), ("effect", .text(EffectText.kind(effect))),
                ("in_doubt", .text(EffectText.policy(policy))),
                (
                    "effect_id",
                    .text(EffectID(actor: event.actor, sequence: event.sequence).description)
                ),
            ]
        case .outcome(let interface, let function, let intent, let output):
            return [
                ("interface", .text(interface)), ("function", .text(function)),
                ("intent", .number(intent)), ("output", value(output)),
            ] + redaction(event)
        case .outcomeError(let interface, let function, let intent, let message):
            return [
                ("interface", .text(interface)), ("function", .text(function)),
                ("intent", .number(intent)), ("message", .text(message)),
            ]
        case .settled(let intent, let settlement, let note):
            return [
                ("intent", .number(intent)), ("outcome", .text(EffectText.settlement(settlement))),
                ("note", .text(note)),
            ]
        case .note(let note): return LifeText.facts(note)
        case .upgrade(let step):
            return [
                ("from", .text(step.from.description)), ("to", .text(step.to.description)),
                ("manifest", .text(step.manifest.description)),
            ]
                + (step.state.isEmpty ? [] : [("state", value(step.state))])
                + (step.reason.isEmpty ? [] : [("reason", .text(step.reason))])
        case .denied(let what, let reason):
            return [("what", .text(what)), ("reason", .text(reason))]
        case .limit(let kind, let message):
            return [("kind", .text(kind)), ("message", .text(message))]
        case .exited(let kind, let reason, let result):
            return [("kind", .text(kind)), ("reason", .text(reason))]
                + (result.map { [("result", value($0))] } ?? [])
        }
    }

    /// An event as JSON.
    static func json(_ event: ChainEvent, isFull: Bool) -> JSON {
        .object([
            ("actor", .string(event.actor.description)), ("sequence", .integer(event.sequence)),
            ("time", .string(event.time.rfc3339)),
            ("time_nanoseconds", .integer(event.time.nanoseconds)), ("type", .string(event.type)),
            ("hash", .string(event.hash.description)),
            ("parent", .string(event.parent.description)),
            ("payload_digest", .string(event.payloadDigest.description)),
            (
                "payload",
                event.payload == nil
                    ? .null : .object(facts(event).map { ($0, $1.json(isFull: isFull)) })
            ),
        ])
    }

    private static func optional(_ name: String, _ text: String?) -> [(String, Fact)] {
        text.map { [(name, .text($0))] } ?? []
    }

    private static func optional(_ name: String, _ number: UInt64?) -> [(String, Fact)] {
        number.map { [(name, .number($0))] } ?? []
    }
}
