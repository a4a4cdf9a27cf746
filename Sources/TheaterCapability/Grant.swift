// SPDX-License-Identifier: Apache-2.0

/// What an actor holds of one handler: nothing, or the handler within bounds.
public enum Grant: Sendable, Hashable {
    /// The actor does not have the handler.
    case none
    /// The actor has the handler within bounds.
    case held(GrantBounds)

    /// The handler without any bound.
    public static let unlimited = Grant.held(.unlimited)

    /// Whether whoever holds this grant may give the other one away.
    public func covers(_ other: Grant) -> Bool {
        switch (self, other) {
        case (_, .none): true
        case (.none, .held): false
        case (.held(let own), .held(let other)): own.covers(other)
        }
    }

    /// The widest grant that both cover: their meet.
    public func restricted(to other: Grant) -> Grant {
        guard case .held(let own) = self, case .held(let other) = other else { return .none }
        return .held(own.restricted(to: other))
    }
}

/// The bounds of a grant: one for each key that there could be.
///
/// Keys that are not written share one bound: ``Bound/unlimited`` in a policy, which says nothing of
/// them, and `fixed(nil)` in a manifest, where they have no value.
public struct GrantBounds: Sendable, Hashable {
    /// The bounds that differ from `others`.
    public let keys: [String: Bound]
    /// The bound of every other key.
    public let others: Bound

    /// No bound at all.
    public static let unlimited = GrantBounds([:], others: .unlimited)

    /// Makes bounds.
    public init(_ keys: [String: Bound], others: Bound = .fixed(nil)) {
        self.keys = keys.filter { $0.value != others }
        self.others = others
    }

    /// The bound of a key.
    public subscript(key: String) -> Bound { keys[key] ?? others }

    /// Whether each bound covers the other's.
    public func covers(_ other: GrantBounds) -> Bool {
        others.covers(other.others)
            && names(with: other).allSatisfy { self[$0].covers(other[$0]) }
    }

    /// The meet of each bound with the other's.
    public func restricted(to other: GrantBounds) -> GrantBounds {
        let pairs = names(with: other).map { ($0, self[$0].restricted(to: other[$0])) }
        return GrantBounds(
            Dictionary(pairs, uniquingKeysWith: { first, _ in first }),
            others: others.restricted(to: other.others))
    }

    /// The keys that either of the two has a bound of its own for, sorted.
    func names(with other: GrantBounds) -> [String] {
        Set(keys.keys).union(other.keys.keys).sorted()
    }
}
