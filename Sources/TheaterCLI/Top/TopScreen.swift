// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization
internal import TheaterPlatform

/// The terminal of this process, to draw on: what was there comes back at the end.
final class TopScreen: Sendable {
    private let modes: termios
    private let isClosed = Atomic(false)

    /// Takes the terminal; `nil` when standard input or output is none.
    init?() {
        var modes = termios()
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1,
            tcgetattr(STDIN_FILENO, &modes) == 0
        else { return nil }
        self.modes = modes
        // Keys come one by one and are not shown; Ctrl-C is a signal, and nothing stops the drawing.
        modes.c_lflag &= ~tcflag_t(ICANON | ECHO)
        withUnsafeMutableBytes(of: &modes.c_cc) { keys in
            keys[Int(VSUSP)] = 0
            keys[Int(VMIN)] = 0
            keys[Int(VTIME)] = 1
        }
        tcsetattr(STDIN_FILENO, TCSANOW, &modes)
        Self.write("\u{1B}[?1049h\u{1B}[?25l")
    }

    /// Gives the terminal back as it was.
    func close() {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        Self.write("\u{1B}[?25h\u{1B}[?1049l")
        var modes = modes
        tcsetattr(STDIN_FILENO, TCSANOW, &modes)
    }

    deinit { close() }

    /// The size of the terminal.
    var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0
        else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Draws lines in the place of what is there.
    func draw(_ lines: [String], to output: any Output) {
        // Each line clears what is behind it, so that nothing flickers.
        let text = "\u{1B}[H" + lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J"
        output.write(Array(text.utf8), to: .results)
    }

    /// Tells keys on a thread of its own, until the terminal is given back.
    func readKeys(_ take: @escaping @Sendable (UInt8) -> Void) {
        // Without a thread there are no keys; signals still end it.
        _ = WorkerThread.start(name: "keys") { [weak self] in
            var key: UInt8 = 0
            while let self, !self.isClosed.load(ordering: .relaxed) {
                // Waits a tenth of a second at the most, so that the end is seen.
                let count = read(STDIN_FILENO, &key, 1)
                if count > 0 { take(key) }
                if count < 0, errno != EINTR, errno != EAGAIN { return }
            }
        }
    }

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDOUT_FILENO, bytes, bytes.count)
    }
}
