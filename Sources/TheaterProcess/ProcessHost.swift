// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization
internal import TheaterLaunch
internal import TheaterPlatform

/// Starts programs for a node: has the launcher, and the thread that watches pipes.
///
/// Both are started with the first program. A launcher that was killed is started again with the next
/// one. One host serves any number of actors.
public final class ProcessHost: Sendable {
    private struct State {
        var poller: Poller?
        var launcher: LauncherProcess?
        /// Keepers whose programs are gone.
        var idle: [Control] = []
        var isClosed = false
    }

    /// How many keepers are kept for the next programs.
    private static let idleMax = 8

    private let launcherPath: String?
    private let state = Mutex(State())

    /// Makes a host.
    ///
    /// - Parameter launcher: where the launcher is; `nil` to look for it, see ``LauncherProcess/find()``.
    public init(launcher: String? = nil) { launcherPath = launcher }

    deinit {
        state.withLock { state in
            for connection in state.idle { connection.close() }
            state.poller?.close()
            state.launcher?.endLater()
        }
    }

    /// Starts a program; returns when it runs.
    ///
    /// Waits as long as the launcher takes. Cancelling the task ends that, with an error: the program does not
    /// begin, or is ended as soon as it has.
    ///
    /// - Throws: `process.unavailable`, `process.spawn-failed`, `process.sandbox-refused`,
    ///   `process.no-program`, `process.bad-argument`, `process.too-large`.
    public func start(_ order: ProgramOrder) async throws(ProcessError) -> RunningProgram {
        let request = try order.request()
        let bytes = request.encoded
        guard let input = Descriptor.pipe() else { throw Self.noDescriptors() }
        let output = try Self.output(isWanted: order.wantsOutput)
        let error = try Self.output(isWanted: order.wantsError)
        guard let folder = order.folder?.descriptor ?? Descriptor.open("/", O_RDONLY | O_DIRECTORY)
        else { throw Self.noDescriptors() }
        let descriptors = [order.file.descriptor, input.read, output.write, error.write, folder]
        var (poller, connection) = try await connect(bytes, descriptors, request)
        var answer = await connection.answer()
        if case .failed(.request, errno: ESTALE)? = answer {
            // A keeper of a launcher that is gone; it has begun nothing.
            (poller, connection) = try await launch(bytes, descriptors)
            answer = await connection.answer()
        }
        for descriptor in [input.read, output.write, error.write] { descriptor.close() }
        switch answer {
        case .started(let pid, let keeper, let sandboxError)?:
            connection.launcher.forget(keeper)
            return RunningProgram(
                connection, keeper: keeper, systemID: pid, sandboxError: sandboxError,
                input: ProgramInput(input.write, poller, sizeMax: order.inputSizeMax),
                output: output.read.map { ProgramOutput($0, poller) },
                error: error.read.map { ProgramOutput($0, poller) },
                release: { [weak self] connection in
                    if request.mayFollow { self?.keep(connection) } else { connection.close() }
                })
        case .failed(let step, let number)?: throw Self.failure(step, number, order)
        case .exited?, .signalled?, .gone?, nil:
            if Task.isCancelled { throw Self.late(order) }
            throw ProcessError(
                .spawnFailed,
                "'\(order.name.prefix(256))' was not started: its keeper ended before it; try again"
            )
        }
    }

    private static func late(_ order: ProgramOrder) -> ProcessError {
        ProcessError(
            .spawnFailed,
            "'\(order.name.prefix(256))' was not started in time: the launcher does not answer; try "
                + "again when the system has less to do")
    }

    /// Ends the launcher, and with it every program that still runs. Waits for that, ten seconds at most.
    public func close() async {
        let (poller, launcher, idle) = state.withLock { state in
            state.isClosed = true
            defer { (state.poller, state.launcher, state.idle) = (nil, nil, []) }
            return (state.poller, state.launcher, state.idle)
        }
        for connection in idle { connection.close() }
        poller?.close()
        await launcher?.end()
    }

    // MARK: Starting

    private static func output(
        isWanted: Bool
    ) throws(ProcessError) -> (read: Descriptor?, write: Descriptor) {
        if isWanted, let pipe = Descriptor.pipe() { return (pipe.read, pipe.write) }
        if !isWanted, let nowhere = Descriptor.open("/dev/null", O_WRONLY) { return (nil, nowhere) }
        throw noDescriptors()
    }

    private static func noDescriptors() -> ProcessError {
        ProcessError(
            .spawnFailed,
            "the node cannot open the pipes of another process: \(SystemError.text(errno)); end some, "
                + "or let it open more files")
    }

