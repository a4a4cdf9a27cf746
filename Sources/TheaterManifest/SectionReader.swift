// SPDX-License-Identifier: Apache-2.0

/// Reads the keys of one table, collects everything that is wrong with them, and finally refuses
/// the keys nobody asked for.
///
/// An accessor returns `nil` both for an absent key and for a wrong value; a wrong value leaves a
/// diagnostic, and `finish()` throws all of them at once. So a reader looks like this:
///
/// ```swift
/// var reader = grant.reader()
/// let programs = reader.strings("allowed_programs") ?? []
/// let processesMax = reader.integer("max_processes", in: 1...1_000) ?? 10
/// try reader.finish()
/// ```
public struct SectionReader: Sendable {
    let table: SourceTable
    let file: String
    /// How messages name the table: `[limits]`, `handler 'tcp'`.
    let title: String
    var findings = DiagnosticCollector()
    private var asked: [String] = []

    init(_ table: SourceTable, file: String, title: String) {
        self.table = table
        self.file = file
        self.title = title
    }

    /// Reads a string.
    public mutating func string(_ key: String, required: Bool = false) -> String? {
        take(key, required: required, expected: "a string") { node in
            guard case .string(let text) = node.content else { return nil }
            return text
        }
    }

    /// Reads a whole number within bounds.
    public mutating func integer(
        _ key: String, in bounds: ClosedRange<Int> = Int.min...Int.max, required: Bool = false
    ) -> Int? {
        let expected = Self.expectation("an integer", bounds, Int.min, Int.max) { "\($0)" }
        return take(key, required: required, expected: expected, bounds: bounds) { node in
            guard case .integer(let value) = node.content else { return nil }
            return Int(exactly: value)
        }
    }

    /// Reads a number, with or without a fraction, within bounds.
    public mutating func float(
        _ key: String, in bounds: ClosedRange<Double> = -Double.infinity...Double.infinity,
        required: Bool = false
    ) -> Double? {
        let expected = Self.expectation("a number", bounds, -.infinity, .infinity) { "\($0)" }
        return take(key, required: required, expected: expected, bounds: bounds) { node in
            switch node.content {
            case .float(let value): value
            case .integer(let value): Double(value)
            default: nil
            }
        }
    }

    /// Reads a truth value.
    public mutating func bool(_ key: String, required: Bool = false) -> Bool? {
        take(key, required: required, expected: "true or false") { node in
            guard case .bool(let value) = node.content else { return nil }
            return value
        }
    }

    /// Reads a size: a number of bytes, or text such as `"64MiB"`.
    public mutating func bytes(
        _ key: String,
        in bounds: ClosedRange<ByteCount> = ByteCount(bytes: 0)...ByteCount(bytes: .max),
        required: Bool = false
    ) -> ByteCount? {
        let expected = Self.expectation(
            "a size such as \"64MiB\"", bounds, ByteCount(bytes: 0), ByteCount(bytes: .max)
        ) { "\($0)" }
        return take(key, required: required, expected: expected, bounds: bounds) { node in
            switch node.content {
            case .integer(let value): UInt64(exactly: value).map(ByteCount.init(bytes:))
            case .string(let text): ByteCount(text)
            default: nil
            }
        }
    }

    /// Reads a duration as text with a unit, such as `"30s"`.
    public mutating func duration(
        _ key: String, in bounds: ClosedRange<Duration> = .zero...Duration.nanoseconds(Int64.max),
        required: Bool = false
    ) -> Duration? {
        let expected = Self.expectation(
            "a duration such as \"30s\" or \"500ms\"", bounds, .zero, .nanoseconds(Int64.max),
            DurationText.format)
        return take(key, required: required, expected: expected, bounds: bounds) { node in
            guard case .string(let text) = node.content else { return nil }
            return DurationText.parse(text)
        }
    }

    /// Reads one of several words.
    public mutating func choice(
        _ key: String, among words: [String], required: Bool = false
    ) -> String? {
        let expected = "one of " + words.map { "\"\($0)\"" }.joined(separator: ", ")
        guard let entry = entry(key, required: required, expected: expected) else { return nil }
        guard case .string(let text) = entry.node.content else {
            mismatch(key, expected, entry.node)
            return nil
        }
        if words.contains(text) { return text }
        add(
            .invalidValue, at: entry.node.place,
            "'\(key)' must be \(expected), found \(entry.node.shown)",
            EditDistance.suggestion(for: text, among: words).map { "did you mean \"\($0)\"?" })
        return nil
    }

    /// Reads where a secret is found: `{ secret = "env:NAME" }`, or a variable that is a secret.
    ///
    /// A secret written as it is, in a string, is refused: it would stand in the manifest.
    public mutating func secret(_ key: String, required: Bool = false) -> SecretReference? {
        let expected = "a secret such as { secret = \"env:NAME\" }"
        guard let entry = entry(key, required: required, expected: expected) else { return nil }
        switch entry.node.content {
        case .secret(let reference): return reference.resolved(relativeTo: file)
        case .string:
            add(
                .wrongType, at: entry.node.place,
                "'\(key)' must be \(expected), found a string",
                "keep the secret outside the manifest and say where it is")
        case .integer, .float, .bool, .array, .table: mismatch(key, expected, entry.node)
        }
        return nil
    }

    /// Reads an array of strings; each item that is none leaves a diagnostic of its own.
    public mutating func strings(_ key: String, required: Bool = false) -> [String]? {
        located(key, required: required)?.map(\.text)
    }

