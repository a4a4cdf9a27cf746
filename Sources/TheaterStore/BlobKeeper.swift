// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterPlatform

/// Where the bytes of blobs are. What belongs to whom is the index's business.
protocol BlobKeeper: Sendable {
    /// Returns once the content is durable under its name.
    ///
    /// - Parameter isKnown: whether it should be there already. It is then compared, and written
    ///   again when it is not the same.
    func keep(_ content: [UInt8], as id: ContentID, isKnown: Bool) throws(StoreError)
    /// Begins content that comes in parts.
    func draft() throws(StoreError) -> any BlobDraft
    /// The content of a name, verified; `nil` when there is nothing.
    func read(_ id: ContentID, size: UInt64) throws(StoreError) -> [UInt8]?
    /// Removes content; what is not there is not missed.
    func remove(_ id: ContentID) throws(StoreError)
    /// Calls with the names of all that is there, some at a time.
    func forEachBatch(_ body: ([ContentID]) throws(StoreError) -> Void) throws(StoreError)
}

/// Content that comes in parts, before it has its name. One caller at a time.
protocol BlobDraft: Sendable {
    /// Adds a part behind those that there are.
    func append(_ part: [UInt8], at offset: UInt64) throws(StoreError)
    /// Returns once the content is durable under its name, in place of what was there. Last of all, as `discard` is.
    func keep(as id: ContentID) throws(StoreError)
    /// Gives it up.
    func discard()
}

/// Blobs in memory, up to a bound.
final class BlobMemory: BlobKeeper {
    private struct State {
        var blobs: [ContentID: [UInt8]] = [:]
        var size: UInt64 = 0
    }

    private let state = Mutex(State())
    private let sizeMax: UInt64

    init(sizeMax: UInt64) { self.sizeMax = sizeMax }

    func keep(_ content: [UInt8], as id: ContentID, isKnown: Bool) throws(StoreError) {
        let sizeMax = sizeMax
        try state.withLock { (state) throws(StoreError) in
            guard state.blobs[id] == nil else { return }
            let size = UInt64(content.count)
            guard state.size <= sizeMax, size <= sizeMax - state.size else {
                throw .full("\(state.size) of \(sizeMax) bytes in memory")
            }
            state.blobs[id] = content
            state.size += size
        }
    }

    func draft() -> any BlobDraft { Draft(memory: self) }

    private final class Draft: BlobDraft {
        private let memory: BlobMemory
        private let content = Mutex<[UInt8]>([])

        init(memory: BlobMemory) { self.memory = memory }

        func append(_ part: [UInt8], at offset: UInt64) { content.withLock { $0 += part } }

        func keep(as id: ContentID) throws(StoreError) {
            try memory.keep(content.withLock { $0 }, as: id, isKnown: false)
        }

        func discard() { content.withLock { $0 = [] } }
    }

    func read(_ id: ContentID, size: UInt64) -> [UInt8]? { state.withLock { $0.blobs[id] } }

    func remove(_ id: ContentID) {
        state.withLock { state in
            if let content = state.blobs.removeValue(forKey: id) {
                state.size -= UInt64(content.count)
            }
        }
    }

    func forEachBatch(_ body: ([ContentID]) throws(StoreError) -> Void) throws(StoreError) {
        try body(state.withLock { $0.blobs.keys.sorted() })
    }
}
