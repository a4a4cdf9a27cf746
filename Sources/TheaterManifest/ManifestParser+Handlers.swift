// SPDX-License-Identifier: Apache-2.0

extension ManifestParser {
    /// Reads `[[handler]]` and `[[handlers]]`, in the order of the text.
    mutating func handlers() -> [HandlerGrant] {
        var grants: [HandlerGrant] = []
        for key in ["handler", "handlers"] {
            guard let entry = root.entry(key, expected: "an array of tables") else { continue }
            guard case .array(let items) = entry.node.content else {
                root.mismatch(
                    key, "an array of tables", entry.node, "write [[\(key)]] for each handler")
                continue
            }
            for item in items {
                guard grants.count < Manifest.handlersMax else {
                    root.add(
                        .outOfRange, at: item.place,
                        "a manifest grants at most \(Manifest.handlersMax) handlers", nil)
                    break
                }
                if let grant = grant(item, key: key, known: grants) { grants.append(grant) }
            }
        }
        return grants.sorted { $0.place < $1.place }
    }

    private mutating func grant(
        _ item: SourceNode, key: String, known: [HandlerGrant]
    ) -> HandlerGrant? {
        guard case .table(let table) = item.content else {
            root.add(
                .wrongType, at: item.place,
                "each item of '\(key)' must be a table, found \(item.shown)",
                "write [[\(key)]] with a 'type'")
            return nil
        }
        var grant: HandlerGrant?
        var reader = SectionReader(table, file: file, title: "[[\(key)]]")
        if table["type"] == nil, let near = nearType(table) {
            reader.add(
                .unknownKey, at: near.place,
                "'\(near.key.prefix(64))' is not a key of [[\(key)]]", "did you mean 'type'?")
        } else if let type = reader.string("type", required: true) {
            let place = table["type"]?.node.place ?? table.place
            let section = configuration(table, type: type, key: key, &reader)
            let inDoubt = reader.choice("in_doubt", among: InDoubt.allCases.map(\.rawValue))
            grant = HandlerGrant(
                type: type, place: place, file: file, section: section.readingSecrets(&reader),
                inDoubt: inDoubt.flatMap(InDoubt.init(rawValue:)),
                inDoubtPlace: table["in_doubt"]?.place)
            if let refused = KeyHints.refusedHandlers[type] {
                reader.add(
                    .unsupported, at: place, "handler '\(type)' \(refused.message)",
                    refused.suggestion)
            } else if !NameRules.isName(type, also: "", lengthMax: 64) {
                reader.refuse("type", "\"\(type.prefix(64))\" is not the name of a handler")
            } else if let first = known.first(where: { $0.type == type }) {
                reader.add(
                    .duplicateHandler, at: place,
                    "handler '\(type)' is already granted at "
                        + "\(first.place.line):\(first.place.column)",
                    "keep one entry with all keys")
            }
        }
        root.findings.add(reader.findings)
        return grant
    }

    private func nearType(_ table: SourceTable) -> SourceEntry? {
        table.entries.prefix(64).first {
            EditDistance.suggestion(for: $0.key, among: ["type"]) != nil
        }
    }

    /// The handler's own keys: those of its `config` table, or those beside `type`.
    private func configuration(
        _ table: SourceTable, type: String, key: String, _ reader: inout SectionReader
    ) -> SourceTable {
        let entries = table.entries.filter { !["type", "in_doubt"].contains($0.key) }
        var section = SourceTable(place: table.place, entries: entries)
        if let config = table["config"] {
            for entry in entries where entry.key != "config" && !KeyHints.isTopLevel(entry.key) {
                reader.add(
                    .conflict, at: entry.place,
                    "'\(entry.key.prefix(64))' stands beside 'config'",
                    "keep all keys of the handler in one of the two places")
            }
            if case .table(let nested) = config.node.content {
                KeyHints.refuseMisplaced(
                    in: section, of: type, header: "[[\(key)]]",
                    firstHeader: document.firstHeader, &reader)
                section = nested
            } else {
                reader.mismatch("config", "a table", config.node)
                return section
            }
        }
        KeyHints.refuseMisplaced(
            in: section, of: type, header: "[[\(key)]]", firstHeader: document.firstHeader,
            &reader)
        return section
    }
}
