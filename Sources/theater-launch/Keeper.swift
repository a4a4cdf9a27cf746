// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import TheaterLaunch

/// Starts a program and stays until nothing of it is left; then the node may give it the next one.
///
/// Whatever descends from the program and loses its parent becomes the keeper's child, so nothing
/// escapes by starting a session or a daemon. The keeper ends everything when it is told to, and when
/// the node that it reports to is gone. It keeps no time: the node does.
struct Keeper {
    private let control: Int32
    private let program: pid_t
    private let signals: Int32
    private var isFinishing = false
    private var hasReported = false

    // MARK: Waiting for a request

    /// Waits for the first request, carries it out, and those that follow on its connection. Ends the process.
    ///
    /// - Parameter launcher: the process that this one waits for; its end is this one's too, until it has
    ///   a program.
    static func wait(launcher: pid_t, taken: Int32) -> Never {
        Process.setName("theater-keep")
        Process.dieWithParent(SIGKILL)
        if getppid() != launcher { _exit(0) }
        let received = Datagram.receive(
            on: Launcher.requests, sizeMax: LaunchRequest.sizeMax, waits: true)
        guard case .message(let bytes, let descriptors) = received else { _exit(0) }
        Process.dieWithParent(0)
        var own = getpid()
        _ = write(taken, &own, MemoryLayout<pid_t>.size)
        close(taken)
        close(Launcher.requests)
        guard let control = descriptors.first else { _exit(1) }
        Process.becomeSubreaper()
        let signals = Process.childSignals()
        keep(bytes, descriptors, signals)
        while true {
            let (bytes, others) = next(on: control)
            // Of a killed launcher's keepers none takes another program: nobody would end what it leaves.
            guard getppid() == launcher else { refuse(ESTALE, on: control) }
            keep(bytes, [control] + others, signals)
        }
    }

    /// Waits for the node's next request. Orders that came too late for the last program mean nobody.
    private static func next(on control: Int32) -> ([UInt8], [Int32]) {
        while true {
            let received = Datagram.receive(
                on: control, sizeMax: LaunchRequest.sizeMax, waits: true)
            guard case .message(let bytes, let descriptors) = received else { _exit(0) }
            if !descriptors.isEmpty { return (bytes, descriptors) }
        }
    }

    private static func refuse(_ error: Int32, on control: Int32) -> Never {
        report(.failed(.request, errno: error), on: control)
        _exit(1)
    }

    /// Carries out one request; returns when nothing of the program is left.
    private static func keep(_ bytes: [UInt8], _ descriptors: [Int32], _ signals: Int32) {
        let control = descriptors[LaunchRequest.Slot.control.rawValue]
        guard descriptors.count == LaunchRequest.Slot.allCases.count,
            let request = LaunchRequest(bytes[...])
        else { refuse(EBADMSG, on: control) }
        var sandboxError: Int32 = 0
        var isSandboxed = false
        var signals = signals
        // Inside a sandbox it has another one.
        let own = getpid()
        if request.options.contains(.sandbox) {
            switch Sandbox.enter(keepsNetwork: request.options.contains(.keepsNetwork)) {
            case .inside:
                isSandboxed = true
                // The other one tells of the children of the process that made it.
                signals = Process.childSignals()
            case .outside(let pid):
                // The keeper is inside now. Holding nothing open, this process only waits for it, and ends as it did:
                // the launcher tells the node of keepers that were killed.
                for descriptor in descriptors { close(descriptor) }
                if Process.wait(for: pid) & 0x7F != 0 { kill(getpid(), SIGKILL) }
                _exit(0)
            case .refused(let error):
                guard request.options.contains(.maySkipSandbox) else {
                    report(.failed(.sandbox, errno: error), on: control)
                    _exit(1)
                }
                sandboxError = error
            }
        }
        // The node has waited long enough, or is gone: nothing begins that nobody wants.
        if isOver(control) { _exit(0) }
        let plan = ProgramPlan(request, descriptors, isSandboxed: isSandboxed)
        let program = plan.start()
        for descriptor in descriptors.dropFirst() { close(descriptor) }
        if let (step, error) = plan.failure {
            if program > 0 { _ = Process.wait(for: program) }
            report(.failed(step, errno: error), on: control)
            _exit(1)
        }
        plan.deallocate()
        report(.started(pid: program, keeper: own, sandboxError: sandboxError), on: control)
        var keeper = Keeper(control: control, program: program, signals: signals)
        keeper.run()
        // Whoever went into a sandbox, or tried, stays as that has made it.
        if !request.mayFollow { _exit(0) }
    }

    private static func isOver(_ control: Int32) -> Bool {
        var end = pollfd(fd: control, events: 0, revents: 0)
        return poll(&end, 1, 0) > 0
    }

    private init(control: Int32, program: pid_t, signals: Int32) {
        self.control = control
        self.program = program
        self.signals = signals
    }

    // MARK: Keeping

    private mutating func run() {
        var rounds = 0
        while true {
            reap()
            if hasReported, !Process.hasChildren { return Self.report(.gone, on: control) }
            if isFinishing {
                end(deeply: rounds > 0)
                rounds += 1
            }
            var polls = [
                pollfd(fd: isFinishing ? -1 : control, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            ]
            // What cannot be ended at once, such as a process that waits for a disk, is tried again, ever
            // more seldom.
            poll(&polls, 2, isFinishing ? Int32(min(rounds, 200)) * 5 : -1)
            Process.drain(signals)
            if polls[0].revents != 0 { obey() }
        }
    }

    /// Ends the program's group and the keeper's own children, which is everything in nearly all cases; deeply
    /// also what is below them.
    private func end(deeply: Bool) {
        if !hasReported { kill(-program, SIGKILL) }
        ProcessTree.killDescendants(of: getpid(), deeply: deeply)
    }

    private mutating func reap() {
        while let (pid, status) = Process.reap() {
            guard pid == program else { continue }
            hasReported = true
            let signal = status & 0x7F
            Self.report(
                signal == 0 ? .exited(code: status >> 8 & 0xFF) : .signalled(signal), on: control)
        }
    }

    private mutating func obey() {
        while true {
            switch Datagram.receive(on: control, sizeMax: LaunchOrder.size, waits: false) {
            case .message(let bytes, let descriptors):
                for descriptor in descriptors { close(descriptor) }
                perform(LaunchOrder(bytes[...]))
            case .empty: return
            case .end, .failed:
                isFinishing = true
                return
            }
        }
    }

    /// The program is this process's child and was not reaped, or it is not signalled: so its number, and
    /// that of its group, is its own.
    private mutating func perform(_ order: LaunchOrder?) {
        switch order {
        case .signal(let signal)?:
            if !hasReported { kill(program, signal) }
        case .signalGroup(let signal)?:
            if !hasReported {
                kill(-program, signal)
                kill(-program, SIGCONT)
            }
        case .finish?: isFinishing = true
        case nil: break
        }
    }

    /// Reports are few and small, and the socket takes them all without waiting.
    private static func report(_ report: LaunchReport, on control: Int32) {
        _ = Datagram.send(report.encoded, on: control)
    }
}
