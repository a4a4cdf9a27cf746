// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI

/// `theater version`: which one this is.
struct VersionCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the version.")

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let version = CommandLineTool.version
        if json {
            context.output.result(.object([("version", .string(version))]))
        } else {
            context.output.result(version)
        }
        return .success
    }
}
