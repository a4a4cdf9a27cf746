// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

extension ContentStore {
    /// Does blocking work on a thread of the store, and waits for it without one. In memory the work
    /// is done at once.
    ///
    /// Cancelling withdraws work that has not begun: `store.cancelled`. Work that has begun is
    /// finished.
    public func perform<Value: Sendable>(
        _ work: @escaping @Sendable (ContentStore) throws(StoreError) -> Value
    ) async -> Result<Value, StoreError> {
        guard let pool else {
            return Result { () throws(StoreError) in try work(self) }
        }
        switch await pool.perform({ () throws(StoreError) in try work(self) }) {
        case .success(let result): return result
        case .failure(let refusal): return .failure(StoreError(refusal))
        }
    }
}

extension StoreError {
    fileprivate init(_ refusal: WorkerPool.Refusal) {
        switch refusal {
        case .busy(let count):
            self.init(
                .busy, "\(count) operations wait for the store's disk",
                remedy: "Try again later, or use a faster disk.")
        case .noThread:
            self.init(
                .busy, "the system has no thread left for the store",
                remedy: "Raise the limit on threads and processes.")
        case .closed: self = .closed
        case .cancelled: self = .cancelled
        }
    }
}
