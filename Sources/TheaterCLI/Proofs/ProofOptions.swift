// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterChain

/// The option `--key`: whose signatures are trusted.
struct KeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The key of the node that is trusted, as its `theater chain keys` prints it, or a file "
                + "with that line.", valueName: "vkey|file"),
        completion: .file())
    var key: String

    /// The key that is meant.
    func verifier() throws(CLIError) -> VerifierKey {
        var text = key
        if !key.contains("+"), Files.kind(key) == .file {
            let bytes = try Files.read(key, sizeMax: 4096, status: .usage)
            text = String(decoding: bytes, as: UTF8.self)
            if text.hasSuffix("\n") { text.removeLast() }
        }
        let line = text
        return try CLIError.translatingProofs { () throws(ProofError) in
            try VerifierKey(line)
        }
    }
}

/// The option `--output`: where something goes instead of to standard output.
struct ProofOutputOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("Write it to a file.", valueName: "file"), completion: .file())
    var file: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    /// Shows a text: in the file, or on standard output, or with other facts as JSON.
    ///
    /// - Parameter what: what the text is, for somebody who gets it in a file.
    func show(
        _ text: String, _ what: String, _ facts: JSON, in context: CLIContext
    ) throws(CLIError) {
        if let file { try Files.write(Array(text.utf8), to: file) }
        if json {
            context.output.result(facts)
        } else if let file {
            context.output.result("'\(Printable.line(file))': \(what)")
        } else {
            context.output.write(Array(text.utf8), to: .results)
        }
    }
}

/// What proofs are made with: the chains, the key and the shelf of a data directory.
struct ProofDirectory {
    let chains: ChainDirectory
    private let path: String

    /// Opens the chains of a data directory.
    init(dataDirectory: String) throws(CLIError) {
        chains = try ChainDirectory(dataDirectory: dataDirectory)
        path = dataDirectory
    }

    /// Prepares to prove something about the chain that a text names; makes the key on first use.
    ///
    /// - Parameter progress: shows how far it is read.
    func prover(of text: String, _ progress: ProgressLine) throws(CLIError) -> ChainProver {
        let chain = try chains.chain(text)
        return try CLIError.translatingProofs { () throws(ProofError) in
            ChainProver(
                reader: chains.reader, actor: chain.actor,
                key: try NodeKeyFile.loadOrMake(in: path),
                shelf: CheckpointShelf(dataDirectory: path), progress: progress.report)
        }
    }
}
