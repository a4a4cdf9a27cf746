// SPDX-License-Identifier: Apache-2.0

/// Where a secret is found: what a manifest says in place of the secret itself.
///
/// Written as `{ secret = "env:NAME" }` or `{ secret = "file:PATH" }`. The secret is looked up when a
/// handler needs it, and by nobody before: neither the manifest nor its digest nor the chain holds it.
public struct SecretReference: Sendable, Hashable {
    /// The kinds of places.
    public enum Source: Sendable, Hashable {
        /// An environment variable of the node.
        case environment(String)
        /// A file on the node; a relative path is taken from the manifest's folder.
        case file(String)
    }

    /// Where the secret is.
    public let source: Source

    /// Makes a reference.
    public init(_ source: Source) { self.source = source }

    /// Reads `env:NAME` or `file:PATH`; `nil` for anything else.
    public init?(_ text: String) {
        if text.hasPrefix("env:") {
            let name = String(text.dropFirst(4))
            guard Self.isVariableName(name) else { return nil }
            source = .environment(name)
        } else if text.hasPrefix("file:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty, path.utf8.count <= 4096, !path.utf8.contains(0) else { return nil }
            source = .file(path)
        } else {
            return nil
        }
    }

    /// The reference with its path taken from the manifest's folder.
    func resolved(relativeTo manifest: String) -> SecretReference {
        guard case .file(let path) = source else { return self }
        return SecretReference(.file(Manifest.join(path, relativeTo: manifest)))
    }

    private static func isVariableName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.count <= 128
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                    || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "_")
            }
    }
}

extension SecretReference: CustomStringConvertible {
    /// The reference as it is written: `env:NAME`.
    public var description: String {
        switch source {
        case .environment(let name): "env:\(name)"
        case .file(let path): "file:\(path)"
        }
    }
}

/// A secret in memory. It prints as `<secret>`, also where a value is dumped part by part.
public struct SecretValue: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The secret itself; give it to nothing that logs or records.
    public let text: String

    /// Keeps a secret.
    public init(_ text: String) { self.text = text }

    /// Never the secret.
    public var description: String { "<secret>" }
    /// Never the secret.
    public var debugDescription: String { "<secret>" }
    /// Without parts.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension SourceNode {
    /// The value with every table `{ secret = "…" }` inside it as the reference that it is.
    func readingSecrets(_ reader: inout SectionReader) -> SourceNode {
        var node = self
        switch content {
        case .array(let items):
            node.content = .array(items.map { $0.readingSecrets(&reader) })
        case .table(let table):
            if table.entries.count == 1, let entry = table["secret"],
                case .string(let text) = entry.node.content
            {
                guard let reference = SecretReference(text) else {
                    reader.add(
                        .invalidValue, at: entry.node.place,
                        "\"\(text.prefix(64))\" does not say where a secret is",
                        "write \"env:NAME\" or \"file:PATH\"")
                    return node
                }
                node.content = .secret(reference)
            } else {
                node.content = .table(table.readingSecrets(&reader))
            }
        case .string, .integer, .float, .bool, .secret: break
        }
        return node
    }
}

extension SourceTable {
    /// The table with the secrets inside its values; it is itself never one.
    func readingSecrets(_ reader: inout SectionReader) -> SourceTable {
        SourceTable(
            place: place,
            entries: entries.map { entry in
                SourceEntry(
                    key: entry.key, place: entry.place, node: entry.node.readingSecrets(&reader))
            })
    }
}
