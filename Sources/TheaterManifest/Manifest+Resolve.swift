// SPDX-License-Identifier: Apache-2.0

extension Manifest {
    /// The path that a reference in a manifest means.
    ///
    /// Lexical: nothing is looked up on disk. An absolute reference stays; any other is taken from
    /// the manifest's folder. `.` and `..` are worked out; `..` at the root stays at the root.
    /// References with a scheme (`store://…`) are returned as they are. Of a manifest in the store, what
    /// is not absolute is a label of the same namespace, beside the manifest's own.
    public static func resolve(
        _ reference: String, relativeTo manifestPath: String
    ) -> String {
        if scheme(of: reference) != nil { return reference }
        if let scheme = scheme(of: manifestPath), !reference.hasPrefix("/") {
            let place = manifestPath.dropFirst(scheme.count + 3)
            let namespace = place.prefix { $0 != "/" }
            let label = place.dropFirst(namespace.count)
            // What is named by its content has no place among the labels.
            let folder = label.hasPrefix("/hash/") ? "/" : String(label)
            return "\(scheme)://\(namespace)" + normalized(join(reference, relativeTo: folder))
        }
        return normalized(join(reference, relativeTo: manifestPath))
    }

    /// A path behind the manifest's folder, with `.` and `..` left in it, as they mean something else
    /// behind a symbolic link.
    public static func join(_ path: String, relativeTo manifestPath: String) -> String {
        if path.hasPrefix("/") { return path }
        let folder = manifestPath.split(separator: "/", omittingEmptySubsequences: false)
            .dropLast().joined(separator: "/")
        let isAtRoot = folder.isEmpty && manifestPath.hasPrefix("/")
        return isAtRoot ? "/" + path : folder.isEmpty ? path : folder + "/" + path
    }

    /// The scheme of `scheme://rest`, if the reference has one.
    static func scheme(of reference: String) -> Substring? {
        let scheme = reference.prefix { $0 != ":" && $0 != "/" }
        return !scheme.isEmpty && reference.dropFirst(scheme.count).hasPrefix("://") ? scheme : nil
    }

    private static func normalized(_ path: String) -> String {
        let isAbsolute = path.hasPrefix("/")
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part != ".." {
                parts.append(part)
            } else if let last = parts.last, last != ".." {
                parts.removeLast()
            } else if !isAbsolute {
                parts.append(part)
            }
        }
        let joined = parts.joined(separator: "/")
        return isAbsolute ? "/" + joined : joined.isEmpty ? "." : joined
    }
}
