// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterStore

/// `theater store gc`: removes what nothing names.
struct StoreCollectCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Remove content that nothing names any more.",
        discussion: """
            Kept is what a label of any store names, what a chain mentions by its digest (in a call, an \
            answer, as an actor's module), what kept content of at most 1 MiB mentions, such as a \
            manifest its module, and what was stored within --grace.

            To replay a chain, content is not needed: answers are in the chain. So --ignore-chains \
            frees what only the past has used.

            With --json: {"dry_run", "kept", "removed", "young", "strays", "freed_size"}.
            """)

    @Option(
        help: ArgumentHelp(
            "Keep what was stored within this time.", valueName: "duration"),
        transform: DurationOption.parse)
    var grace = Duration.seconds(3600)

    @Flag(name: .customLong("dry-run"), help: "Say what would be removed, and remove nothing.")
    var isTrial = false

    @Flag(name: .customLong("ignore-chains"), help: "Do not keep what only chains mention.")
    var ignoresChains = false

    @OptionGroup var data: DataOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let directory = try data.resolved(in: context)
        let store = try StoreDirectory.write(directory)
        defer { store.close() }
        // The lock of the store keeps every node away, so the chains do not change meanwhile.
        let reading = ProgressLine("reading chains", in: context, isQuiet: json)
        defer { reading.end() }
        let roots: Set<ContentID> =
            ignoresChains ? [] : try StoreDirectory.mentionedInChains(directory, store, reading)
        reading.end()
        let progress = ProgressLine("collecting", in: context, isQuiet: json)
        let report = try StoreDirectory.translating { () throws(StoreError) in
            defer { progress.end() }
            return try store.collect(
                grace: grace, isTrial: isTrial, roots: { roots }, progress: progress.report)
        }
        if json {
            context.output.result(StoreText.json(report, isTrial: isTrial))
        } else {
            context.output.result(StoreText.line(report, isTrial: isTrial))
        }
        return .success
    }
}

/// `theater store verify`: whether what was stored is what is there.
struct StoreVerifyCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify that every blob is as it was stored.",
        discussion: """
            Reads all content and computes its digests again. The exit code is 3 when something is \
            missing or changed. Storing the same content again mends it.

            With --json each damaged blob is a line {"content", "store_ids", "code", "message"}; a last \
            line {"summary": {"valid", "count", "size", "damaged"}} follows.
            """)

    @OptionGroup var data: DataOptions

    @Flag(help: "Print one JSON object for each damaged blob, and a summary.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let store = try StoreDirectory.read(data.resolved(in: context))
        let progress = ProgressLine("verifying", in: context, isQuiet: json)
        let result = try StoreDirectory.translating { () throws(StoreError) in
            defer { progress.end() }
            return try store.verify(progress: progress.report)
        }
        let output = context.output
        for problem in result.problems {
            if output.isBroken { break }
            if json {
                output.result(StoreText.json(problem))
            } else {
                let names = problem.namespaces.map(\.name).joined(separator: ", ")
                output.result("BROKEN  \(problem.error.fact) (store \(names))")
            }
        }
        if json {
            output.result(
                .object([
                    (
                        "summary",
                        .object([
                            ("valid", .bool(result.isValid)), ("count", .integer(result.count)),
                            ("size", .integer(result.size)),
                            ("damaged", .integer(result.problems.count)),
                        ])
                    )
                ]))
        } else {
            output.result(
                "\(StoreText.pieces(result.count)), \(SizeText.format(result.size)), "
                    + (result.isValid ? "verified" : "NOT VERIFIED"))
        }
        return result.isValid ? .success : .verification
    }
}
