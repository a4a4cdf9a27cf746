// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import TheaterLaunch

/// What a process does to itself and its children.
enum Process {
    private static let setDeathSignal = 1
    private static let setNameOption = 15
    private static let dropCapability = 24
    private static let setSubreaper = 36
    private static let setNoNewPrivileges = 38

    static func becomeSubreaper() { Kernel.perform(.prctl, setSubreaper, 1) }

    static func setName(_ name: StaticString) {
        Kernel.perform(.prctl, setNameOption, Int(bitPattern: name.utf8Start))
    }

    /// Has the kernel end this process with its parent; 0 for no more.
    @discardableResult
    static func dieWithParent(_ signal: Int32) -> Bool {
        Kernel.perform(.prctl, setDeathSignal, Int(signal)) == 0
    }

    /// Takes away for good what set-user-id programs would give.
    static func giveUpPrivileges() -> Bool {
        Kernel.perform(.prctl, setNoNewPrivileges, 1) == 0
    }

    /// Takes away every capability that the next `exec` could give.
    static func dropCapabilities() {
        for capability in 0..<64 { Kernel.perform(.prctl, dropCapability, capability) }
    }

    static func blockAllSignals() {
        var all = sigset_t()
        sigfillset(&all)
        sigprocmask(SIG_SETMASK, &all, nil)
    }

    /// Gives signals the meaning that a new program expects; whoever this process starts has it, too.
    static func resetSignalMeanings() {
        for number in Int32(1)...64 { signal(number, SIG_DFL) }
    }

    /// Has this process get every signal.
    static func unblockSignals() {
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
    }

    /// A descriptor that is readable when a child has ended; its signal must be blocked.
    static func childSignals() -> Int32 {
        var mask: UInt64 = 1 << UInt64(SIGCHLD - 1)
        return withUnsafePointer(to: &mask) { mask in
            Int32(
                Kernel.perform(
                    .signalDescriptor, -1, Int(bitPattern: mask), 8, Int(O_CLOEXEC | O_NONBLOCK)))
        }
    }

    /// Empties such a descriptor.
    static func drain(_ signals: Int32) {
        var information = [UInt8](repeating: 0, count: 128)
        while read(signals, &information, 128) > 0 {}
    }

    /// Takes one child that has ended; `nil` when none has.
    static func reap() -> (pid: pid_t, status: Int32)? {
        var status: Int32 = 0
        while true {
            let pid = waitpid(-1, &status, WNOHANG)
            if pid > 0 { return (pid, status) }
            if pid == 0 || errno != EINTR { return nil }
        }
    }

    /// Whether there is a child, ended or not.
    static var hasChildren: Bool {
        var information = siginfo_t()
        return waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) == 0
    }

    /// Waits for one child to end, and answers its status.
    static func wait(for pid: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            if errno != EINTR { return 0 }
        }
        return status
    }
}
