// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization
internal import TheaterLaunch
internal import TheaterPlatform

/// The launcher as a child of the node: reaped as soon as it is over, however it ended.
final class LauncherProcess: Sendable {
    private struct State {
        var isReaped = false
        /// Whether there will be no notice any more.
        var isSilent = false
        /// Keepers that were killed, whose programs are gone, and for which nobody has asked yet.
        var told: [pid_t] = []
        var waiters: [pid_t: CheckedContinuation<Bool, Never>] = [:]
        /// What the poller watches for it.
        var watches: [UInt64] = []
    }

    /// Its program.
    let path: String
    /// Where it takes requests, and tells of killed keepers.
    let requests: Descriptor
    /// Its number, which is its own until it is reaped here.
    let pid: pid_t
    /// Readable when it is over.
    private let handle: Descriptor
    private let poller: Poller
    private let state = Mutex(State())

    /// How many notices are kept that nobody asked for: of keepers that waited for their next program.
    private static let toldMax = 64

    /// The program's name.
    static let name = "theater-launch"
    /// The variable that names the program's path instead.
    static let variable = "THEATER_LAUNCH"

    private init(
        path: String, pid: pid_t, handle: Descriptor, requests: Descriptor, _ poller: Poller
    ) {
        self.path = path
        self.pid = pid
        self.handle = handle
        self.poller = poller
        self.requests = requests
    }

    /// Where the launcher is: what the variable `THEATER_LAUNCH` says, or beside the running program, or in
    /// `../libexec/theater` from there.
    static func find() -> String? {
        if let value = getenv(variable) {
            let path = String(cString: value)
            if !path.isEmpty { return path }
        }
        let own = CanonicalPath.resolve("/proc/self/exe")
        guard let slash = own.lastIndex(of: "/") else { return nil }
        let folder = own[..<slash]
        return ["\(folder)/\(name)", "\(folder)/../libexec/theater/\(name)"]
            .first { access($0, X_OK) == 0 }
    }

    /// Starts a launcher, in a session of its own and with an empty environment. Somebody must call ``end()`` or
    /// ``endLater()``.
    ///
    /// - Parameter poller: tells when it is over.
    /// - Throws: `process.unavailable`.
    static func start(
        _ givenPath: String?, _ poller: Poller
    ) throws(ProcessError) -> LauncherProcess {
        guard let path = givenPath ?? find() else {
            throw ProcessError(
                .unavailable,
                "the program '\(name)' is not beside this one; install it there, or say where it is "
                    + "with \(variable)")
        }
        guard let pair = Datagram.pair() else {
            throw ProcessError(
                .unavailable, "no connection to a launcher: \(SystemError.text(errno))")
        }
        let (own, low) = (Descriptor(pair.0), Descriptor(pair.1))
        // Out of the way of the descriptors that the launcher gets, whichever this process has closed.
        let its = low.duplicate(least: 10)
        var pid: pid_t = 0
        let error = its?.use { spawn(path, &pid, requests: $0) } ?? EMFILE
        guard error == 0 else {
            throw ProcessError(
                .unavailable,
                "the launcher '\(path)' cannot be run: \(SystemError.text(error)); install it, or set "
                    + "\(variable)")
        }
        let handle = Int32(Kernel.perform(.processDescriptor, Int(pid)))
        guard handle >= 0 else {
            let reason = SystemError.text(errno)
            kill(pid, SIGKILL)
            while waitpid(pid, nil, 0) < 0, errno == EINTR {}
            throw ProcessError(
                .unavailable, "the node cannot watch its launcher: \(reason); end some processes")
        }
        let launcher = LauncherProcess(
            path: path, pid: pid, handle: Descriptor(handle), requests: own, poller)
        // Without the watch it is reaped when it is ended, at the latest.
        _ = launcher.watch(launcher.handle) { $0.reap() }
        launcher.listen()
        return launcher
    }

