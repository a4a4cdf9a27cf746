// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterClient
internal import TheaterManifest
internal import TheaterPact
internal import TheaterRuntime
internal import TheaterValue

/// What a message says.
struct MessageBody: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The message; standard input without it.", valueName: "message"))
    var message: String?

    func bytes(in context: CLIContext) throws(CLIError) -> [UInt8] {
        if let message { return Array(message.utf8) }
        return try context.input(RunPlan.inputSizeMax)
    }
}

/// How long an answer may take.
struct TimeoutOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How long the answer may take, at most 10m.", valueName: "duration"),
        transform: DurationOption.parse)
    var timeout = Duration.seconds(30)

    var text: String { DurationText.format(timeout) }
}

/// `theater send`: a one-way message.
struct SendCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Send a one-way message to an actor of a node.",
        discussion: """
            It is in the actor's mailbox when the command ends; what the actor does with it is not told.

            Examples:
              theater send greeter hello
              theater send greeter < picture.png

            With --json: {"actor", "size"}, as it was named, and how many bytes the message has.
            """)

    @OptionGroup var target: ActorArgument
    @OptionGroup var body: MessageBody
    @OptionGroup var client: ClientOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let (actor, bytes) = (target.actor, try body.bytes(in: context))
        try await client.withClient(in: context) { (client) throws(ClientError) in
            try await client.send(actor, bytes)
        }
        if json {
            context.output.result(
                .object([("actor", .string(actor)), ("size", .integer(bytes.count))]))
        }
        return .success
    }
}

/// `theater request`: asks and prints the answer.
struct RequestCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "request",
        abstract: "Ask an actor of a node, and print its answer as it is.")

    @OptionGroup var target: ActorArgument
    @OptionGroup var body: MessageBody
    @OptionGroup var timeout: TimeoutOption
    @OptionGroup var client: ClientOptions

    @Flag(help: "Print one JSON object: the answer as 'text' if it is UTF-8, and as 'hex'.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let (actor, limit, bytes) = (target.actor, timeout.text, try body.bytes(in: context))
        let answer = try await client.withClient(in: context) { (client) throws(ClientError) in
            try await client.request(actor, bytes, timeout: limit)
        }
        if json {
            let text = String(validating: answer, as: UTF8.self)
            context.output.result(
                ["text": .optional(text), "hex": .string(Hexadecimal.encode(answer))]
                    as JSONValue)
        } else if context.output.isTerminal(.results) {
            context.output.result(Printable.onTerminal(String(decoding: answer, as: UTF8.self)))
        } else {
            context.output.write(answer, to: .results)
        }
        return .success
    }
}

/// `theater call`: calls an export.
struct CallCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "call",
        abstract: "Call an export of an actor of a node, and print its answer.",
        discussion: """
            Arguments and answers are as with `theater run --call`.

            Examples:
              theater call greeter greet World
              theater call sums add 2 3
              theater call text measure --stdin < README.md
              theater call sums add -2 3
            """)

    @OptionGroup var target: ActorArgument

    @Argument(
        help: ArgumentHelp("The function, or the end of its name."),
        completion: NameCompletion.functions)
    var function: String

    @Argument(help: ArgumentHelp("The arguments.", valueName: "value"))
    var arguments: [String] = []

    @Flag(name: .customLong("stdin"), help: "Standard input is the last argument.")
    var takesInput = false

    @OptionGroup var timeout: TimeoutOption
    @OptionGroup var client: ClientOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    @Flag(help: "Print the answer in the text form, strings in quotes.")
    var text = false

    // As they are written behind `theater run`: not meant here, but understood.
    @Option(name: .customLong("call"), help: .hidden) var misplacedCalls: [String] = []
    @Option(name: .customLong("arg"), help: .hidden) var misplacedArguments: [String] = []

    func validate() throws {
        if json, text { throw ValidationError("--json and --text exclude each other") }
        guard misplacedCalls.isEmpty, misplacedArguments.isEmpty else {
            let first = Array(misplacedCalls.prefix(1))
            let words: [String] = first + [function] + arguments + misplacedArguments
            let line = CallLine.command(actor: target.actor)
                .text(words.first ?? function, Array(words.dropFirst()))
            throw ValidationError(
                "`theater call` takes the function and its arguments without options: `\(line)`")
        }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let input = takesInput ? try context.input(RunPlan.inputSizeMax) : nil
        let (actor, limit) = (target.actor, timeout.text)
        let typed = CallArguments.Call(
            function: function, arguments: arguments, takesInput: takesInput)
        let report = RunReport(
            output: context.output, format: json ? .json : text ? .text : .plain)
        let exports = try await client.withClient(in: context) { (client) throws(ClientError) in
            try await client.functions(of: actor)
        }
        let call = try Self.resolver(exports, of: actor).resolve(typed, input: input)
        let body: [UInt8]
        do throws(CGRFError) {
            body = try CGRF.encode(.tuple(call.arguments))
        } catch {
            throw CLIError(error, of: "the arguments")
        }
        let outcome = try await client.withClient(in: context) {
            (client) throws(ClientError) -> Result<[UInt8], ClientError> in
            do throws(ClientError) {
                return .success(
                    try await client.call(
                        actor, call.function, arguments: body, timeout: limit))
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(let answer):
            report.answered(call.function, try Self.value(answer))
            return .success
        case .failure(let error):
            if json, let value = error.problem?.value {
                context.output.result(
                    [
                        "call": .string(call.function), "err": value["value"] ?? .null,
                        "text": value["text"] ?? .null,
                    ] as JSONValue)
            }
            throw CLIError(error)
        }
    }

    private static func value(_ bytes: [UInt8]) throws(CLIError) -> Value {
        do throws(CGRFError) {
            return try CGRF.decode(bytes)
        } catch {
            throw CLIError(error, of: "the answer")
        }
    }

    /// What the node says of the actor's exports.
    private static func resolver(
        _ exports: JSONValue, of actor: String
    ) throws(CLIError) -> CallResolver {
        let names = (exports["functions"]?.array ?? []).compactMap { $0["name"]?.string }
        var metadata: PackageMetadata?
        if let bytes = exports["metadata"]?.string.flatMap({ Base64.decode($0) }) {
            do throws(PactError) {
                metadata = try PackageMetadata(decoding: bytes)
            } catch {
                throw CLIError(error)
            }
        }
        var resolver = CallResolver(names: names, metadata: metadata)
        resolver.line = .command(actor: actor)
        return resolver
    }
}
