// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterReplay

/// `theater step`: a debugger over a chain, forwards and backwards.
struct StepCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "step",
        abstract: "Go through a chain forwards and backwards: events, calls, states, messages.",
        discussion: """
            Reads commands from standard input, one on a line, and shows what they find on standard \
            output; so a session can be typed, or piped in. `help` lists the commands.

            The states are those that the chain holds. That the code makes them is what `theater \
            replay` shows.

            With --json what each command shows is a line {"position", "lines"}.

            Examples:
              theater step counter
              theater step counter@40
              printf 'last\\nwrite .total\\nchanges\\n' | theater step counter
            """)

    @Argument(
        help: ArgumentHelp("The chain, and the event to begin at.", valueName: "actor[@event]"),
        completion: NameCompletion.chains)
    var chain: String

    @OptionGroup var data: DataOptions

    @Flag(help: "Print one JSON object for each command.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let histories = try HistoryLoader(
            dataDirectory: data.resolved(in: context), context, isQuiet: json)
        let point = ChainPoint(chain)
        let (summary, history) = try await histories.history(of: point.chain)
        let place = try point.place(in: history.count, default: 0)
        var session = StepSession(
            history, at: place, width: context.output.width(.results))
        let output = context.output
        let isTerminal = context.lines != nil && output.isTerminal(.messages)
        let lines = try StepInput.lines(context)
        do throws(ReplayError) {
            if !json { output.result(ChainShowCommand.title(summary)) }
            show(try session.here(), session, output)
            while !session.isOver, !output.isBroken {
                if isTerminal {
                    output.write(Array("\(session.position)> ".utf8), to: .messages)
                }
                guard let line = lines() else { break }
                show(try session.perform(line), session, output)
            }
        } catch {
            throw CLIError(error)
        }
        return .success
    }

    private func show(_ lines: [String], _ session: StepSession, _ output: any Output) {
        guard json else { return output.results(lines) }
        output.result(
            .object([
                ("position", .integer(session.position)), ("lines", .array(lines.map(JSON.string))),
            ]))
    }
}

/// Where the lines of a session come from.
private enum StepInput {
    /// The most bytes of a session that is piped in.
    static let sizeMax = 1 << 20

    static func lines(_ context: CLIContext) throws(CLIError) -> () -> String? {
        if let lines = context.lines { return lines }
        let text = String(decoding: try context.input(sizeMax), as: UTF8.self)
        var rest = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        if rest.last?.isEmpty == true { rest = rest.dropLast() }
        return { rest.popFirst().map(String.init) }
    }
}
