// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// The name of a part of the store with labels and content of its own: what guests call a store id.
///
/// At most 64 letters, digits, `.`, `_` and `-`, a letter or digit first. The namespace that
/// belongs to one actor alone has the actor's identity as its name.
public struct StoreNamespace: Hashable, Sendable, Comparable {
    /// The most bytes of a name.
    public static let sizeMax = 64

    /// The name.
    public let name: String

    /// Checks a name; `nil` when it breaks the rules.
    public init?(_ name: some StringProtocol) {
        guard let first = name.utf8.first, Self.isLetterOrDigit(first),
            name.utf8.count <= Self.sizeMax,
            name.utf8.allSatisfy({ Self.isLetterOrDigit($0) || ".-_".utf8.contains($0) })
        else { return nil }
        self.name = String(name)
    }

    /// The namespace that belongs to one actor alone.
    public init(of actor: ActorID) { name = actor.description }

    /// Checks a name.
    ///
    /// - Throws: `store.bad-name`.
    public static func parse(_ name: some StringProtocol) throws(StoreError) -> StoreNamespace {
        guard let namespace = StoreNamespace(name) else { throw .badName(String(name)) }
        return namespace
    }

    /// Whether the namespace belongs to one actor alone.
    public var isPrivate: Bool { ActorID(name) != nil }

    /// Whether the namespace is the runtime's own: no actor may share it.
    public var isSystem: Bool { name.hasPrefix("theater.") }

    /// Where the runtime keeps the wasm and the manifests that chains name.
    public static let code = StoreNamespace(checked: "theater.code")

    /// Where the runtime keeps snapshots of durable actors.
    public static let snapshots = StoreNamespace(checked: "theater.snapshots")

    private init(checked name: String) { self.name = name }

    /// Orders namespaces by the bytes of their names.
    public static func < (left: StoreNamespace, right: StoreNamespace) -> Bool {
        left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}

extension StoreNamespace: CustomStringConvertible {
    /// The name.
    public var description: String { name }
}

/// A mutable name for one blob within a namespace, such as `manifests/crawler`.
///
/// One to 512 bytes of UTF-8 in components between slashes. No component is empty, `.` or `..`, and
/// no character is invisible. What would begin with `hash/` is not a label, because a
/// ``StoreReference`` means content by that. Labels are compared byte by byte.
public struct StoreLabel: Sendable {
    /// The most bytes of a label.
    public static let sizeMax = 512

    /// The label as text.
    public let text: String

    /// Checks a label; `nil` when it breaks the rules.
    public init?(_ text: some StringProtocol) {
        guard Self.problem(text) == nil else { return nil }
        self.text = String(text)
    }

    /// Checks a label.
    ///
    /// - Throws: `store.bad-label`.
    public static func parse(_ text: some StringProtocol) throws(StoreError) -> StoreLabel {
        if let problem = problem(text) { throw .badLabel(String(text), problem) }
        guard let label = StoreLabel(text) else { throw .badLabel(String(text), "it is no label") }
        return label
    }

    /// Which rule a text breaks; `nil` for none.
    private static func problem(_ text: some StringProtocol) -> String? {
        let size = text.utf8.count
        guard size > 0 else { return "it is empty" }
        guard size <= sizeMax else { return "it has \(size) bytes and may have \(sizeMax)" }
        // Bytes, not characters: a combining mark after a slash would hide the slash.
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if parts.contains(where: \.isEmpty) {
            return "a component is empty: slashes stand singly, and between components"
        }
        if parts.contains(where: { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }) {
            return "a component is '.' or '..'"
        }
        if parts.count > 1, let first = parts.first, first.elementsEqual("hash".utf8) {
            return "'hash/' is reserved for references to content"
        }
        let hasInvisible = text.unicodeScalars.contains { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
            default: false
            }
        }
        return hasInvisible ? "it has an invisible character" : nil
    }
}

extension StoreLabel: Hashable, Comparable {
    /// Compares the bytes.
    public static func == (left: StoreLabel, right: StoreLabel) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(UInt8(0xFF))
    }

    /// Orders labels by their bytes.
    public static func < (left: StoreLabel, right: StoreLabel) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

extension StoreLabel: CustomStringConvertible {
    /// The label.
    public var description: String { text }
}
