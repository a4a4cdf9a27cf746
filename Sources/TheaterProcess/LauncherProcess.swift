// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization
internal import TheaterLaunch
internal import TheaterPlatform

/// The launcher as a child of the node.
final class LauncherProcess: Sendable {
    /// Its program.
    let path: String
    /// Where it takes requests.
    let requests: Descriptor
    private let pid: pid_t

    /// The program's name.
    static let name = "theater-launch"
    /// The variable that names the program's path instead.
    static let variable = "THEATER_LAUNCH"

    private init(path: String, pid: pid_t, requests: Descriptor) {
        self.path = path
        self.pid = pid
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

    /// Starts a launcher, in a session of its own and with an empty environment.
    ///
    /// - Throws: `process.unavailable`.
    static func start(_ givenPath: String?) throws(ProcessError) -> LauncherProcess {
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
        return LauncherProcess(path: path, pid: pid, requests: own)
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

    // MARK: Ending

    /// How often, and after how many microseconds each, it is asked whether the launcher is over.
    private static let asking = (count: 2500, pause: UInt32(2000))

    /// Closes the connection, which ends the launcher and all programs; returns when it is over, or after
    /// five seconds.
    func end() async {
        requests.close()
        await withCheckedContinuation { continuation in
            let isStarted = WorkerThread.start(name: "theater-reap") {
                self.waitUntilOver()
                continuation.resume()
            }
            if !isStarted { continuation.resume() }
        }
    }

    /// The same, for a launcher that is over already, without waiting for it.
    func reap() {
        requests.close()
        _ = WorkerThread.start(name: "theater-reap") { self.waitUntilOver() }
    }

    private func waitUntilOver() {
        for _ in 0..<Self.asking.count {
            var status: Int32 = 0
            // Also over when somebody else has asked for it.
            if waitpid(pid, &status, WNOHANG) != 0 { return }
            usleep(Self.asking.pause)
        }
    }
}
