// SPDX-License-Identifier: Apache-2.0

internal import Crypto

extension Guest {
    /// The SHA-256 of each page of the guest's memory, with the pages that the host keeps in it; the last
    /// may be shorter.
    ///
    /// - Parameter size: the bytes of a page, at least one.
    public func pageDigests(size: Int) -> [[UInt8]] {
        guard let all = memory?.bytes(context) else { return [] }
        return stride(from: 0, to: all.count, by: max(1, size)).map { start in
            let page = UnsafeRawBufferPointer(
                rebasing: all[start..<min(all.count, start + max(1, size))])
            var hasher = SHA256()
            hasher.update(bufferPointer: page)
            return Array(hasher.finalize())
        }
    }
}
