// SPDX-License-Identifier: Apache-2.0

/// What to say about keys that are not part of a table's schema but that people write.
enum KeyHints {
    /// The keys of the manifest itself that are no tables.
    static let topLevel = [
        "name", "version", "description", "long_description", "package", "sha256",
        "initial_state", "initial_state_value", "on_error",
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
        "save_chain": (
            "is not supported any more",
            "remove it: the chain is always kept, and [chain] durability says how"
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
            "is not supported: it never had an effect", "grant handlers with [[handler]] instead"
        ),
        "permission_policy": notYet("grant handlers with [[handler]] instead"),
        "supervision": notYet("remove it"),
        "children": notYet("remove it"),
        "replay": notYet("remove it"),
        "variables": notYet("write the values out"),
        "initial_state_file": notYet("use 'initial_state' or 'initial_state_value'"),
    ]

    private static let refusedLimits: [String: (message: String, suggestion: String)] = [
        "fuel": ("is not exact enough", "use 'fuel_per_call'"),
        "fuel_per_life": notYet("use 'fuel_per_call'"),
        "request_timeout": notYet("use 'call_timeout'"),
        "timeout": ("is not exact enough", "use 'call_timeout'"),
    ]

    private static func notYet(_ suggestion: String) -> (message: String, suggestion: String) {
        ("is not supported by this version", suggestion)
    }

    /// Which table the reader stands in.
    enum Section {
        case root, limits, chain, exports
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
        case .chain, .exports: nil
        }
    }

    private static func home(of key: String, in section: Section) -> String? {
        if section != .limits, Limits.keys.contains(key) { return "limits" }
        if section != .chain, ChainSettings.keys.contains(key) { return "chain" }
        if section != .exports, key == "rpc" { return "exports" }
        return nil
    }

    private static func moveUp(_ firstHeader: ManifestPlace?) -> String {
        let line = firstHeader.map { " in line \($0.line)" } ?? ""
        return "move it above the first table\(line)"
    }
}
