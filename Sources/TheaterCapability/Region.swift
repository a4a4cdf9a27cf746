// SPDX-License-Identifier: Apache-2.0

/// A part of what could be named: one name, all below a path, one host on all ports.
///
/// Laws: `covers` is a partial order; two regions have at most one greatest region in common, which
/// `meet` answers.
protocol Region: Sendable, Hashable, Comparable {
    /// Whether all that lies in `other` lies in this region.
    func covers(_ other: Self) -> Bool
    /// What both have in common; `nil` for nothing.
    func meet(_ other: Self) -> Self?
}

/// A finite union of regions in its shortest form: none covers another, and they are sorted.
///
/// So two unions are equal exactly when they cover each other. Pairs are compared one by one, which
/// is why sets are bounded by ``SetLimits``.
struct Union<Item: Region>: Sendable, Hashable {
    /// The regions, sorted; none covers another.
    let items: [Item]

    init(_ items: some Sequence<Item>) {
        let distinct = Set(items)
        self.items =
            distinct.filter { item in
                !distinct.contains { $0 != item && $0.covers(item) }
            }.sorted()
    }

    func covers(_ other: Union) -> Bool {
        other.items.allSatisfy { item in items.contains { $0.covers(item) } }
    }

    func meet(_ other: Union) -> Union {
        Union(items.flatMap { item in other.items.compactMap { item.meet($0) } })
    }
}

/// Bounds that all sets of a grant share.
public enum SetLimits {
    /// How many items a set may be written with.
    public static let countMax = 256
    /// How long an item may be, in bytes of UTF-8.
    public static let itemSizeMax = 4096

    static func check(_ count: Int) throws(CapabilityError) {
        guard count <= countMax else {
            throw CapabilityError(
                .tooMany, "a set holds \(count) items, the most is \(countMax); name fewer")
        }
    }

    /// Whether the text could be a name of anything: not empty, not too long, no control characters.
    static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= itemSizeMax
            && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}
