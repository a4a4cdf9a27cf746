// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterChain

/// `theater chain export`: a chain with all that is needed to verify it, in one file.
struct ChainExportCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a chain into one file that others can verify.",
        discussion: """
            The bundle holds every event with its payload, the signed checkpoints, and the module and \
            the manifest when they are in the store or given. They must be those that the chain names. \
            Payloads may hold secrets: the file is readable by its owner only.

            Verify it with `theater verify BUNDLE --key KEY`, which needs nothing else.

            With --json: {"bundle", "actor", "count", "head", "root", "key", "checkpoints", \
            "first_time", "last_time", "modules", "manifests", "withheld"}.
            """)

    @Argument(
        help: ArgumentHelp("The chain.", valueName: "actor|name"),
        completion: NameCompletion.chains)
    var chain: String

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("The file to write.", valueName: "bundle"), completion: .file())
    var file: String

    @Option(
        help: ArgumentHelp("The actor's module.", valueName: "file"),
        completion: .file(extensions: ["wasm"]))
    var wasm: String?

    @Option(
        help: ArgumentHelp("The actor's manifest.", valueName: "file"),
        completion: .file(extensions: ["toml"]))
    var manifest: String?

    @OptionGroup var variables: VariableOptions

    @OptionGroup var data: DataOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if manifest == nil, !variables.values.isEmpty {
            throw ValidationError("--var goes with --manifest")
        }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let path = try data.resolved(in: context)
        let directory = try ProofDirectory(dataDirectory: path)
        let progress = ProgressLine("exporting", in: context, isQuiet: json)
        let prover = try directory.prover(of: chain, progress)
        var contents = try BundleContents(dataDirectory: path)
        // The whole chain is read for it.
        let named =
            wasm == nil && manifest == nil
            ? nil
            : try CLIError.translatingProofs { () throws(ProofError) in
                defer { progress.clear() }
                return try prover.contents()
            }
        if let wasm, let named {
            let module = try LoadedActor.wasm(at: wasm)
            contents.give(module: module)
            guard named.modules.contains(Digest.sha256(of: module)) else {
                throw Self.stranger("module", wasm, named.modules)
            }
        }
        if let manifest, let named {
            let bytes = try Files.read(manifest, sizeMax: 16 << 20, status: .manifest)
            try contents.give(manifest: bytes, file: manifest, variables: variables.values)
            guard contents.isGiven(named.manifests) else {
                throw Self.stranger("manifest", manifest, named.manifests)
            }
        }
        let report = try CLIError.translatingProofs { () throws(ProofError) in
            defer { progress.end() }
            return try prover.export(to: file, contents: contents)
        }
        if json {
            context.output.result(ProofText.json(report, file: file))
        } else {
            context.output.result("'\(Printable.line(file))': the chain of actor \(report.actor)")
            for line in ProofText.lines(report) { context.output.result(line) }
        }
        return .success
    }

    private static func stranger(
        _ kind: String, _ path: String, _ named: [Digest]
    ) -> CLIError {
        let digests = named.prefix(4).map(\.description).joined(separator: ", ")
        let names = digests.isEmpty ? "none" : digests
        return CLIError(
            .verification, ProofError.Code.wrongContent.rawValue,
            "'\(path)' is not the \(kind) of this chain, which names \(names); give the file that the "
                + "actor was started with"
                + (kind == "manifest" ? ", and the values of its variables with --var" : ""))
    }
}
