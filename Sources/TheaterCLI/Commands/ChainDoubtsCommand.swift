// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform

/// `theater chain doubts`: effects of which nobody knows whether they took place.
struct ChainDoubtsCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "doubts",
        abstract: "List effects that were begun and have no outcome: of all chains without a name.",
        discussion: """
            Before a host function changes the world outside, the intent is recorded; after it, the \
            outcome. A crash in between leaves the effect in doubt. It is never repeated by itself: \
            `theater chain resolve` says what happened. While an actor lives, the effect that it waits \
            for is listed too.

            With --json each is a line {"effect_id", "actor", "name", "sequence", "time", "interface", \
            "function", "input", "effect", "in_doubt"}.
            """)

    @Argument(
        help: ArgumentHelp("The chains.", valueName: "actor|name"),
        completion: NameCompletion.chains)
    var chains: [String] = []

    @OptionGroup var data: DataOptions

    @Flag(help: "Print one JSON object for each effect.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let directory = try ChainDirectory(dataDirectory: data.resolved(in: context))
        let output = context.output
        var selected: [ChainSummary] = []
        for chain in chains { selected.append(try directory.chain(chain)) }
        if chains.isEmpty { selected = directory.reader.actors() }
        var count = 0
        let progress = ProgressLine("reading", in: context, isQuiet: json)
        defer { progress.end() }
        let total = selected.reduce(0) { $0 + $1.count }
        var done: UInt64 = 0
        for chain in selected {
            do throws(JournalError) {
                let doubts = try directory.reader.doubts(of: chain.actor) { read, _ in
                    progress.show(done + read, of: total)
                }
                done += chain.count
                if !doubts.isEmpty { progress.clear() }
                for doubt in doubts {
                    if output.isBroken { return .success }
                    count += 1
                    if json {
                        output.result(EffectText.json(doubt))
                    } else {
                        let width = output.width(.results)
                        for line in EffectText.lines(doubt, width: width) { output.result(line) }
                    }
                }
            } catch {
                throw CLIError(error)
            }
        }
        progress.end()
        if !json {
            output.result(
                count == 0 ? "no effect is in doubt" : "\(count) in doubt")
        }
        return .success
    }
}

/// `theater chain resolve`: says what became of an effect in doubt.
struct ChainResolveCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve",
        abstract: "Say what became of an effect in doubt.",
        discussion: """
            See first what the effect acts on, outside: `theater chain doubts` has its arguments and the \
            identity that was passed on as idempotency key. What you say is recorded in the chain as an \
            event, with the note. No node may use the data directory meanwhile.

            Examples:
              theater chain resolve mailer 41 --outcome done --note "the customer has the mail"
              theater chain resolve 5f0c9a1e 7 --outcome not-done

            With --json: {"effect_id", "actor", "sequence", "outcome", "note"}.
            """)

    @Argument(
        help: ArgumentHelp("The chain.", valueName: "actor|name"),
        completion: NameCompletion.chains)
    var chain: String

    @Argument(help: ArgumentHelp("The event that began the effect.", valueName: "sequence"))
    var sequence: UInt64

    @Option(help: "What happened: done or not-done.")
    var outcome: OutcomeOption

    @Option(help: "Why you say so.")
    var note = ""

    @OptionGroup var data: DataOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    /// The longest note, in bytes.
    static let noteSizeMax = 4096

    func validate() throws {
        guard note.utf8.count <= Self.noteSizeMax else {
            throw ValidationError("--note is longer than \(Self.noteSizeMax) bytes")
        }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let directory = try ChainDirectory(dataDirectory: data.resolved(in: context))
        let actor = try directory.chain(chain).actor
        do throws(JournalError) {
            let journal = try Journal.open(directory: directory.path)
            let id = try await settle(actor, journal)
            try await journal.close()
            if let id {
                if json {
                    context.output.result(
                        .object([
                            ("effect_id", .string("\(id)")), ("actor", .string("\(actor)")),
                            ("sequence", .integer(sequence)),
                            ("outcome", .string(outcome.rawValue)), ("note", .string(note)),
                        ]))
                    return .success
                }
                let word = EffectText.settlement(outcome.settlement)
                context.output.result("settled \(id) as \(word)")
                return .success
            }
        } catch {
            throw CLIError(error)
        }
        throw CLIError(
            .usage, "cli.not-in-doubt",
            "event \(sequence) of \(actor) began no effect that is in doubt; list them with "
                + "`theater chain doubts`")
    }

    /// Records what was said, if the effect is in doubt: while the journal is ours, nobody else says it.
    private func settle(
        _ actor: ActorID, _ journal: Journal
    ) async throws(JournalError) -> EffectID? {
        let doubts = try await journal.reader().doubts(of: actor)
        guard let doubt = doubts.first(where: { $0.id.sequence == sequence }) else { return nil }
        let writer = try journal.resumeChain(actor: actor)
        try writer.append(.settled(intent: sequence, as: outcome.settlement, note: note))
        try await writer.sync()
        return doubt.id
    }
}

/// What somebody found out about an effect.
enum OutcomeOption: String, CaseIterable, ExpressibleByArgument {
    case done
    case notDone = "not-done"

    var settlement: EffectSettlement {
        switch self {
        case .done: .done
        case .notDone: .notDone
        }
    }
}
