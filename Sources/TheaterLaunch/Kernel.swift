// SPDX-License-Identifier: Apache-2.0

public import Glibc

/// System calls that Swift's view of the C library does not have.
///
/// They go through the library's own `syscall`, so numbers are those of the architecture.
public enum Kernel {
    /// The type of `syscall` with all six arguments.
    public typealias Call = @convention(c) @Sendable (Int, Int, Int, Int, Int, Int, Int) -> Int
    /// The type of `fork`.
    public typealias Fork = @convention(c) @Sendable () -> pid_t
    /// The type of `clone`, without the arguments that only threads need.
    public typealias Clone =
        @convention(c) @Sendable (
            @convention(c) (UnsafeMutableRawPointer?) -> Int32, UnsafeMutableRawPointer?, Int32,
            UnsafeMutableRawPointer?
        ) -> pid_t

    // SAFETY: the C library has these three functions, with these parameters; `syscall` and `clone` read
    // as many of their variable arguments as the call needs, and both pass them in registers.
    private static let call = unsafeBitCast(dlsym(nil, "syscall"), to: Call.self)
    /// Makes a copy of the process. Only for a process with one thread.
    public static let fork = unsafeBitCast(dlsym(nil, "fork"), to: Fork.self)
    /// Starts a process that shares the caller's memory, on a stack of its own.
    public static let clone = unsafeBitCast(dlsym(nil, "clone"), to: Clone.self)

    /// Performs a system call.
    ///
    /// - Returns: what the kernel answers; -1 with `errno` when it refuses.
    @discardableResult
    public static func perform(
        _ number: Number, _ first: Int = 0, _ second: Int = 0, _ third: Int = 0, _ fourth: Int = 0,
        _ fifth: Int = 0
    ) -> Int {
        call(number.rawValue, first, second, third, fourth, fifth, 0)
    }

    /// The numbers of the calls.
    public struct Number: Sendable {
        let rawValue: Int

        #if arch(x86_64)
        private init(x86: Int, arm: Int) { rawValue = x86 }
        #elseif arch(arm64)
        private init(x86: Int, arm: Int) { rawValue = arm }
        #else
        #error("the numbers of this architecture's system calls are not known")
        #endif

        /// `pipe2(descriptors, flags)`.
        public static let pipe2 = Number(x86: 293, arm: 59)
        /// `prctl(option, …)`.
        public static let prctl = Number(x86: 157, arm: 167)
        /// `prlimit64(pid, resource, new, old)`.
        public static let prlimit = Number(x86: 302, arm: 261)
        /// `unshare(flags)`.
        public static let unshare = Number(x86: 272, arm: 97)
        /// `mount(source, target, type, flags, data)`.
        public static let mount = Number(x86: 165, arm: 40)
        /// `signalfd4(descriptor, mask, size, flags)`.
        public static let signalDescriptor = Number(x86: 289, arm: 74)
        /// `eventfd2(value, flags)`.
        public static let eventDescriptor = Number(x86: 290, arm: 19)
        /// `epoll_create1(flags)`.
        public static let pollCreate = Number(x86: 291, arm: 20)
        /// `epoll_ctl(poll, operation, descriptor, event)`.
        public static let pollControl = Number(x86: 233, arm: 21)
        /// `epoll_pwait(poll, events, count, timeout, mask)`.
        public static let pollWait = Number(x86: 281, arm: 22)
        /// `execveat(folder, path, arguments, environment, flags)`.
        public static let executeAt = Number(x86: 322, arm: 281)
        /// `pidfd_open(pid, flags)`.
        public static let processDescriptor = Number(x86: 434, arm: 434)
        /// `pidfd_send_signal(descriptor, signal, information, flags)`.
        public static let signalProcess = Number(x86: 424, arm: 424)
        /// `openat2(folder, path, how, size)`.
        public static let openHow = Number(x86: 437, arm: 437)
        /// `close_range(first, last, flags)`.
        public static let closeRange = Number(x86: 436, arm: 436)
    }
}
