// SPDX-License-Identifier: Apache-2.0

internal import TheaterValue

/// Turns the tree of a text into a manifest, collecting all findings on the way.
struct ManifestParser {
    private let document: SourceDocument
    private let file: String
    private let text: String
    private var root: SectionReader

    init(_ document: SourceDocument, file: String, text: String) {
        self.document = document
        self.file = file
        self.text = text
        root = SectionReader(document.root, file: file, title: "the manifest")
    }

    mutating func run() throws(ManifestDiagnostics) -> Manifest {
        let name = name()
        let package = package()
        var manifest = Manifest(name: name ?? "", package: package ?? "")
        manifest.version = root.string("version")
        manifest.description = root.string("description")
        manifest.longDescription = root.string("long_description")
        manifest.sha256 = digest()
        manifest.initialState = initialState()
        let onError = root.choice("on_error", among: OnError.allCases.map(\.rawValue))
        manifest.onError = onError.flatMap(OnError.init(rawValue:)) ?? .fail
        manifest.limits = section("limits", .limits, Limits.init) ?? Limits()
        manifest.chain = section("chain", .chain, ChainSettings.init) ?? ChainSettings()
        manifest.rpc = section("exports", .exports) { Self.rpc(&$0) } ?? []
        manifest.handlers = handlers()
        manifest.source = text
        KeyHints.refuseUnread(&root, in: .root, firstHeader: document.firstHeader)
        try root.finish()
        return manifest
    }

    private mutating func section<Result>(
        _ key: String, _ kind: KeyHints.Section, _ body: (inout SectionReader) -> Result
    ) -> Result? {
        guard let entry = root.entry(key, expected: "a table") else { return nil }
        guard case .table(let table) = entry.node.content else {
            root.mismatch(key, "a table", entry.node, "write [\(key)] with its keys below")
            return nil
        }
        let firstHeader = document.firstHeader
        return root.read(table, title: "[\(key)]") { reader in
            let result = body(&reader)
            KeyHints.refuseUnread(&reader, in: kind, firstHeader: firstHeader)
            return result
        }
    }

    private mutating func name() -> String? {
        guard let name = root.string("name", required: true) else { return nil }
        if !NameRules.isName(name, also: "_.", lengthMax: 64) {
            root.refuse(
                "name",
                "'name' must be up to 64 of a-z, 0-9, '-', '_' and '.', "
                    + "starting with a letter or digit",
                suggestion: NameRules.proposal(for: name).map { "\"\($0)\" would do" })
        }
        return name
    }

    private mutating func package() -> String? {
        let expected = "the path of the actor's wasm, relative to this file"
        guard let entry = root.entry("package", required: true, expected: expected) else {
            return nil
        }
        guard case .string(let reference) = entry.node.content else {
            root.mismatch("package", expected, entry.node)
            return nil
        }
        if reference.isEmpty {
            root.refuse("package", "'package' is empty", suggestion: "it must be \(expected)")
        } else if let scheme = Manifest.scheme(of: reference) {
            root.add(
                .unsupported, at: entry.node.place,
                "'package' with '\(scheme)://' is not supported by this version",
                "put the wasm beside the manifest and write its path")
        }
        return reference
    }

    private mutating func digest() -> String? {
        guard let digest = root.string("sha256") else { return nil }
        guard digest.utf8.count == 64,
            digest.utf8.allSatisfy({ SourceStringReader.hexDigit($0) != nil })
        else {
            root.refuse(
                "sha256", "'sha256' must be 64 hexadecimal digits",
                suggestion: "print them with sha256sum")
            return nil
        }
        return digest.lowercased()
    }

    private mutating func initialState() -> Value? {
        let textKey = "initial_state"
        let valueKey = "initial_state_value"
        let plain = root.entry(textKey, expected: "a string")
        let typed = root.string(valueKey)
        if plain != nil, let other = document.root[valueKey] {
            root.add(
                .conflict, at: other.place,
                "'\(valueKey)' and '\(textKey)' exclude each other", "remove one of them")
        }
        if let plain {
            guard case .string(let text) = plain.node.content else {
                root.mismatch(
                    textKey, "a string", plain.node,
                    "write a typed value as \(valueKey) = '…'")
                return nil
            }
            return .string(text)
        }
        guard let typed, let entry = document.root[valueKey] else { return nil }
        do throws(ValueTextError) {
            return try ValueText.parse(typed)
        } catch {
            let place = SourceStringReader.place(
                of: error.offset, inStringAt: entry.node.offset, of: text)
            root.add(
                .invalidValue, at: place ?? entry.node.place,
                "'\(valueKey)' is not the text of a value: \(error.detail)", nil)
            return nil
        }
    }

    private static func rpc(_ reader: inout SectionReader) -> [String] {
        guard let names = reader.located("rpc") else { return [] }
        if names.count > Manifest.rpcMax {
            reader.add(
                .outOfRange, at: names[Manifest.rpcMax].place,
                "'rpc' holds \(names.count) interfaces, the most is \(Manifest.rpcMax)", nil)
            return []
        }
        var seen: [String: ManifestPlace] = [:]
        for (name, place) in names {
            if !NameRules.isInterface(name) {
                reader.add(
                    .invalidValue, at: place, "\"\(name.prefix(64))\" is not an interface name",
                    "write it as namespace:package/interface")
            } else if let first = seen[name] {
                reader.add(
                    .duplicateKey, at: place,
                    "\"\(name)\" is already listed at \(first.line):\(first.column)",
                    "remove one of the two")
            } else {
                seen[name] = place
            }
        }
        return names.map(\.text)
    }

    private mutating func handlers() -> [HandlerGrant] {
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
            grant = HandlerGrant(
                type: type, place: place, file: file,
                section: configuration(table, type: type, key: key, &reader))
            if !NameRules.isName(type, also: "", lengthMax: 64) {
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
        let entries = table.entries.filter { $0.key != "type" }
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
