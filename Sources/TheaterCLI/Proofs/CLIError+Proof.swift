// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain

extension CLIError {
    /// A proof, key or bundle that does not hold, or that cannot be made.
    init(_ error: ProofError) {
        let status: CommandStatus =
            switch error.code {
            case .badKey, .outOfRange: .usage
            case .keyFile, .disk, .journal: .data
            case .badNote, .badCheckpoint, .badProof, .badBundle, .unknownKey, .badSignature,
                .wrongChain, .wrongPath, .wrongRoot, .wrongEvent, .brokenChain, .wrongContent,
                .contradiction:
                .verification
            }
        self.init(status, error.code.rawValue, error.description)
    }

    /// Runs operations on proofs.
    static func translatingProofs<Result>(
        _ body: () throws(ProofError) -> Result
    ) throws(CLIError) -> Result {
        do throws(ProofError) {
            return try body()
        } catch {
            throw CLIError(error)
        }
    }
}
