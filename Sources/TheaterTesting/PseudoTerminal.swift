// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// A terminal of the system, with a test at its other side.
public final class PseudoTerminal: Sendable {
    /// Its path: what a program opens.
    public let name: String
    /// The program's side, open.
    public let inner: Int32
    /// The side of the test: what is written there are keys.
    private let outer: Int32
    private let seen = Mutex<[UInt8]>([])

    /// The system gives no terminal.
    public struct Refused: Error {
        /// The `errno`.
        public let number: Int32
    }

    private static let lock: UInt = 0x4004_5431
    private static let number: UInt = 0x8004_5430

    /// Makes a terminal of 80 columns and 24 rows.
    public init() throws {
        let outer = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        var (unlocked, index): (Int32, Int32) = (0, -1)
        guard outer >= 0, unsafe ioctl(outer, Self.lock, &unlocked) == 0,
            unsafe ioctl(outer, Self.number, &index) == 0
        else { throw Refused(number: errno) }
        name = "/dev/pts/\(index)"
        inner = unsafe open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
        self.outer = outer
        guard inner >= 0 else { throw Refused(number: errno) }
        resize(80, 24)
    }

    deinit {
        close(inner)
        close(outer)
    }

    /// What it was shown so far.
    public var screen: [UInt8] {
        seen.withLock { seen in
            var chunk = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = unsafe read(outer, &chunk, chunk.count)
                guard count > 0 else { return seen }
                seen += chunk[..<count]
            }
        }
    }

    /// The same as text.
    public var text: String { String(decoding: screen, as: UTF8.self) }

    /// Presses keys, at most some hundreds at once.
    public func press(_ keys: String) {
        let bytes = Array(keys.utf8)
        _ = unsafe write(outer, bytes, bytes.count)
    }

    /// Gives it a size.
    public func resize(_ columns: UInt16, _ rows: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = unsafe ioctl(outer, UInt(TIOCSWINSZ), &size)
    }

    private var current: termios {
        var attributes = termios()
        _ = unsafe tcgetattr(outer, &attributes)
        return attributes
    }

    /// How it treats its input, as bytes to compare.
    public var attributes: [UInt8] {
        unsafe withUnsafeBytes(of: current) { unsafe Array($0) }
    }

    /// Whether each key comes at once, without an echo, and is no signal.
    public var isRaw: Bool {
        current.c_lflag & tcflag_t(ICANON | ECHO | ISIG) == 0
    }

    /// Stops and starts its output, as Ctrl-S and Ctrl-Q do.
    public func hold(_ isHeld: Bool) { tcflow(inner, isHeld ? TCOOFF : TCOON) }
}
