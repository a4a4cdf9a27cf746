// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterPlatform

/// A line on a terminal that says how far long work has come; elsewhere, of short work, and beside results for
/// programs, nothing.
///
/// It is wiped before results are printed.
final class ProgressLine: Sendable {
    private struct State {
        var next: MonotonicTime
        var done: UInt64 = 0
        var isShown = false
        var isOver = false
    }

    private static let barSize = 24
    private static let interval = Duration.milliseconds(100)
    /// What is over sooner needs no line.
    private static let patience = Duration.milliseconds(500)

    private let words: String
    private let context: CLIContext
    private let isWanted: Bool
    private let state: Mutex<State>

    /// - Parameters:
    ///   - words: what is being done, such as `verifying`.
    ///   - isQuiet: whether the results are for programs.
    init(_ words: String, in context: CLIContext, isQuiet: Bool = false) {
        self.words = words
        self.context = context
        isWanted =
            !isQuiet && context.output.isTerminal(.messages)
            && context.environment("TERM") != "dumb"
        state = Mutex(State(next: context.now().advanced(by: Self.patience)))
    }

    /// The line as what work tells its progress to.
    var report: @Sendable (_ done: UInt64, _ total: UInt64) -> Void {
        { self.show($0, of: $1) }
    }

    /// One more is done.
    func step(of total: UInt64) {
        guard isWanted else { return }
        let done = state.withLock { state in
            state.done += 1
            return state.done
        }
        show(done, of: total)
    }

    /// Shows how much is done, at most ten times in a second.
    func show(_ done: UInt64, of total: UInt64) {
        guard isWanted, total > 0 else { return }
        let isDue = state.withLock { state in
            state.done = done
            let now = context.now()
            guard now >= state.next, !state.isOver else { return false }
            state.next = now.advanced(by: Self.interval)
            state.isShown = true
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

    /// Wipes it until there is more to show: results are printed.
    func clear() {
        let wasShown = state.withLock { state in
            defer { state.isShown = false }
            return state.isShown
        }
        if wasShown { write("\r\u{1B}[K") }
    }

    /// Wipes it for good.
    func end() {
        state.withLock { $0.isOver = true }
        clear()
    }

    private func write(_ text: String) { context.output.write(Array(text.utf8), to: .messages) }
}
