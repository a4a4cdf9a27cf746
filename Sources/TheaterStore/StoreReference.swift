// SPDX-License-Identifier: Apache-2.0

/// Content as manifests and people name it: `store://NAMESPACE/LABEL` or
/// `store://NAMESPACE/hash/DIGEST`.
///
/// The label is all that follows the namespace, slashes included. Nothing is escaped.
public struct StoreReference: Hashable, Sendable {
    /// What is meant within the namespace.
    public enum Target: Hashable, Sendable {
        /// What a label names at the time.
        case label(StoreLabel)
        /// Certain content.
        case content(ContentID)
    }

    /// How every reference begins.
    public static let scheme = "store://"

    /// Where to look.
    public let namespace: StoreNamespace
    /// What for.
    public let target: Target

    /// Makes a reference.
    public init(namespace: StoreNamespace, target: Target) {
        self.namespace = namespace
        self.target = target
    }

    /// Whether a text means to be a reference: whether it begins with `store://`.
    public static func isReference(_ text: String) -> Bool {
        text.utf8.starts(with: scheme.utf8)
    }

    /// Reads a reference.
    ///
    /// - Throws: `store.bad-reference`, `store.bad-name` or `store.bad-label`.
    public init(parsing text: String) throws(StoreError) {
        guard Self.isReference(text) else {
            throw .badReference(text, "it does not begin with 'store://'")
        }
        let rest = text.utf8.dropFirst(Self.scheme.utf8.count)
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else {
            throw .badReference(text, "no label follows the namespace")
        }
        let path = Substring(rest[rest.index(after: slash)...])
        namespace = try StoreNamespace.parse(Substring(rest[..<slash]))
        let digits = "hash/"
        if path.utf8.starts(with: digits.utf8) {
            guard let id = ContentID(Substring(path.utf8.dropFirst(digits.utf8.count))) else {
                throw .badReference(text, "'hash/' is not followed by 64 hexadecimal digits")
            }
            target = .content(id)
        } else {
            target = .label(try StoreLabel.parse(path))
        }
    }
}

extension StoreReference: CustomStringConvertible {
    /// The reference as text; reads back to the same.
    public var description: String {
        switch target {
        case .label(let label): "\(Self.scheme)\(namespace)/\(label)"
        case .content(let id): "\(Self.scheme)\(namespace)/hash/\(id)"
        }
    }
}
