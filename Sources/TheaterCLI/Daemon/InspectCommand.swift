// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterClient

/// The actor that a command is about.
struct ActorArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "An actor: its name, its identity, or at least four digits of its beginning.",
            valueName: "actor"), completion: NameCompletion.actors)
    var actor: String

    func validate() throws {
        if actor.isEmpty { throw ValidationError("the actor must not be empty") }
    }
}

/// `theater inspect`: all that is known of an actor.
struct InspectCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show an actor of a node: what it is, exports, did and holds.")

    @OptionGroup var target: ActorArgument
    @OptionGroup var client: ClientOptions

    @Flag(help: "Show the state after the last call too.")
    var state = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let (name, wantsState) = (target.actor, state)
        let (actor, functions, state, subscribers) = try await client.withClient(in: context) {
            (client) throws(ClientError) in
            let actor = try await client.actor(name)
            let id = actor["id"]?.string ?? name
            // An actor that is over has neither.
            let isOver = ["stopped", "completed", "failed", "killed"]
                .contains(actor["status"]?.string ?? "")
            let functions = isOver ? nil : try await client.functions(of: id)
            let state = isOver || !wantsState ? nil : try await client.state(of: id)
            let subscribers = try await client.subscribers(of: id)["subscribers"]
            return (actor, functions?["functions"], state, subscribers)
        }
        if json {
            var members = actor.members ?? []
            members.append(.init("functions", functions ?? []))
            if let state { members.append(.init("state", state)) }
            members.append(.init("subscribers", subscribers ?? []))
            context.output.result(JSONValue.object(members).description)
        } else {
            let lines = Self.lines(actor, functions, state) + Self.lines(of: subscribers)
            for line in lines { context.output.result(line) }
        }
        return .success
    }

    /// Who follows the actor, and how far behind they are.
    private static func lines(of subscribers: JSONValue?) -> [String] {
        (subscribers?.array ?? []).map { subscriber in
            func number(_ name: String) -> UInt64 { subscriber[name]?.integer() ?? 0 }
            let who = Printable.line(subscriber["credential"]?.string ?? "-")
            let lost = number("lost")
            return
                "follower  \(who), \(subscriber["kind"]?.string ?? "-"): \(number("waiting")) wait"
                + (lost > 0 ? ", \(lost) lost" : "")
        }
    }

    private static func lines(
        _ actor: JSONValue, _ functions: JSONValue?, _ state: JSONValue?
    ) -> [String] {
        func text(_ value: JSONValue?) -> String { Printable.line(value?.string ?? "-") }
        let metrics = actor["metrics"]
        func number(_ name: String) -> UInt64 { metrics?[name]?.integer() ?? 0 }
        var lines = [
            "name      \(text(actor["name"]))", "identity  \(text(actor["id"]))",
            "status    \(text(actor["status"]))"
                + (actor["reason"]?.string.map { ": " + Printable.line($0) } ?? ""),
        ]
        if let parent = actor["parent"]?.string { lines.append("parent    \(parent)") }
        for child in actor["children"]?.array ?? [] { lines.append("child     \(text(child))") }
        lines += [
            "calls     \(number("calls")), of which \(number("errors")) failed",
            "fuel      \(number("fuel_used"))",
            "memory    \(SizeText.format(number("memory"))), at most "
                + SizeText.format(number("memory_peak")),
            "waiting   \(number("mailbox_depth"))",
            "events    \(number("chain_length"))", "restarts  \(number("restarts"))",
        ]
        for function in functions?.array ?? [] {
            lines.append("exports   \(text(function["usage"]))")
        }
        if let state { lines.append("state     \(text(state["text"]))") }
        return lines
    }
}
