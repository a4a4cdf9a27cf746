// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization
internal import TheaterPlatform
internal import TheaterTesting

/// Runs every task of a simulated world on one thread, in an order that the seed chooses.
///
/// What is ready stands in a list; the seed says which comes next. Time moves when nothing is ready, and
/// by as much as the plan says that a job takes. A job that another thread enqueues means that
/// something escaped the simulation, and fails the run.
package final class SimulationExecutor: TaskExecutor, @unchecked Sendable {
    // SAFETY: `ready` and `foreign` are under the lock; everything else belongs to the thread that runs.

    /// Which of the ready jobs is next.
    package enum Order: Sendable, Hashable {
        /// Any.
        case any
        /// The newest, so many times of a hundred; else any.
        case newest(Int)
        /// The oldest, so many times of a hundred; else any.
        case oldest(Int)
    }

    /// How a run ended.
    package enum Stop: Sendable, Hashable {
        /// What was waited for has happened.
        case done
        /// Nothing is ready and nobody sleeps: somebody waits for what never comes.
        case stuck
        /// The bound of jobs, or of time, is reached.
        case endless
    }

    private let ready = Mutex<[UnownedJob]>([])
    private let foreign = Mutex<Int>(0)
    private let thread = pthread_self()
    private let clock: VirtualClock
    private let trace: Trace
    private let order: Order
    private let jobCost: Int64
    private var chance: SplitMix
    /// How many jobs ran.
    package private(set) var jobCount = 0

    init(clock: VirtualClock, trace: Trace, order: Order, jobCost: Int64, seed: UInt64) {
        self.clock = clock
        self.trace = trace
        self.order = order
        self.jobCost = jobCost
        chance = SplitMix(seed: seed)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if pthread_equal(thread, pthread_self()) == 0 { foreign.withLock { $0 += 1 } }
        ready.withLock { $0.append(job) }
    }

    /// How many jobs came from other threads.
    var foreignCount: Int { foreign.withLock { $0 } }
    /// How many jobs are ready.
    var readyCount: Int { ready.withLock { $0.count } }

    /// Runs jobs until something has happened.
    func run(jobsMax: Int, until isDone: () -> Bool) -> Stop {
        let end = jobCount + jobsMax
        while !isDone() {
            if jobCount >= end { return .endless }
            if runNext() { continue }
            guard clock.advance() else { return .stuck }
            trace.note("time", UInt64(bitPattern: clock.monotonic().nanoseconds))
        }
        return .done
    }

    /// Runs what is ready until nothing is, and moves no time.
    func drain(jobsMax: Int) -> Stop {
        let end = jobCount + jobsMax
        while runNext() { if jobCount >= end { return .endless } }
        return .done
    }

    private func runNext() -> Bool {
        let next = ready.withLock { ready -> (job: UnownedJob, index: Int, count: Int)? in
            guard !ready.isEmpty else { return nil }
            let count = ready.count
            let index = count == 1 ? 0 : choose(count)
            return (ready.remove(at: index), index, count)
        }
        guard let next else { return false }
        jobCount += 1
        trace.mix(UInt64(next.count) << 32 | UInt64(next.index))
        clock.pass(jobCost)
        next.job.runSynchronously(on: asUnownedTaskExecutor())
        return true
    }

    private func choose(_ count: Int) -> Int {
        switch order {
        case .newest(let percent) where chance.next(below: 100) < percent: count - 1
        case .oldest(let percent) where chance.next(below: 100) < percent: 0
        default: chance.next(below: count)
        }
    }
}
