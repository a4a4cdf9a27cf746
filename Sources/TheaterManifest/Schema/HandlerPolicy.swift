// SPDX-License-Identifier: Apache-2.0

/// What `[permission_policy.<handler>]` says of one handler: how much of its parent's grant an actor
/// takes over.
public struct HandlerPolicy: Sendable, Hashable {
    /// How much is taken over.
    public enum Kind: Sendable, Hashable {
        /// All that the parent holds (`inherit`); the same as no policy.
        case inherit
        /// What lies within these keys of the handler (`restrict`); keys that are not there say
        /// nothing.
        case restrict(HandlerGrant)
        /// Nothing (`disallow`).
        case disallow
    }

    /// The handler.
    public let type: String
    /// How much is taken over.
    public let kind: Kind
    /// Where the policy is written; not part of what makes two policies equal.
    public let place: ManifestPlace

    /// Makes a policy in code.
    public init(type: String, kind: Kind) {
        self.init(type: type, kind: kind, place: .none)
    }

    init(type: String, kind: Kind, place: ManifestPlace) {
        self.type = type
        self.kind = kind
        self.place = place
    }

    /// The refusal of a policy for a handler that the node does not offer.
    ///
    /// - Parameter file: the manifest's name.
    public func unknownType(in file: String, among offered: [String]) -> ManifestDiagnostic {
        HandlerGrant.unknown(type, file: file, at: place, among: offered)
    }

    /// Two policies are equal when they say the same, wherever they are written.
    public static func == (left: HandlerPolicy, right: HandlerPolicy) -> Bool {
        left.type == right.type && left.kind == right.kind
    }

    /// Hashes the type and what is said.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        hasher.combine(kind)
    }
}

extension HandlerPolicy {
    private static let kinds = ["inherit", "restrict", "disallow"]

    /// Reads the table `permission_policy`; underscores stand for hyphens in the handlers' names.
    static func read(_ reader: inout SectionReader) -> [HandlerPolicy] {
        var policies: [HandlerPolicy] = []
        for entry in reader.table.entries.prefix(Manifest.handlersMax) {
            let type = String(entry.key.map { $0 == "_" ? "-" : $0 })
            let policy = reader.section(entry.key) { section in
                read(&section, type: type, place: entry.place)
            }
            if !NameRules.isName(type, also: "", lengthMax: 64) {
                reader.add(
                    .invalidValue, at: entry.place,
                    "\"\(entry.key.prefix(64))\" is not the name of a handler", nil)
            } else if let first = policies.first(where: { $0.type == type }) {
                reader.add(
                    .duplicateKey, at: entry.place,
                    "the policy of '\(type)' is already written at "
                        + "\(first.place.line):\(first.place.column)", "remove one of the two")
            } else if case .some(.some(let policy)) = policy {
                policies.append(policy)
            }
        }
        if let first = reader.table.entries.dropFirst(Manifest.handlersMax).first {
            reader.add(
                .outOfRange, at: first.place,
                "a manifest has at most \(Manifest.handlersMax) policies", nil)
            for entry in reader.table.entries.dropFirst(Manifest.handlersMax) {
                reader.skip(entry.key)
            }
        }
        return policies
    }

    private static func read(
        _ section: inout SectionReader, type: String, place: ManifestPlace
    ) -> HandlerPolicy? {
        let kind = section.choice("type", among: kinds, required: true)
        let config = section.entry("config", expected: "a table")
        switch kind {
        case "inherit", "disallow":
            if let config {
                section.add(
                    .conflict, at: config.place,
                    "'config' has no meaning with type \"\(kind ?? "")\"",
                    "remove it, or write type = \"restrict\"")
            }
            return HandlerPolicy(
                type: type, kind: kind == "inherit" ? .inherit : .disallow, place: place)
        case "restrict":
            guard let config else {
                section.add(
                    .missingKey, at: section.table.place,
                    "'config' is missing from \(section.title)",
                    "name the keys of '\(type)' to restrict, or write type = \"inherit\"")
                return nil
            }
            guard case .table(let keys) = config.node.content else {
                section.mismatch("config", "a table", config.node)
                return nil
            }
            let grant = HandlerGrant(
                type: type, place: place, file: section.file,
                section: keys.readingSecrets(&section))
            return HandlerPolicy(type: type, kind: .restrict(grant), place: place)
        default: return nil
        }
    }

    /// Says what the policies and the granted handlers have against each other.
    static func compare(
        _ policies: [HandlerPolicy], with handlers: [HandlerGrant], file: String,
        findings: inout DiagnosticCollector
    ) -> [ManifestDiagnostic] {
        var warnings: [ManifestDiagnostic] = []
        for policy in policies {
            let grant = handlers.first { $0.type == policy.type }
            switch (policy.kind, grant) {
            case (.disallow, let grant?):
                findings.add(
                    ManifestDiagnostic(
                        .conflict, file: file, at: policy.place,
                        "the policy disallows handler '\(policy.type)', which is granted at "
                            + "\(grant.place.line):\(grant.place.column)",
                        suggestion: "remove one of the two"))
            case (.restrict, nil), (.inherit, nil):
                warnings.append(
                    ManifestDiagnostic(
                        .noEffect, file: file, at: policy.place,
                        "the policy of '\(policy.type)' has no effect: the handler is not granted",
                        suggestion: "grant it with [[handler]], or remove the policy"))
            case (.disallow, nil), (.restrict, _?), (.inherit, _?): break
            }
        }
        return warnings
    }
}
