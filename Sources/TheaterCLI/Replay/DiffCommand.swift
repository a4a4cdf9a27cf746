// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform
internal import TheaterReplay

/// `theater diff`: what tells two chains apart.
struct DiffCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compare two chains, each up to an event: events, states, content, memory.",
        discussion: """
            Says how many events the two have in common from their beginnings, shows the first that \
            they do not, where the states after the two events differ, which content and labels of the \
            store only one of them has or names otherwise, and which pages of the guests' memories \
            differ. Who the actors are and when it happened is not compared. Without @EVENT a chain \
            counts up to its last event.

            For the memories both are run again up to their events, as `theater replay` does; the events \
            must stand between two calls of a life. --no-memory leaves that out.

            The exit code is 0 when nothing differs and 1 when something does.

            Examples:
              theater diff counter@12 counter@40
              theater diff counter second-try --json

            With --json: {"same", "common", "left", "right", "states", "content", "labels", "memory"}; \
            of content, labels and ranges of pages the first 64 are listed, beside their numbers.
            """)

    @Argument(
        help: ArgumentHelp("The one chain.", valueName: "actor[@event]"),
        completion: NameCompletion.chains)
    var left: String

    @Argument(
        help: ArgumentHelp("The other.", valueName: "actor[@event]"),
        completion: NameCompletion.chains)
    var right: String

    @OptionGroup var data: DataOptions

    @Flag(name: .customLong("no-memory"), help: "Do not compare the memories.")
    var leavesMemoryOut = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let histories = try HistoryLoader(
            dataDirectory: data.resolved(in: context), context, isQuiet: json)
        let (one, other) = (ChainPoint(left), ChainPoint(right))
        let (leftChain, leftHistory) = try await histories.history(of: one.chain)
        let (rightChain, rightHistory) = try await histories.history(of: other.chain)
        let leftLast = try one.place(in: leftHistory.count, default: leftHistory.count - 1)
        let rightLast = try other.place(in: rightHistory.count, default: rightHistory.count - 1)
        let diff: ChainDiff
        do throws(ReplayError) {
            diff = try ChainDiff(
                leftHistory, upTo: leftLast, rightHistory, upTo: rightLast,
                lineages: (
                    try histories.lineage(of: leftChain, upTo: leftLast),
                    try histories.lineage(of: rightChain, upTo: rightLast)
                ))
        } catch {
            throw CLIError(error)
        }
        let references = (
            left: try histories.references(of: leftChain, upTo: leftLast),
            right: try histories.references(of: rightChain, upTo: rightLast)
        )
        let output = context.output
        let text = DiffText(
            diff: diff, left: (leftChain, leftLast), right: (rightChain, rightLast),
            leftReferences: references.left, rightReferences: references.right,
            memory: leavesMemoryOut
                ? .leftOut
                : await Self.memory(
                    histories, (leftChain, leftLast), (rightChain, rightLast)))
        if json {
            output.result(text.json())
        } else {
            for line in text.lines(width: output.width(.results)) { output.result(line) }
        }
        return text.isSame ? .success : .failure
    }

    private static func memory(
        _ histories: HistoryLoader, _ left: DiffText.Point, _ right: DiffText.Point
    ) async -> DiffText.Memory {
        do throws(ReplayError) {
            let one = try await histories.memory(of: left.chain, upTo: left.last)
            let other = try await histories.memory(of: right.chain, upTo: right.last)
            return .compared(MemoryPages.difference(one, other))
        } catch {
            return .unknown(error)
        }
    }
}
