// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
public import TheaterCapability
public import TheaterHandler
internal import TheaterLaunch
public import TheaterManifest
internal import TheaterPlatform
internal import TheaterProcess
internal import TheaterValue

/// Programs of the operating system, as processes of the actor.
///
/// Their output and their end are callbacks: `theater:simple/process-handlers.handle-stdout`,
/// `handle-stderr` with the process's number and bytes, `handle-exit` with its number and exit code, which
/// is less than zero for the signal that ended it. What the actor does not export is not called, and
/// output that nobody hears is dropped.
///
/// Manifest: `type = "process"`; without further keys no program may run. The keys, and what of the
/// system a process sees, are in `Documentation/HandlersProcess.md`.
public final class ProcessHandler: Handler {
    /// The name used in manifests.
    public static let name = "process"

    /// `theater:simple/process`, with and without the timeout that early actors do not know, and beside it
    /// what came later: `theater:simple/process-control`.
    public static let interfaces = [
        HostInterface(
            pact: interface(timeout: "execution-timeout: option<u64>"),
            suspending: Set(effects.keys), effects: effects),
        HostInterface(
            pact: interface(timeout: ""), suspending: Set(effects.keys), effects: effects),
        HostInterface(
            pact: """
                interface process-control {
                    @package: string = "theater:simple"
                    record process-status {
                        pid: u64, running: bool, exit-code: option<s32>, start-time: u64
                    }
                    exports {
                        os-close-stdin: func(pid: u64) -> result<_, string>
                        os-list: func() -> list<process-status>
                    }
                }
                """, suspending: ["os-close-stdin"], effects: ["os-close-stdin": .idempotent]),
    ]

    /// What a program does when it is started or told something is the program's business: it may be anything.
    private static let effects: [String: HostEffect] = [
        "os-spawn": .once, "os-write-stdin": .once, "os-signal": .once, "os-kill": .idempotent,
    ]

    private static func interface(timeout: String) -> String {
        """
        interface process {
            @package: string = "theater:simple"
            variant output-mode { raw, line-by-line, json, chunked }
            record process-config {
                program: string, args: list<string>, cwd: option<string>,
                env: list<tuple<string, string>>,
                buffer-size: u32, stdout-mode: output-mode, stderr-mode: output-mode,
                chunk-size: option<u32>, \(timeout)
            }
            record process-status {
                pid: u64, running: bool, exit-code: option<s32>, start-time: u64
            }
            exports {
                os-spawn: func(config: process-config) -> result<u64, string>
                os-write-stdin: func(pid: u64, data: list<u8>) -> result<u32, string>
                os-status: func(pid: u64) -> result<process-status, string>
                os-signal: func(pid: u64, signal: u32) -> result<_, string>
                os-kill: func(pid: u64) -> result<_, string>
            }
        }
        """
    }

    /// A child runs no program, in no folder, with no variable and no means that its parent may not.
    public static let authority: [AuthorityKey] = [
        .maximum("max_processes", absent: 10),
        .maximum("max_output_buffer", .bytes, absent: 1 << 20),
        .maximum("max_input_buffer", .bytes, absent: 1 << 20),
        .patterns("allowed_programs", absent: .nothing),
        .paths("allowed_paths", absent: .nothing),
        .exceptions("pins"),
        .patterns("env_allow", absent: .nothing),
        .flag("inherit_env", absent: false),
        .maximum("execution_timeout", .duration, absent: nil),
        .maximum("kill_grace", .duration, absent: 5_000_000_000),
        .maximum("cpu_seconds", absent: nil),
        .maximum("memory_limit", .bytes, absent: nil),
        .maximum("open_files", absent: nil),
        .maximum("file_size_limit", .bytes, absent: nil),
        .flag("sandbox", reachesFurther: false, absent: false),
        .flag("sandbox_optional", absent: false),
        .flag("sandbox_network", absent: false),
    ]

    private let context: HandlerContext
    private let rule: ProcessRule
    private let host: ProcessHost?
    private let tasks: OwnedTasks
    /// A process keeps its place until all is gone, and its task a little longer, for the last callbacks.
    private let tasksMax: Int
    private let desk: Mutex<ProcessDesk<ProcessSession>>

