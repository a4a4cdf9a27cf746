// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TheaterHandler
import TheaterManifest
import TheaterValue

/// What guests tell the program that measures them: that something is done.
///
/// One row at a time measures, so there is one for the process.
final class Signal: Sendable {
    private struct State {
        var count = 0
        var waiter: CheckedContinuation<Void, Never>?
    }

    static let shared = Signal()
    private let state = Mutex(State())

    /// Waits for the next one, or takes one that has come already.
    func next() async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.count > 0 {
                    state.count -= 1
                    return true
                }
                state.waiter = continuation
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// Gives one.
    func give() {
        let waiter = state.withLock { state in
            if state.waiter == nil { state.count += 1 }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}

/// Lets a guest give the signal. Functions: `done`.
struct SignalHandler: Handler {
    static let name = "signal"
    static let interfaces = [
        HostInterface(
            pact: """
                interface signal {
                    @package: string = "bench:host"
                    exports { done: func() }
                }
                """)
    ]

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        try grant.finish()
    }

    func answer(_ call: HostCall) -> HostReply {
        Signal.shared.give()
        return .value(.unit)
    }
}
