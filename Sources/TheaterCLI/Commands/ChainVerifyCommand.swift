// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterChain

/// `theater chain verify`: whether what was recorded is what is there.
struct ChainVerifyCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify that no chain was changed: all of them without a name.",
        discussion: """
            Computes the hash of each event again, and checks that none is missing, out of order or \
            of another chain; and that each chain is one with the checkpoints that this node signed of \
            it, so that events cut from its end are missed. The exit code is 3 when something is not as \
            it was recorded.

            With --json each chain is a line {"actor", "name", "count", "head", "valid", "problem", \
            "checkpoints"}; of all chains a last line {"summary": …} follows.
            """)

    @Argument(
        help: ArgumentHelp("The chains.", valueName: "actor|name"),
        completion: NameCompletion.chains)
    var chains: [String] = []

    @OptionGroup var data: DataOptions

    @Flag(help: "Verify all chains, and that the journal has no gap.")
    var all = false

    @Flag(help: "Print one JSON object for each chain.")
    var json = false

    func validate() throws {
        if all, !chains.isEmpty { throw ValidationError("--all and names exclude each other") }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let path = try data.resolved(in: context)
        let directory = try ChainDirectory(dataDirectory: path)
        let progress = ProgressLine("verifying", in: context, isQuiet: json)
        defer { progress.end() }
        let kept = try KeptCheckpoints(
            dataDirectory: path, reader: directory.reader, progress: progress)
        if chains.isEmpty {
            let verification = try Self.translating { () throws(JournalError) in
                try directory.reader.verifyAll(progress: progress.report)
            }
            progress.clear()
            return try show(verification, kept, context.output)
        }
        var status = CommandStatus.success
        for chain in chains {
            let summary = try directory.chain(chain)
            let report = try Self.translating { () throws(JournalError) in
                try directory.reader.verify(summary.actor, progress: progress.report)
            }
            progress.clear()
            if try !show(report, kept, context.output) { status = .verification }
        }
        return status
    }

    private static func translating<Result>(
        _ body: () throws(JournalError) -> Result
    ) throws(CLIError) -> Result {
        do throws(JournalError) {
            return try body()
        } catch {
            throw CLIError(error)
        }
    }

    /// Shows a chain, and compares it with what is kept of it if it is whole; returns whether all is well.
    private func show(
        _ report: VerificationReport, _ kept: KeptCheckpoints, _ output: any Output
    ) throws(CLIError) -> Bool {
        let finding = report.isValid ? try kept.compare(report.actor) : KeptCheckpoints.Finding()
        let isValid = report.isValid && finding.problem == nil
        if json {
            output.result(ChainText.json(report, finding))
            return isValid
        }
        let name = Printable.line(report.name ?? "-", sizeMax: 64)
        let verdict = isValid ? "ok    " : "BROKEN"
        output.result(
            "\(verdict)  \(report.actor)  \(Printable.cut(name, to: 20)), "
                + ChainText.events(report.count))
        output.result("        head \(report.head)")
        if let newest = finding.sizes.last {
            let count = finding.sizes.count
            output.result(
                "        one with \(count == 1 ? "the signed checkpoint" : "\(count) signed checkpoints"), "
                    + (count == 1 ? "" : "the newest ") + "of \(ChainText.events(newest))")
        }
        if let problem = report.problem { output.result("        \(problem)") }
        if let problem = finding.problem { output.result("        \(problem)") }
        return isValid
    }

    private func show(
        _ verification: JournalVerification, _ kept: KeptCheckpoints, _ output: any Output
    ) throws(CLIError) -> CommandStatus {
        var isValid = verification.isValid
        for report in verification.chains {
            if output.isBroken { break }
            if try !show(report, kept, output) { isValid = false }
        }
        let missing = try kept.missing()
        if !missing.isEmpty { isValid = false }
        let shown = Set(verification.chains.compactMap(\.problem))
        if json {
            output.result(
                .object([
                    (
                        "summary",
                        .object([
                            ("valid", .bool(isValid)),
                            ("chains", .integer(verification.chains.count)),
                            ("events", .integer(verification.eventCount)),
                            ("segments", .integer(verification.segmentCount)),
                            ("tail_size", .integer(verification.tailSize)),
                            (
                                "problems",
                                .array(
                                    verification.problems.map(ChainText.json)
                                        + missing.map { ChainText.json($0) })
                            ),
                        ])
                    )
                ]))
        } else {
            for problem in verification.problems where !shown.contains(problem) {
                output.result("BROKEN  \(problem)")
            }
            for problem in missing { output.result("BROKEN  \(problem)") }
            let count = verification.chains.count
            output.result(
                "\(count == 1 ? "1 chain" : "\(count) chains"), "
                    + "\(ChainText.events(verification.eventCount)), "
                    + (isValid ? "verified" : "NOT VERIFIED"))
        }
        return isValid ? .success : .verification
    }
}
