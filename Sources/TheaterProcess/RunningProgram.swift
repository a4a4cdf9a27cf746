// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization
public import TheaterLaunch

/// A program that runs under a keeper of its own.
///
/// When the last reference goes, or the node ends in whatever way, the keeper ends the program and all
/// that it started.
public final class RunningProgram: Sendable {
    /// The system's number of the program; in a sandbox, that inside it.
    public let systemID: Int32
    /// Why the program runs without the sandbox that it should have had; `nil` if it has what it should.
    public let sandboxProblem: String?
    /// Its standard input.
    public let input: ProgramInput
    /// Its standard output; `nil` when that is dropped.
    public let output: ProgramOutput?
    /// Its standard error; `nil` when that is dropped.
    public let error: ProgramOutput?
    /// Until nothing of the program is left: the keeper may have another one then.
    private let control: Mutex<Control?>
    private let gone = Mutex(false)
    private let keeper: pid_t
    private let release: @Sendable (Control) -> Void

    /// - Parameter release: gets the connection when the keeper has no program any more.
    init(
        _ control: Control, keeper: pid_t, systemID: Int32, sandboxError: Int32,
        input: ProgramInput,
        output: ProgramOutput?, error: ProgramOutput?,
        release: @escaping @Sendable (Control) -> Void
    ) {
        self.control = Mutex(control)
        self.keeper = keeper
        self.release = release
        self.systemID = systemID
        sandboxProblem = sandboxError == 0 ? nil : SystemError.text(sandboxError)
        self.input = input
        self.output = output
        self.error = error
    }

    deinit {
        input.stop()
        abandon()
    }

    /// Gives the keeper an order. It may come too late, when the program is over.
    public func order(_ order: LaunchOrder) { control.withLock { $0?.send(order) } }

    /// Whether nothing is left of the program and of what it started. Known when there is no further report; it
    /// stays `false` when the keeper was abandoned, or it and the launcher were killed.
    public var isGone: Bool { gone.withLock { $0 } }

    /// Waits for the keeper's next report. When the keeper was killed, waits until the launcher has ended what it
    /// left.
    ///
    /// - Returns: `nil` when there will be none: the keeper is gone, or was abandoned.
    public func nextReport() async -> LaunchReport? {
        guard let connection = control.withLock({ $0 }) else { return nil }
        let report = await connection.next()
        if report == .gone {
            gone.withLock { $0 = true }
            if let connection = take() { release(connection) }
        } else if report == nil, let connection = take() {
            connection.close()
            let isGone = await connection.launcher.isGone(keeper)
            gone.withLock { $0 = isGone }
        }
        return report
    }

    /// Ends the connection with the keeper, which thereupon ends the program and all that it started.
    public func abandon() { take()?.close() }

    private func take() -> Control? {
        control.withLock { control in
            defer { control = nil }
            return control
        }
    }
}

/// The connection with a keeper.
final class Control: Sendable {
    /// Whose keeper it is.
    let launcher: LauncherProcess
    private let socket: Descriptor
    private let ready: Readiness

    init(_ socket: Descriptor, _ poller: Poller, _ launcher: LauncherProcess) {
        self.socket = socket
        self.launcher = launcher
        ready = Readiness(socket, .read, poller)
    }

    /// Gives a keeper without a program the next one.
    ///
    /// - Returns: 0, or the `errno`.
    func send(_ request: [UInt8], _ descriptors: [Int32]) -> Int32 {
        socket.use { Datagram.send(request, descriptors, on: $0) } ?? EPIPE
    }

    func send(_ order: LaunchOrder) {
        // Orders are few and small: the socket takes them, or nobody is there.
        _ = socket.use { Datagram.send(order.encoded, on: $0) }
    }

    /// Waits for the answer to a request. Cancelling the task ends the connection.
    func answer() async -> LaunchReport? {
        await withTaskCancellationHandler {
            await next()
        } onCancel: {
            close()
        }
    }

    func next() async -> LaunchReport? {
        while true {
            let received = socket.use {
                Datagram.receive(on: $0, sizeMax: LaunchReport.size, waits: false)
            }
            switch received {
            case .message(let bytes, _)?: return LaunchReport(bytes[...])
            case .empty?:
                if ready.isOver { return nil }
                await ready.wait()
            case .end?, .failed?, nil: return nil
            }
        }
    }

    func close() {
        socket.close()
        ready.end()
    }
}
