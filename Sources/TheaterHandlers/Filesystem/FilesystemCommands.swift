// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
internal import TheaterFiles
internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPlatform
internal import TheaterProcess
internal import TheaterValue

/// The commands of one actor's files: programs that run to their end in a folder below the root, one at a
/// time.
///
/// They are processes as the handler `process` has them, with its checks, environment and ends.
final class FilesystemCommands: Sendable {
    /// How long a command may take when the manifest does not say, in nanoseconds.
    static let timeoutDefault: UInt64 = 60_000_000_000
    /// The most bytes of each of its two outputs.
    static let outputMax = 1 << 20

    private let context: HandlerContext
    private let root: String?
    /// `nil` when no command is granted.
    private let rule: ProcessRule?
    private let host: ProcessHost?
    private let tasks: OwnedTasks
    private let running = Mutex<(session: ProcessSession?, isClosed: Bool)>((nil, false))

    /// Reads the keys; what is wrong with them is left to the reader.
    init(_ grant: inout SectionReader, _ context: HandlerContext, root: String?) {
        let commands = grant.strings("allowed_commands") ?? []
        let bounds = Duration.seconds(1)...Duration.seconds(86_400)
        let timeout =
            grant.duration("command_timeout", in: bounds)
            ?? .nanoseconds(Int64(Self.timeoutDefault))
        for command in commands
        where command.utf8.contains(UInt8(ascii: "/")) && command.utf8.first != UInt8(ascii: "/") {
            grant.refuse(
                "allowed_commands", "'allowed_commands': '\(command)' is a relative path",
                suggestion: "write an absolute path, or a name without a slash")
        }
        self.context = context
        self.root = root
        host = context.services.service(ProcessHost.self)
        // A task has its place a little longer than its process.
        tasks = OwnedTasks(world: context.world, countMax: 4)
        if let root, !commands.isEmpty {
            let keys: [String: ManifestValue] = [
                "allowed_programs": .array(commands.map(ManifestValue.string)),
                "allowed_paths": .array([.string(root)]),
                "execution_timeout": .string(DurationText.format(timeout)),
            ]
            var reader = HandlerGrant(type: "process", configuration: keys).reader()
            let variables = context.services.service(EnvironmentVariables.self)?.values ?? [:]
            rule = ProcessRule(&reader, nodeEnvironment: variables)
        } else {
            rule = nil
        }
    }

    /// Ends the command that runs, and waits for that.
    func close() async {
        let session = running.withLock { running in
            running.isClosed = true
            return running.session
        }
        session?.stop()
        await tasks.finish()
    }

    /// Runs a command to its end.
    func run(_ command: String, _ arguments: [String], in folder: FilePath) -> HostReply {
        guard let rule, let root else {
            return .denied(
                HostError(
                    ProcessError.Code.programDenied.rawValue,
                    "the grant has no commands; name '\(command.prefix(256))' in allowed_commands"))
        }
        guard let host else {
            return .failure(
                HostError(
                    ProcessError.Code.unavailable.rawValue,
                    "this node starts no processes; give it a ProcessHost"))
        }
        let config = SpawnConfig(
            command: command, arguments: arguments,
            folder: folder.text == "." ? root : root + "/" + folder.text)
        let order: ProgramOrder
        do throws(ProcessError) {
            order = try rule.order(config)
        } catch {
            guard error.code == .noProgram else {
                return error.isDenial ? .denied(error.hostError) : .failure(error.hostError)
            }
            return .value(Self.error(error.message))
        }
        guard let number = tasks.reserve() else {
            return .failure(
                HostError(
                    FileError.Code.unavailable.rawValue,
                    "the actor ends, and starts no further command"))
        }
        return .parked { answering in
            self.tasks.start(number) {
                answering(await self.perform(order, config, rule, host))
            }
        }
    }

