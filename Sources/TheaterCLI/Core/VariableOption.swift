// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterManifest

/// The option `--var`, which gives a value to a variable of the manifest.
struct VariableOptions: ParsableArguments {
    @Option(
        name: .customLong("var"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Give a variable of the manifest a value; may be repeated.", valueName: "name=value"))
    var assignments: [String] = []

    func validate() throws {
        var names: Set<String> = []
        for assignment in assignments {
            guard let (name, _) = Self.split(assignment), !name.isEmpty else {
                throw ValidationError("'\(assignment)' is not a variable; write name=value")
            }
            guard names.insert(name).inserted else {
                throw ValidationError("the variable '\(name)' is given twice")
            }
        }
    }

    /// The values by name.
    var values: [String: String] {
        Dictionary(
            assignments.compactMap(Self.split).map { ($0.name, $0.value) },
            uniquingKeysWith: { _, last in last })
    }

    private static func split(_ assignment: String) -> (name: String, value: String)? {
        guard let equals = assignment.firstIndex(of: "=") else { return nil }
        return (
            String(assignment[..<equals]), String(assignment[assignment.index(after: equals)...])
        )
    }
}
