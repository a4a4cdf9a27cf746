// SPDX-License-Identifier: Apache-2.0

/// How one key of a handler's configuration restricts what the handler may do.
///
/// A handler declares one for each key that bounds its authority. A key without a declaration is
/// compared as a whole: a child's must be equal to its parent's.
public struct AuthorityKey: Sendable, Hashable {
    /// How the values of a key are compared.
    public enum Kind: Sendable, Hashable {
        /// An array of names, each exact.
        case names
        /// An array of names, where a `*` at the end stands for any ending.
        case patterns
        /// An array of names that are taken away, where a `*` at the end stands for any ending. A child
        /// has those of its parent beside its own.
        case exceptions
        /// An array of paths, each with all below it; relative ones from the manifest's folder.
        case paths
        /// One path, with all below it; a relative one from the manifest's folder. What two have in common is
        /// the one that lies below the other, or nothing.
        case path
        /// An array of hosts with or without a port; see ``HostSet``.
        case hosts
        /// The most of something.
        case maximum(Unit)
        /// The least of something.
        case minimum(Unit)
        /// A truth value of which this one reaches further.
        case flag(reachesFurther: Bool)
        /// A value that carries no authority: a child may have another one.
        case free
    }

    /// How a number is written.
    public enum Unit: Sendable, Hashable {
        /// A whole number.
        case count
        /// A number of bytes, or text such as `64MiB`.
        case bytes
        /// Text such as `30s`; compared in nanoseconds.
        case duration
    }

    /// The key.
    public let name: String
    /// How its values are compared.
    public let kind: Kind
    /// What it means when the key is not written.
    public let absent: Bound

    private init(_ name: String, _ kind: Kind, _ absent: Bound) {
        self.name = name
        self.kind = kind
        self.absent = absent
    }

    /// What an absent set means.
    public enum AbsentSet: Sendable, Hashable {
        /// Nothing is allowed without the key.
        case nothing
        /// Everything is allowed without the key.
        case everything
    }

    /// Declares an array of exact names.
    public static func names(_ name: String, absent: AbsentSet) -> AuthorityKey {
        AuthorityKey(name, .names, absent == .everything ? .unlimited : .names(.empty))
    }

    /// Declares an array of names, where a `*` at the end stands for any ending.
    public static func patterns(_ name: String, absent: AbsentSet) -> AuthorityKey {
        AuthorityKey(name, .patterns, absent == .everything ? .unlimited : .names(.empty))
    }

    /// Declares an array of names that are taken away, where a `*` at the end stands for any ending.
    /// Without the key nothing is.
    public static func exceptions(_ name: String) -> AuthorityKey {
        AuthorityKey(name, .exceptions, .namesExcept(.empty))
    }

    /// Declares an array of paths.
    public static func paths(_ name: String, absent: AbsentSet) -> AuthorityKey {
        AuthorityKey(name, .paths, absent == .everything ? .unlimited : .paths(.empty))
    }

    /// Declares one path; without it there is none.
    public static func path(_ name: String) -> AuthorityKey {
        AuthorityKey(name, .path, .paths(.empty))
    }

    /// Declares an array of hosts.
    public static func hosts(_ name: String, absent: AbsentSet) -> AuthorityKey {
        AuthorityKey(name, .hosts, absent == .everything ? .unlimited : .hosts(.empty))
    }

    /// Declares a number that bounds from above.
    ///
    /// - Parameter absent: what holds without the key, in the unit (nanoseconds for a duration);
    ///   `nil` for no bound.
    public static func maximum(
        _ name: String, _ unit: Unit = .count, absent: UInt64?
    ) -> AuthorityKey {
        AuthorityKey(name, .maximum(unit), absent.map(Bound.atMost) ?? .unlimited)
    }

    /// Declares a number that bounds from below; `absent` as for ``maximum(_:_:absent:)``.
    public static func minimum(
        _ name: String, _ unit: Unit = .count, absent: UInt64?
    ) -> AuthorityKey {
        AuthorityKey(name, .minimum(unit), absent.map(Bound.atLeast) ?? .unlimited)
    }

    /// Declares a truth value.
    ///
    /// - Parameters:
    ///   - reachesFurther: the value that permits more: `true` for `write`, `false` for `read_only`.
    ///   - absent: the value that holds without the key.
    public static func flag(
        _ name: String, reachesFurther: Bool = true, absent: Bool
    ) -> AuthorityKey {
        AuthorityKey(
            name, .flag(reachesFurther: reachesFurther), .flag(absent == reachesFurther))
    }

    /// Declares that a key carries no authority, such as a seed.
    public static func free(_ name: String) -> AuthorityKey {
        AuthorityKey(name, .free, .unlimited)
    }
}
