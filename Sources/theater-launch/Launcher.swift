// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import TheaterLaunch

/// Has keepers ready, which take the node's requests themselves, and adopts what a killed keeper leaves.
///
///     node ── requests ──▶ keeper (waits)      one socket for all keepers that wait
///                          keeper ── program   one control socket for each program
///
/// A keeper that has taken a request says so, and the launcher makes another one. Further requests for it come on its
/// control socket, and are no business of the launcher's. When a keeper at work was killed, the launcher ends
/// what it left, and tells the node on the socket for requests. When the node is gone
/// the socket ends: keepers that wait end, keepers at work end their programs, and the launcher goes last.
struct Launcher {
    /// The socket on which requests come.
    static let requests: Int32 = 3
    /// How many keepers wait for requests.
    private static let sparesCount = 2

    /// Keepers that wait.
    private var spares: Set<pid_t> = []
    /// Keepers at work.
    private var busy: Set<pid_t> = []
    /// Keepers at work that were killed, and of which the node does not know yet that nothing is left.
    private var killed: [pid_t] = []
    private let signals: Int32
    /// Where keepers that take a request write their number.
    private let taken: (read: Int32, write: Int32)
    private var nodeIsGone = false
    private var mustSweep = false

    /// Makes this process what it has to be, before anything else.
    static func prepare() {
        Kernel.perform(.closeRange, Int(requests) + 1, Int(UInt32.max), 0)
        _ = fcntl(requests, F_SETFD, FD_CLOEXEC)
        chdir("/")
        Process.setName("theater-launch")
        Process.becomeSubreaper()
        Process.resetSignalMeanings()
        Process.blockAllSignals()
    }

    init() {
        signals = Process.childSignals()
        var ends: [Int32] = [-1, -1]
        let made = ends.withUnsafeMutableBufferPointer {
            Kernel.perform(.pipe2, Int(bitPattern: $0.baseAddress), Int(O_CLOEXEC | O_NONBLOCK))
        }
        guard made == 0, signals >= 0 else { exit(1) }
        taken = (ends[0], ends[1])
    }

    mutating func run() {
        while true {
            refill()
            if mustSweep { sweep() }
            let hasNews = !mustSweep && !killed.isEmpty && !tell()
            if nodeIsGone, spares.isEmpty, busy.isEmpty, !mustSweep { exit(0) }
            var polls = [
                pollfd(fd: taken.read, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
                // To be read by the keepers alone; here its end counts, and room for news.
                pollfd(
                    fd: nodeIsGone ? -1 : Self.requests, events: hasNews ? Int16(POLLOUT) : 0,
                    revents: 0),
            ]
            // Tries again after a fork that failed.
            poll(&polls, 3, nodeIsGone || spares.count == Self.sparesCount ? -1 : 50)
            if polls[2].revents & ~Int16(POLLOUT) != 0 { nodeIsGone = true }
            noteTaken()
            reap()
        }
    }

    private mutating func refill() {
        while !nodeIsGone, spares.count < Self.sparesCount {
            let own = getpid()
            let pid = Kernel.fork()
            if pid == 0 {
                close(taken.read)
                close(signals)
                Keeper.wait(launcher: own, taken: taken.write)
            }
            guard pid > 0 else { return }
            spares.insert(pid)
        }
    }

    private mutating func noteTaken() {
        var pid: pid_t = 0
        while read(taken.read, &pid, MemoryLayout<pid_t>.size) == MemoryLayout<pid_t>.size {
            if spares.remove(pid) != nil { busy.insert(pid) }
        }
    }

    private mutating func reap() {
        Process.drain(signals)
        while let (pid, status) = Process.reap() {
            let wasBusy = busy.remove(pid) != nil
            let isKeeper = spares.remove(pid) != nil || wasBusy
            // A keeper that ends by itself has nothing left below it.
            guard !isKeeper || status & 0x7F != 0 else { continue }
            mustSweep = true
            if wasBusy { killed.append(pid) }
        }
    }

    /// Ends what a keeper left that was killed: such processes are this one's children now.
    private mutating func sweep() {
        let orphans = ProcessTree.children(of: getpid())
            .filter { !spares.contains($0) && !busy.contains($0) }
        for orphan in orphans { kill(orphan, SIGKILL) }
        // Their ends are signalled, and looked after in the next round: what they leave in turn is this one's.
        mustSweep = !orphans.isEmpty
    }

    /// Tells the node of killed keepers, when nothing is left of what they kept.
    ///
    /// - Returns: whether all was told.
    private mutating func tell() -> Bool {
        while let keeper = killed.last {
            let notice = LaunchNotice(keeper: keeper)
            let error = Datagram.send(notice.encoded, on: Self.requests)
            if error == EAGAIN { return false }
            killed.removeLast()
        }
        return true
    }
}
