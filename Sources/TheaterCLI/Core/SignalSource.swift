// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Glibc

/// Signals as a stream; without further notice the requests of the user to end, SIGINT and SIGTERM.
///
/// While it lives these signals do not end the process. ``restore()`` gives them back their usual
/// effect, for a process that no longer listens.
final class SignalSource: @unchecked Sendable {
    /// The signals, in order; of many that nobody takes the newest few are kept.
    let signals: AsyncStream<Int32>
    // SAFETY: made once, and cancelling is allowed from any thread.
    private let sources: [any DispatchSourceSignal]
    private let numbers: [Int32]

    /// Begins to listen. Returns when it does, after a second at the latest: a signal that comes before is lost.
    init(_ numbers: [Int32] = [SIGINT, SIGTERM]) {
        self.numbers = numbers
        let (stream, continuation) = AsyncStream.makeStream(
            of: Int32.self, bufferingPolicy: .bufferingNewest(4))
        signals = stream
        let registered = DispatchSemaphore(value: 0)
        sources = numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(
                signal: number, queue: .global(qos: .userInitiated))
            source.setEventHandler { continuation.yield(number) }
            source.setRegistrationHandler { registered.signal() }
            source.activate()
            return source
        }
        let latest = DispatchTime.now() + 1
        for _ in numbers { _ = registered.wait(timeout: latest) }
    }

    /// Lets the next signal end the process.
    func restore() {
        for number in numbers { signal(number, SIG_DFL) }
    }

    /// Stops listening.
    func cancel() {
        for source in sources { source.cancel() }
        restore()
    }

    deinit { for source in sources { source.cancel() } }
}
