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

    init(_ disk: any Disk, directory: String) throws(DiskError) {
        storage = .files(disk, directory: directory)
        numbers = JournalFiles.segments(in: try disk.list(directory))
    }

    init(_ log: MemoryLog) {
        storage = .memory(log)
        numbers = log.blocks.indices.map { log.firstNumber &+ UInt32(truncatingIfNeeded: $0) }
    }

    var isInMemory: Bool {
        if case .memory = storage { true } else { false }
    }

    /// The offset of the first record in a segment.
    var firstOffset: UInt64 { isInMemory ? 0 : UInt64(SegmentHeader.size) }

    func path(_ number: UInt32) -> String {
        switch storage {
        case .files(_, let directory): JournalFiles.path(directory, JournalFiles.segment(number))
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
