// SPDX-License-Identifier: Apache-2.0

/// The table `[variables]` and the values that were given from outside.
///
/// Values are put into the strings of the parsed text, never into the text itself, so none can turn
/// into another key, and places stay what they are.
struct Variables {
    /// How many variables a manifest may declare.
    static let countMax = 256
    /// How long a value may be, and a string after its variables were put in, in bytes of UTF-8.
    static let sizeMax = 64 << 10

    /// What stands for `${name}`.
    private enum Meaning {
        case value(SourceNode.Content)
        case secret(SecretReference)
    }

    private let file: String
    private let text: String
    private let given: [String: String]
    private var declared: [String: (place: ManifestPlace, meaning: Meaning)] = [:]
    /// Every declared name, those with a mistake included.
    private var names: Set<String> = []
    private var used: Set<String> = []
    private(set) var findings = DiagnosticCollector()
    private var sizeLeft = Manifest.sizeMax

    init(_ document: SourceDocument, file: String, text: String, given: [String: String]) {
        self.file = file
        self.text = text
        self.given = given
        if let entry = document.root["variables"] { declare(entry) }
    }

    /// The given values that took effect, which are part of what is recorded. Never a secret.
    var recorded: [String: String] { given.filter { used.contains($0.key) } }

    // MARK: Declarations

    private mutating func declare(_ entry: SourceEntry) {
        guard case .table(let table) = entry.node.content else {
            add(
                .wrongType, entry.node.place,
                "'variables' must be a table, found "
                    + entry.node.shown, "write [variables] with a default for each name")
            return
        }
        for (index, entry) in table.entries.enumerated() {
            guard index < Self.countMax else {
                add(
                    .outOfRange, entry.place,
                    "a manifest declares at most \(Self.countMax) variables", nil)
                return
            }
            guard Self.isName(entry.key) else {
                add(
                    .invalidValue, entry.place,
                    "\"\(entry.key.prefix(64))\" is not the name of a variable",
                    "use letters, digits, '_' and '-', a letter first")
                continue
            }
            names.insert(entry.key)
            if let meaning = meaning(entry) { declared[entry.key] = (entry.place, meaning) }
        }
    }

    private mutating func meaning(_ entry: SourceEntry) -> Meaning? {
        var reader = SectionReader(
            SourceTable(place: entry.place, entries: []), file: file, title: "[variables]")
        let node = entry.node.readingSecrets(&reader)
        findings.add(reader.findings)
        guard reader.findings.isEmpty else { return nil }
        let value = given[entry.key]
        switch node.content {
        case .secret(let reference):
            guard value == nil else {
                add(
                    .conflict, entry.place,
                    "'\(entry.key)' is a secret, and its value was given from outside",
                    "put the secret where \(reference) says; nothing given is kept secret")
                return nil
            }
            return .secret(reference)
        case .string(let text):
            guard !text.contains("${") else {
                add(
                    .invalidValue, entry.node.place,
                    "the default of '\(entry.key)' mentions a variable", "write the value out")
                return nil
            }
            return .value(.string(value ?? text))
        case .integer, .float, .bool:
            guard let value else { return .value(node.content) }
            guard let content = Self.convert(value, like: node.content) else {
                add(
                    .wrongType, entry.place,
                    "'\(entry.key)' was given as \"\(value.prefix(40))\", and its default is "
                        + node.shown, "give a value of that type")
                return nil
            }
            return .value(content)
        case .array, .table:
            add(
                .wrongType, entry.node.place,
                "the default of '\(entry.key)' must be a string, a number, true, false or a "
                    + "secret, found \(node.shown)", nil)
            return nil
        }
    }

    private static func convert(
        _ text: String, like content: SourceNode.Content
    ) -> SourceNode.Content? {
        switch content {
        case .integer: Int64(text).map { .integer($0) }
        case .float: Double(text).flatMap { $0.isFinite ? .float($0) : nil }
        case .bool: text == "true" ? .bool(true) : text == "false" ? .bool(false) : nil
        case .string, .secret, .array, .table: nil
        }
    }

    // MARK: Expansion

    /// The root without `[variables]`, with every variable in its place.
    mutating func expandRoot(_ root: SourceTable) -> SourceTable {
        for (name, value) in given.sorted(by: { $0.key < $1.key })
        where value.utf8.count > Self.sizeMax {
            add(
                .outOfRange, .none,
                "the value given for '\(name.prefix(64))' is longer than \(Self.sizeMax) bytes",
                nil)
        }
        let entries = root.entries.filter { $0.key != "variables" }
        return expand(SourceTable(place: root.place, entries: entries))
    }

    private mutating func expand(_ table: SourceTable) -> SourceTable {
        var entries: [SourceEntry] = []
        entries.reserveCapacity(table.entries.count)
        for entry in table.entries {
            entries.append(
                SourceEntry(key: entry.key, place: entry.place, node: expand(entry.node)))
        }
        return SourceTable(place: table.place, entries: entries)
    }

