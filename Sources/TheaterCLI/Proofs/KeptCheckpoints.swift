// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterPlatform

/// What the node signed of its chains before, to compare them with.
struct KeptCheckpoints {
    /// What a comparison found.
    struct Finding {
        /// How many events the checkpoints that were compared are of.
        var sizes: [UInt64] = []
        /// Why the chain is not the one that was signed.
        var problem: ProofError?
    }

    private let reader: JournalReader
    private let key: NodeKey?
    private let shelf: CheckpointShelf
    private let progress: ProgressLine

    /// Opens the shelf of a data directory. Without a key nothing was signed.
    ///
    /// - Parameter progress: shows how far a comparison has come, and is wiped after each.
    init(
        dataDirectory: String, reader: JournalReader, progress: ProgressLine
    ) throws(CLIError) {
        self.reader = reader
        self.progress = progress
        shelf = CheckpointShelf(dataDirectory: dataDirectory)
        key = try CLIError.translatingProofs { () throws(ProofError) in
            try NodeKeyFile.load(from: dataDirectory)
        }
    }

    /// The chains of which something is kept and the journal has nothing.
    func missing() throws(CLIError) -> [ProofError] {
        guard let key else { return [] }
        let actors = try CLIError.translatingProofs { () throws(ProofError) in
            try shelf.actors(key.verifier)
        }
        var problems: [ProofError] = []
        for actor in actors where reader.summary(of: actor) == nil {
            if let problem = try compare(actor).problem { problems.append(problem) }
        }
        return problems
    }

    /// Compares a chain, which was verified, with all that is kept of it.
    func compare(_ actor: ActorID) throws(CLIError) -> Finding {
        defer { progress.clear() }
        guard let key else { return Finding() }
        let prover = ChainProver(
            reader: reader, actor: actor, key: key, shelf: shelf, progress: progress.report)
        do throws(ProofError) {
            return Finding(sizes: try prover.compareWithKept())
        } catch {
            let problem = CLIError(error)
            guard problem.status == .verification else { throw problem }
            return Finding(problem: error)
        }
    }
}
