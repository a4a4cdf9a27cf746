// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterChain

/// `theater chain checkpoint`: a signed statement of what a chain holds.
struct ChainCheckpointCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Sign how long a chain is and what it holds.",
        discussion: """
            Prints a signed note: whose chain it is, the number of events, the root of the Merkle tree \
            over them, and the head. Keep it where nobody who can write the journal can reach: it is \
            what shows later that nothing was changed or cut.

            The chain is verified first. Nothing is signed that contradicts what was signed before; the \
            exit code is 3 then. The key of the node is made on first use.

            With --json: {"actor", "size", "root", "head", "key", "checkpoint"}.
            """)

    @Argument(
        help: ArgumentHelp("The chain.", valueName: "actor|name"),
        completion: NameCompletion.chains)
    var chain: String

    @Option(help: ArgumentHelp("Of the first so many events; of all without.", valueName: "n"))
    var size: UInt64?

    @OptionGroup var data: DataOptions

    @OptionGroup var output: ProofOutputOptions

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let directory = try ProofDirectory(dataDirectory: data.resolved(in: context))
        let progress = ProgressLine("reading", in: context, isQuiet: output.json)
        let prover = try directory.prover(of: chain, progress)
        let signed = try CLIError.translatingProofs { () throws(ProofError) in
            defer { progress.end() }
            return try prover.checkpoint(size: size)
        }
        let checkpoint = signed.checkpoint
        try output.show(
            "\(signed.note)", "\(checkpoint.size) events of actor \(checkpoint.actor)",
            ProofText.json(signed), in: context)
        return .success
    }
}

/// `theater chain keys`: the key that the node signs with.
struct ChainKeysCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Print the public key that checkpoints are verified with.",
        discussion: """
            Give this line to those who shall verify, by a way that they trust. The private key is in \
            the data directory, in keys/node.key, for its owner alone; it is made on first use.

            With --json: {"name", "key", "file"}.
            """)

    @Option(
        help: ArgumentHelp(
            "The name of the key when it is made, such as example.com/node-1; it cannot be changed "
                + "later.", valueName: "name"))
    var name: String?

    @OptionGroup var data: DataOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let directory = try data.resolved(in: context)
        try Files.makeFolders(directory)
        let key = try CLIError.translatingProofs { () throws(ProofError) in
            try NodeKeyFile.loadOrMake(in: directory, name: name).verifier
        }
        if let name, name != key.name {
            throw .usage(
                "the node has a key already, and its name is '\(key.name)'; go without --name, or use "
                    + "another data directory")
        }
        if json {
            context.output.result(
                .object([
                    ("name", .string(key.name)), ("key", .string("\(key)")),
                    ("file", .string(NodeKeyFile.path(in: directory))),
                ]))
        } else {
            context.output.result("\(key)")
        }
        return .success
    }
}
