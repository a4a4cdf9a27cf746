// SPDX-License-Identifier: Apache-2.0

/// The records of chains that are kept in memory only: blocks of which the oldest goes when all
/// together are larger than the bound. The newest block always stays.
struct MemoryLog: Sendable {
    private static let blockSize = 256 << 10

    private(set) var blocks: [[UInt8]] = []
    /// The number of the first block; blocks count as segments do.
    private(set) var firstNumber: UInt32 = 1
    private var size = 0
    let sizeMax: Int

    init(sizeMax: Int) { self.sizeMax = sizeMax }

    /// Appends a record and returns its place.
    mutating func append(_ head: UnsafeRawBufferPointer, _ parts: PayloadParts) -> Position {
        let recordSize = head.count + parts.size
        if blocks.last.map({ $0.count + recordSize > Self.blockSize }) ?? true {
            var block: [UInt8] = []
            block.reserveCapacity(max(4096, min(Self.blockSize, recordSize)))
            blocks.append(block)
        }
        let last = blocks.count - 1
        let offset = blocks[last].count
        blocks[last].append(contentsOf: head)
        parts.forEach { blocks[last].append(contentsOf: $0) }
        size += recordSize
        while size > sizeMax, blocks.count > 1 {
            size -= blocks.removeFirst().count
            firstNumber &+= 1
        }
        let number = firstNumber &+ UInt32(truncatingIfNeeded: blocks.count - 1)
        return Position(segment: number, offset: UInt32(truncatingIfNeeded: offset))
    }
}
