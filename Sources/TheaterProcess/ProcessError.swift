// SPDX-License-Identifier: Apache-2.0

/// Why a program could not be started, or something could not be done with it.
public struct ProcessError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The node has no launcher, or cannot run it.
        case unavailable = "process.unavailable"
        /// The system did not start the program.
        case spawnFailed = "process.spawn-failed"
        /// The kernel refused the sandbox.
        case sandboxRefused = "process.sandbox-refused"
        /// The program is named in a way that is not allowed.
        case badProgram = "process.bad-program"
        /// There is no such program, or it cannot be run.
        case noProgram = "process.no-program"
        /// The grant does not have the program.
        case programDenied = "process.program-denied"
        /// The program is not the one that is pinned.
        case wrongDigest = "process.wrong-digest"
        /// The folder is not one that a process may start in.
        case folderDenied = "process.folder-denied"
        /// An argument has a NUL.
        case badArgument = "process.bad-argument"
        /// A variable's name or value is malformed.
        case badVariable = "process.bad-variable"
        /// The grant does not have the variable.
        case variableDenied = "process.variable-denied"
        /// The arguments and the environment are too large.
        case tooLarge = "process.too-large"
        /// The program's input is closed.
        case inputClosed = "process.input-closed"
    }

    /// What went wrong.
    public let code: Code
    /// What failed, on which thing, why, and what to do.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message and the code.
    public var description: String { "\(message) [\(code.rawValue)]" }
}
