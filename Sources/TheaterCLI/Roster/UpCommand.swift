// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterClient
internal import TheaterManifest

/// `theater up`: what runs becomes what the files say.
struct UpCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Make what runs in a node what the files say, and keep it so.",
        discussion: """
            A folder of actors says everything: each manifest in it, and manifest.toml of each folder in \
            it, is an actor that is to run. What is new is started. What has other code is upgraded in \
            place, what has another manifest or first state is replaced. What the folder does not have \
            any more, and `up` had put on the roster, is stopped. A manifest, or one actor's folder, is \
            about that actor alone. Actors that were started otherwise are left as they are.

            The node keeps the roster: whenever it starts, it starts these actors, however it ended.

            Each actor is a line: + started, - stopped, ~ upgraded or replaced, = as it is. --dry-run \
            shows them and does nothing.

            Examples:
              theater up actors --dry-run
              theater up actors
              theater up hello/manifest.toml --var greeting=Hi
              theater up --list
            """)

    @Argument(
        help: ArgumentHelp(
            "A folder of actors, an actor's folder, or a manifest.", valueName: "path"),
        completion: .file())
    var path: String?

    @Flag(
        name: .customLong("dry-run"),
        help: "Show what would be done; the exit code is 0 whether something would or not.")
    var dryRun = false

    @Flag(
        inversion: .prefixedNo,
        help:
            "Whether to stop actors of the roster that the files do not have; yes for a folder of actors."
    )
    var prune: Bool?

    @Flag(help: "Show the roster, each actor with how it stands, and change nothing.")
    var list = false

    @Option(
        help: ArgumentHelp(
            "What the replay of a chain on new code decides: refuse, report or none.",
            valueName: "gate"))
    var gate: String?

    @Option(
        help: ArgumentHelp(
            "How long actors may take to stop, at most 1h; then they are ended.",
            valueName: "duration"),
        transform: DurationOption.parse)
    var grace = Duration.seconds(5)

    @OptionGroup var variables: VariableOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var form: ListForm

    func validate() throws {
        if let gate, !["refuse", "report", "none"].contains(gate) {
            throw ValidationError("'\(gate)' is no gate; write refuse, report or none")
        }
        if list, path != nil || dryRun || prune != nil || gate != nil {
            throw ValidationError("--list changes nothing, and goes with no path")
        }
        if !list, path == nil {
            throw ValidationError("name a folder of actors, or a manifest; --list shows the roster")
        }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        guard let path else { return try await show(in: context) }
        let source = try RosterSource.read(
            path, variables: variables.values,
            from: ActorFiles(dataDirectory: try client.data.resolved(in: context)))
        guard !source.actors.isEmpty || prune == true else {
            throw CLIError(
                .manifest, "cli.no-manifest",
                "'\(path)' has no manifests; name another folder, or write --prune to stop every "
                    + "actor of the roster")
        }
        var options = RosterOptions()
        options.isTrial = dryRun
        options.gate = gate
        options.grace = DurationText.format(grace)
        let up = RosterUp(source: source, prunes: prune ?? source.isWhole, options: options)
        let answer = try await client.withClient(in: context) { (client) throws(ClientError) in
            try await up.run(client)
        }
        let changes = answer["changes"]?.array ?? []
        for change in changes {
            if form.json {
                context.output.result(change)
            } else if form.quiet {
                if change["change"]?.string != "stop", let id = change["id"]?.string {
                    context.output.result(id)
                }
            } else {
                context.output.result(RosterChangeText.line(change, isTrial: dryRun))
            }
        }
        let failed = changes.filter { $0["error"] != .null }
        guard failed.isEmpty else {
            context.output.message(
                "\(failed.count) of \(changes.count) actors are not as the files say; "
                    + "mend the cause, and run this again")
            return .failure
        }
        return .success
    }

    private func show(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let roster = try await client.withClient(in: context) { (client) throws(ClientError) in
            try await client.roster()
        }
        let output = context.output
        if !form.json, !form.quiet { output.result("NAME                      ACTOR     STATUS") }
        for actor in roster["actors"]?.array ?? [] {
            let id = actor["id"]?.string
            if form.json {
                output.result(actor)
            } else if form.quiet {
                if let id { output.result(id) }
            } else {
                let name = Printable.line(actor["name"]?.string ?? "-", sizeMax: 256)
                let status =
                    actor["status"]?.string
                    ?? RosterChangeText.error(actor).map { "not started: \($0)" } ?? "over"
                output.result(
                    [
                        Printable.pad(Printable.cut(name, to: 24), 24),
                        Printable.pad(String((id ?? "-").prefix(8)), 8), status,
                    ].joined(separator: "  "))
            }
        }
        return .success
    }
}
