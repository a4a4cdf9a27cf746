// SPDX-License-Identifier: Apache-2.0

public import TheaterManifest

/// The handlers that a node offers, by name.
public struct HandlerRegistry: Sendable {
    private var types: [String: any Handler.Type] = [:]
    /// Makes a path of a grant canonical before it is compared: absolute, with its links followed.
    let canonicalPath: @Sendable (String) -> String

    /// Makes a registry.
    ///
    /// - Parameters:
    ///   - handlers: the handler types; two of one name are a programmer's mistake.
    ///   - canonicalPath: makes a path of a grant canonical before it is compared. Without it, paths are
    ///     compared as they are written, with `.` and `..` worked out.
    public init(
        _ handlers: [any Handler.Type],
        canonicalPath: @escaping @Sendable (String) -> String = { $0 }
    ) {
        self.canonicalPath = canonicalPath
        for handler in handlers {
            precondition(types[handler.name] == nil, "two handlers are named '\(handler.name)'")
            types[handler.name] = handler
        }
    }

    /// The handler of a name.
    public func handler(named name: String) -> (any Handler.Type)? { types[name] }

    /// The names on offer, sorted.
    public var names: [String] { types.keys.sorted() }

    /// Every interface on offer, with the handler that grants it, in the order of the handlers' names.
    public var offered: [(handler: String, interface: HostInterface)] {
        types.sorted { $0.key < $1.key }.flatMap { name, type in
            type.interfaces.map { (name, $0) }
        }
    }

    /// The handlers that a manifest grants, in its order.
    ///
    /// - Throws: a diagnostic for each entry that names no handler on offer, or says `in_doubt` of one
    ///   without effects.
    public func granted(
        by manifest: Manifest
    ) throws(ManifestDiagnostics) -> [(grant: HandlerGrant, type: any Handler.Type)] {
        var found: [(HandlerGrant, any Handler.Type)] = []
        var refused: [ManifestDiagnostic] = []
        for grant in manifest.handlers {
            if let type = types[grant.type] {
                found.append((grant, type))
                if grant.inDoubt != nil, !type.interfaces.contains(where: \.hasEffects) {
                    refused.append(grant.needlessInDoubt)
                }
            } else {
                refused.append(grant.unknownType(among: names))
            }
        }
        guard refused.isEmpty else { throw ManifestDiagnostics(refused) }
        return found
    }
}