    private func perform(
        _ order: ProgramOrder, _ config: SpawnConfig, _ rule: ProcessRule, _ host: ProcessHost
    ) async -> Result<Value, HostError> {
        let heard = CommandOutput(sizeMax: Self.outputMax)
        let own = HandlerContext(
            actorID: context.actorID, actorName: context.actorName, logger: self.context.logger,
            cell: heard, services: context.services, world: context.world)
        let session = ProcessSession(
            0, config, rule, own, ProcessSession.Notices(exited: { _ in }, gone: {}))
        heard.whenFull { [weak session] in session?.terminate(because: "its output is too large") }
        let isClosed = running.withLock { running in
            running.session = session
            return running.isClosed
        }
        if isClosed { session.stop() }
        var started = Result<UInt64, HostError>.success(0)
        await session.run(host, order) { result in
            started = result
            if let input = session.running?.input { try? input.finish() }
        }
        running.withLock { $0.session = nil }
        if case .failure(let error) = started { return .success(Self.error(error.message)) }
        return .success(heard.outcome.map(Self.success) ?? Self.error(heard.problem))
    }

    // MARK: Answers

    private static let resultName = "command-result"

    private static func success(_ outcome: CommandOutput.Outcome) -> Value {
        let record = Value.Record(
            "command-success",
            [
                .init("stdout", .string(outcome.output)), .init("stderr", .string(outcome.error)),
                .init("exit-code", .s32(outcome.exitCode)),
            ])
        return .ok(
            .variant(Value.Variant(resultName, "success", tag: 0, [.record(record)])),
            .variant(resultName))
    }

    private static func error(_ message: String) -> Value {
        let record = Value.Record("command-error", [.init("message", .string(message))])
        return .ok(
            .variant(Value.Variant(resultName, "error", tag: 1, [.record(record)])),
            .variant(resultName))
    }
}

extension SpawnConfig {
    /// A command that is run to its end.
    init(command: String, arguments: [String], folder: String) {
        program = command
        self.arguments = arguments
        self.folder = folder
        environment = []
        bufferSize = 64 << 10
        outputMode = .raw
        errorMode = .raw
        chunkSize = nil
        timeout = nil
    }
}

/// Takes a command's output in an actor's place.
final class CommandOutput: CellPort {
    struct Outcome: Sendable {
        let output: String
        let error: String
        let exitCode: Int32
    }

    private struct State {
        var output: [UInt8] = []
        var error: [UInt8] = []
        var exitCode: Int32?
        var isFull = false
        var whenFull: (@Sendable () -> Void)?
    }

    private let sizeMax: Int
    private let state = Mutex(State())

    init(sizeMax: Int) { self.sizeMax = sizeMax }

    /// Says what to do when there is too much.
    func whenFull(_ work: @escaping @Sendable () -> Void) { state.withLock { $0.whenFull = work } }

    /// What the command did; `nil` when it did not end, or wrote too much.
    var outcome: Outcome? {
        state.withLock { state in
            guard let exitCode = state.exitCode, !state.isFull else { return nil }
            return Outcome(
                output: String(decoding: state.output, as: UTF8.self),
                error: String(decoding: state.error, as: UTF8.self), exitCode: exitCode)
        }
    }

    /// Why there is no outcome.
    var problem: String {
        state.withLock { state in
            state.isFull
                ? "the command wrote more than \(sizeMax) bytes and was ended; have it write less"
                : "the command was ended with its actor"
        }
    }

    func requestShutdown(result: [UInt8]?) {}
    func recentEvents(_ countMax: Int) -> [RecentEvent] { [] }
    func exports(_ function: String) -> Bool { true }

    func call(_ function: String, _ arguments: [Value]) async -> Result<Value, CallbackError> {
        guard let argument = arguments.last else { return .success(.unit) }
        let work = state.withLock { state -> (@Sendable () -> Void)? in
            if let bytes = argument.asBytes {
                let isOutput = function == ProcessSession.callbacks.output
                let size = isOutput ? state.output.count : state.error.count
                guard size + bytes.count <= sizeMax, !state.isFull else {
                    state.isFull = true
                    return state.whenFull
                }
                if isOutput { state.output += bytes } else { state.error += bytes }
            } else if let code = argument.integer(as: Int32.self) {
                state.exitCode = code
            }
            return nil
        }
        work?()
        return .success(.unit)
    }
}
