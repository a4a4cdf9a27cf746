// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// Does a node's work with files, on a few threads of its own: files block, also for long.
///
/// The threads are started when there is work. One host serves any number of actors.
public final class FileHost: Sendable {
    private let pool: WorkerPool

    /// Makes a host.
    ///
    /// - Parameters:
    ///   - threadsMax: how many operations run at once.
    ///   - waitingMax: how many wait for a thread; one more is `filesystem.busy`.
    public init(threadsMax: Int = 8, waitingMax: Int = 4096) {
        pool = WorkerPool(
            name: "theater-files", threadsMax: threadsMax, waitingMax: waitingMax)
    }

    /// Does blocking work, and waits for it without a thread.
    ///
    /// Cancelling withdraws work that has not begun. Work that has begun is finished.
    ///
    /// - Throws: `filesystem.busy`, `filesystem.unavailable`, `filesystem.cancelled`, in the result.
    public func perform<Value: Sendable>(
        _ work: @escaping @Sendable () throws(FileError) -> Value
    ) async -> Result<Value, FileError> {
        switch await pool.perform(work) {
        case .success(let result): result
        case .failure(let refusal): .failure(FileError(refusal))
        }
    }

    /// Refuses further work, and waits for what was taken in, five seconds at most: a disk of the network may
    /// never answer. Blocks.
    public func close() { pool.close(until: MonotonicTime.now().advanced(by: .seconds(5))) }
}

extension FileError {
    fileprivate init(_ refusal: WorkerPool.Refusal) {
        switch refusal {
        case .busy(let count):
            self.init(.busy, "\(count) operations wait for the disk; try again later")
        case .noThread:
            self.init(
                .busy, "the system has no thread left for files; raise the limit on threads")
        case .closed: self.init(.unavailable, "the node is closing")
        case .cancelled:
            self.init(.cancelled, "the actor ended before the operation began; nothing was done")
        }
    }
}
