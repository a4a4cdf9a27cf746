// SPDX-License-Identifier: Apache-2.0

/// A set of folders and files, each with all that lies below it.
///
/// Paths are compared component by component, so `/tmp` has `/tmp/a` below it and not `/tmpx`. `.`, `..`
/// and double slashes are worked out first, in the text. What a symbolic link leads to is not known
/// here: whoever builds a set resolves links before, and whoever opens a file checks what it opened.
public struct PathSet: Sendable, Hashable {
    let union: Union<PathRegion>

    /// Makes a set of paths.
    ///
    /// - Throws: `capability.bad-path`, `capability.too-many`.
    public init(_ paths: [String]) throws(CapabilityError) {
        try SetLimits.check(paths.count)
        var regions: [PathRegion] = []
        for path in paths {
            guard let region = PathRegion(path) else {
                throw CapabilityError(
                    .badPath,
                    "\"\(path.prefix(64))\" is no path; it is empty, too long, or has "
                        + "control characters")
            }
            regions.append(region)
        }
        union = Union(regions)
    }

    /// The set without paths.
    public static let empty = PathSet(union: Union([]))

    init(union: Union<PathRegion>) { self.union = union }

    /// Whether nothing is in the set.
    public var isEmpty: Bool { union.items.isEmpty }

    /// The paths, sorted, in their shortest form.
    public var paths: [String] { union.items.map(\.text) }

    /// Whether a path is one of the set, or lies below one. A malformed path never does.
    public func contains(_ path: String) -> Bool {
        guard let region = PathRegion(path) else { return false }
        return union.items.contains { $0.covers(region) }
    }
}

/// A path with all that lies below it.
struct PathRegion: Region {
    let isAbsolute: Bool
    /// Without `.`; `..` only at the start of a relative path.
    let components: [[UInt8]]

    private static let up = Array("..".utf8)

    init?(_ path: String) {
        guard SetLimits.isPlain(path) else { return nil }
        isAbsolute = path.utf8.first == UInt8(ascii: "/")
        var components: [[UInt8]] = []
        for part in path.utf8.split(separator: UInt8(ascii: "/")) {
            let part = Array(part)
            if part == [UInt8(ascii: ".")] { continue }
            if part != Self.up {
                components.append(part)
            } else if let last = components.last, last != Self.up {
                components.removeLast()
            } else if !isAbsolute {
                components.append(part)
            }
        }
        self.components = components
    }

    var text: String {
        let joined = components.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
        return isAbsolute ? "/" + joined : joined.isEmpty ? "." : joined
    }

    func covers(_ other: PathRegion) -> Bool {
        guard isAbsolute == other.isAbsolute, other.components.starts(with: components) else {
            return false
        }
        // `..` behind the common part leads out of it again.
        return components.count == other.components.count
            || other.components[components.count] != Self.up
    }

    func meet(_ other: PathRegion) -> PathRegion? {
        if covers(other) { return other }
        return other.covers(self) ? self : nil
    }

    static func < (left: PathRegion, right: PathRegion) -> Bool {
        if left.isAbsolute != right.isAbsolute { return left.isAbsolute }
        return left.components.lexicographicallyPrecedes(right.components) { first, second in
            first.lexicographicallyPrecedes(second)
        }
    }
}
