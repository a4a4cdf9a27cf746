// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterPlatform

/// A line on a terminal that says how far long work has come; elsewhere, and of short work, nothing.
///
/// It is wiped before results are printed.
final class ProgressLine: Sendable {
    private struct State {
        var next: MonotonicTime
        var isShown = false
    }

    private static let barSize = 24
    private static let interval = Duration.milliseconds(100)

    private let words: String
    private let context: CLIContext
    private let isWanted: Bool
    private let state: Mutex<State>

    /// - Parameter words: what is being done, such as `verifying`.
    init(_ words: String, in context: CLIContext) {
        self.words = words
        self.context = context
        isWanted = context.output.isTerminal(.messages) && context.environment("TERM") != "dumb"
        // What is over sooner needs no line.
        state = Mutex(State(next: MonotonicTime.now().advanced(by: .milliseconds(500))))
    }

    /// Shows how much is done, at most ten times in a second.
    func show(_ done: UInt64, of total: UInt64) {
        guard isWanted, total > 0 else { return }
        let isDue = state.withLock { state in
            let now = MonotonicTime.now()
            guard now >= state.next else { return false }
            state = State(next: now.advanced(by: Self.interval), isShown: true)
            return true
        }
        guard isDue else { return }
        let part = Double(min(done, total)) / Double(total)
        let filled = Int(part * Double(Self.barSize))
        let bar =
            String(repeating: "#", count: filled)
            + String(repeating: ".", count: Self.barSize - filled)
        let line = "\(words) [\(bar)] \(Int(part * 100)) %"
        write("\r" + Printable.cut(line, to: context.output.width(.messages) - 1) + "\u{1B}[K")
    }

    /// Wipes it.
    func end() {
        if state.withLock({ $0.isShown }) { write("\r\u{1B}[K") }
    }

    private func write(_ text: String) { context.output.write(Array(text.utf8), to: .messages) }
}
