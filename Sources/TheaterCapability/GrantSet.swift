// SPDX-License-Identifier: Apache-2.0

/// What an actor holds: a grant of each handler that there could be.
///
/// Sets form a lattice under `covers`, with ``unlimited`` on top and ``empty`` at the bottom. What
/// an operator starts is measured against ``unlimited``; what an actor starts, against its own set.
public struct GrantSet: Sendable, Hashable {
    /// The grants that differ from `others`.
    public let handlers: [String: Grant]
    /// The grant of every other handler: all of it, or none.
    public let others: Grant

    /// Everything: what an operator holds.
    public static let unlimited = GrantSet([:], others: .unlimited)
    /// Nothing.
    public static let empty = GrantSet([:])

    /// Makes a set.
    public init(_ handlers: [String: Grant], others: Grant = .none) {
        self.handlers = handlers.filter { $0.value != others }
        self.others = others
    }

    /// The grant of a handler.
    public subscript(handler: String) -> Grant { handlers[handler] ?? others }

    /// The handlers that are held, sorted, as far as they are known by name.
    public var names: [String] { handlers.filter { $0.value != .none }.keys.sorted() }

    /// Whether whoever holds this set may give the other one away.
    public func covers(_ other: GrantSet) -> Bool {
        others.covers(other.others)
            && names(with: other).allSatisfy { self[$0].covers(other[$0]) }
    }

    /// The widest set that both cover: their meet.
    public func restricted(to other: GrantSet) -> GrantSet {
        let pairs = names(with: other).map { ($0, self[$0].restricted(to: other[$0])) }
        return GrantSet(
            Dictionary(pairs, uniquingKeysWith: { first, _ in first }),
            others: others.restricted(to: other.others))
    }

    private func names(with other: GrantSet) -> Set<String> {
        Set(handlers.keys).union(other.handlers.keys)
    }
}

/// What a manifest's `permission_policy` says of one handler.
public enum GrantPolicy: Sendable, Hashable {
    /// As far as the parent's grant reaches.
    case inherit
    /// Within these bounds; keys that they do not name are left as they are.
    case restrict([String: Bound])
    /// Not at all.
    case disallow

    /// The policy as the widest grant that it leaves.
    public var grant: Grant {
        switch self {
        case .inherit: .unlimited
        case .restrict(let keys): .held(GrantBounds(keys, others: .unlimited))
        case .disallow: .none
        }
    }
}
