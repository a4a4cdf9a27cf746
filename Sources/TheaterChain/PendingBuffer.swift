// SPDX-License-Identifier: Apache-2.0

/// Bytes that wait to be written: a growing buffer that is reused.
final class PendingBuffer: @unchecked Sendable {
    // SAFETY: whoever holds it alone uses it: the journal's state under its lock, or the writer thread
    // between taking it and giving it back.

    private static let capacityStart = 64 << 10
    private static let capacityKept = 1 << 20

    private var storage = UnsafeMutableRawBufferPointer.allocate(
        byteCount: PendingBuffer.capacityStart, alignment: 16)
    private(set) var count = 0

    deinit { storage.deallocate() }

    /// What was appended.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(storage).part(0..<count) }

    /// Part of it, to be changed in place.
    func mutable(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: storage[range])
    }

    func append(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        reserve(bytes.count)
        mutable(count..<count + bytes.count).copyMemory(from: bytes)
        count += bytes.count
    }

    /// Leaves room to be filled later.
    func appendHole(_ size: Int) {
        reserve(size)
        count += size
    }

    /// Forgets the contents; keeps the memory unless a burst made it large.
    func reset() {
        count = 0
        guard storage.count > Self.capacityKept else { return }
        storage.deallocate()
        storage = .allocate(byteCount: Self.capacityStart, alignment: 16)
    }

    private func reserve(_ size: Int) {
        guard count + size > storage.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(storage.count * 2, count + size), alignment: 16)
        larger.copyMemory(from: bytes)
        storage.deallocate()
        storage = larger
    }
}
