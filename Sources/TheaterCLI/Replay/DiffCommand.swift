// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterChain
internal import TheaterPlatform
internal import TheaterReplay

/// `theater diff`: what tells two chains apart.
struct DiffCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compare two chains, each up to an event: events, states, content.",
        discussion: """
            Says how many events the two have in common from their beginnings, shows the first that \
            they do not, where the states after the two events differ, and which content of the store \
            only one of them mentions. Who the actors are and when it happened is not compared. \
            Without @EVENT a chain counts up to its last event.

            The exit code is 0 when nothing differs and 1 when something does.

            Examples:
              theater diff counter@12 counter@40
              theater diff counter second-try --json

            With --json: {"same", "common", "left", "right", "states", "content"}.
            """)

    @Argument(help: ArgumentHelp("The one chain.", valueName: "actor[@event]"))
    var left: String

    @Argument(help: ArgumentHelp("The other.", valueName: "actor[@event]"))
    var right: String

    @OptionGroup var data: DataOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let histories = try HistoryLoader(dataDirectory: data.resolved(in: context), context)
        let (one, other) = (ChainPoint(left), ChainPoint(right))
        let (leftChain, leftHistory) = try await histories.history(of: one.chain)
        let (rightChain, rightHistory) = try await histories.history(of: other.chain)
        let leftLast = try one.place(in: leftHistory.count, default: leftHistory.count - 1)
        let rightLast = try other.place(in: rightHistory.count, default: rightHistory.count - 1)
        let diff: ChainDiff
        do throws(ReplayError) {
            diff = try ChainDiff(leftHistory, upTo: leftLast, rightHistory, upTo: rightLast)
        } catch {
            throw CLIError(error)
        }
        let output = context.output
        if json {
            output.result(DiffText.json(diff, (leftChain, leftLast), (rightChain, rightLast)))
        } else {
            let lines = DiffText.lines(
                diff, (leftChain, leftLast), (rightChain, rightLast),
                width: output.width(.results))
            for line in lines { output.result(line) }
        }
        return diff.isEmpty ? .success : .failure
    }
}

/// What tells two chains apart, as text and as JSON.
enum DiffText {
    typealias Point = (chain: ChainSummary, last: UInt64)

    /// The difference for people.
    static func lines(_ diff: ChainDiff, _ left: Point, _ right: Point, width: Int) -> [String] {
        var lines = [
            "left   \(name(left))", "right  \(name(right))",
            "the first \(ChainText.events(diff.commonCount)) are the same, "
                + "\(diff.leftCount) follow on the left and \(diff.rightCount) on the right",
        ]
        for (side, event) in [("left ", diff.left), ("right", diff.right)] {
            guard let event else { continue }
            lines.append("\(side)  \(EventText.line(event, width: max(1, width - 7)))")
        }
        if diff.states.isEmpty {
            lines.append("the states are the same")
        } else {
            lines.append("the states differ, left -> right:")
            lines += diff.states.map { "  " + ReplayText.line($0) }
        }
        for (side, content) in [("left", diff.leftContent), ("right", diff.rightContent)]
        where !content.isEmpty {
            lines.append("content that only the \(side) mentions:")
            lines += content.map { "  \($0)" }
        }
        return lines
    }

    private static func name(_ point: Point) -> String {
        let name = point.chain.name.map { " '\(Printable.line($0, sizeMax: 64))'" } ?? ""
        return "\(point.chain.actor)\(name) to event \(point.last)"
    }

    /// The difference for programs.
    static func json(_ diff: ChainDiff, _ left: Point, _ right: Point) -> JSON {
        func side(_ point: Point, _ event: ChainEvent?, _ count: UInt64) -> JSON {
            .object([
                ("actor", .string(point.chain.actor.description)),
                ("event", .integer(point.last)), ("count", .integer(count)),
                ("first", event.map { EventFacts.json($0, isFull: false) } ?? .null),
            ])
        }
        return .object([
            ("same", .bool(diff.isEmpty)), ("common", .integer(diff.commonCount)),
            ("left", side(left, diff.left, diff.leftCount)),
            ("right", side(right, diff.right, diff.rightCount)),
            ("states", .array(diff.states.map { ReplayText.json($0) })),
            (
                "content",
                .object([
                    ("left", .array(diff.leftContent.map { .string($0) })),
                    ("right", .array(diff.rightContent.map { .string($0) })),
                ])
            ),
        ])
    }
}
