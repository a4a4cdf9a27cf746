// SPDX-License-Identifier: Apache-2.0

/// What becomes of an effect that was begun and of which nobody knows whether it took place.
public enum InDoubt: String, Sendable, Hashable, CaseIterable {
    /// It counts as failed.
    case fail
    /// It stays open and may be done again. Only where doing it twice does it once.
    case retry
    /// It stays open until somebody says what happened.
    case ask
}

/// One handler that an actor is granted, with its configuration.
///
/// Written as `[[handler]]` with a `type`, perhaps `in_doubt`, and the handler's keys beside it.
/// `[[handlers]]`, and a `config` table for the handler's keys, mean the same. The handler reads the keys through `reader()`.
public struct HandlerGrant: Sendable {
    /// The handler's name, such as `runtime`.
    public let type: String
    /// Where the type is written.
    public let place: ManifestPlace
    /// The manifest's name, as given to `Manifest.parse`.
    public let file: String
    /// What becomes of effects in doubt (`in_doubt`); `nil` when it is not written, which means
    /// ``InDoubt/fail``.
    public let inDoubt: InDoubt?
    /// Where `in_doubt` is written; the place of the type otherwise.
    public let inDoubtPlace: ManifestPlace
    let section: SourceTable

    init(
        type: String, place: ManifestPlace, file: String, section: SourceTable,
        inDoubt: InDoubt? = nil, inDoubtPlace: ManifestPlace? = nil
    ) {
        self.type = type
        self.place = place
        self.file = file
        self.inDoubt = inDoubt
        self.inDoubtPlace = inDoubtPlace ?? place
        self.section = section
    }

    /// Makes a grant in code.
    public init(
        type: String, configuration: [String: ManifestValue] = [:], inDoubt: InDoubt? = nil
    ) {
        self.init(
            type: type, place: .none, file: "handler '\(type)'",
            section: SourceTable(configuration), inDoubt: inDoubt)
    }

    /// The handler's keys and values.
    public var configuration: [String: ManifestValue] { ManifestValue.dictionary(section) }

    /// Where a key of the configuration is written; `nil` if it is not.
    public func place(of key: String) -> ManifestPlace? { section[key]?.place }

    /// Where the value of a key is written; `nil` if it is not.
    public func valuePlace(of key: String) -> ManifestPlace? { section[key]?.node.place }

    /// The grant with other values for some of its keys, which stand where the old ones stood.
    public func replacing(_ values: [String: ManifestValue]) -> HandlerGrant {
        guard !values.isEmpty else { return self }
        var entries = section.entries.map { entry -> SourceEntry in
            guard let value = values[entry.key] else { return entry }
            var node = SourceNode(value)
            node.place = entry.node.place
            return SourceEntry(key: entry.key, place: entry.place, node: node)
        }
        for (key, value) in values.sorted(by: { $0.key < $1.key }) where section[key] == nil {
            var node = SourceNode(value)
            node.place = place
            entries.append(SourceEntry(key: key, place: place, node: node))
        }
        return HandlerGrant(
            type: type, place: place, file: file,
            section: SourceTable(place: section.place, entries: entries), inDoubt: inDoubt,
            inDoubtPlace: inDoubtPlace)
    }

    /// A reader for the configuration; call `finish()` on it so that unknown keys are refused.
    public func reader() -> SectionReader {
        SectionReader(section, file: file, title: "handler '\(type)'")
    }

    /// The refusal of a handler that the node does not offer, with the nearest one it does.
    public func unknownType(among offered: [String]) -> ManifestDiagnostic {
        Self.unknown(type, file: file, at: place, among: offered)
    }

    /// The refusal of `in_doubt` where nothing can be in doubt.
    public var needlessInDoubt: ManifestDiagnostic {
        ManifestDiagnostic(
            .unknownKey, file: file, at: inDoubtPlace,
            "'in_doubt' says nothing about handler '\(type)', which changes nothing outside",
            suggestion: "remove it")
    }

    static func unknown(
        _ type: String, file: String, at place: ManifestPlace, among offered: [String]
    ) -> ManifestDiagnostic {
        let names = offered.sorted()
        let list = names.isEmpty ? "none" : names.joined(separator: ", ")
        let nearest = EditDistance.suggestion(for: type, among: names)
        return ManifestDiagnostic(
            .unknownHandler, file: file, at: place, "there is no handler '\(type)'",
            suggestion: nearest.map { "did you mean '\($0)'?" } ?? "the handlers are: \(list)")
    }
}

extension HandlerGrant: Hashable {
    /// Two grants are equal when they grant the same, wherever they are written.
    public static func == (left: HandlerGrant, right: HandlerGrant) -> Bool {
        left.type == right.type && left.configuration == right.configuration
            && left.inDoubt == right.inDoubt
    }

    /// Hashes the type and the configuration.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        hasher.combine(configuration)
        hasher.combine(inDoubt)
    }
}
