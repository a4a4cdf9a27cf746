// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Glibc

/// What the user says with signals, as a stream: the requests to end, SIGINT and SIGTERM, and that the terminal has
/// another size, SIGWINCH.
///
/// While it lives these signals do not end the process. ``restore()`` gives them back their usual
/// effect, for a process that no longer listens.
final class SignalSource: @unchecked Sendable {
    /// The signals, in order; of many that nobody takes the newest few are kept.
    let signals: AsyncStream<Int32>
    // SAFETY: made once, and cancelling is allowed from any thread.
    private let sources: [any DispatchSourceSignal]
    private static let numbers = [SIGINT, SIGTERM, SIGWINCH]

    /// Begins to listen.
    init() {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Int32.self, bufferingPolicy: .bufferingNewest(16))
        signals = stream
        sources = Self.numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(
                signal: number, queue: .global(qos: .userInitiated))
            source.setEventHandler { continuation.yield(number) }
            source.activate()
            return source
        }
    }

    /// Lets the next signal end the process.
    func restore() {
        for number in Self.numbers { signal(number, SIG_DFL) }
    }

    /// Stops listening.
    func cancel() {
        for source in sources { source.cancel() }
        restore()
    }

    deinit { for source in sources { source.cancel() } }
}
