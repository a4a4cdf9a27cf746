// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

extension Atomic<UInt64> {
    /// The value as it was written last. Orders nothing.
    var now: UInt64 { load(ordering: .relaxed) }

    /// Adds where one thread at a time writes: costs a load and a store, no locked instruction.
    func bump(by amount: UInt64 = 1) { store(now &+ amount, ordering: .relaxed) }

    /// Overwrites.
    func set(_ value: UInt64) { store(value, ordering: .relaxed) }
}

/// A fixed number of counters that one thread at a time raises and any thread reads.
@safe
final class Counters: @unchecked Sendable {
    // SAFETY: the cells are atomic, made here, never moved, and freed with the object.
    private let cells: UnsafeMutableBufferPointer<Atomic<UInt32>>

    init(count: Int) {
        unsafe cells = .allocate(capacity: max(0, count))
        for index in unsafe cells.indices {
            unsafe cells.initializeElement(at: index, to: Atomic(0))
        }
    }

    deinit {
        unsafe cells.deinitialize()
        unsafe cells.deallocate()
    }

    /// Raises one counter, up to its maximum; an index that there is not does nothing.
    func raise(_ index: Int) {
        guard unsafe cells.indices.contains(index) else { return }
        let value = unsafe cells[index].load(ordering: .relaxed)
        if value < .max { unsafe cells[index].store(value + 1, ordering: .relaxed) }
    }

    /// All counters as they are.
    var values: [UInt64] {
        unsafe cells.indices.map { unsafe UInt64(cells[$0].load(ordering: .relaxed)) }
    }
}
