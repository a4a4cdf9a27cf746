// SPDX-License-Identifier: Apache-2.0

internal import Logging
public import TheaterCapability
internal import TheaterFiles
public import TheaterHandler
public import TheaterManifest
internal import TheaterPlatform
internal import TheaterValue

/// Files and folders below one folder, the root of the grant.
///
/// Manifest: `type = "filesystem"` with `path`; without it there are no files. Reading and writing are granted
/// apart. The keys, the bounds and what happens to links are in `Documentation/HandlersFilesystem.md`.
///
/// No path leads out of the root, whatever others do to links meanwhile. Files are worked on by threads of the
/// node, and the actor alone waits.
public final class FilesystemHandler: Handler {
    /// The name used in manifests.
    public static let name = "filesystem"

    /// `theater:simple/filesystem`, and beside it what came later: `theater:simple/files`.
    public static let interfaces = [
        HostInterface(
            pact: """
                interface filesystem {
                    @package: string = "theater:simple"
                    record command-success { stdout: string, stderr: string, exit-code: s32 }
                    record command-error { message: string }
                    variant command-result {
                        success(command-success), error(command-error)
                    }
                    exports {
                        read-file: func(path: string) -> result<list<u8>, string>
                        write-file: func(path: string, content: string) -> result<_, string>
                        list-files: func(path: string) -> result<list<string>, string>
                        delete-file: func(path: string) -> result<_, string>
                        create-dir: func(path: string) -> result<_, string>
                        delete-dir: func(path: string) -> result<_, string>
                        path-exists: func(path: string) -> result<bool, string>
                        execute-command: func(dir: string, command: string, args: list<string>)
                            -> result<command-result, string>
                    }
                }
                """,
            suspending: [
                "read-file", "write-file", "list-files", "delete-file", "create-dir", "delete-dir",
                "path-exists", "execute-command",
            ],
            // Another may have changed the file in between, so a second time is another change.
            effects: [
                "write-file": .once, "delete-file": .once, "create-dir": .idempotent,
                "delete-dir": .once, "execute-command": .once,
            ]),
        HostInterface(
            pact: """
                interface files {
                    @package: string = "theater:simple"
                    enum file-kind { file, folder, link, other }
                    record file-status { kind: file-kind, size: u64, modified: u64 }
                    record file-entry { name: string, kind: file-kind, size: u64 }
                    exports {
                        stat: func(path: string) -> result<file-status, string>
                        list-entries: func(path: string) -> result<list<file-entry>, string>
                        read-range: func(path: string, offset: u64, size: u32)
                            -> result<list<u8>, string>
                        write-bytes: func(path: string, content: list<u8>) -> result<_, string>
                        write-atomic: func(path: string, content: list<u8>) -> result<_, string>
                        create-file: func(path: string, content: list<u8>) -> result<_, string>
                        append: func(path: string, content: list<u8>) -> result<u64, string>
                        rename: func(path: string, target: string) -> result<_, string>
                    }
                }
                """,
            suspending: [
                "stat", "list-entries", "read-range", "write-bytes", "write-atomic", "create-file",
                "append", "rename",
            ],
            effects: [
                "write-bytes": .once, "write-atomic": .once, "create-file": .once,
                "append": .once, "rename": .once,
            ]),
    ]

    /// A child's root lies at or below its parent's, with no more rights, bounds or commands.
    public static let authority: [AuthorityKey] = [
        .path("path"),
        .flag("read", absent: true),
        .flag("write", absent: false),
        .maximum("quota", .bytes, absent: FilesystemRule.quotaDefault),
        .maximum("count_max", absent: UInt64(FilesystemRule.countDefault)),
        .maximum("max_file_size", .bytes, absent: FilesystemRule.fileSizeDefault),
        .maximum("max_read", .bytes, absent: UInt64(FilesystemRule.readMaxMax)),
        .maximum("max_entries", absent: UInt64(FilesystemRule.entriesDefault)),
        .patterns("allowed_commands", absent: .nothing),
        .maximum("command_timeout", .duration, absent: FilesystemCommands.timeoutDefault),
    ]

    private let context: HandlerContext
    private let rule: FilesystemRule
    private let commands: FilesystemCommands
    private let host: FileHost?

    /// Makes the handler of one actor.
    public init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        rule = FilesystemRule(&grant)
        commands = FilesystemCommands(&grant, context, root: rule.path)
        try grant.finish()
        self.context = context
        host = context.services.service(FileHost.self)
    }

    /// Ends a command that runs, and waits for that. What a thread of the node has begun to do with files is
    /// finished without the actor.
    public func close() async { await commands.close() }

    /// Answers one call: decides at once what it asks for, and leaves the disk to a thread.
    public func answer(_ call: HostCall) -> HostReply {
        do throws(FileError) {
            if call.function == "execute-command" { return try execute(call) }
            let decided = try FilesystemOperation.decide(call) { context.world.randomWord() }
            guard let operation = decided else { return Self.wrongArgument(call) }
            try rule.check(operation.right)
            guard let host else {
                throw FileError(.unavailable, "this node has no files; give it a FileHost")
            }
            return .later { await self.perform(operation, on: host) }
        } catch {
            let hostError = HostError(error)
            return error.isDenial ? .denied(hostError) : .failure(hostError)
        }
    }

    private func perform(
        _ operation: FilesystemOperation, on host: FileHost
    ) async -> Result<Value, HostError> {
        let result = await host.perform { [rule] () throws(FileError) in try operation.run(rule) }
        return result.map { outcome in
            if outcome.namelessCount > 0 {
                context.logger.warning(
                    "a list of files leaves out names that are no UTF-8",
                    metadata: ["count": "\(outcome.namelessCount)"])
            }
            return outcome.answer
        }.mapError { HostError($0) }
    }

    private func execute(_ call: HostCall) throws(FileError) -> HostReply {
        guard call.arguments.count == 3, let folder = call.arguments[0].asString,
            let command = call.arguments[1].asString,
            let arguments = call.arguments[2].asItems?.compactMap(\.asString),
            arguments.count == call.arguments[2].asItems?.count
        else { return Self.wrongArgument(call) }
        return commands.run(command, arguments, in: try FilePath(folder))
    }

    private static func wrongArgument(_ call: HostCall) -> HostReply {
        .failure(
            HostError(
                "filesystem.wrong-argument",
                "'\(call.function)' is no function of files, or got an argument of another type"))
    }
}

extension HostError {
    init(_ error: FileError) {
        self.init(error.code.rawValue, error.message, isDenial: error.isDenial)
    }
}
