// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import NIOCore
internal import Synchronization

/// Runs the tasks of a connection on the event loop of that connection: what a request is and what is answered
/// go from the one to the other without a change of the thread.
///
/// The loop serves other connections too. So a task that gives way and could go on at once, as that of an actor that
/// computes does after each time slice, goes on elsewhere.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop
    /// How many jobs run now.
    private let running = Atomic<Int>(0)

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // Who gives way is ready while it still runs; who has waited for something is not.
        if running.load(ordering: .relaxed) > 0 {
            DispatchQueue.global().async { self.run(job) }
        } else {
            loop.execute { self.run(job) }
        }
    }

    private func run(_ job: UnownedJob) {
        running.add(1, ordering: .relaxed)
        unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        running.subtract(1, ordering: .relaxed)
    }
}
