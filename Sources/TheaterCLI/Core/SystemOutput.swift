// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc
internal import Synchronization

/// The standard streams of this process.
///
/// A reader that goes away is not an error: what is written afterwards is dropped. Any other refusal
/// is kept in ``failure``, because results that are lost silently would be worse than none.
final class SystemOutput: Output {
    private struct State {
        var isBroken = false
        var failure: Int32?
    }

    private let state = Mutex(State())

    /// The first error number, other than a reader's going away, of writing results.
    var failure: Int32? { state.withLock { $0.failure } }

    var isBroken: Bool { state.withLock { $0.isBroken } }

    func write(_ bytes: [UInt8], to stream: OutputStream) {
        if stream == .results, isBroken { return }
        let descriptor = Self.descriptor(stream)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer -> Int in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            }
            if count > 0 {
                done += count
                continue
            }
            let reason = errno
            if count < 0, reason == EINTR { continue }
            if count < 0, reason == EAGAIN, Self.waitForSpace(descriptor) { continue }
            guard stream == .results else { return }
            state.withLock { state in
                state.isBroken = true
                if reason != EPIPE, state.failure == nil { state.failure = reason }
            }
            return
        }
    }

    func isTerminal(_ stream: OutputStream) -> Bool { isatty(Self.descriptor(stream)) == 1 }

    func width(_ stream: OutputStream) -> Int {
        guard isTerminal(stream) else { return Self.defaultWidth }
        var size = winsize()
        guard ioctl(Self.descriptor(stream), UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 40 else {
            return Self.defaultWidth
        }
        return Int(size.ws_col)
    }

    private static func descriptor(_ stream: OutputStream) -> Int32 {
        stream == .results ? STDOUT_FILENO : STDERR_FILENO
    }

    /// Waits until a non-blocking stream takes more; `false` when it never will.
    private static func waitForSpace(_ descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let count = poll(&entry, 1, -1)
        return count > 0 || errno == EINTR
    }
}

extension CLIContext {
    /// The context of this process.
    static func system(_ output: SystemOutput) -> CLIContext {
        var context = CLIContext(
            output: output,
            input: { (sizeMax) throws(CLIError) in
                try Files.readAll(STDIN_FILENO, name: "standard input", sizeMax: sizeMax)
            },
            environment: { name in getenv(name).map { String(cString: $0) } },
            variables: { ProcessInfo.processInfo.environment })
        if isatty(STDIN_FILENO) == 1 { context.lines = { readLine() } }
        return context
    }
}
