// SPDX-License-Identifier: Apache-2.0

/// A value of a handler's configuration.
public enum ManifestValue: Sendable, Hashable {
    /// Text.
    case string(String)
    /// A whole number.
    case integer(Int64)
    /// A floating-point number.
    case float(Double)
    /// A truth value.
    case bool(Bool)
    /// Values in order.
    case array([ManifestValue])
    /// Values by key.
    case table([String: ManifestValue])
    /// Where a secret is found.
    case secret(SecretReference)

    /// The text, if this is a string.
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    /// The number, if this is an integer.
    public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    /// The number, if this is a float or an integer.
    public var float: Double? {
        switch self {
        case .float(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }
    /// The truth value, if this is one.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The items, if this is an array.
    public var array: [ManifestValue]? { if case .array(let value) = self { value } else { nil } }
    /// The entries, if this is a table.
    public var table: [String: ManifestValue]? {
        if case .table(let value) = self { value } else { nil }
    }
}

extension ManifestValue {
    /// The value without its places; depth is bounded by the parser.
    init(_ node: SourceNode) {
        switch node.content {
        case .string(let value): self = .string(value)
        case .integer(let value): self = .integer(value)
        case .float(let value): self = .float(value)
        case .bool(let value): self = .bool(value)
        case .array(let items): self = .array(items.map(ManifestValue.init))
        case .table(let table): self = .table(Self.dictionary(table))
        case .secret(let reference): self = .secret(reference)
        }
    }

    static func dictionary(_ table: SourceTable) -> [String: ManifestValue] {
        Dictionary(
            table.entries.map { ($0.key, ManifestValue($0.node)) },
            uniquingKeysWith: { first, _ in first })
    }
}

extension SourceNode {
    /// A value that was made in code and stands nowhere.
    init(_ value: ManifestValue) {
        let content: Content =
            switch value {
            case .string(let value): .string(value)
            case .integer(let value): .integer(value)
            case .float(let value): .float(value)
            case .bool(let value): .bool(value)
            case .array(let items): .array(items.map(SourceNode.init))
            case .table(let entries): .table(SourceTable(entries))
            case .secret(let reference): .secret(reference)
            }
        self.init(content: content, place: .none, offset: 0)
    }

    /// The value for a message: its kind, and as much of a short value as helps.
    var shown: String {
        switch content {
        case .string(let text):
            let scalars = text.unicodeScalars
            let start = scalars.prefix(40).map { $0.escaped(asASCII: false) }.joined()
            return "string \"\(start)\(scalars.count > 40 ? "…" : "")\""
        case .integer(let value): return "integer \(value)"
        case .float(let value): return "float \(value)"
        case .bool(let value): return "boolean \(value)"
        case .array(let items): return items.isEmpty ? "an empty array" : "an array"
        case .table: return "a table"
        case .secret: return "a secret"
        }
    }
}

extension SourceTable {
    /// A table that was made in code; its keys are sorted.
    init(_ entries: [String: ManifestValue]) {
        let sorted = entries.sorted { $0.key < $1.key }
        self.init(
            place: .none,
            entries: sorted.map {
                SourceEntry(key: $0.key, place: .none, node: SourceNode($0.value))
            })
    }
}

extension ManifestValue: CustomStringConvertible {
    /// The value on one line, with the keys of tables sorted: equal values have equal texts.
    public var description: String {
        switch self {
        case .string(let text):
            let escaped = text.unicodeScalars.map { scalar in
                scalar == "\"" || scalar == "\\" ? "\\\(scalar)" : scalar.escaped(asASCII: false)
            }
            return "\"\(escaped.joined())\""
        case .integer(let value): return String(value)
        case .float(let value): return "\(value)"
        case .bool(let value): return value ? "true" : "false"
        case .array(let items):
            return "[" + items.map(\.description).joined(separator: ", ") + "]"
        case .table(let entries):
            let pairs = entries.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
            return "{" + pairs.joined(separator: ", ") + "}"
        case .secret(let reference): return "secret(\(reference))"
        }
    }
}
