// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import TheaterChain
internal import TheaterPlatform

/// The effects that a crash left in doubt, as a node finds them when it opens.
enum DoubtfulEffects {
    /// Logs each, and settles those whose policy says how.
    static func settle(in journal: Journal, logger: Logger) throws(JournalError) {
        for doubt in journal.recovery.doubts {
            let settlement = doubt.policy.settlement
            if let settlement {
                let chain = try journal.resumeChain(actor: doubt.id.actor)
                try chain.append(
                    .settled(
                        intent: doubt.id.sequence, as: settlement,
                        note: "the node ended while the call ran"))
            }
            logger.warning(
                "\(text(doubt, settlement))",
                metadata: [
                    "effect.id": "\(doubt.id)",
                    "effect.function": "\(doubt.interface).\(doubt.function)",
                ])
        }
    }

    private static func text(_ doubt: EffectDoubt, _ settlement: EffectSettlement?) -> String {
        let what =
            "the node ended while '\(doubt.name ?? doubt.id.actor.description)' waited for "
            + "'\(doubt.interface).\(doubt.function)'; whether it took effect is not known"
        return settlement == nil
            ? what + ". See what it acts on, then say so: theater chain resolve "
                + "\(doubt.id.actor) \(doubt.id.sequence) --outcome done|not-done"
            : what + ", and it counts as failed, as its grant says"
    }
}
