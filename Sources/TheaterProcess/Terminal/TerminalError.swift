// SPDX-License-Identifier: Apache-2.0

/// Why something could not be done with the terminal.
public struct TerminalError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The node has no terminal.
        case none = "terminal.none"
        /// Another actor holds it.
        case taken = "terminal.taken"
        /// The actor hears its input already.
        case inputEnabled = "terminal.input-enabled"
        /// More bytes than may be written at once.
        case tooLarge = "terminal.too-large"
        /// Too much waits to be written.
        case busy = "terminal.busy"
        /// Nobody reads what is written, or the node is closing.
        case closed = "terminal.closed"
        /// The system refused.
        case failed = "terminal.failed"
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

    static let none = TerminalError(
        .none, "the node has no terminal here; start it from one, without redirecting its input")
    static let taken = TerminalError(
        .taken, "another actor holds the terminal; wait until it has ended")
    static let closed = TerminalError(
        .closed, "the terminal is gone, or the node is closing; write nothing further")

    static func failed(_ what: String, _ number: Int32) -> TerminalError {
        TerminalError(
            .failed, "the system refuses to \(what): \(SystemError.text(number)); try without it")
    }
}
