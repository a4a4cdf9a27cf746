// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterPlatform

/// A few threads for work that blocks, and a bounded queue before them.
///
/// A thread is started when work comes and none is idle, and ends when there was nothing to do for a
/// second. So a pool that nobody uses has none.
final class WorkerPool: Sendable {
    /// Runs with no error, or learns why it cannot.
    typealias Job = @Sendable (StoreError?) -> Void

    private struct State {
        var jobs: [Job] = []
        /// How many of `jobs` are taken.
        var first = 0
        var idle: [ThreadSignal] = []
        var threads = 0
        var isClosed = false
        /// Raised when the last thread has ended.
        var closers: [ThreadSignal] = []

        var waiting: Int { jobs.count - first }

        mutating func take() -> Job? {
            guard first < jobs.count else { return nil }
            let job = jobs[first]
            first += 1
            if first > 64, first * 2 > jobs.count {
                jobs.removeFirst(first)
                first = 0
            }
            return job
        }
    }

    private enum Start { case refused(StoreError), wake(ThreadSignal), thread, nothing }
    private enum Next { case job(Job), wait, end([ThreadSignal]) }

    private static let idleTime = Duration.seconds(1)

    private let state = Mutex(State())
    private let threadsMax: Int
    private let waitingMax: Int

    init(threadsMax: Int, waitingMax: Int) {
        self.threadsMax = max(1, threadsMax)
        self.waitingMax = max(1, waitingMax)
    }

    /// How many jobs wait for a thread.
    var waiting: Int { state.withLock { $0.waiting } }

    /// Runs a job on one of the threads, in the order of arrival.
    ///
    /// - Throws: `store.busy` when too many wait; `store.closed`.
    func submit(_ job: @escaping Job) throws(StoreError) {
        let start = state.withLock { state -> Start in
            if state.isClosed { return .refused(.closed) }
            guard state.waiting < waitingMax else {
                return .refused(
                    StoreError(
                        .busy, "\(state.waiting) operations wait for the store's disk",
                        remedy: "Try again later, or use a faster disk."))
            }
            state.jobs.append(job)
            if let idle = state.idle.popLast() { return .wake(idle) }
            guard state.threads < threadsMax else { return .nothing }
            state.threads += 1
            return .thread
        }
        switch start {
        case .refused(let error): throw error
        case .wake(let signal): signal.raise()
        case .thread: startThread()
        case .nothing: return
        }
    }

    private func startThread() {
        if WorkerThread.start(name: "theater-store", { self.work() }) { return }
        let stranded = state.withLock { state -> [Job] in
            state.threads -= 1
            var jobs: [Job] = []
            // Without any thread nobody would do them.
            while state.threads == 0, let job = state.take() { jobs.append(job) }
            return jobs
        }
        let error = StoreError(
            .busy, "the system has no thread left for the store",
            remedy: "Raise the limit on threads and processes.")
        for job in stranded { job(error) }
    }

    private func work() {
        let signal = ThreadSignal()
        var isLate = false
        while true {
            switch next(signal, isLate) {
            case .job(let job):
                job(nil)
                isLate = false
            case .wait:
                isLate = !signal.wait(until: MonotonicTime.now().advanced(by: Self.idleTime))
            case .end(let closers):
                for closer in closers { closer.raise() }
                return
            }
        }
    }

    private func next(_ signal: ThreadSignal, _ isLate: Bool) -> Next {
        state.withLock { state in
            state.idle.removeAll { $0 === signal }
            if let job = state.take() { return .job(job) }
            guard state.isClosed || isLate else {
                state.idle.append(signal)
                return .wait
            }
            state.threads -= 1
            return .end(state.threads == 0 ? state.closers : [])
        }
    }

    /// Refuses further jobs, and waits until those that were taken in are done.
    func close() {
        let done = ThreadSignal()
        let idle = state.withLock { state -> [ThreadSignal]? in
            state.isClosed = true
            guard state.threads > 0 else { return nil }
            state.closers.append(done)
            return state.idle
        }
        guard let idle else { return }
        for signal in idle { signal.raise() }
        done.wait()
    }
}

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
        let isCancelled = Flag()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                do throws(StoreError) {
                    try pool.submit { refusal in
                        continuation.resume(
                            returning: Result { () throws(StoreError) in
                                if let refusal { throw refusal }
                                if isCancelled.isRaised { throw .cancelled }
                                return try work(self)
                            })
                    }
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        } onCancel: {
            isCancelled.raise()
        }
    }

    /// A flag that is only ever raised.
    private final class Flag: Sendable {
        private let value = Atomic<Bool>(false)
        var isRaised: Bool { value.load(ordering: .acquiring) }
        func raise() { value.store(true, ordering: .releasing) }
    }
}
