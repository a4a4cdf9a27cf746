// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI

/// `theater doctor`: whether this machine has what Theater needs.
struct DoctorCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look at this machine: versions, limits, the data directory, the disk.",
        discussion: """
            The exit code is 1 when something would stop you; what to do stands below it.

            With --json one object {"ok", "facts": [{"name", "value", "ok", "remedy"}]}.
            """)

    @OptionGroup var data: DataOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let doctor = Doctor(context: context, dataDirectory: try data.resolved(in: context))
        var facts: [DoctorFact] = []
        doctor.facts { fact in
            facts.append(fact)
            if json { return }
            let mark = fact.remedy == nil ? "ok  " : "FIX "
            context.output.result("\(mark) \(Printable.pad(fact.name, 11)) \(fact.value)")
            if let remedy = fact.remedy { context.output.result("       → \(remedy)") }
        }
        let isWell = facts.allSatisfy { $0.remedy == nil }
        if json {
            context.output.result(
                .object([("ok", .bool(isWell)), ("facts", .array(facts.map(\.json)))]))
        }
        return isWell ? .success : .failure
    }
}
