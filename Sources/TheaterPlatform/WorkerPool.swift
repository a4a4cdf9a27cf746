// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A few threads for work that blocks, and a bounded queue before them.
///
/// A thread is started when work comes and none is idle, and ends when there was nothing to do for a
/// second. So a pool that nobody uses has none.
public final class WorkerPool: Sendable {
    /// Why work is not done.
    public enum Refusal: Error, Sendable, Hashable {
        /// So many jobs wait, which is the most.
        case busy(waiting: Int)
        /// The system has no thread for it.
        case noThread
        /// The pool was closed.
        case closed
        /// Its task was cancelled before it began.
        case cancelled
    }

    /// Runs with no refusal, or learns why it cannot.
    typealias Job = @Sendable (Refusal?) -> Void

    private struct State {
        var jobs: [Job?] = []
        /// How many of `jobs` are taken. Those are `nil`: a job may hold all that it writes.
        var first = 0
        var idle: [ThreadSignal] = []
        var threads = 0
        var isClosed = false
        /// Raised when the last thread has ended.
        var closers: [ThreadSignal] = []

        var waiting: Int { jobs.count - first }

        mutating func take() -> Job? {
            guard first < jobs.count else { return nil }
            let job = jobs[first].take()
            first += 1
            if first > 64, first * 2 > jobs.count {
                jobs.removeFirst(first)
                first = 0
            }
            return job
        }
    }

    private enum Start { case refused(Refusal), wake(ThreadSignal), thread, nothing }
    private enum Next { case job(Job), wait, end([ThreadSignal]) }

    private static let idleTime = Duration.seconds(1)

    private let state = Mutex(State())
    private let name: String
    private let threadsMax: Int
    private let waitingMax: Int

    /// Makes a pool without threads.
    ///
    /// - Parameters:
    ///   - name: what tools show its threads as.
    ///   - threadsMax: how many threads there may be.
    ///   - waitingMax: how many jobs may wait for one.
    public init(name: String, threadsMax: Int, waitingMax: Int) {
        self.name = name
        self.threadsMax = max(1, threadsMax)
        self.waitingMax = max(1, waitingMax)
    }

    /// How many jobs wait for a thread.
    public var waiting: Int { state.withLock { $0.waiting } }

    /// Runs a job on one of the threads, in the order of arrival.
    ///
    /// - Throws: that too many wait, or that the pool is closed.
    func submit(_ job: @escaping Job) throws(Refusal) {
        let start = state.withLock { state -> Start in
            if state.isClosed { return .refused(.closed) }
            guard state.waiting < waitingMax else { return .refused(.busy(waiting: state.waiting)) }
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
        if WorkerThread.start(name: name, { self.work() }) { return }
        let stranded = state.withLock { state -> [Job] in
            state.threads -= 1
            var jobs: [Job] = []
            // Without any thread nobody would do them.
            while state.threads == 0, let job = state.take() { jobs.append(job) }
            return jobs
        }
        for job in stranded { job(.noThread) }
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

    /// Refuses further jobs, and waits until those that were taken in are done, or the time has come.
    public func close(until deadline: MonotonicTime? = nil) {
        let done = ThreadSignal()
        let idle = state.withLock { state -> [ThreadSignal]? in
            state.isClosed = true
            guard state.threads > 0 else { return nil }
            state.closers.append(done)
            return state.idle
        }
        guard let idle else { return }
        for signal in idle { signal.raise() }
        done.wait(until: deadline)
    }

    // MARK: Waiting for work

    /// Does blocking work on a thread of the pool, and waits for it without one.
    ///
    /// Cancelling withdraws work that has not begun. Work that has begun is finished.
    public func perform<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async -> Result<Result<Value, Failure>, Refusal> {
        let isCancelled = Flag()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                do throws(Refusal) {
                    try submit { refusal in
                        if let refusal = refusal ?? (isCancelled.isRaised ? .cancelled : nil) {
                            return continuation.resume(returning: .failure(refusal))
                        }
                        continuation.resume(
                            returning: .success(Result { () throws(Failure) in try work() }))
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
