// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization
internal import TheaterLaunch

/// An open descriptor with one owner; closed at the latest when the last reference goes.
public final class Descriptor: Sendable {
    private let number: Mutex<Int32>

    /// Takes over an open descriptor.
    init(_ number: Int32) { self.number = Mutex(number) }

    deinit { close() }

    /// Closes it; without effect when it is closed.
    func close() {
        number.withLock { number in
            if number >= 0 { Glibc.close(number) }
            number = -1
        }
    }

    /// Has it used while it cannot be closed; `nil` when it is closed. Must not block.
    func use<Result>(_ body: (Int32) -> Result) -> Result? {
        number.withLock { $0 >= 0 ? body($0) : nil }
    }

    // MARK: Making

    /// A pipe whose ends close at `exec`; `nil` with `errno` when there is none.
    static func pipe() -> (read: Descriptor, write: Descriptor)? {
        var ends: [Int32] = [-1, -1]
        let made = ends.withUnsafeMutableBufferPointer {
            Kernel.perform(.pipe2, Int(bitPattern: $0.baseAddress), Int(O_CLOEXEC))
        }
        return made == 0 ? (Descriptor(ends[0]), Descriptor(ends[1])) : nil
    }

    /// Opens a file or folder; `nil` with `errno` when that fails.
    static func open(_ path: String, _ flags: Int32) -> Descriptor? {
        guard !path.utf8.contains(0) else {
            errno = EINVAL
            return nil
        }
        let number = Glibc.open(path, flags | O_CLOEXEC)
        return number >= 0 ? Descriptor(number) : nil
    }

    /// Another descriptor of the same file, which closes at `exec`; `nil` with `errno` when there is none.
    ///
    /// - Parameter least: the lowest number that it may have.
    func duplicate(least: Int32 = 0) -> Descriptor? {
        let number = use { fcntl($0, F_DUPFD_CLOEXEC, least) } ?? -1
        return number >= 0 ? Descriptor(number) : nil
    }

    /// Has reads and writes answer instead of wait. Counts for this end alone, as pipes are used here.
    func makeNonblocking() {
        _ = use { number in fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK) }
    }

    // MARK: Reading and writing

    /// What came of a read.
    enum ReadResult {
        case bytes([UInt8])
        case end
        case empty
    }

    /// Reads what is there.
    ///
    /// - Parameter sizeMax: at most so many bytes, which are taken from memory before.
    func read(_ sizeMax: Int) -> ReadResult {
        var result = ReadResult.end
        let bytes = [UInt8](unsafeUninitializedCapacity: sizeMax) { buffer, count in
            count = 0
            let number = use { number in
                while true {
                    let size = Glibc.read(number, buffer.baseAddress, buffer.count)
                    if size >= 0 { return size }
                    if errno == EAGAIN { return -1 }
                    if errno != EINTR { return 0 }
                }
            }
            if let number, number > 0 { count = number }
            if number == -1 { result = .empty }
        }
        return bytes.isEmpty ? result : .bytes(bytes)
    }

    /// What came of a write.
    enum WriteResult {
        /// So many bytes were taken.
        case wrote(Int)
        /// Nobody reads any more.
        case end
    }

    /// Writes what finds room. Raises no SIGPIPE, whatever the process does about it.
    func write(_ bytes: ArraySlice<UInt8>) -> WriteResult {
        use { number in
            Self.withoutPipeSignal {
                var written = 0
                while written < bytes.count {
                    let size = bytes.dropFirst(written).withUnsafeBytes {
                        Glibc.write(number, $0.baseAddress, $0.count)
                    }
                    if size >= 0 {
                        written += size
                    } else if errno == EAGAIN {
                        break
                    } else if errno != EINTR {
                        return .end
                    }
                }
                return .wrote(written)
            }
        } ?? .end
    }

    /// Blocks SIGPIPE for this thread, and takes one that arose away, unless one was there before.
    private static func withoutPipeSignal<Result>(_ body: () -> Result) -> Result {
        var pipe = sigset_t()
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        var pending = sigset_t()
        sigpending(&pending)
        guard sigismember(&pending, SIGPIPE) == 0 else { return body() }
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &pipe, &before)
        let result = body()
        var now = timespec()
        while sigtimedwait(&pipe, nil, &now) < 0, errno == EINTR {}
        pthread_sigmask(SIG_SETMASK, &before, nil)
        return result
    }
}
