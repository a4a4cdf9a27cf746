// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterBuild

/// `theater new`: makes a project from a template.
struct NewCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a project from a template, in a new folder of its name.",
        discussion: """
            The templates are in the program: no network is needed, here or to build.

            Examples:
              theater new hello
              theater new meter --template text
              theater new --list
            """)

    @Argument(
        help: "The project's name: lower-case letters, digits and hyphens, a letter first.")
    var name: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The template; hello without it.", valueName: "template"),
        completion: .list(Templates.all.map(\.name)))
    var template: String?

    @Flag(help: "List the templates.")
    var list = false

    @Flag(help: "Print JSON: {\"name\", \"template\", \"files\"}, or one template on each line.")
    var json = false

    func validate() throws {
        if name == nil, !list {
            throw ValidationError(
                "a project needs a name: theater new NAME; --list shows templates")
        }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        guard let name, !list else {
            showTemplates(context.output)
            return .success
        }
        let files: [String]
        let template: Template
        do throws(BuildError) {
            template =
                if let wanted = self.template {
                    try Templates.named(wanted)
                } else if let first = Templates.all.first {
                    first
                } else {
                    throw BuildError(.unknownTemplate, "this program was built without templates")
                }
            files = try template.instantiate(name: name, into: name)
        } catch {
            throw CLIError(error)
        }
        if json {
            context.output.result(
                .object([
                    ("name", .string(name)), ("template", .string(template.name)),
                    ("files", .array(files.map(JSON.string))),
                ]))
        } else {
            for file in files { context.output.result(file) }
            context.output.message("next: cd \(name) && theater build && theater run")
        }
        return .success
    }

    private func showTemplates(_ output: any Output) {
        let width = Templates.all.map(\.name.count).max() ?? 0
        for template in Templates.all {
            if json {
                output.result(
                    .object([
                        ("name", .string(template.name)), ("summary", .string(template.summary)),
                    ]))
            } else {
                output.result("\(Printable.pad(template.name, width))  \(template.summary)")
            }
        }
    }
}