    /// Makes the handler of one actor.
    public init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        let environment = context.services.service(EnvironmentVariables.self)?.values ?? [:]
        rule = ProcessRule(&grant, nodeEnvironment: environment)
        try grant.finish()
        self.context = context
        host = context.services.service(ProcessHost.self)
        tasksMax = rule.processesMax * 4 + 16
        tasks = OwnedTasks(world: context.world, countMax: tasksMax)
        desk = Mutex(ProcessDesk(countMax: rule.processesMax))
    }

    /// Ends every process and all that they started, and waits for that. There are no callbacks meanwhile.
    public func close() async {
        for session in desk.withLock({ $0.close() }) { session.stop() }
        await tasks.finish()
    }

    /// Answers one call.
    public func answer(_ call: HostCall) -> HostReply {
        switch (call.function, call.arguments.first, call.arguments.dropFirst().first) {
        case ("os-spawn", let value?, nil):
            guard let config = SpawnConfig(value) else { break }
            return spawn(config)
        case ("os-write-stdin", .u64(let id)?, let data?):
            guard let bytes = data.asBytes else { break }
            return write(id, bytes)
        case ("os-close-stdin", .u64(let id)?, nil): return finishInput(id)
        case ("os-status", .u64(let id)?, nil):
            guard let record = desk.withLock({ $0.record(id) }) else { return unknown(id) }
            return .ok(Self.status(record), .record(Self.statusName))
        case ("os-list", nil, _):
            let records = desk.withLock { $0.records }
            return .value(.list(.record(Self.statusName), records.map(Self.status)))
        case ("os-signal", .u64(let id)?, .u32(let signal)?): return send(signal, to: id)
        case ("os-kill", .u64(let id)?, nil): return kill(id)
        default: break
        }
        return .failure(
            HostError(
                "process.wrong-argument", "'\(call.function)' got an argument of another type"))
    }

    // MARK: Starting

    private func spawn(_ config: SpawnConfig) -> HostReply {
        guard let host else {
            return .failure(
                HostError(
                    ProcessError.Code.unavailable.rawValue,
                    "this node starts no processes; give it a ProcessHost"))
        }
        var order: ProgramOrder
        do throws(ProcessError) {
            order = try rule.order(config)
        } catch {
            return error.isDenial ? .denied(error.hostError) : .failure(error.hostError)
        }
        order.wantsOutput = context.cell.exports(ProcessSession.callbacks.output)
        order.wantsError = context.cell.exports(ProcessSession.callbacks.error)
        guard let number = tasks.reserve() else { return tooManyUnheard() }
        let added = desk.withLock { desk in
            desk.add(startTime: context.world.milliseconds) { id in
                ProcessSession(id, config, rule, context, notices(id))
            }
        }
        switch added {
        case .failure(let error):
            tasks.forget(number)
            return error.refusal == .closed ? ending() : tooMany()
        case .success(let session):
            let checked = order
            return .parked { answering in
                self.tasks.start(number) {
                    await session.run(host, checked) { result in
                        answering(result.map { .ok(.u64($0), .primitive(.u64)) })
                    }
                }
            }
        }
    }

    private func notices(_ id: UInt64) -> ProcessSession.Notices {
        ProcessSession.Notices(
            exited: { [weak self] code in self?.desk.withLock { $0.exited(id, code) } },
            gone: { [weak self] in self?.desk.withLock { $0.remove(id) } })
    }

    private func tooMany() -> HostReply {
        .denied(
            HostError(
                "process.too-many",
                "the actor has \(rule.processesMax) processes, which is all its grant allows; end one, "
                    + "or raise max_processes"))
    }

    /// Nothing of the grant: the actor is behind with its callbacks.
    private func tooManyUnheard() -> HostReply {
        if desk.withLock({ $0.isClosed }) { return ending() }
        return .failure(
            HostError(
                "process.too-many",
                "the actor has not heard of the end of \(tasksMax - rule.processesMax) processes or more; "
                    + "let this call end, and start further ones when they were heard of"))
    }

    private func ending() -> HostReply {
        .failure(
            HostError(
                ProcessError.Code.unavailable.rawValue,
                "the actor is ending, and starts no process any more"))
    }

    // MARK: What there is

    private static let statusName = "process-status"

    private static func status(_ record: ProcessDesk<ProcessSession>.Record) -> Value {
        .record(
            Value.Record(
                statusName,
                [
                    .init("pid", .u64(record.id)), .init("running", .bool(record.exitCode == nil)),
                    .init(
                        "exit-code",
                        .option(.primitive(.s32), record.exitCode.map { .s32($0) })),
                    .init("start-time", .u64(record.startTime)),
                ]))
    }

    /// A number that the actor was never given is an attempt on somebody else's process.
    private func unknown(_ id: UInt64) -> HostReply {
        let error = HostError(
            "process.not-found",
            "the actor has no process \(id); it was never started, or is over and forgotten")
        return desk.withLock { $0.wasGiven(id) } ? .failure(error) : .denied(error)
    }

    private func notRunning(_ id: UInt64) -> HostReply {
        guard desk.withLock({ $0.record(id) }) != nil else { return unknown(id) }
        return .failure(
            HostError("process.not-running", "process \(id) is over, or has not begun to run"))
    }

    private func running(_ id: UInt64) -> RunningProgram? {
        desk.withLock { $0.session(id) }?.running
    }

    // MARK: Acting on a process

    private func write(_ id: UInt64, _ bytes: [UInt8]) -> HostReply {
        guard let program = running(id) else { return notRunning(id) }
        do throws(ProcessError) {
            let count = bytes.isEmpty ? 0 : try program.input.write(bytes)
            return .ok(.u32(UInt32(clamping: count)), .primitive(.u32))
        } catch {
            return .failure(HostError(error.code.rawValue, error.message))
        }
    }

    private func finishInput(_ id: UInt64) -> HostReply {
        guard let program = running(id) else { return notRunning(id) }
        do throws(ProcessError) {
            try program.input.finish()
            return .ok()
        } catch {
            return .failure(HostError(error.code.rawValue, error.message))
        }
    }

    private func send(_ signal: UInt32, to id: UInt64) -> HostReply {
        guard (1...64).contains(signal) else {
            return .failure(
                HostError(
                    "process.bad-signal", "there is no signal \(signal); pass 1 to 64"))
        }
        guard let program = running(id) else { return notRunning(id) }
        program.order(.signal(Int32(signal)))
        return .ok()
    }

    private func kill(_ id: UInt64) -> HostReply {
        let (session, record) = desk.withLock { ($0.session(id), $0.record(id)) }
        guard record != nil else { return unknown(id) }
        // One that is over already needs no more; one that only starts cannot be named yet.
        session?.terminate(because: "os-kill")
        return .ok()
    }
}

extension ProcessError {
    /// The error as the actor gets it.
    var hostError: HostError { HostError(code.rawValue, message, isDenial: isDenial) }

    /// Whether the grant, or the rules for all grants, forbid what was asked.
    var isDenial: Bool {
        switch code {
        case .badProgram, .programDenied, .wrongDigest, .folderDenied, .badArgument, .badVariable,
            .variableDenied:
            true
        case .unavailable, .spawnFailed, .sandboxRefused, .noProgram, .tooLarge, .inputClosed: false
        }
    }
}
