// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI

/// Why a command could not do what it was asked: the text for people and the status for the shell.
public struct CLIError: Error, Sendable, Hashable {
    /// How the process ends.
    public let status: CommandStatus
    /// What kind of failure it is, dotted and stable, such as `manifest.unknown-key`.
    public let code: String
    /// What failed, on which thing, why, and what to do.
    public let message: String
    /// Whether the message begins with a place (`file:line:column:`) and is shown as it is.
    public let isVerbatim: Bool

    /// Makes an error.
    public init(
        _ status: CommandStatus, _ code: String, _ message: String, isVerbatim: Bool = false
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.isVerbatim = isVerbatim
    }

    /// Wrong arguments.
    static func usage(_ message: String) -> CLIError {
        CLIError(.usage, "cli.usage", message)
    }

    /// The message as people read it where nothing else says that it is an error.
    var text: String { isVerbatim ? sentence : "error: \(sentence)" }

    /// The message with the code behind it, unless the message names its code already.
    var sentence: String {
        isVerbatim || message.contains("[\(code)]") ? message : "\(message) [\(code)]"
    }

    /// The documented form for programs.
    var json: JSON {
        .object([("error", member)])
    }

    /// The error inside of other results for programs.
    var member: JSON {
        // Most messages end in their code, which has a field of its own here.
        let message = message.replacing(" [\(code)]", with: "")
        return .object([("code", .string(code)), ("message", .string(message))])
    }
}
