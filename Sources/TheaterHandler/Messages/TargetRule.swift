// SPDX-License-Identifier: Apache-2.0

public import TheaterManifest

/// Which other actors a grant covers: names, each exact or with a `*` at its end.
///
/// Manifest: `targets = ["ranker", "worker-*"]`. Without the key the grant covers every actor.
public struct TargetRule: Sendable, Hashable {
    /// How many names a rule may have.
    public static let namesMax = 256

    /// The names; `nil` covers every actor.
    public let names: [String]?

    /// Makes a rule.
    public init(names: [String]? = nil) { self.names = names }

    /// Reads the key `targets`.
    public init(_ reader: inout SectionReader) {
        names = reader.strings("targets")
        if let count = names?.count, count > Self.namesMax {
            reader.refuse("targets", "'targets' holds \(count) names, the most is \(Self.namesMax)")
        }
        for name in names ?? [] where name.isEmpty || name.dropLast().contains("*") {
            reader.refuse(
                "targets", "\"\(name.prefix(64))\" in 'targets' is no name of actors",
                suggestion: "write a name, or the beginning of one and a '*'")
        }
    }

    /// Whether the rule covers an actor of this name.
    public func covers(_ name: String) -> Bool {
        guard let names else { return true }
        return names.contains { pattern in
            pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
        }
    }

    /// The rule for messages.
    public var text: String { names.map { $0.joined(separator: ", ") } ?? "every actor" }
}
