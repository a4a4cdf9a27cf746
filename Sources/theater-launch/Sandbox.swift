// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import TheaterLaunch

/// Namespaces of a program's own: users, processes, mounts, IPC and, unless it keeps the node's, network.
enum Sandbox {
    /// Where the caller is afterwards.
    enum Entered {
        /// In the sandbox, as its first process.
        case inside
        /// Outside; the first process has this number.
        case outside(pid_t)
        /// Outside, and the kernel refused with this `errno`.
        case refused(Int32)
    }

    private static let user = 0x1000_0000
    private static let processes = 0x2000_0000
    private static let network = 0x4000_0000
    private static let mounts = 0x0002_0000
    private static let ipc = 0x0800_0000
    private static let recursivePrivate = 0x4000 | 0x4_0000
    /// No set-user-id files, no devices, no programs.
    private static let plain = 2 | 4 | 8

    /// Splits the process: one goes inside, and the caller's place stays outside.
    static func enter(keepsNetwork: Bool) -> Entered {
        let (owner, group) = (getuid(), getgid())
        // A process that tries first: namespaces that were entered halfway are never left again.
        var report: [Int32] = [-1, -1]
        let made = report.withUnsafeMutableBufferPointer {
            Kernel.perform(.pipe2, Int(bitPattern: $0.baseAddress), Int(O_CLOEXEC))
        }
        guard made == 0 else { return .refused(errno) }
        let outer = Kernel.fork()
        if outer != 0 {
            close(report[1])
            var error: Int32 = 0
            let count = outer < 0 ? 0 : read(report[0], &error, MemoryLayout<Int32>.size)
            close(report[0])
            if outer < 0 { return .refused(EAGAIN) }
            guard count == 0 else {
                _ = Process.wait(for: outer)
                return .refused(error)
            }
            return .outside(outer)
        }
        close(report[0])
        Process.dieWithParent(SIGKILL)
        func refuse() -> Never {
            var error = errno
            _ = write(report[1], &error, MemoryLayout<Int32>.size)
            _exit(1)
        }
        let spaces = user | processes | mounts | ipc | (keepsNetwork ? 0 : network)
        guard Kernel.perform(.unshare, spaces) == 0,
            put("deny", into: "/proc/self/setgroups"),
            put("\(owner) \(owner) 1", into: "/proc/self/uid_map"),
            put("\(group) \(group) 1", into: "/proc/self/gid_map")
        else { refuse() }
        let inner = Kernel.fork()
        if inner < 0 { refuse() }
        if inner > 0 {
            close(report[1])
            // Descriptors that the first process inside has must not stay open here.
            Kernel.perform(.closeRange, 3, Int(UInt32.max), 0)
            if Process.wait(for: inner) & 0x7F != 0 { kill(getpid(), SIGKILL) }
            _exit(0)
        }
        Process.dieWithParent(SIGKILL)
        guard mountOwn() else { refuse() }
        close(report[1])
        Process.becomeSubreaper()
        return .inside
    }

    /// Cuts mounts off from the node's, and shows the processes of the sandbox alone.
    private static func mountOwn() -> Bool {
        let root: StaticString = "/"
        let none: StaticString = "none"
        let proc: StaticString = "proc"
        let place: StaticString = "/proc"
        func address(_ text: StaticString) -> Int { Int(bitPattern: text.utf8Start) }
        return Kernel.perform(.mount, address(none), address(root), 0, recursivePrivate, 0) == 0
            && Kernel.perform(.mount, address(proc), address(place), address(proc), plain, 0) == 0
    }

    private static func put(_ text: String, into path: String) -> Bool {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        let bytes = Array(text.utf8)
        return write(file, bytes, bytes.count) == bytes.count
    }
}
