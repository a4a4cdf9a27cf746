// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// What a program writes to its standard output or error. One reader at a time.
///
/// Nothing is read ahead: a program whose output nobody takes waits at its pipe.
public final class ProgramOutput: Sendable {
    private let pipe: Descriptor
    private let ready: Readiness
    private let isStopped = Mutex(false)

    init(_ pipe: Descriptor, _ poller: Poller) {
        pipe.makeNonblocking()
        self.pipe = pipe
        ready = Readiness(pipe, .read, poller)
    }

    /// Waits for output.
    ///
    /// - Parameter sizeMax: the most bytes, which are taken from memory while they are read.
    /// - Returns: at least one byte; `nil` at the end.
    public func read(_ sizeMax: Int) async -> [UInt8]? {
        while !isStopped.withLock({ $0 }) {
            // Asked for before the read: what was written until then is read.
            let isLast = ready.isOver
            switch pipe.read(max(sizeMax, 1)) {
            case .bytes(let bytes): return bytes
            case .end: return nil
            case .empty:
                if isLast { return nil }
                await ready.wait()
            }
        }
        return nil
    }

    /// Nobody is left who writes: the end comes when what is there has been read, also when a stranger
    /// still has the pipe open.
    public func settle() { ready.end() }

    /// Ends reading at once.
    public func stop() {
        isStopped.withLock { $0 = true }
        ready.end()
    }

    /// Closes the pipe: the program may notice.
    public func close() { pipe.close() }
}
