// SPDX-License-Identifier: Apache-2.0

/// How far one key of a grant reaches.
///
/// The bounds of each kind form a lattice under `covers`; ``unlimited`` lies above and ``contradiction``
/// below all of them. *Unlimited* and *empty* are different values, so no absent list can be taken for
/// one when it means the other.
public enum Bound: Sendable, Hashable {
    /// Everything.
    case unlimited
    /// These names.
    case names(NameSet)
    /// All names but these.
    case namesExcept(NameSet)
    /// These paths and all below them.
    case paths(PathSet)
    /// These hosts.
    case hosts(HostSet)
    /// This number and all below it.
    case atMost(UInt64)
    /// This number and all above it.
    case atLeast(UInt64)
    /// Whether something may be done; `true` reaches further.
    case flag(Bool)
    /// Exactly this value, as its text; `nil` for a key that is not there.
    ///
    /// This is how keys are compared of which nothing is known: a child must have what its parent has.
    case fixed(String?)
    /// What no value satisfies: the parent demands one value and the child another.
    case contradiction

    /// Whether all that `other` permits is permitted by this bound.
    public func covers(_ other: Bound) -> Bool {
        switch (self, other) {
        case (.unlimited, _), (_, .contradiction): true
        case (.names(let own), .names(let other)): own.union.covers(other.union)
        case (.namesExcept(let own), .namesExcept(let other)): other.union.covers(own.union)
        case (.paths(let own), .paths(let other)): own.union.covers(other.union)
        case (.hosts(let own), .hosts(let other)): own.union.covers(other.union)
        case (.atMost(let own), .atMost(let other)): own >= other
        case (.atLeast(let own), .atLeast(let other)): own <= other
        case (.flag(let own), .flag(let other)): own || !other
        default: self == other
        }
    }

    /// The widest bound that both cover: their meet.
    public func restricted(to other: Bound) -> Bound {
        switch (self, other) {
        case (.unlimited, _): other
        case (_, .unlimited): self
        case (.names(let own), .names(let other)):
            .names(NameSet(union: own.union.meet(other.union)))
        case (.namesExcept(let own), .namesExcept(let other)):
            .namesExcept(NameSet(union: Union(own.union.items + other.union.items)))
        case (.paths(let own), .paths(let other)):
            .paths(PathSet(union: own.union.meet(other.union)))
        case (.hosts(let own), .hosts(let other)):
            .hosts(HostSet(union: own.union.meet(other.union)))
        case (.atMost(let own), .atMost(let other)): .atMost(min(own, other))
        case (.atLeast(let own), .atLeast(let other)): .atLeast(max(own, other))
        case (.flag(let own), .flag(let other)): .flag(own && other)
        default: self == other ? self : .contradiction
        }
    }
}

extension Bound: CustomStringConvertible {
    /// The bound for people: `at most 5`, `/data, /tmp`, `nothing`.
    public var description: String {
        switch self {
        case .unlimited: "unlimited"
        case .names(let set): Self.list(set.names)
        case .namesExcept(let set): "all but " + Self.list(set.names)
        case .paths(let set): Self.list(set.paths)
        case .hosts(let set): Self.list(set.hosts)
        case .atMost(let number): "at most \(number)"
        case .atLeast(let number): "at least \(number)"
        case .flag(let isAllowed): isAllowed ? "yes" : "no"
        case .fixed(let text): text.map { "exactly \($0)" } ?? "not set"
        case .contradiction: "impossible"
        }
    }

    private static func list(_ items: [String]) -> String {
        items.isEmpty ? "nothing" : items.joined(separator: ", ")
    }
}
