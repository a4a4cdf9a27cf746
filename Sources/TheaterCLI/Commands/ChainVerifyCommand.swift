// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterChain

/// `theater chain verify`: whether what was recorded is what is there.
struct ChainVerifyCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify that no chain was changed: all of them without a name.",
        discussion: """
            Computes the hash of each event again, and checks that none is missing, out of order or \
            of another chain. The exit code is 3 when something is not as it was recorded.

            With --json each chain is a line {"actor", "name", "count", "head", "valid", "problem"}; \
            of all chains a last line {"summary": …} follows.
            """)

    @Argument(help: ArgumentHelp("The chains.", valueName: "actor|name"))
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
        let directory = try ChainDirectory(dataDirectory: data.resolved(in: context))
        do throws(JournalError) {
            if chains.isEmpty {
                return show(try directory.reader.verifyAll(), context.output)
            }
        } catch {
            throw CLIError(error)
        }
        var status = CommandStatus.success
        for chain in chains {
            let summary = try directory.chain(chain)
            do throws(JournalError) {
                let report = try directory.reader.verify(summary.actor)
                show(report, context.output)
                if !report.isValid { status = .verification }
            } catch {
                throw CLIError(error)
            }
        }
        return status
    }

    private func show(_ report: VerificationReport, _ output: any Output) {
        if json { return output.result(ChainText.json(report)) }
        let name = Printable.line(report.name ?? "-", sizeMax: 64)
        let verdict = report.isValid ? "ok    " : "BROKEN"
        output.result(
            "\(verdict)  \(report.actor)  \(Printable.cut(name, to: 20)), "
                + ChainText.events(report.count))
        output.result("        head \(report.head)")
        if let problem = report.problem { output.result("        \(problem)") }
    }

    private func show(_ verification: JournalVerification, _ output: any Output) -> CommandStatus {
        for report in verification.chains {
            if output.isBroken { break }
            show(report, output)
        }
        let shown = Set(verification.chains.compactMap(\.problem))
        if json {
            output.result(
                .object([
                    (
                        "summary",
                        .object([
                            ("valid", .bool(verification.isValid)),
                            ("chains", .integer(verification.chains.count)),
                            ("events", .integer(verification.eventCount)),
                            ("segments", .integer(verification.segmentCount)),
                            ("tail_size", .integer(verification.tailSize)),
                            ("problems", .array(verification.problems.map(ChainText.json))),
                        ])
                    )
                ]))
        } else {
            for problem in verification.problems where !shown.contains(problem) {
                output.result("BROKEN  \(problem)")
            }
            let count = verification.chains.count
            output.result(
                "\(count == 1 ? "1 chain" : "\(count) chains"), "
                    + "\(ChainText.events(verification.eventCount)), "
                    + (verification.isValid ? "verified" : "NOT VERIFIED"))
        }
        return verification.isValid ? .success : .verification
    }
}
