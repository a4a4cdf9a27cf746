// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization
internal import TheaterLaunch
internal import TheaterPlatform

/// Tells when descriptors are ready: one thread for any number of them.
///
/// A watch is told once. The thread calls what was given to it, which must be short.
final class Poller: Sendable {
    /// What a descriptor is to be ready for.
    enum Direction: UInt32 {
        case read = 0x001
        case write = 0x004
    }

    private struct State {
        var watches: [UInt64: @Sendable () -> Void] = [:]
        var last: UInt64 = 0
        var isClosed = false
    }

    private static let onceFlag: UInt32 = 1 << 30
    private static let addOperation = 1
    private static let modifyOperation = 3
    private static let eventsMax = 64
    /// The kernel packs an event on x86.
    #if arch(x86_64)
    private static let dataOffset = 4
    private static let eventSize = 12
    #else
    private static let dataOffset = 8
    private static let eventSize = 16
    #endif

    private let poll: Descriptor
    private let wake: Descriptor
    private let state = Mutex(State())

    /// Starts the thread.
    init() throws(ProcessError) {
        let poll = Int32(Kernel.perform(.pollCreate, Int(O_CLOEXEC)))
        let wake = Int32(Kernel.perform(.eventDescriptor, 0, Int(O_CLOEXEC | O_NONBLOCK)))
        self.poll = Descriptor(poll)
        self.wake = Descriptor(wake)
        guard poll >= 0, wake >= 0, Self.add(wake, .read, 0, to: poll) else {
            throw ProcessError(
                .unavailable,
                "the node cannot watch pipes: \(SystemError.text(errno)); let it open more files")
        }
        let files = (poll: self.poll, wake: self.wake)
        let isStarted = WorkerThread.start(name: "theater-process") { [weak self] in
            // The thread keeps what it waits on open.
            withExtendedLifetime(files) { Self.run(poll) { self } }
        }
        guard isStarted else {
            throw ProcessError(.unavailable, "the system has no thread left for watching pipes")
        }
    }

    deinit { close() }

    /// Tells once when a descriptor is ready, or was closed by its other side. A descriptor has one watch at a
    /// time: a second one takes the place of the first.
    ///
    /// - Returns: the number of the watch; `nil` when it cannot be watched, and nobody will be told.
    func watch(
        _ descriptor: Descriptor, _ direction: Direction, _ tell: @escaping @Sendable () -> Void
    ) -> UInt64? {
        state.withLock { state in
            guard !state.isClosed else { return nil }
            state.last += 1
            let number = state.last
            state.watches[number] = tell
            let isWatched =
                descriptor.use { file in
                    poll.use { Self.add(file, direction, number, to: $0) } ?? false
                } ?? false
            if !isWatched { state.watches[number] = nil }
            return isWatched ? number : nil
        }
    }

    /// Forgets a watch.
    func unwatch(_ number: UInt64) { state.withLock { $0.watches[number] = nil } }

    /// Ends the thread, and tells all watches.
    func close() {
        let watches = state.withLock { state -> [@Sendable () -> Void]? in
            guard !state.isClosed else { return nil }
            state.isClosed = true
            defer { state.watches = [:] }
            return Array(state.watches.values)
        }
        guard let watches else { return }
        _ = wake.use { file in
            var one: UInt64 = 1
            return write(file, &one, 8)
        }
        for watch in watches { watch() }
    }

    private static func add(
        _ file: Int32, _ direction: Direction, _ number: UInt64, to poll: Int32
    ) -> Bool {
        var event = [UInt8](repeating: 0, count: eventSize)
        return event.withUnsafeMutableBytes { event in
            let isOnce = number > 0
            event.storeBytes(
                of: direction.rawValue | (isOnce ? onceFlag : 0), as: UInt32.self)
            event.storeBytes(of: number, toByteOffset: dataOffset, as: UInt64.self)
            let address = Int(bitPattern: event.baseAddress)
            for operation in [modifyOperation, addOperation] {
                if Kernel.perform(.pollControl, Int(poll), operation, Int(file), address) == 0 {
                    return true
                }
            }
            return false
        }
    }

    /// The thread. It holds the poller only while it has something to tell.
    private static func run(_ poll: Int32, _ poller: () -> Poller?) {
        let events = UnsafeMutableRawPointer.allocate(
            byteCount: eventSize * eventsMax, alignment: 8)
        defer { events.deallocate() }
        while true {
            let count = Kernel.perform(
                .pollWait, Int(poll), Int(bitPattern: events), eventsMax, -1)
            if count < 0 {
                if errno == EINTR { continue }
                return
            }
            for index in 0..<count {
                let number = events.loadUnaligned(
                    fromByteOffset: index * eventSize + dataOffset, as: UInt64.self)
                guard number > 0, let poller = poller() else { return }
                let tell = poller.state.withLock { $0.watches.removeValue(forKey: number) }
                tell?()
            }
        }
    }
}

/// The words of the system for its errors.
enum SystemError {
    static func text(_ number: Int32) -> String {
        guard let text = strerror(number) else { return "errno \(number)" }
        return String(cString: text)
    }
}
