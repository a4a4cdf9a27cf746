// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import TheaterAPI
internal import TheaterManifest

/// The `theater` program as a function: arguments in, status out.
public enum CommandLineTool {
    /// The version of Theater.
    public static let version = "0.1.0"

    /// Runs the program with this process's arguments and streams, and ends the process.
    public static func main() async -> Never {
        // A reader that goes away shows as an error of the write.
        signal(SIGPIPE, SIG_IGN)
        // So does a file that may not grow.
        signal(SIGXFSZ, SIG_IGN)
        let output = SystemOutput()
        var status = await run(
            Array(CommandLine.arguments.dropFirst()), in: .system(output))
        if let failure = output.failure {
            output.message("error: the results cannot be written: \(Files.reason(failure))")
            if status == .success { status = .internal }
        }
        exit(status.rawValue)
    }

    /// Runs the program.
    ///
    /// - Parameters:
    ///   - arguments: the arguments after the program's name.
    ///   - context: where it reads and writes.
    public static func run(_ arguments: [String], in context: CLIContext) async -> CommandStatus {
        if arguments == ["--version"] {
            context.output.result(version)
            return .success
        }
        let isJSON = arguments.prefix { $0 != "--" }.contains("--json")
        let command: any ParsableCommand
        do {
            command = try await RootCommand.asyncParseAsRoot(CallArguments.mark(arguments))
        } catch {
            return finish(error, arguments, isJSON: isJSON, in: context)
        }
        guard let command = command as? any TheaterCommand else {
            var command = command
            do {
                try command.run()
                return .success
            } catch {
                return finish(error, arguments, isJSON: isJSON, in: context)
            }
        }
        do throws(CLIError) {
            return try await command.perform(in: context)
        } catch {
            report(error, isJSON: isJSON, in: context)
            return error.status
        }
    }

    /// Shows an error: as text, or as the documented object when JSON is asked for.
    static func report(_ error: CLIError, isJSON: Bool, in context: CLIContext) {
        context.output.message(isJSON ? error.json.description : error.text)
    }

    /// Ends as the argument parser asks: with help on standard output, or with what is wrong.
    private static func finish(
        _ error: any Error, _ arguments: [String], isJSON: Bool, in context: CLIContext
    ) -> CommandStatus {
        let text = RootCommand.fullMessage(
            for: error, columns: min(100, context.output.width(.results)))
        guard RootCommand.exitCode(for: error) != .success else {
            if !text.isEmpty { context.output.result(text) }
            return .success
        }
        if let unknown = unknownCommand(arguments) {
            report(unknown, isJSON: isJSON, in: context)
            return unknown.status
        }
        if isJSON {
            report(.usage(RootCommand.message(for: error)), isJSON: true, in: context)
        } else {
            context.output.message(text)
        }
        return .usage
    }
}

extension CommandLineTool {
    /// The error of a word that stands where a command should, with the command that is most like it.
    private static func unknownCommand(_ arguments: [String]) -> CLIError? {
        var command: any ParsableCommand.Type = RootCommand.self
        var path = "theater"
        for word in arguments {
            let known = command.configuration.subcommands
            guard !known.isEmpty, !word.hasPrefix("-"), word != "help" else { return nil }
            if let next = known.first(where: { $0.configuration.commandName == word }) {
                (command, path) = (next, path + " " + word)
                continue
            }
            let names = known.compactMap { $0.configuration.commandName }
            let nearest = EditDistance.suggestion(for: word, among: names)
            return .usage(
                "'\(Printable.line(word, sizeMax: 64))' is no command of `\(path)`; "
                    + (nearest.map { "did you mean `\(path) \($0)`? " } ?? "")
                    + "`\(path) --help` lists them")
        }
        return nil
    }
}

/// A command of the program.
protocol TheaterCommand: AsyncParsableCommand {
    /// Does what the command is for, and says how it ended.
    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus
}

extension TheaterCommand {
    /// Runs the command on the process's own streams, for those who start it without the program.
    func run() async throws {
        let status: CommandStatus
        let context = CLIContext.system(SystemOutput())
        do throws(CLIError) {
            status = try await perform(in: context)
        } catch {
            CommandLineTool.report(error, isJSON: false, in: context)
            status = error.status
        }
        throw ExitCode(status.rawValue)
    }
}
