// SPDX-License-Identifier: Apache-2.0

/// A set of names, such as those of environment variables or programs.
///
/// Names are compared by their bytes: two spellings that look alike are two names.
public struct NameSet: Sendable, Hashable {
    let union: Union<NameRegion>

    /// Makes a set of names.
    ///
    /// - Parameters:
    ///   - names: the names, each once or more often, in any order.
    ///   - takesPatterns: whether a `*` at the end of a name stands for any ending. Without it a `*`
    ///     is a character like others.
    /// - Throws: `capability.bad-name`, `capability.too-many`.
    public init(_ names: [String], takesPatterns: Bool = false) throws(CapabilityError) {
        try SetLimits.check(names.count)
        var regions: [NameRegion] = []
        for name in names {
            guard SetLimits.isPlain(name) else {
                throw CapabilityError(
                    .badName,
                    "\"\(name.prefix(64))\" is no name; it is empty, too long, or has "
                        + "control characters")
            }
            let isPrefix = takesPatterns && name.utf8.last == UInt8(ascii: "*")
            let bytes = Array(name.utf8)
            regions.append(
                NameRegion(bytes: isPrefix ? bytes.dropLast() : bytes, isPrefix: isPrefix))
        }
        union = Union(regions)
    }

    /// The set without names.
    public static let empty = NameSet(union: Union([]))

    init(union: Union<NameRegion>) { self.union = union }

    /// Whether nothing is in the set.
    public var isEmpty: Bool { union.items.isEmpty }

    /// The names, sorted, with a `*` behind those that stand for any ending.
    public var names: [String] { union.items.map(\.text) }

    /// Whether a name is in the set.
    public func contains(_ name: String) -> Bool {
        let region = NameRegion(bytes: Array(name.utf8), isPrefix: false)
        return union.items.contains { $0.covers(region) }
    }
}

/// One name, or all names with one beginning.
struct NameRegion: Region {
    let bytes: [UInt8]
    let isPrefix: Bool

    var text: String { String(decoding: bytes, as: UTF8.self) + (isPrefix ? "*" : "") }

    func covers(_ other: NameRegion) -> Bool {
        isPrefix ? other.bytes.starts(with: bytes) : self == other
    }

    func meet(_ other: NameRegion) -> NameRegion? {
        if covers(other) { return other }
        return other.covers(self) ? self : nil
    }

    static func < (left: NameRegion, right: NameRegion) -> Bool {
        if left.bytes == right.bytes { return left.isPrefix && !right.isPrefix }
        return left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}
