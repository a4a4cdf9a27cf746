// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterClient
internal import TheaterManifest

/// `theater stop`: stops an actor in order.
struct StopCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop an actor of a node and its children in order.")

    @OptionGroup var target: ActorArgument
    @OptionGroup var client: ClientOptions

    @Option(
        help: ArgumentHelp(
            "How long they may take, at most 1h; then they are ended.", valueName: "duration"),
        transform: DurationOption.parse)
    var grace = Duration.seconds(5)

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let (actor, grace) = (target.actor, DurationText.format(grace))
        let end = try await client.withClient(in: context) { (client) throws(ClientError) in
            try await client.stop(actor, grace: grace)
        }
        EndText.show(end, json: json, context)
        return .success
    }
}

/// `theater kill`: ends an actor at once.
struct KillCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "End an actor of a node and its children at once.")

    @OptionGroup var target: ActorArgument
    @OptionGroup var client: ClientOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let actor = target.actor
        let end = try await client.withClient(in: context) { (client) throws(ClientError) in
            try await client.kill(actor)
        }
        EndText.show(end, json: json, context)
        return .success
    }
}

/// `theater restart`: starts an actor again.
struct RestartCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Stop an actor of a node in order and start it again.",
        discussion: "It keeps its identity, its name and its chain.")

    @OptionGroup var target: ActorArgument
    @OptionGroup var client: ClientOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let actor = target.actor
        let again = try await client.withClient(in: context) { (client) throws(ClientError) in
            try await client.restart(actor)
        }
        EndText.show(again, json: json, context)
        return .success
    }
}

/// How an actor stands after a command.
private enum EndText {
    static func show(_ actor: JSONValue, json: Bool, _ context: CLIContext) {
        guard !json else {
            context.output.result(actor.description)
            return
        }
        let reason = actor["reason"]?.string.map { ": " + Printable.line($0) } ?? ""
        context.output.result(
            "\(actor["id"]?.string ?? "-") \(actor["status"]?.string ?? "-")\(reason)")
    }
}
