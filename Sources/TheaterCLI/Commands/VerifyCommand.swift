// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterChain

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

            Examples:
              theater verify hello.bundle --key node.vkey
              theater verify hello.bundle --key node.vkey --checkpoint then.checkpoint

            With --json: {"valid", "bundle", "actor", "count", "head", "root", "key", "checkpoints", \
            "first_time", "last_time", "modules", "manifests", "withheld"}.
            """)

    @Argument(help: "The bundle.", completion: .file())
    var bundle: String

    @OptionGroup var key: KeyOptions

    @Option(
        name: .customLong("checkpoint"),
        help: ArgumentHelp("A checkpoint that you kept; may be repeated.", valueName: "file"),
        completion: .file())
    var checkpoints: [String] = []

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let report = try verified()
        if json {
            context.output.result(ProofText.json(report, valid: true, file: bundle))
        } else {
            context.output.result("ok      the chain of actor \(report.actor)")
            for line in ProofText.lines(report) { context.output.result(line) }
        }
        return .success
    }

    /// Verifies the bundle. What goes on from here may read it again with ``BundleReader``.
    private func verified() throws(CLIError) -> BundleReport {
        let key = try key.verifier()
        var notes: [[UInt8]] = []
        for path in checkpoints {
            notes.append(try Files.read(path, sizeMax: SignedNote.sizeMax, status: .usage))
        }
        guard Files.isRegular(bundle) else {
            throw CLIError(
                .usage, "cli.unreadable", "'\(bundle)' is not a file; give the path of a bundle")
        }
        return try CLIError.translatingProofs { () throws(ProofError) in
            var anchors: [SignedNote] = []
            for note in notes { anchors.append(try SignedNote(note)) }
            return try BundleVerifier(key: key, anchors: anchors).verify(try FileSource(bundle))
        }
    }
}
