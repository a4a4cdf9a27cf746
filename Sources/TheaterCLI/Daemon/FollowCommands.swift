// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterChain
internal import TheaterClient
internal import TheaterPlatform
internal import TheaterValue

/// `theater events`: events of an actor's chain, and those to come.
struct EventsCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Show events of an actor's chain from a node, and follow it.",
        discussion: """
            Without a node the chain is read from the data directory.

            --follow waits for further events until the actor is over for good or Ctrl-C. A lost \
            connection is made again and goes on where it was: nothing is lost, nothing comes twice. Who \
            reads too slowly is told which events were passed over, and never slows the actor.

            Values are decoded to their text form and cut to the line; --full shows everything. With \
            --json each event is a line as of `theater chain show --json`, a gap {"gap": {"first", "count"}}.

            Examples:
              theater events greeter --follow
              theater events greeter --from 10 --type theater.runtime/
            """)

    @OptionGroup var target: ActorArgument
    @OptionGroup var client: ClientOptions

    @Flag(name: .shortAndLong, help: "Wait for further events.")
    var follow = false

    @Option(
        help:
            "The first event to show, counted from zero; with --follow what comes from now on without it."
    )
    var from: UInt64?

    @Option(
        help: ArgumentHelp(
            "Only events of a type, or of all below one that ends in /, such as theater.runtime/; may be repeated.",
            valueName: "type"))
    var type: [String] = []

    @Flag(help: "Print one JSON object for each event.")
    var json = false

    @Flag(help: "Show hashes and whole values.")
    var full = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let (json, full, output) = (json, full, context.output)
        let reader = ChainReading(
            actor: target.actor, types: type, from: follow ? from : from ?? 0, follows: follow)
        return try await reader.run(client, in: context) { event in
            if json {
                output.result(EventFacts.json(event, isFull: full))
            } else if full {
                for line in EventText.full(event) { output.result(line) }
            } else {
                output.result(EventText.line(event, width: output.tableWidth() ?? .max))
            }
        } gap: { first, count in
            if json {
                output.result(
                    ["gap": ["first": .integer(first), "count": .integer(count)]] as JSONValue)
            } else {
                output.message("\(count) events from \(first) on were passed over")
            }
        }
    }
}

/// `theater logs`: what an actor logged.
struct LogsCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Show what an actor of a node logged, and follow it.",
        discussion: """
            Logs are events of the chain like all others, so that those of past actors are there too, and without \
            a node they are read from the data directory.

            With --json each is a line {"sequence", "time", "text"}.

            Examples:
              theater logs greeter
              theater logs -f greeter
            """)

    @OptionGroup var target: ActorArgument
    @OptionGroup var client: ClientOptions

    @Flag(name: .shortAndLong, help: "Wait for further messages.")
    var follow = false

    @Flag(help: "Print one JSON object for each message.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let (json, output) = (json, context.output)
        let reader = ChainReading(
            actor: target.actor, types: ["theater:simple/runtime/log"], from: 0, follows: follow)
        return try await reader.run(client, in: context) { event in
            guard let text = Self.text(event) else { return }
            if json {
                output.result(
                    [
                        "sequence": .integer(event.sequence), "time": .string(event.time.rfc3339),
                        "text": .string(text),
                    ] as JSONValue)
            } else {
                output.result("\(TimeText.clock(event.time)) \(Printable.line(text))")
            }
        } gap: { first, count in
            output.message("\(count) events from \(first) on were passed over")
        }
    }

    /// What the actor wrote.
    private static func text(_ event: ChainEvent) -> String? {
        guard case .hostCall(_, _, let input, _)? = try? event.decodedPayload(),
            let value = try? CGRF.decode(input)
        else { return nil }
        switch value {
        case .string(let text): return text
        case .tuple(let items): return items.first?.asString ?? ValueText.print(value)
        default: return ValueText.print(value)
        }
    }
}
