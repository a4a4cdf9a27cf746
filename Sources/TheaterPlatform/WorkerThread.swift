// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A thread of our own, for work that blocks.
public enum WorkerThread {
    /// Starts a thread that runs `body` once. Whoever starts it must have a way to end it.
    ///
    /// - Parameter stackSize: the thread's stack in bytes.
    /// - Returns: `false` when the system has no thread left.
    public static func start(
        name: String, stackSize: Int = 512 * 1024, _ body: @escaping @Sendable () -> Void
    ) -> Bool {
        let argument = Unmanaged.passRetained(Body(name: name, run: body)).toOpaque()
        if create(argument, stackSize) == 0 { return true }
        Unmanaged<Body>.fromOpaque(argument).release()
        return false
    }

    private static func create(_ argument: UnsafeMutableRawPointer, _ stackSize: Int) -> Int32 {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stackSize)
        var thread = pthread_t()
        return pthread_create(&thread, &attributes, entry, argument)
    }

    private static let entry:
        @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
            guard let argument else { return nil }
            let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
            nameThisThread(body.name)
            body.run()
            return nil
        }

    /// Gives the calling thread a name that tools such as `top` show; at most 15 bytes of it.
    private static func nameThisThread(_ name: String) {
        let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = Array(name.utf8.prefix(15)).withUnsafeBytes {
            write(descriptor, $0.baseAddress, $0.count)
        }
        close(descriptor)
    }

    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }
}

/// A flag that one thread raises and another waits for. A raise before the wait is not lost.
public final class ThreadSignal: @unchecked Sendable {
    // SAFETY: the mutex guards `raised`; the mutex and the condition live on the heap at one address
    // from init to deinit, and nobody can wait in deinit because a waiter holds a reference.

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var raised = false

    /// Makes a lowered flag.
    public init() {
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Raises the flag.
    public func raise() {
        pthread_mutex_lock(mutex)
        raised = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Blocks the thread until the flag is raised or the time has come, then lowers it.
    ///
    /// - Returns: whether it was raised.
    @discardableResult
    public func wait(until deadline: MonotonicTime? = nil) -> Bool {
        pthread_mutex_lock(mutex)
        defer {
            raised = false
            pthread_mutex_unlock(mutex)
        }
        var time = timespec()
        if let deadline {
            time.tv_sec = Int(deadline.nanoseconds / 1_000_000_000)
            time.tv_nsec = Int(deadline.nanoseconds % 1_000_000_000)
        }
        while !raised {
            let result =
                deadline == nil
                ? pthread_cond_wait(condition, mutex)
                : pthread_cond_timedwait(condition, mutex, &time)
            if result == ETIMEDOUT { return raised }
        }
        return true
    }
}
