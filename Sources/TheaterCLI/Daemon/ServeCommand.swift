// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Logging
internal import TheaterNode
internal import TheaterPlatform
internal import TheaterServer

/// `theater serve`: a node that stays.
struct ServeCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run a node that stays, and is reached through its API.",
        discussion: """
            The node has the data directory for itself, and listens at a Unix socket that only its \
            user may use: theater.sock in the data directory. It outlives its last actor.

            SIGTERM or Ctrl-C ends it in order: it takes no more requests, lets those it has finish, and \
            stops every actor within --grace; a second one ends the actors at once.

            Examples:
              theater serve
              theater serve --data /var/lib/theater
              theater run --detach
              theater ps

            Run by systemd with Type=notify, it says when it is ready. /healthz and /readyz answer \
            without a credential.
            """)

    @OptionGroup var data: DataOptions

    @Option(
        name: .customLong("socket"),
        help: ArgumentHelp(
            "Where the socket is; theater.sock in the data directory without it.", valueName: "path"
        ))
    var socket: String?

    @Option(
        name: .customLong("listen"),
        help: ArgumentHelp(
            "A port of this machine alone to be reached at too, with tokens: 127.0.0.1:PORT.",
            valueName: "address"))
    var listen: String?

    @Option(
        name: .customLong("idle-timeout"),
        help: ArgumentHelp(
            "How long a connection may be silent, or take to ask.", valueName: "duration"),
        transform: DurationOption.parse)
    var idleTimeout = Duration.seconds(60)

    @Option(
        help: ArgumentHelp("How long actors may take to stop.", valueName: "duration"),
        transform: DurationOption.parse)
    var grace = Duration.seconds(5)

    @Option(
        help: ArgumentHelp(
            "How long requests may take to finish at the end.", valueName: "duration"),
        transform: DurationOption.parse)
    var drain = Duration.seconds(10)

    @Flag(name: .shortAndLong, help: "Show no logs, only errors.")
    var quiet = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let directory = try data.resolved(in: context)
        var options = ServerOptions(
            socketPath: socket ?? Files.join(directory, "theater.sock"),
            tokensPath: Files.join(directory, "tokens.json"), version: CommandLineTool.version,
            dataDirectory: directory)
        options.port = try port()
        options.idleTimeout = idleTimeout
        options.drain = drain
        let daemon = try Daemon(
            dataDirectory: directory, options: options, grace: grace,
            notices: ServiceNotices(context.environment("NOTIFY_SOCKET")),
            logger: StderrLogHandler.logger(context, isQuiet: quiet))
        try await daemon.run()
        return .success
    }

    /// The port that `--listen` names.
    private func port() throws(CLIError) -> Int? {
        guard let listen else { return nil }
        let parts = listen.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let port = UInt16(parts[1]) else {
            throw .usage("'\(listen)' is no address; write 127.0.0.1:PORT")
        }
        guard ["127.0.0.1", "localhost"].contains(parts[0]) else {
            throw CLIError(
                .usage, ServerError.Code.notLoopback.rawValue,
                "'\(listen)' is reached from elsewhere, and what goes over the wire would be in the clear; "
                    + "write 127.0.0.1:\(port), and reach it through a tunnel")
        }
        return Int(port)
    }
}

/// What a service manager wants to know, if there is one.
struct ServiceNotices: Sendable {
    private let path: String?

    /// - Parameter path: what `NOTIFY_SOCKET` says.
    init(_ path: String?) { self.path = path?.isEmpty == false ? path : nil }

    /// The node takes work.
    func ready(_ words: String) { send("READY=1\nMAINPID=\(ThisProcess.number)\nSTATUS=\(words)") }

    /// The node is ending.
    func stopping() { send("STOPPING=1\nSTATUS=stopping") }

    private func send(_ text: String) {
        if let path { LocalSocket.send(text, to: path) }
    }
}
