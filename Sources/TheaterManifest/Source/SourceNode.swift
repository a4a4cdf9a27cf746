// SPDX-License-Identifier: Apache-2.0

/// A value of the text together with the place where it stands.
struct SourceNode: Sendable {
    /// What a value holds.
    indirect enum Content: Sendable {
        case string(String)
        case integer(Int64)
        case float(Double)
        case bool(Bool)
        case array([SourceNode])
        case table(SourceTable)
        /// Where a secret is found; made of a table, never read as such.
        case secret(SecretReference)
    }

    var content: Content
    /// The value's first character; for a table with a header, the header's bracket.
    var place: ManifestPlace
    /// Where the value starts, in bytes of UTF-8 from the start of the text.
    var offset: Int
    /// Whether variables were put in, so that the string is not the one of the text.
    var isExpanded = false
}

/// One key of a table.
struct SourceEntry: Sendable {
    let key: String
    /// The first character of the key where it is first written.
    let place: ManifestPlace
    let node: SourceNode
}

/// A table with its keys in the order of the text.
struct SourceTable: Sendable {
    /// The header's bracket, the brace, or the first key that implies the table.
    let place: ManifestPlace
    let entries: [SourceEntry]
    private let positions: [String: Int]

    /// Makes a table; of two entries with one key the first is found.
    init(place: ManifestPlace, entries: [SourceEntry]) {
        self.place = place
        self.entries = entries
        positions = Dictionary(
            entries.enumerated().map { ($0.element.key, $0.offset) }, uniquingKeysWith: min)
    }

    subscript(key: String) -> SourceEntry? { positions[key].map { entries[$0] } }
}

/// A whole text: its root table and the facts that messages need.
struct SourceDocument: Sendable {
    let root: SourceTable
    /// The first `[table]` or `[[table]]` header.
    let firstHeader: ManifestPlace?
}

/// Why a text was not understood.
struct SourceError: Error {
    let code: ManifestDiagnostic.Code
    let place: ManifestPlace
    let message: String
    var suggestion: String?
}
