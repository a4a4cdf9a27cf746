// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform
internal import TheaterValue

/// Effects as text and as JSON.
enum EffectText {
    /// The word for a kind of effect.
    static func kind(_ kind: EffectKind) -> String {
        switch kind {
        case .idempotent: "idempotent"
        case .once: "once"
        }
    }

    /// The word for a policy, as manifests have it.
    static func policy(_ policy: DoubtPolicy) -> String {
        switch policy {
        case .fail: "fail"
        case .retry: "retry"
        case .ask: "ask"
        }
    }

    /// The word for a settlement.
    static func settlement(_ settlement: EffectSettlement) -> String {
        switch settlement {
        case .done: "done"
        case .notDone: "not-done"
        case .failed: "failed"
        }
    }

    /// An effect in doubt, on three lines within the width.
    static func lines(_ doubt: EffectDoubt, width: Int) -> [String] {
        let name = Printable.line(doubt.name ?? "-", sizeMax: 64)
        let function = Printable.line("\(doubt.interface).\(doubt.function)", sizeMax: 256)
        let input = EventFacts.value(doubt.input).text(
            options: ValueText.Options(limit: EventText.valueSizeMax))
        return [
            "\(doubt.id.actor) \(doubt.id.sequence)  \(Printable.cut(name, to: 18))",
            Printable.cut("        \(function) \(input)", to: width),
            Printable.cut(
                "        begun \(TimeText.local(doubt.time)), \(kind(doubt.kind)), "
                    + "in_doubt = \(policy(doubt.policy))", to: width),
        ]
    }

    /// An effect in doubt as JSON.
    static func json(_ doubt: EffectDoubt) -> JSON {
        .object([
            ("effect_id", .string(doubt.id.description)),
            ("actor", .string(doubt.id.actor.description)), ("name", .optional(doubt.name)),
            ("sequence", .integer(doubt.id.sequence)),
            ("time", .string(doubt.time.rfc3339)),
            ("interface", .string(doubt.interface)), ("function", .string(doubt.function)),
            ("input", EventFacts.value(doubt.input).json(isFull: true)),
            ("effect", .string(kind(doubt.kind))), ("in_doubt", .string(policy(doubt.policy))),
        ])
    }
}
