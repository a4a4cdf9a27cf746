// SPDX-License-Identifier: Apache-2.0

/// How a call is written in a shell, for messages that show one.
enum CallLine: Sendable, Hashable {
    /// Options of a command that starts an actor: `--call greet --arg Ada`.
    case options
    /// A command of its own: `theater call greeter greet Ada`.
    case command(actor: String)

    /// The text of a call, as it can be pasted.
    func text(_ function: String, _ arguments: [String]) -> String {
        let words =
            switch self {
            case .options: ["--call", function] + arguments.flatMap { ["--arg", $0] }
            case .command(let actor):
                ["theater", "call", actor, function]
                    + (arguments.contains { $0.hasPrefix("-") } ? ["--"] : []) + arguments
            }
        return words.map(Self.word).joined(separator: " ")
    }

    /// A text as one word of a shell.
    static func word(_ text: String) -> String {
        if Printable.isPlain(text, others: "_-./:@%+,=") { return text }
        return "'" + text.replacing("'", with: #"'\''"#) + "'"
    }
}
