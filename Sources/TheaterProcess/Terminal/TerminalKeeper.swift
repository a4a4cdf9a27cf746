// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import TheaterLaunch
internal import TheaterPlatform

/// A process that restores the terminal when the node is gone, in whatever way.
///
/// It is a copy of `theater-launch` that waits for the end of a socket. It has the terminal's first attributes,
/// and the bytes that take back what the terminal was told.
final class TerminalKeeper: Sendable {
    private let pid: pid_t
    private let socket: Descriptor

    private init(pid: pid_t, socket: Descriptor) {
        self.pid = pid
        self.socket = socket
    }

    /// Starts a keeper in a process group of its own, which the terminal's signals do not reach.
    ///
    /// - Returns: `nil` where there is no launcher, or it cannot be started: then only the node restores.
    static func start(
        _ path: String, attributes: [UInt8], input: Descriptor, output: Descriptor
    ) -> TerminalKeeper? {
        guard let pair = Datagram.pair() else { return nil }
        let (own, low) = (Descriptor(pair.0), Descriptor(pair.1))
        // Out of the way of the descriptors that the keeper gets.
        guard let its = low.duplicate(least: 10), let input = input.duplicate(least: 10),
            let output = output.duplicate(least: 10),
            let numbers = [input, output, its].map({ $0.use { $0 } }) as? [Int32],
            let pid = spawn(path, numbers)
        else { return nil }
        let keeper = TerminalKeeper(pid: pid, socket: own)
        keeper.send(.attributes, attributes)
        return keeper
    }

    private static func spawn(_ path: String, _ numbers: [Int32]) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (index, target) in [Int32(0), 1, 3].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, numbers[index], target)
        }
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_RDWR, 0)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var all = sigset_t()
        sigfillset(&all)
        // From its first moment, so that the terminal cannot stop it.
        posix_spawnattr_setsigmask(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETPGROUP)))
        let texts = [strdup(path), strdup(TerminalLaunch.argument)]
        defer { for text in texts { free(text) } }
        var arguments: [UnsafeMutablePointer<CChar>?] = texts + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        var pid: pid_t = 0
        let error = posix_spawn(&pid, path, &actions, &attributes, &arguments, &environment)
        return error == 0 ? pid : nil
    }

    /// Says what takes back what the terminal was told, in place of what was said before.
    func setFarewell(_ bytes: [UInt8]) { send(.farewell, bytes) }

    /// Says that the terminal was restored. The keeper ends without doing anything.
    func release() {
        send(.done, [])
        socket.close()
        let pid = pid
        _ = WorkerThread.start(name: "theater-reap") {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        }
    }

    private func send(_ order: TerminalLaunch, _ bytes: [UInt8]) {
        // Orders are few and small: the socket takes them, or nobody is there.
        _ = socket.use { Datagram.send([order.rawValue] + bytes, on: $0) }
    }
}
