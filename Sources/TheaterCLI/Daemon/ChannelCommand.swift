// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterClient
internal import TheaterPlatform

/// `theater channel`: talks with an actor.
struct ChannelCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "channel",
        abstract: "Open a channel to an actor of a node, and talk with it.",
        discussion: """
            Each line of standard input is a message, and each message of the actor a line of output. \
            The channel lasts until the actor closes it, until Ctrl-C, or with --count until so many \
            messages came.

            Examples:
              theater channel chat
              printf 'one\\ntwo\\n' | theater channel echo --count 2
            """)

    @OptionGroup var target: ActorArgument

    @Option(
        help: ArgumentHelp("What comes with the offer of the channel.", valueName: "message"))
    var hello = ""

    @Option(help: "Close the channel after so many messages of the actor.")
    var count: Int?

    @OptionGroup var timeout: TimeoutOption
    @OptionGroup var client: ClientOptions

    @Flag(help: "Print one JSON object for each message: 'text' if it is UTF-8, and 'hex'.")
    var json = false

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count is at least 1") }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let (actor, hello, limit) = (target.actor, Array(hello.utf8), timeout.text)
        let (wanted, json, output) = (count, json, context.output)
        let (lines, typing) = try Self.lines(in: context)
        try await client.withClient(in: context) { (client) throws(ClientError) in
            let (channels, opening) = AsyncStream.makeStream(
                of: ClientChannel.self, bufferingPolicy: .bufferingOldest(1))
            async let sending: Void = Self.send(lines, on: channels)
            var left = wanted
            let outcome: Result<Void, ClientError>
            do throws(ClientError) {
                try await client.channel(actor, hello, timeout: limit) { channel in
                    opening.yield(channel)
                } take: { message in
                    Self.show(message, json: json, output)
                    left = left.map { $0 - 1 }
                    return left != 0 && !output.isBroken
                }
                outcome = .success(())
            } catch {
                outcome = .failure(error)
            }
            opening.finish()
            // Who types is not waited for.
            typing.finish()
            await sending
            try outcome.get()
        }
        return .success
    }

    /// What somebody types, or all of standard input, line by line.
    private static func lines(in context: CLIContext) throws(CLIError) -> (
        AsyncStream<[UInt8]>, AsyncStream<[UInt8]>.Continuation
    ) {
        let (lines, typing) = AsyncStream.makeStream(
            of: [UInt8].self, bufferingPolicy: .bufferingOldest(1 << 20))
        if let next = context.lines {
            // Reading from a terminal waits for somebody.
            let hasStarted = WorkerThread.start(name: "typing") {
                while let line = next() { typing.yield(Array(line.utf8)) }
                typing.finish()
            }
            guard hasStarted else {
                throw CLIError(
                    .internal, "cli.internal", "the system gives no thread to read lines with")
            }
        } else {
            let input = try context.input(RunPlan.inputSizeMax)
            for line in input.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast(
                input.last == 0x0A || input.isEmpty ? 1 : 0)
            {
                typing.yield(Array(line))
            }
            typing.finish()
        }
        return (lines, typing)
    }

    private static func send(
        _ lines: AsyncStream<[UInt8]>, on channels: AsyncStream<ClientChannel>
    ) async {
        for await channel in channels {
            for await line in lines {
                // A channel that is closed shows in what it says.
                guard (try? await channel.send(line)) != nil else { return }
            }
            return
        }
    }

    private static func show(_ message: [UInt8], json: Bool, _ output: any Output) {
        let text = String(validating: message, as: UTF8.self)
        if json {
            output.result(
                ["text": .optional(text), "hex": .string(Hexadecimal.encode(message))]
                    as JSONValue)
        } else if output.isTerminal(.results) {
            output.result(Printable.onTerminal(String(decoding: message, as: UTF8.self)))
        } else {
            output.write(message + [0x0A], to: .results)
        }
    }
}
