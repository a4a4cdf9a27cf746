// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The three streams of a terminal, open a second time, so that reading and writing never wait and nobody
/// else's descriptors change.
struct TerminalStreams {
    /// `nil` when there is no terminal to read from.
    let input: Descriptor?
    let output: Descriptor
    let error: Descriptor

    /// Opens the streams; `nil` when the process has no output.
    init?(_ input: Int32, _ output: Int32, _ error: Int32) {
        guard let output = Self.open(output, O_WRONLY), let error = Self.open(error, O_WRONLY)
        else { return nil }
        self.input = isatty(input) == 1 ? Self.open(input, O_RDWR) : nil
        self.output = output
        self.error = error
    }

    private static func open(_ number: Int32, _ mode: Int32) -> Descriptor? {
        var status = stat()
        guard fstat(number, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFCHR, S_IFIFO:
            // Another open file, with its own flags. A terminal of another user can only be opened by its
            // other name.
            let flags = mode | O_NONBLOCK | O_NOCTTY
            if let file = Descriptor.open("/proc/self/fd/\(number)", flags) { return file }
            return isatty(number) == 1 ? Descriptor.open("/dev/tty", flags) : nil
        case S_IFREG:
            // The place in a file is shared with whoever else writes it. Files make nobody wait.
            let copy = fcntl(number, F_DUPFD_CLOEXEC, 0)
            return copy >= 0 ? Descriptor(copy) : nil
        default: return nil
        }
    }
}

/// How a terminal treats its input, as the system has it.
struct TerminalAttributes {
    private var value: termios

    /// The present attributes; `nil` with `errno`.
    init?(_ terminal: Descriptor) {
        var value = termios()
        guard terminal.use({ tcgetattr($0, &value) }) == 0 else { return nil }
        self.value = value
    }

    /// Each key at once, as it is, without an echo; nothing that a key does to processes. Output stays as it is,
    /// so that lines of others begin at the left.
    var raw: TerminalAttributes {
        var raw = self
        raw.value.c_iflag &= ~tcflag_t(
            IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON)
        raw.value.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | ISIG | IEXTEN)
        raw.value.c_cflag &= ~tcflag_t(CSIZE | PARENB)
        raw.value.c_cflag |= tcflag_t(CS8)
        withUnsafeMutableBytes(of: &raw.value.c_cc) { keys in
            keys[Int(VMIN)] = 1
            keys[Int(VTIME)] = 0
        }
        return raw
    }

    /// The attributes in memory.
    var bytes: [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

    /// Sets them now.
    ///
    /// - Returns: 0, or the `errno`.
    func apply(to terminal: Descriptor) -> Int32 {
        // A process behind the one in front would be stopped.
        var stop = sigset_t()
        sigemptyset(&stop)
        sigaddset(&stop, SIGTTOU)
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &stop, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var value = value
        return terminal.use { tcsetattr($0, TCSANOW, &value) == 0 ? 0 : errno } ?? EBADF
    }

    /// Whether another process group is in front of this terminal.
    static func isBehind(_ terminal: Descriptor) -> Bool {
        let front = terminal.use { tcgetpgrp($0) } ?? -1
        return front > 0 && front != getpgrp()
    }
}