    /// Recursion is bounded by the parser's depth.
    private mutating func expand(_ node: SourceNode) -> SourceNode {
        var node = node
        switch node.content {
        case .string(let text):
            guard text.utf8.contains(UInt8(ascii: "$")), let content = expand(text, node) else {
                return node
            }
            node.content = content
            node.isExpanded = true
        case .array(let items):
            var expanded: [SourceNode] = []
            expanded.reserveCapacity(items.count)
            for item in items { expanded.append(expand(item)) }
            node.content = .array(expanded)
        case .table(let table): node.content = .table(expand(table))
        case .integer, .float, .bool, .secret: break
        }
        return node
    }

    /// The string with its variables put in; `nil` when it has none, or has a mistake.
    private mutating func expand(_ text: String, _ node: SourceNode) -> SourceNode.Content? {
        let parts: [VariableText.Part]
        do throws(VariableText.Mistake) {
            parts = try VariableText.parse(text)
        } catch {
            add(.invalidValue, place(error.offset, node), error.message, error.suggestion)
            return nil
        }
        if parts.count == 1, case .reference(let reference) = parts[0] {
            return content(of: reference, node)
        }
        var expanded = ""
        for part in parts {
            switch part {
            case .text(let text): expanded += text
            case .reference(let reference):
                guard let content = content(of: reference, node) else { return nil }
                guard let shown = Self.text(content) else {
                    add(
                        .invalidValue, place(reference.offset, node),
                        "'\(reference.name)' is a secret, and cannot be a part of a longer text",
                        "make \"${\(reference.name)}\" the whole value of a handler's key")
                    return nil
                }
                expanded += shown
            }
            guard expanded.utf8.count <= Self.sizeMax else {
                add(
                    .outOfRange, node.place,
                    "the string is longer than \(Self.sizeMax) bytes with its variables", nil)
                return nil
            }
        }
        sizeLeft -= expanded.utf8.count
        guard sizeLeft >= 0 else {
            add(
                .tooLarge, node.place,
                "the strings with variables are longer than \(Manifest.sizeMax) bytes together",
                nil)
            return nil
        }
        return .string(expanded)
    }

    private mutating func content(
        of reference: VariableText.Reference, _ node: SourceNode
    ) -> SourceNode.Content? {
        used.insert(reference.name)
        if let (_, meaning) = declared[reference.name] {
            switch meaning {
            case .value(let content): return content
            case .secret(let secret): return .secret(secret)
            }
        }
        if let value = given[reference.name] ?? reference.fallback { return .string(value) }
        let near = EditDistance.suggestion(for: reference.name, among: declared.keys.sorted())
        add(
            .unknownVariable, place(reference.offset, node),
            "there is no variable '\(reference.name)'",
            near.map { "did you mean '\($0)'?" }
                ?? "declare it under [variables], write ${\(reference.name):-default}, or write $${ "
                + "for the characters themselves")
        return nil
    }

    private static func text(_ content: SourceNode.Content) -> String? {
        switch content {
        case .string(let text): text
        case .integer(let number): String(number)
        case .float(let number): "\(number)"
        case .bool(let value): value ? "true" : "false"
        case .secret, .array, .table: nil
        }
    }

    // MARK: Findings

    /// Refuses given values that no variable takes.
    mutating func refuseUnused() {
        let known = names.union(used)
        for name in given.keys.sorted() where !known.contains(name) {
            let near = EditDistance.suggestion(for: name, among: known.sorted())
            add(
                .unknownVariable, .none,
                "a value was given for '\(name.prefix(64))', and the "
                    + "manifest has no such variable",
                near.map { "did you mean '\($0)'?" })
        }
    }

    /// Declarations that nothing mentions.
    var warnings: [ManifestDiagnostic] {
        declared.filter { !used.contains($0.key) }.sorted { $0.value.place < $1.value.place }
            .map { name, declaration in
                ManifestDiagnostic(
                    .noEffect, file: file, at: declaration.place,
                    "the variable '\(name)' is mentioned nowhere",
                    suggestion: "write ${\(name)} where it belongs, or remove it")
            }
    }

    private func place(_ offset: Int, _ node: SourceNode) -> ManifestPlace {
        SourceStringReader.place(of: offset, inStringAt: node.offset, of: text) ?? node.place
    }

    private mutating func add(
        _ code: ManifestDiagnostic.Code, _ place: ManifestPlace, _ message: String,
        _ suggestion: String?
    ) {
        findings.add(
            ManifestDiagnostic(code, file: file, at: place, message, suggestion: suggestion))
    }

    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, isLetter(first), name.utf8.count <= 64 else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            isLetter(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: "-")
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
