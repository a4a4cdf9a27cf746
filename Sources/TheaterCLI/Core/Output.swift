// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterPlatform

/// Where a command writes to.
public enum OutputStream: Sendable, Hashable {
    /// Results: standard output.
    case results
    /// Logs, progress and errors: standard error.
    case messages
}

/// Takes what a command writes. Tests capture it.
public protocol Output: Sendable {
    /// Writes bytes, all or as many as can be written.
    func write(_ bytes: [UInt8], to stream: OutputStream)
    /// Whether people read the stream, rather than a program.
    func isTerminal(_ stream: OutputStream) -> Bool
    /// How many columns a line of the stream may have.
    func width(_ stream: OutputStream) -> Int
    /// Whether nobody reads the results any more, so that there is no use in going on.
    var isBroken: Bool { get }
}

extension Output {
    /// The width of what is not a terminal.
    public static var defaultWidth: Int { 80 }

    /// Writes a line of results.
    func result(_ line: String) { write(Array((line + "\n").utf8), to: .results) }

    /// Writes lines of results at once.
    func results(_ lines: some Sequence<String>) {
        var text: [UInt8] = []
        for line in lines {
            text += line.utf8
            text.append(UInt8(ascii: "\n"))
        }
        if !text.isEmpty { write(text, to: .results) }
    }

    /// Writes a line for people.
    func message(_ line: String) { write(Array((line + "\n").utf8), to: .messages) }

    /// Writes results as one line of JSON.
    func result(_ json: JSON) { result(json.description) }
}

/// What a command stands on: its streams and its surroundings.
public struct CLIContext: Sendable {
    /// Where it writes.
    public var output: any Output
    /// Reads all of standard input, at most so many bytes.
    public var input: @Sendable (_ sizeMax: Int) throws(CLIError) -> [UInt8]
    /// Looks up a variable of the environment.
    public var environment: @Sendable (String) -> String?
    /// The next line that somebody types, or `nil` when there are no more; is `nil` itself when standard
    /// input is no terminal.
    public var lines: (@Sendable () -> String?)?
    /// What time it is, for what is shown as it goes on.
    var now: @Sendable () -> MonotonicTime = { MonotonicTime.now() }
    /// All variables of the environment, for tools that are started.
    public var variables: @Sendable () -> [String: String]

    /// Makes a context.
    public init(
        output: any Output, input: @escaping @Sendable (Int) throws(CLIError) -> [UInt8],
        environment: @escaping @Sendable (String) -> String?,
        variables: @escaping @Sendable () -> [String: String]
    ) {
        self.output = output
        self.input = input
        self.environment = environment
        self.variables = variables
    }

    /// Whether a stream is shown in colour: on a terminal, unless `NO_COLOR` says no.
    func usesColour(_ stream: OutputStream) -> Bool {
        output.isTerminal(stream) && (environment("NO_COLOR") ?? "").isEmpty
            && environment("TERM") != "dumb"
    }
}
