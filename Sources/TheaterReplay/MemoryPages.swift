// SPDX-License-Identifier: Apache-2.0

internal import TheaterEngine

/// The memory of a guest at an event, by the digests of its pages.
public struct MemoryPages: Sendable, Hashable {
    /// The bytes of a page: finer than the pages of wasm, so that a range says more.
    public static let pageSize = 4096

    let digests: [[UInt8]]

    /// How many pages there are.
    public var count: Int { digests.count }

    /// The pages that two memories do not have in common, those that only one of them has included.
    public static func difference(_ left: MemoryPages, _ right: MemoryPages) -> MemoryDifference {
        var ranges: [Range<Int>] = []
        var count = 0
        for page in 0..<max(left.count, right.count) {
            let isSame =
                page < left.count && page < right.count
                && left.digests[page] == right.digests[page]
            if isSame { continue }
            count += 1
            if let last = ranges.last, last.upperBound == page {
                ranges[ranges.count - 1] = last.lowerBound..<page + 1
            } else {
                ranges.append(page..<page + 1)
            }
        }
        return MemoryDifference(
            leftCount: left.count, rightCount: right.count, count: count, ranges: ranges)
    }
}

/// Where two memories differ, by pages.
public struct MemoryDifference: Sendable, Hashable {
    /// How many pages the left memory has.
    public let leftCount: Int
    /// How many pages the right memory has.
    public let rightCount: Int
    /// How many pages differ.
    public let count: Int
    /// Which, ascending.
    public let ranges: [Range<Int>]
}

extension Replayer {
    /// Runs the last life of a chain again, and looks at the memory of its guest where the chain ends.
    ///
    /// - Parameter life: the chain from the beginning of that life on.
    /// - Throws: ``ReplayError`` `replay.not-alive` when the actor is over at the end of the chain, or in a
    ///   call; `replay.diverged` when the code does not do what the chain says.
    public func memory(at life: ChainLineage) async throws(ReplayError) -> MemoryPages {
        let session = try await rested(life, successor: nil)
        defer { session.end() }
        guard let guest = session.restingGuest, !Task.isCancelled else { throw Self.notAlive }
        return MemoryPages(digests: guest.pageDigests(size: MemoryPages.pageSize))
    }
}
