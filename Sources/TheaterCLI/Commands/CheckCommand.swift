// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI

/// `theater check`: what an actor is and may do, without running it.
struct CheckCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check an actor without running it: manifest, module, imports against grants.",
        discussion: """
            Shows what the actor imports and exports with the hashes of the interfaces, and all that \
            would keep it from starting. A module without a manifest is checked against all that \
            this version offers.

            The exit code is that of the first class with a finding: 4 manifest, 5 module, 6 import, \
            7 the .pact file, 1 anything else.

            Examples:
              theater check
              theater check actors/crawler
              theater check build/hello.wasm --json
              theater check store://tools/crawler/manifest.toml --data data

            With --json one object: {"ok", "name", "manifest", "module": {"path", "size", "sha256"}, \
            "imports": [{"interface", "hash", "status", "handler", "functions": [{"name", \
            "signature", "hash"}]}], "exports": […], "findings": [{"class", "code", "message"}]}; a \
            finding in a text has "file", "line" and "column" too.
            """)

    @Argument(
        help: ArgumentHelp(
            "A manifest, the folder of one, or a module; the current folder without it.",
            valueName: "manifest|dir|file.wasm"),
        completion: .file(extensions: ["toml", "wasm"]))
    var target: String?

    @OptionGroup var variables: VariableOptions

    @OptionGroup var data: DataOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let report = await ActorCheck.check(
            try ActorLocation.find(target), variables: variables.values,
            files: ActorFiles(dataDirectory: try? data.resolved(in: context)),
            logger: StderrLogHandler.logger(context, isQuiet: true))
        if json {
            context.output.result(report.json)
            return report.status
        }
        for line in report.lines(width: context.output.width(.results)) {
            context.output.result(line)
        }
        for warning in report.warnings { context.output.message("warning: " + warning) }
        for finding in report.findings { context.output.message(finding.text) }
        if report.findings.isEmpty {
            context.output.result("ok")
        } else {
            let count = report.findings.count
            context.output.message(count == 1 ? "1 finding" : "\(count) findings")
        }
        return report.status
    }
}
