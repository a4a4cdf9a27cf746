// SPDX-License-Identifier: Apache-2.0

/// What an actor gets of what its manifest asks for.
public struct EffectiveGrants: Sendable, Hashable {
    /// What it gets: covered by its parent's set, by its policy, and by what was asked.
    public let grants: GrantSet
    /// The bounds that were asked wider than they are held, in the order of handlers and keys.
    public let narrowings: [GrantNarrowing]
    /// What was asked for and cannot be had, in the same order. An actor with a refusal does not start.
    public let refusals: [GrantRefusal]
}

/// A bound that became narrower than what was asked for.
public struct GrantNarrowing: Sendable, Hashable {
    /// The handler.
    public let handler: String
    /// The key of its configuration.
    public let key: String
    /// What the manifest asks for.
    public let asked: Bound
    /// What the parent holds, within the policy.
    public let held: Bound
    /// What the actor gets.
    public let effective: Bound
}

/// Something that was asked for and cannot be had.
public struct GrantRefusal: Sendable, Hashable {
    /// Why it cannot be had.
    public enum Reason: Sendable, Hashable {
        /// The parent does not hold the handler.
        case notHeld
        /// The manifest's own policy disallows the handler.
        case disallowed
        /// A key must have the value that it has in the parent's grant, or that the policy names.
        case fixed(key: String, asked: Bound, held: Bound)
    }

    /// The handler.
    public let handler: String
    /// Why it cannot be had.
    public let reason: Reason
}

extension GrantSet {
    /// What an actor gets: what it asks for, as far as its parent holds it and its policy leaves it.
    ///
    /// A bound that is asked wider than it is held is narrowed. A handler that is not held at all is
    /// refused, and so is a key that is known only as a whole and differs from the parent's.
    ///
    /// - Parameters:
    ///   - parent: what the parent holds; ``unlimited`` for what an operator starts.
    ///   - policy: the manifest's `permission_policy`, by handler; a handler without one inherits.
    ///   - manifest: what the manifest asks for.
    public static func effective(
        parent: GrantSet, policy: [String: GrantPolicy] = [:], manifest: GrantSet
    ) -> EffectiveGrants {
        let left = GrantSet(policy.mapValues(\.grant), others: .unlimited)
        let held = parent.restricted(to: left)
        let grants = manifest.restricted(to: held)
        var narrowings: [GrantNarrowing] = []
        var refusals: [GrantRefusal] = []
        for handler in manifest.names {
            guard case .held(let asked) = manifest[handler] else { continue }
            guard case .held(let bounds) = held[handler], case .held(let result) = grants[handler]
            else {
                let reason: GrantRefusal.Reason =
                    parent[handler] == .none ? .notHeld : .disallowed
                refusals.append(GrantRefusal(handler: handler, reason: reason))
                continue
            }
            for key in asked.names(with: bounds) where result[key] != asked[key] {
                if result[key] == .contradiction {
                    let reason = GrantRefusal.Reason.fixed(
                        key: key, asked: asked[key], held: bounds[key])
                    refusals.append(GrantRefusal(handler: handler, reason: reason))
                } else {
                    narrowings.append(
                        GrantNarrowing(
                            handler: handler, key: key, asked: asked[key], held: bounds[key],
                            effective: result[key]))
                }
            }
        }
        return EffectiveGrants(grants: grants, narrowings: narrowings, refusals: refusals)
    }
}

extension GrantRefusal: CustomStringConvertible {
    /// The fact, both sides, and what to do.
    public var description: String {
        switch reason {
        case .notHeld:
            "the manifest asks for handler '\(handler)', which the parent does not hold; grant it to "
                + "the parent as well, or remove it"
        case .disallowed:
            "the manifest asks for handler '\(handler)', which its own permission_policy disallows; "
                + "remove one of the two"
        case .fixed(let key, let asked, let held):
            "'\(key)' of handler '\(handler)' is \(asked), and must be \(held) as its parent or policy "
                + "has it; write the same value in both"
        }
    }
}

extension GrantNarrowing: CustomStringConvertible {
    /// The fact with all three bounds.
    public var description: String {
        "'\(key)' of handler '\(handler)' asks for \(asked) and is held as \(held), so it is "
            + "\(effective)"
    }
}
