// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterChain
internal import TheaterEngine
internal import TheaterReplay

/// `theater verify`: whether a bundle is what a node recorded and signed.
struct VerifyCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify a bundle of `theater chain export` with the key of its node.",
        discussion: """
            Needs the file and the key; no data directory, no network. Every hash, payload and sequence \
            is checked, the Merkle root against the signed checkpoints, the module and manifest against \
            the digests in the chain. The exit code is 3 when anything does not fit.

            --checkpoint compares the bundle with a checkpoint that you kept: that it is one with what \
            the node signed then.

            --reexecute runs the module of the bundle against its events, too: every call is made again, \
            host calls are answered from the events after their input was compared. When all fits, the \
            events are exactly what this code does, none left out. The first difference is shown and the \
            exit code is 3; it is 1 when payloads are missing, so that not all can be run again.

            Examples:
              theater verify hello.bundle --key node.vkey
              theater verify hello.bundle --key node.vkey --reexecute
              theater verify hello.bundle --key node.vkey --checkpoint then.checkpoint

            With --json: {"valid", "bundle", "actor", "count", "head", "root", "key", "checkpoints", \
            "first_time", "last_time", "modules", "manifests", "withheld"}; with --reexecute also \
            "reexecuted": {"faithful", "counts", "other_code", "divergence", "first_withheld"}.
            """)

    @Argument(help: "The bundle.", completion: .file())
    var bundle: String

    @OptionGroup var key: KeyOptions

    @Option(
        name: .customLong("checkpoint"),
        help: ArgumentHelp("A checkpoint that you kept; may be repeated.", valueName: "file"),
        completion: .file())
    var checkpoints: [String] = []

    @Flag(help: "Run the module against the events, too.")
    var reexecute = false

    @Option(
        help: ArgumentHelp(
            "The module for --reexecute, when the bundle does not bring it.", valueName: "file"),
        completion: .file(extensions: ["wasm"]))
    var wasm: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if wasm != nil, !reexecute { throw ValidationError("--wasm goes with --reexecute") }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let progress = ProgressLine("verifying", in: context, isQuiet: json)
        defer { progress.end() }
        let report = try verified(progress)
        progress.clear()
        if !json {
            context.output.result("ok      the chain of actor \(report.actor)")
            for line in ProofText.lines(report) { context.output.result(line) }
        }
        let run = reexecute ? try await reexecution(report, progress) : nil
        progress.end()
        if json {
            context.output.result(
                ProofText.json(report, valid: true, file: bundle, reexecuted: run?.json()))
        } else if let run {
            for line in run.lines() { context.output.result(line) }
        }
        if let problem = run?.problem() { throw problem }
        return run?.verdict.isFaithful ?? true ? .success : .verification
    }

    /// Runs the module that the report names.
    private func reexecution(
        _ report: BundleReport, _ progress: ProgressLine
    ) async throws(CLIError) -> Reexecution {
        var module: [UInt8]?
        if let wasm {
            let bytes = try Files.read(wasm, sizeMax: ModuleCache.wasmSizeMax, status: .module)
            let digest = Digest.sha256(of: bytes)
            guard report.contents.modules.contains(digest) else {
                throw CLIError(
                    .module, ReplayError.Code.wrongDigest.rawValue,
                    "'\(Printable.line(wasm))' has the sha256 \(digest), which is no module of this "
                        + "chain; give one that the chain names")
            }
            module = bytes
        }
        return try await Reexecution(report, bundle: bundle, wasm: module, progress)
    }

    /// Verifies the bundle.
    private func verified(_ progress: ProgressLine) throws(CLIError) -> BundleReport {
        let key = try key.verifier()
        var notes: [[UInt8]] = []
        for path in checkpoints {
            notes.append(try Files.read(path, sizeMax: SignedNote.sizeMax, status: .usage))
        }
        let bundle = try BundleFile.regular(bundle)
        return try CLIError.translatingProofs { () throws(ProofError) in
            var anchors: [SignedNote] = []
            for note in notes { anchors.append(try SignedNote(note)) }
            return try BundleVerifier(key: key, anchors: anchors).verify(
                try FileSource(bundle), progress: progress.report)
        }
    }
}
