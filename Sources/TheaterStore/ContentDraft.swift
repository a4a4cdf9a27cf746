// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import Synchronization

/// Content that comes in parts: in a store on disk it takes no memory, however large it becomes.
///
/// ``ContentStore/put(_:in:label:quota:)`` stores it; what is let go without that was never there. Its methods
/// block for the disk, as those of the store do.
public final class ContentDraft: Sendable {
    private struct State {
        var hasher = SHA256()
        var size: UInt64 = 0
        /// Whether more can be added, and it can be stored.
        var isOpen = true
        var isKept = false
    }

    private let state = Mutex(State())
    private let blob: any BlobDraft
    private let sizeMax: Int

    init(_ blob: any BlobDraft, sizeMax: Int) {
        self.blob = blob
        self.sizeMax = sizeMax
    }

    deinit { if !state.withLock({ $0.isKept }) { blob.discard() } }

    /// How many bytes there are.
    public var size: UInt64 { state.withLock { $0.size } }

    /// The name of what there is.
    public var id: ContentID { state.withLock { ContentID($0.hasher) } }

    /// Adds a part behind those that there are. One caller at a time.
    ///
    /// - Throws: `store.too-large`, `store.disk`, and `store.closed` when it was stored. The draft is worth nothing
    ///   then.
    public func append(_ part: [UInt8]) throws(StoreError) {
        let size = try take().size
        let (total, hasOverflow) = Int(clamping: size).addingReportingOverflow(part.count)
        guard !hasOverflow, total <= sizeMax else { throw .tooLarge(total, sizeMax) }
        try blob.append(part, at: size)
        state.withLock { state in
            part.withUnsafeBytes { state.hasher.update(bufferPointer: $0) }
            state.size = UInt64(total)
            state.isOpen = true
        }
    }

    /// Closes it for as long as something is done with it, and for good if that fails.
    private func take() throws(StoreError) -> State {
        let state = state.withLock { state in
            defer { state.isOpen = false }
            return state
        }
        guard state.isOpen else { throw .draftOver }
        return state
    }

    /// Puts it in its place.
    func keep() throws(StoreError) {
        let id = ContentID(try take().hasher)
        // From here on it is the keeper's, whatever becomes of it.
        state.withLock { $0.isKept = true }
        try blob.keep(as: id)
    }
}
