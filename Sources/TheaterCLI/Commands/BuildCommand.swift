// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterBuild

/// `theater build`: compiles an actor to WebAssembly.
struct BuildCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Build an actor: generate its bindings, compile, link, and check the module.",
        discussion: """
            Needs a Swift toolchain, 6.3 or newer, and nothing from the network. What the compiler \
            says is shown as it is.

            Examples:
              theater build
              theater build actors/crawler --json

            With --json one object {"module", "size", "sha256", "seconds", "up_to_date", "imports", \
            "exports"}.
            """)

    @Argument(
        help: ArgumentHelp("The project's folder; the current one without it.", valueName: "dir"),
        completion: .directory)
    var directory = "."

    @Flag(help: "Build even when nothing changed.")
    var force = false

    @Flag(help: "Aim at fast code instead of small code.")
    var speed = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let output = context.output
        var options = BuildOptions(environment: context.variables())
        options.isForced = force
        options.optimization = speed ? .speed : .size
        options.isColored = context.usesColour(.messages)
        let product: BuildProduct
        do throws(BuildError) {
            let project = try ActorProject.load(directory: directory)
            product = try ActorBuilder(options: options).build(project) { progress in
                if !json { output.message(Self.text(progress)) }
            }
        } catch {
            throw CLIError(error)
        }
        if !product.warnings.isEmpty { output.write(Array(product.warnings.utf8), to: .messages) }
        if json { output.result(Self.json(product)) } else { show(product, output) }
        return .success
    }

    private static func text(_ progress: BuildProgress) -> String {
        switch progress {
        case .compilingSDK: "compiling the guest SDK, once for this toolchain"
        case .compiling(let files): "compiling \(files == 1 ? "1 file" : "\(files) files")"
        case .linking: "linking"
        }
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue
            &+ attoseconds / 1_000_000_000
    }

    private func show(_ product: BuildProduct, _ output: any Output) {
        let time = DurationLabel.format(nanoseconds: Self.nanoseconds(product.duration))
        let state = product.isUpToDate ? "up to date" : "built in \(time)"
        output.result("\(product.wasmPath)  \(SizeText.format(product.size)), \(state)")
        output.result("sha256   \(product.sha256)")
        for item in product.imports {
            output.result("imports  \(item.interface): \(item.functions.joined(separator: ", "))")
        }
        for name in product.exports { output.result("exports  \(name)") }
    }

    private static func json(_ product: BuildProduct) -> JSON {
        .object([
            ("module", .string(product.wasmPath)), ("size", .integer(product.size)),
            ("sha256", .string(product.sha256)),
            ("seconds", .number("\(Double(nanoseconds(product.duration)) / 1_000_000_000)")),
            ("up_to_date", .bool(product.isUpToDate)),
            (
                "imports",
                .array(
                    product.imports.map { item in
                        .object([
                            ("interface", .string(item.interface)), ("hash", .string(item.hash)),
                            ("functions", .array(item.functions.map(JSON.string))),
                        ])
                    })
            ), ("exports", .array(product.exports.map(JSON.string))),
        ])
    }
}
