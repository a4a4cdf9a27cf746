// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform

@Suite("Pool of threads", .timeLimit(.minutes(1)))
struct WorkerPoolTests {
    private final class Load: Sendable {}

    // Goal: what a job has worked with goes when it is done. Method: few jobs and no further one, so that nothing that
    // comes later makes the pool let go.
    @Test("keeps nothing of a job that is done")
    func letsGo() async throws {
        let pool = WorkerPool(name: "test", threadsMax: 2, waitingMax: 8)
        weak var held: Load?
        for _ in 0..<3 {
            let load = Load()
            held = load
            _ = await pool.perform { _ = load }
        }
        // The thread that has answered may be on its way back still.
        while held != nil {
            try Task.checkCancellation()
            await Task.yield()
        }
        pool.close()
    }
}
