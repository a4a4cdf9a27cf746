// SPDX-License-Identifier: Apache-2.0

extension String {
    /// Lends the UTF-8 bytes.
    ///
    /// Unlike `utf8` itself this does not link the code for bridged strings and UTF-16 indices
    /// into guests, where every string is native.
    @inline(__always)
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let result = unsafe utf8.withContiguousStorageIfAvailable(body) { return result }
        #if hasFeature(Embedded)
        return unsafe body(UnsafeBufferPointer(start: nil, count: 0))
        #else
        return unsafe Array(utf8).withUnsafeBufferPointer(body)
        #endif
    }

    /// The number of UTF-8 bytes.
    var byteCount: Int { unsafe withBytes { $0.count } }

    /// Whether both have the same UTF-8 bytes; `==` would also equate other spellings.
    func hasSameBytes(as other: String) -> Bool {
        unsafe withBytes { left in
            unsafe other.withBytes { right in
                guard left.count == right.count else { return false }
                for index in left.indices where unsafe left[index] != right[index] {
                    return false
                }
                return true
            }
        }
    }
}
