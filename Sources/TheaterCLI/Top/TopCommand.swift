// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import TheaterAPI
internal import TheaterClient
internal import TheaterManifest
internal import TheaterPlatform

/// `theater top`: what the actors of a node do, as it goes on.
struct TopCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch what the actors of a node do.",
        discussion: """
            On a terminal the table stays and is drawn again at each --interval; q or Ctrl-C ends it. c, m, w \
            and n sort by calls, memory, waiting messages and name. Elsewhere, and with --once, it is \
            printed once: rates are those since the start.

            Examples:
              theater top
              theater top --sort memory --once
              theater top --json
            """)

    @Option(
        help: ArgumentHelp(
            "How long between two looks, from 100ms to 1h.", valueName: "duration"),
        transform: DurationOption.parse)
    var interval = Duration.seconds(1)

    @Option(help: "What to sort by: calls, memory, waiting or name.")
    var sort = TopTable.Order.calls

    @Flag(help: "Print the table once, on a terminal too.")
    var once = false

    @OptionGroup var client: ClientOptions

    @Flag(help: "Print one JSON object: the node in 'node', and its 'actors' with 'load'.")
    var json = false

    func validate() throws {
        guard interval >= .milliseconds(100), interval <= .seconds(3600) else {
            throw ValidationError("--interval is from 100ms to 1h")
        }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let (order, interval, output) = (sort, interval, context.output)
        guard !json, !once, output.isTerminal(.results), let screen = TopScreen() else {
            let look = try await client.withClient(in: context) { (client) throws(ClientError) in
                try await TopLook.take(client)
            }
            if json {
                output.result(look.json)
            } else {
                let table = TopTable(look, before: nil, order: order)
                for line in table.lines(width: output.tableWidth() ?? .max, height: .max) {
                    output.result(line)
                }
            }
            return .success
        }
        // Whatever happens, the terminal is as it was.
        defer { screen.close() }
        try await client.withClient(in: context) { (client) throws(ClientError) in
            try await Self.watch(client, screen, order, every: interval, output)
        }
        return .success
    }

    /// Draws until a key or a signal asks for the end.
    private static func watch(
        _ client: TheaterClient, _ screen: TopScreen, _ order: TopTable.Order,
        every interval: Duration, _ output: any Output
    ) async throws(ClientError) {
        let signals = SignalSource([SIGINT, SIGTERM, SIGHUP, SIGWINCH])
        defer { signals.cancel() }
        let (events, news) = AsyncStream.makeStream(
            of: TopEvent.self, bufferingPolicy: .bufferingNewest(16))
        let outcome: Result<Void, ClientError> = await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await signal in signals.signals {
                    news.yield(signal == SIGWINCH ? .redraw : .end)
                }
            }
            group.addTask {
                while (try? await Sleeper.sleep(for: interval)) != nil { news.yield(.look) }
            }
            screen.readKeys { key in news.yield(TopEvent(key: key)) }
            defer { group.cancelAll() }
            do throws(ClientError) {
                try await show(client, screen, order, events, output)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try outcome.get()
    }

    private static func show(
        _ client: TheaterClient, _ screen: TopScreen, _ order: TopTable.Order,
        _ events: AsyncStream<TopEvent>, _ output: any Output
    ) async throws(ClientError) {
        var order = order
        var before: TopLook?
        var look = try await TopLook.take(client)
        func draw() {
            let size = screen.size
            let lines = TopTable(look, before: before, order: order)
                .lines(width: size.columns, height: size.rows)
            screen.draw(lines, to: output)
        }
        draw()
        for await event in events {
            switch event {
            case .end: return
            case .redraw: break
            case .sort(let wanted): order = wanted
            case .look:
                let next = try await TopLook.take(client)
                (before, look) = (look, next)
            }
            if output.isBroken { return }
            draw()
        }
    }
}

/// What makes the table be drawn again, or ends it.
enum TopEvent: Sendable {
    case look, redraw, end
    case sort(TopTable.Order)

    /// What a key asks for.
    init(key: UInt8) {
        switch key {
        case UInt8(ascii: "q"), UInt8(ascii: "Q"), 0x1B: self = .end
        case UInt8(ascii: "c"): self = .sort(.calls)
        case UInt8(ascii: "m"): self = .sort(.memory)
        case UInt8(ascii: "w"): self = .sort(.waiting)
        case UInt8(ascii: "n"): self = .sort(.name)
        default: self = .redraw
        }
    }
}
