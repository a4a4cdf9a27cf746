// SPDX-License-Identifier: Apache-2.0

internal import TheaterValue

/// Turns the tree of a text into a manifest, collecting all findings on the way.
struct ManifestParser {
    let document: SourceDocument
    let file: String
    let text: String
    var root: SectionReader
    private var warnings: [ManifestDiagnostic] = []

    /// - Parameter document: with its variables already put in.
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
        manifest.initialStateFile = initialStateFile()
        let onError = root.choice("on_error", among: OnError.allCases.map(\.rawValue))
        manifest.onError = onError.flatMap(OnError.init(rawValue:)) ?? .fail
        manifest.limits = section("limits", .limits, Limits.init) ?? Limits()
        manifest.chain = section("chain", .chain, ChainSettings.init) ?? ChainSettings()
        manifest.rpc = section("exports", .exports) { Self.rpc(&$0) } ?? []
        manifest.handlers = handlers()
        manifest.policies =
            section("permission_policy", .policy) { HandlerPolicy.read(&$0) } ?? []
        warnings += HandlerPolicy.compare(
            manifest.policies, with: manifest.handlers, file: file, findings: &root.findings)
        manifest.supervision =
            section("supervision", .supervision, SupervisionSettings.init)
            ?? SupervisionSettings()
        manifest.children = children()
        manifest.source = text
        manifest.file = file
        saveChain()
        KeyHints.refuseUnread(&root, in: .root, firstHeader: document.firstHeader)
        try root.finish()
        manifest.warnings = warnings
        return manifest
    }

    /// The key `save_chain` of an earlier system: what it asks for always happens here.
    private mutating func saveChain() {
        guard let saves = root.bool("save_chain"), let entry = document.root["save_chain"] else {
            return
        }
        if saves {
            warnings.append(
                ManifestDiagnostic(
                    .noEffect, file: file, at: entry.place,
                    "'save_chain' has no effect: the chain is always kept",
                    suggestion: "remove it; [chain] durability says how the chain is kept"))
        } else {
            root.add(
                .unsupported, at: entry.place,
                "'save_chain' cannot be false: the chain is always kept",
                "remove it; with durability = \"memory\" under [chain] it ends with the process")
        }
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
        if !Manifest.isName(name) {
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
        ReferenceRules.check(reference, key: "package", entry, expected: expected, &root)
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
}
