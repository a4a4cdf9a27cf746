// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI

/// `theater`: the commands together.
struct RootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "theater",
        abstract: "Runs programs that nobody should have to trust, and records what they do.",
        discussion: """
            An actor is a WebAssembly module in a sandbox. It reaches nothing but what its manifest \
            grants, and everything that crosses the sandbox's boundary is an event in its hash chain.

            Five minutes:
              theater new hello          make a project from a template
              cd hello
              theater build              compile it to WebAssembly
              theater check              see what it may do, without running it
              theater run --call greet --arg World
              theater chain show         see what it did
              theater chain verify       prove that nothing was changed afterwards
              theater replay             prove that the code did what the chain says

            Results go to standard output, logs and errors to standard error. With --json results \
            are JSON, and an error is {"error": {"code": …, "message": …}}.

            Exit codes:
            \(CommandStatus.table)

            Environment:
              THEATER_HOME     the data directory; ~/.theater without it
              THEATER_SOCKET   the socket of the node that is meant; theater.sock in the data directory without it
              THEATER_SERVER   its address instead, and THEATER_TOKEN the token for it
              NO_COLOR         set, it turns colours off
            """,
        version: CommandLineTool.version,
        groupedSubcommands: [
            CommandGroup(
                name: "Make", subcommands: [NewCommand.self, BuildCommand.self, CheckCommand.self]
            ),
            CommandGroup(
                name: "Run", subcommands: [RunCommand.self, ForkCommand.self, ResumeCommand.self]),
            CommandGroup(
                name: "Node",
                subcommands: [
                    ServeCommand.self, UpCommand.self, PsCommand.self, TreeCommand.self,
                    TopCommand.self,
                    InspectCommand.self,
                    StopCommand.self, KillCommand.self, RestartCommand.self, SendCommand.self,
                    RequestCommand.self, CallCommand.self, ChannelCommand.self, LogsCommand.self,
                    EventsCommand.self,
                    TokenCommand.self,
                ]),
            CommandGroup(
                name: "Look",
                subcommands: [
                    ChainCommand.self, VerifyCommand.self, ReplayCommand.self, StepCommand.self,
                    DiffCommand.self, UpgradeCommand.self, TestCommand.self, StoreCommand.self,
                    ABICommand.self,
                ]),
            CommandGroup(
                name: "Set-up",
                subcommands: [DoctorCommand.self, CompletionCommand.self, VersionCommand.self]),
        ])
}

/// Where the chains are.
struct DataOptions: ParsableArguments {
    @Option(
        name: .customLong("data"),
        help: ArgumentHelp(
            "The data directory, which holds the chains and the store.",
            discussion: "THEATER_HOME without it, or ~/.theater.", valueName: "dir"),
        completion: .directory)
    var directory: String?

    /// The data directory that is meant.
    func resolved(in context: CLIContext) throws(CLIError) -> String {
        if let directory {
            guard !directory.isEmpty else { throw .usage("--data needs a path") }
            return directory
        }
        if let home = context.environment("THEATER_HOME"), !home.isEmpty { return home }
        if let home = context.environment("HOME"), !home.isEmpty { return home + "/.theater" }
        throw .usage("neither THEATER_HOME nor HOME is set; name a data directory with --data DIR")
    }
}
