// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// The segments of a journal, or the blocks of the chains in memory.
struct SegmentSet: Sendable {
    enum Storage: Sendable {
        case files(any Disk, directory: String)
        case memory(MemoryLog)
    }

    let storage: Storage
    /// Ascending.
    let numbers: [UInt32]
    /// Those that are still under the name of a new segment.
    private let unnamed: Set<UInt32>

    init(_ disk: any Disk, directory: String) throws(DiskError) {
        let names = try disk.list(directory)
        let swap = try SegmentSwap.load(disk, directory, names: names)
        self.init(disk, directory: directory, names: names, swap: swap)
    }

    /// - Parameter swap: the segments are those that there are after it.
    init(_ disk: any Disk, directory: String, names: [String], swap: SegmentSwap?) {
        storage = .files(disk, directory: directory)
        let old = JournalFiles.segments(in: names)
        guard let swap else {
            (numbers, unnamed) = (old, [])
            return
        }
        unnamed = Set(JournalFiles.newSegments(in: names)).filter {
            (swap.first...swap.last).contains($0)
        }
        numbers = Set(old).union(unnamed).filter { $0 <= swap.last }.sorted()
    }

    init(_ log: MemoryLog) {
        storage = .memory(log)
        unnamed = []
        numbers = log.blocks.indices.map { log.firstNumber &+ UInt32(truncatingIfNeeded: $0) }
    }

    /// Whether some replace others at the moment.
    var isSwapping: Bool { !unnamed.isEmpty }

    var isInMemory: Bool {
        if case .memory = storage { true } else { false }
    }

    /// The offset of the first record in a segment.
    var firstOffset: UInt64 { isInMemory ? 0 : UInt64(SegmentHeader.size) }

    func path(_ number: UInt32) -> String {
        switch storage {
        case .files(_, let directory):
            JournalFiles.path(
                directory,
                unnamed.contains(number)
                    ? JournalFiles.newSegment(number) : JournalFiles.segment(number))
        case .memory: "memory block \(number)"
        }
    }

    func open(_ number: UInt32) throws(DiskError) -> SegmentSource {
        switch storage {
        case .files(let disk, _):
            return try SegmentSource(disk, path: path(number))
        case .memory(let log):
            let index = Int(number &- log.firstNumber)
            let block = log.blocks.indices.contains(index) ? log.blocks[index] : []
            return SegmentSource(block: block, number: number)
        }
    }

    /// Waits until a segment is on stable storage.
    func sync(_ number: UInt32) throws(DiskError) {
        guard case .files(let disk, _) = storage else { return }
        let file = try disk.open(path(number), .read)
        defer { disk.close(file) }
        try disk.sync(file)
    }
}
