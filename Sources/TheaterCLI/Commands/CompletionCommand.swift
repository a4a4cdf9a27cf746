// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// `theater completion`: a script that completes the commands in a shell.
struct CompletionCommand: TheaterCommand {
    /// The shells that are known.
    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish

        var shell: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print a script that completes commands in a shell.",
        discussion: """
            Examples:
              source <(theater completion bash)
              theater completion zsh > ~/.zfunc/_theater
              theater completion fish > ~/.config/fish/completions/theater.fish
            """)

    @Argument(help: "The shell.")
    var shell: Shell

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        context.output.result(RootCommand.completionScript(for: shell.shell))
        return .success
    }
}
