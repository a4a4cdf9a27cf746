// SPDX-License-Identifier: Apache-2.0

/// How a command ended, as its process tells the shell. The numbers are stable.
public enum CommandStatus: Int32, Sendable, Hashable, CaseIterable {
    /// The command did what it was asked.
    case success = 0
    /// The actor failed or answered with an error, or a check has findings.
    case failure = 1
    /// The command line is wrong: an unknown option, a bad value, an unknown function.
    case usage = 2
    /// A chain or a blob is not as it was recorded, or code does not do what a chain says.
    case verification = 3
    /// A manifest or a configuration is missing or wrong.
    case manifest = 4
    /// The module is missing, is no actor, or cannot be loaded.
    case module = 5
    /// An import of the actor is not granted, not offered, or not the same.
    case importRefused = 6
    /// The actor could not be built.
    case build = 7
    /// The data directory is in use, or cannot be used.
    case data = 8
    /// A signal ended the run before it was done.
    case interrupted = 9
    /// No node answers, or it takes no work.
    case unreachable = 10
    /// The node refuses the credential.
    case refused = 11
    /// Something that should not happen; worth a report.
    case `internal` = 70

    /// What the status means, for the help text and the manual.
    public var summary: String {
        switch self {
        case .success: "done"
        case .failure: "the actor failed or answered with an error; a check has a finding"
        case .usage: "wrong arguments, a bad value, or a function the actor does not have"
        case .verification: "a chain, blob, proof, bundle or replay is not as it was recorded"
        case .manifest: "a manifest or a configuration is missing or wrong"
        case .module: "the module is missing, is no actor, or does not load"
        case .importRefused: "an import is not granted, not offered, or not the same"
        case .build: "the actor could not be built"
        case .data: "the data directory is in use or cannot be used"
        case .interrupted: "a signal ended the run before it was done"
        case .unreachable: "no node answers, or it takes no work"
        case .refused: "the node refuses the credential"
        case .internal: "an internal error; please report it"
        }
    }

    /// All statuses as lines of text.
    static var table: String {
        allCases.map { status in
            let number = String(status.rawValue)
            return String(repeating: " ", count: 4 - number.count) + number + "  " + status.summary
        }.joined(separator: "\n")
    }
}
