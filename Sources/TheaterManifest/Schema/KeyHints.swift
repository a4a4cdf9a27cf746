// SPDX-License-Identifier: Apache-2.0

/// What to say about keys that are not part of a table's schema but that people write.
enum KeyHints {
    /// The keys of the manifest itself that are no tables.
    static let topLevel = [
        "name", "version", "description", "long_description", "package", "sha256",
        "initial_state", "initial_state_value", "initial_state_file", "initial_state_format",
        "on_error", "save_chain",
    ]

    /// Keys of the manifest itself that are refused, with what is said about each.
    private static let refusedTopLevel: [String: (message: String, suggestion: String)] = [
        "component": ("is an old name", "rename it to 'package'"),
        "component_path": ("is an old name", "rename it to 'package'"),
        "wasm": ("is an old name", "rename it to 'package'"),
        "init_state": ("is an old name", "rename it to 'initial_state'"),
        "init_data": ("is an old name", "rename it to 'initial_state'"),
        "static_package": (
            "is not supported any more", "remove it: compiled packages are always cached"
        ),
        "interface": (
            "is not supported any more", "remove it: interfaces are read from the package"
        ),
        "interfaces": (
            "is not supported any more", "remove it: interfaces are read from the package"
        ),
        "logging": ("is not supported any more", "remove it: the node decides about logs"),
        "event_server": ("is not supported any more", "remove it"),
        "permissions": (
            "is not supported: it never had an effect",
            "grant handlers with [[handler]], and restrict them with [permission_policy]"
        ),
        "replay": (replayMessage, replaySuggestion),
        "include": ("is not supported", "write the keys out: a manifest is one file"),
    ]

    private static let replayMessage = "is not a part of a manifest: to replay is a command's work"
    private static let replaySuggestion =
        "remove it; look at a chain with `theater chain show`, and check it with "
        + "`theater chain verify`"

    /// Handlers of an earlier system that have no counterpart.
    static let refusedHandlers: [String: (message: String, suggestion: String)] = [
        "replay": (replayMessage, replaySuggestion)
    ]

    private static let refusedLimits: [String: (message: String, suggestion: String)] = [
        "fuel": ("is not exact enough", "use 'fuel_per_call' or 'fuel_per_life'"),
        "timeout": ("is not exact enough", "use 'call_timeout' or 'request_timeout'"),
    ]

    /// Which table the reader stands in.
    enum Section {
        case root, limits, chain, exports, supervision, policy
    }

    /// Whether a key without a table belongs to the manifest itself.
    static func isTopLevel(_ key: String) -> Bool { topLevel.contains(key) }

    /// Refuses all keys that were not read, each with the best thing to say about it.
    static func refuseUnread(
        _ reader: inout SectionReader, in section: Section, firstHeader: ManifestPlace?
    ) {
        for entry in reader.unread {
            let key = entry.key
            if let refused = refusal(key, in: section) {
                reader.add(
                    .unsupported, at: entry.place, "'\(key)' \(refused.message)",
                    refused.suggestion)
            } else if section != .root, topLevel.contains(key) {
                reader.add(
                    .misplacedKey, at: entry.place,
                    "'\(key)' stands after \(reader.title), so it belongs to that table",
                    moveUp(firstHeader))
            } else if let home = home(of: key, in: section) {
                reader.add(
                    .misplacedKey, at: entry.place, "'\(key)' is a key of [\(home)]",
                    "move it there")
            } else {
                continue
            }
            reader.skip(key)
        }
    }

    /// Refuses keys of the manifest that stand after a handler's header and so became part of it.
    static func refuseMisplaced(
        in configuration: SourceTable, of type: String, header: String,
        firstHeader: ManifestPlace?, _ reader: inout SectionReader
    ) {
        for entry in configuration.entries where topLevel.contains(entry.key) {
            reader.add(
                .misplacedKey, at: entry.place,
                "'\(entry.key)' stands after \(header), so it belongs to handler '\(type)'",
                moveUp(firstHeader))
        }
    }

    private static func refusal(
        _ key: String, in section: Section
    ) -> (message: String, suggestion: String)? {
        switch section {
        case .root: refusedTopLevel[key]
        case .limits: refusedLimits[key]
        case .chain, .exports, .supervision, .policy: nil
        }
    }

    private static func home(of key: String, in section: Section) -> String? {
        if section != .limits, Limits.keys.contains(key) { return "limits" }
        if section != .chain, ChainSettings.keys.contains(key) { return "chain" }
        if section != .exports, key == "rpc" { return "exports" }
        if section != .supervision, SupervisionSettings.keys.contains(key) { return "supervision" }
        return nil
    }

    private static func moveUp(_ firstHeader: ManifestPlace?) -> String {
        let line = firstHeader.map { " in line \($0.line)" } ?? ""
        return "move it above the first table\(line)"
    }
}