    /// Reads a table with a reader of its own; its findings join this reader's.
    ///
    /// Keys that `body` does not ask for are refused when it returns.
    public mutating func section<Result>(
        _ key: String, required: Bool = false, _ body: (inout SectionReader) -> Result
    ) -> Result? {
        guard let entry = entry(key, required: required, expected: "a table") else { return nil }
        guard case .table(let table) = entry.node.content else {
            mismatch(key, "a table", entry.node)
            return nil
        }
        return read(table, title: "'\(key)' of \(title)", body)
    }

    /// Refuses the value of `key` for a reason of the caller's own.
    ///
    /// - Parameters:
    ///   - message: What is wrong, as one clause: `'listen' names no port`.
    ///   - suggestion: What to do, as one clause.
    public mutating func refuse(_ key: String, _ message: String, suggestion: String? = nil) {
        add(.invalidValue, at: table[key]?.node.place ?? table.place, message, suggestion)
    }

    /// Whether the key is present, whatever its value. Counts as reading it.
    public mutating func isPresent(_ key: String) -> Bool { entry(key, expected: "") != nil }

    /// Whether the key is present, whatever its value. Does not count as reading it.
    public func has(_ key: String) -> Bool { table[key] != nil }

    /// Throws all findings so far, if there are any; keys that nobody asked for are none.
    public func check() throws(ManifestDiagnostics) { try findings.check() }

    /// Refuses every key that was not asked for and throws all findings, if there are any.
    public mutating func finish() throws(ManifestDiagnostics) {
        refuseUnread()
        try findings.check()
    }
}

extension SectionReader {
    /// The entry of a key; notes that it was asked for, and that it is missing if it must not be.
    mutating func entry(_ key: String, required: Bool = false, expected: String) -> SourceEntry? {
        if !asked.contains(key) { asked.append(key) }
        if let entry = table[key] { return entry }
        if required {
            add(
                .missingKey, at: table.place, "'\(key)' is missing from \(title)",
                "it must be \(expected)")
        }
        return nil
    }

    /// The strings of an array with their places.
    mutating func located(
        _ key: String, required: Bool = false
    ) -> [(text: String, place: ManifestPlace)]? {
        let expected = "an array of strings"
        guard let entry = entry(key, required: required, expected: expected) else { return nil }
        guard case .array(let items) = entry.node.content else {
            var hint: String?
            if case .string = entry.node.content { hint = "put it in brackets" }
            mismatch(key, expected, entry.node, hint)
            return nil
        }
        var strings: [(String, ManifestPlace)] = []
        for item in items {
            if case .string(let text) = item.content {
                strings.append((text, item.place))
            } else {
                add(
                    .wrongType, at: item.place,
                    "each item of '\(key)' must be a string, found \(item.shown)", nil)
            }
        }
        return strings.count == items.count ? strings : nil
    }

    mutating func read<Result>(
        _ table: SourceTable, title: String, _ body: (inout SectionReader) -> Result
    ) -> Result {
        var reader = SectionReader(table, file: file, title: title)
        let result = body(&reader)
        reader.refuseUnread()
        findings.add(reader.findings)
        return result
    }

    mutating func refuseUnread() {
        for entry in unread {
            guard !findings.isFull else {
                findings.omit()
                continue
            }
            let nearest = EditDistance.suggestion(for: entry.key, among: asked)
            add(
                .unknownKey, at: entry.place, "'\(entry.key.prefix(64))' is not a key of \(title)",
                nearest.map { "did you mean '\($0)'?" })
        }
    }

    /// The entries nobody has asked for so far.
    var unread: [SourceEntry] { table.entries.filter { !asked.contains($0.key) } }

    /// Marks a key as dealt with.
    mutating func skip(_ key: String) { asked.append(key) }

    mutating func add(
        _ code: ManifestDiagnostic.Code, at place: ManifestPlace, _ message: String,
        _ suggestion: String?
    ) {
        findings.add(
            ManifestDiagnostic(code, file: file, at: place, message, suggestion: suggestion))
    }

    mutating func mismatch(
        _ key: String, _ expected: String, _ node: SourceNode, _ suggestion: String? = nil,
        code: ManifestDiagnostic.Code = .wrongType
    ) {
        add(
            code, at: node.place, "'\(key)' must be \(expected), found \(node.shown)", suggestion)
    }

    private mutating func take<Value>(
        _ key: String, required: Bool, expected: String, _ read: (SourceNode) -> Value?
    ) -> Value? {
        guard let entry = entry(key, required: required, expected: expected) else { return nil }
        guard let value = read(entry.node) else {
            mismatch(key, expected, entry.node)
            return nil
        }
        return value
    }

    private mutating func take<Value: Comparable>(
        _ key: String, required: Bool, expected: String, bounds: ClosedRange<Value>,
        _ read: (SourceNode) -> Value?
    ) -> Value? {
        guard let entry = entry(key, required: required, expected: expected) else { return nil }
        guard let value = read(entry.node) else {
            mismatch(key, expected, entry.node)
            return nil
        }
        guard bounds.contains(value) else {
            mismatch(key, expected, entry.node, code: .outOfRange)
            return nil
        }
        return value
    }

    private static func expectation<Bound: Comparable>(
        _ noun: String, _ bounds: ClosedRange<Bound>, _ least: Bound, _ most: Bound,
        _ show: (Bound) -> String
    ) -> String {
        switch (bounds.lowerBound == least, bounds.upperBound == most) {
        case (true, true): noun
        case (false, true): "\(noun) of at least \(show(bounds.lowerBound))"
        case (true, false): "\(noun) of at most \(show(bounds.upperBound))"
        case (false, false):
            "\(noun) from \(show(bounds.lowerBound)) to \(show(bounds.upperBound))"
        }
    }
}