    private static func spawn(_ path: String, _ pid: inout pid_t, requests: Int32) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        posix_spawn_file_actions_adddup2(&actions, requests, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        let newSession: Int32 = 0x80
        posix_spawnattr_setflags(
            &attributes,
            Int16(Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK) | newSession))
        guard let argument = strdup(path) else { return ENOMEM }
        defer { free(argument) }
        var arguments: [UnsafeMutablePointer<CChar>?] = [argument, nil]
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        return posix_spawn(&pid, path, &actions, &attributes, &arguments, &environment)
    }

    // MARK: What it tells

    /// - Returns: whether it will be told.
    private func watch(
        _ descriptor: Descriptor, _ tell: @escaping @Sendable (LauncherProcess) -> Void
    ) -> Bool {
        let watch = poller.watch(descriptor, .read) { [weak self] in
            if let self { tell(self) }
        }
        guard let watch else { return false }
        // At most two are under way; the older ones were told.
        state.withLock { $0.watches = $0.watches.suffix(3) + [watch] }
        return true
    }

    /// Takes notices, until there will be none any more.
    private func listen() {
        while true {
            let received = requests.use {
                Datagram.receive(on: $0, sizeMax: LaunchNotice.size, waits: false)
            }
            switch received {
            case .message(let bytes, let descriptors)?:
                for descriptor in descriptors { Glibc.close(descriptor) }
                if let notice = LaunchNotice(bytes[...]) { note(notice.keeper) }
            case .empty?:
                if !watch(requests, { $0.listen() }) { fallSilent() }
                return
            case .end?, .failed?, nil: return fallSilent()
            }
        }
    }

    private func note(_ keeper: pid_t) {
        let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            if let waiter = state.waiters.removeValue(forKey: keeper) { return waiter }
            if state.told.count >= Self.toldMax { state.told.removeFirst() }
            state.told.append(keeper)
            return nil
        }
        waiter?.resume(returning: true)
    }

    private func fallSilent() {
        let waiters = state.withLock { state in
            state.isSilent = true
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume(returning: false) }
    }

    /// A keeper has a program: what was told of an earlier one of the same number is not meant any more.
    func forget(_ keeper: pid_t) {
        state.withLock { state in state.told.removeAll { $0 == keeper } }
    }

    /// Waits until what a killed keeper had kept is gone. One waiter for a keeper.
    ///
    /// - Returns: `false` when nobody will tell, because the launcher is gone as well.
    func isGone(_ keeper: pid_t) async -> Bool {
        await withCheckedContinuation { continuation in
            let answer = state.withLock { state -> Bool? in
                if let index = state.told.firstIndex(of: keeper) {
                    state.told.remove(at: index)
                    return true
                }
                if state.isSilent || state.waiters[keeper] != nil { return false }
                state.waiters[keeper] = continuation
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    // MARK: Ending

    /// How long it has to end, in milliseconds, before it is killed.
    private static let patience: Int32 = 5000

    /// Closes the connection, which ends the launcher and all programs; returns when it is over. One that is
    /// not over after five seconds is killed, and five seconds later left to the system.
    func end() async {
        await withCheckedContinuation { continuation in endLater { continuation.resume() } }
    }

    /// The same, without waiting for it.
    ///
    /// - Parameter done: called when it is over.
    func endLater(_ done: @escaping @Sendable () -> Void = {}) {
        requests.close()
        fallSilent()
        let isStarted = WorkerThread.start(name: "theater-reap") {
            self.awaitEnd(Self.patience)
            done()
        }
        guard !isStarted else { return }
        // There is no thread to wait on.
        awaitEnd(0)
        done()
    }

    private func awaitEnd(_ patience: Int32) {
        if !isOver(within: patience) {
            _ = handle.use { Kernel.perform(.signalProcess, Int($0), Int(SIGKILL)) }
            _ = isOver(within: Self.patience)
        }
        reap()
        handle.close()
        for watch in state.withLock({ $0.watches }) { poller.unwatch(watch) }
    }

    /// Whether it was killed, or ended otherwise.
    var isOver: Bool { isOver(within: 0) }

    private func isOver(within milliseconds: Int32) -> Bool {
        // Waited on by a number of its own: nobody closes it meanwhile.
        guard let own = handle.duplicate() else { return state.withLock { $0.isReaped } }
        return own.use { number in
            var end = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
            let deadline = MonotonicTime.now().advanced(by: .milliseconds(Int(milliseconds)))
            while true {
                let left = deadline.nanoseconds - MonotonicTime.now().nanoseconds
                let count = poll(
                    &end, 1, Int32(clamping: max(left, 0) / 1_000_000 + (left > 0 ? 1 : 0)))
                if count >= 0 || errno != EINTR { return count > 0 }
            }
        } ?? false
    }

    /// Takes its end from the system, once.
    private func reap() {
        state.withLock { state in
            guard !state.isReaped else { return }
            // Also over when somebody else has asked for it.
            state.isReaped = waitpid(pid, nil, WNOHANG) != 0
        }
    }
}