    /// Hands a request to a keeper whose last program is gone, or else to the launcher.
    private func connect(
        _ bytes: [UInt8], _ descriptors: [Descriptor], _ request: LaunchRequest
    ) async throws(ProcessError) -> (Poller, Control) {
        while request.mayFollow, let (poller, connection) = idleKeeper() {
            let numbers = descriptors.compactMap { $0.use { $0 } }
            if connection.send(bytes, numbers) == 0 { return (poller, connection) }
            // It was killed meanwhile, and got nothing.
            connection.close()
        }
        return try await launch(bytes, descriptors)
    }

    private func idleKeeper() -> (Poller, Control)? {
        state.withLock { state in
            guard let poller = state.poller, let connection = state.idle.popLast() else {
                return nil
            }
            return (poller, connection)
        }
    }

    /// Keeps a keeper for the next program.
    private func keep(_ connection: Control) {
        let isKept = state.withLock { state in
            guard !state.isClosed, state.idle.count < Self.idleMax else { return false }
            state.idle.append(connection)
            return true
        }
        if !isKept { connection.close() }
    }

    /// Has the launcher's next keeper take a request.
    private func launch(
        _ bytes: [UInt8], _ descriptors: [Descriptor]
    ) async throws(ProcessError) -> (Poller, Control) {
        guard let control = Datagram.pair() else { throw Self.noDescriptors() }
        let (own, keepers) = (Descriptor(control.0), Descriptor(control.1))
        let (poller, launcher) = try await send(bytes, [keepers] + descriptors)
        keepers.close()
        return (poller, Control(own, poller, launcher))
    }

    /// Sends a request to the launcher, which is started when it is not there.
    private func send(
        _ bytes: [UInt8], _ descriptors: [Descriptor]
    ) async throws(ProcessError) -> (Poller, LauncherProcess) {
        var restarts = 0
        while true {
            let (poller, launcher) = try ready()
            let numbers = descriptors.compactMap { $0.use { $0 } }
            // The keepers of a killed launcher hold its socket open for as long as they take to end: what is sent there
            // is lost. One that is killed from here on still takes the request along; a second try could start the
            // program twice.
            let error =
                launcher.isOver
                ? EPIPE : launcher.requests.use { Datagram.send(bytes, numbers, on: $0) } ?? EPIPE
            switch error {
            case 0: return (poller, launcher)
            case EAGAIN:
                // Of its own for each that waits: a descriptor has one watch.
                guard let requests = launcher.requests.duplicate() else {
                    throw Self.noDescriptors()
                }
                let room = Readiness(requests, .write, poller)
                await withTaskCancellationHandler {
                    await room.wait()
                } onCancel: {
                    room.end()
                }
                guard !Task.isCancelled else {
                    throw ProcessError(
                        .spawnFailed,
                        "the launcher takes no request: it does not answer; try again when the system "
                            + "has less to do")
                }
            case EPIPE, ECONNRESET, ENOTCONN:
                guard restarts < 2 else {
                    throw ProcessError(
                        .unavailable,
                        "the launcher '\(launcher.path)' ends as soon as it is started; reinstall it"
                    )
                }
                restarts += 1
                forget(launcher)
            default:
                throw ProcessError(
                    .spawnFailed,
                    "the launcher takes no request: \(SystemError.text(error)); try again later")
            }
        }
    }

    private func ready() throws(ProcessError) -> (Poller, LauncherProcess) {
        let result = state.withLock { state -> Result<(Poller, LauncherProcess), ProcessError> in
            guard !state.isClosed else {
                return .failure(ProcessError(.unavailable, "the node is closing"))
            }
            do throws(ProcessError) {
                let poller = if let known = state.poller { known } else { try Poller() }
                state.poller = poller
                let launcher =
                    if let known = state.launcher { known } else {
                        try LauncherProcess.start(launcherPath, poller)
                    }
                state.launcher = launcher
                return .success((poller, launcher))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func forget(_ launcher: LauncherProcess) {
        let isPresent = state.withLock { state in
            guard state.launcher === launcher else { return false }
            state.launcher = nil
            return true
        }
        if isPresent { launcher.endLater() }
    }

    private static func failure(
        _ step: LaunchReport.Step, _ number: Int32, _ order: ProgramOrder
    ) -> ProcessError {
        let name = order.name.prefix(256)
        let reason = SystemError.text(number)
        switch step {
        case .execute:
            return ProcessError(
                .noProgram, "'\(name)' cannot be run: \(reason); check that it is a program")
        case .sandbox:
            return ProcessError(
                .sandboxRefused,
                "the kernel refuses the sandbox of '\(name)': \(reason). Allow user namespaces, or set "
                    + "sandbox_optional = true to run without")
        case .request, .fork, .session, .deathSignal, .streams, .folder, .limits, .privileges,
            .descriptors:
            return ProcessError(
                .spawnFailed, "'\(name)' was not started, at the step '\(step)': \(reason)")
        }
    }
}
