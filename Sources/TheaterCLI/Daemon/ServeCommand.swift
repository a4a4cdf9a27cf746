// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Logging
internal import TheaterNode
internal import TheaterPlatform
internal import TheaterServer
internal import TheaterTelemetry

/// `theater serve`: a node that stays.
struct ServeCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run a node that stays, and is reached through its API.",
        discussion: """
            The node has the data directory for itself, and listens at a Unix socket that only its \
            user may use: theater.sock in the data directory. It outlives its last actor, and starts the \
            actors of its roster; see `theater help up`.

            SIGTERM or Ctrl-C ends it in order: it takes no more requests, lets those it has finish, and \
            stops every actor within --grace; a second one ends the actors at once. Durable actors are spared, \
            and go on at the next start. SIGHUP has it read --config again; without one it ends the node in \
            order.

            Examples:
              theater serve
              theater serve --data /var/lib/theater
              theater serve --config /etc/theater/theater.toml
              theater run --detach
              theater ps

            Run by systemd with Type=notify, it says when it is ready, and takes sockets that are passed. \
            /healthz and /readyz answer without a credential.
            """)

    @OptionGroup var data: DataOptions

    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "A TOML file with these settings; what stands on the command line goes before it.",
            valueName: "file"),
        completion: .file(extensions: ["toml"]))
    var config: String?

    @Option(
        name: .customLong("socket"),
        help: ArgumentHelp(
            "Where the socket is; theater.sock in the data directory without it.", valueName: "path"
        ))
    var socket: String?

    @Option(
        name: .customLong("listen"),
        help: ArgumentHelp(
            "A port to be reached at too, with tokens: 127.0.0.1:PORT, or with TLS any address of this machine.",
            valueName: "address"))
    var listen: String?

    @Option(
        name: .customLong("tls-cert"),
        help: ArgumentHelp(
            "The certificate of that port, in PEM; what goes over the wire is encrypted then.",
            valueName: "file"),
        completion: .file())
    var certificate: String?

    @Option(
        name: .customLong("tls-key"),
        help: ArgumentHelp(
            "The certificate's key, in PEM, which its owner alone may read.", valueName: "file"),
        completion: .file())
    var key: String?

    @Option(
        name: .customLong("host-name"),
        help: ArgumentHelp(
            "A name by which clients call the node at that port; may be repeated.",
            valueName: "name"))
    var hostNames: [String] = []

    @Option(
        name: .customLong("idle-timeout"),
        help: ArgumentHelp(
            "How long a connection may be silent, or take to ask; 60s without it.",
            valueName: "duration"),
        transform: DurationOption.parse)
    var idleTimeout: Duration?

    @Option(
        name: .customLong("body-timeout"),
        help: ArgumentHelp(
            "How long the body of a request may take; 30s without it.", valueName: "duration"),
        transform: DurationOption.parse)
    var bodyTimeout: Duration?

    @Option(
        name: .customLong("requests-per-second"),
        help: ArgumentHelp(
            "How often in a second each token may ask; 0 for no bound, 1000 without it.",
            valueName: "number"))
    var requestsPerSecond: Int?

    @Option(
        help: ArgumentHelp(
            "How long actors may take to stop; 5s without it.", valueName: "duration"),
        transform: DurationOption.parse)
    var grace: Duration?

    @Option(
        help: ArgumentHelp(
            "How long requests may take to finish at the end; 10s without it.",
            valueName: "duration"),
        transform: DurationOption.parse)
    var drain: Duration?

    @Option(
        name: .customLong("roster"),
        help: ArgumentHelp(
            "A folder of actors that are to run, as `theater up` takes it; read again at SIGHUP.",
            valueName: "dir"),
        completion: .directory)
    var roster: String?

    @Flag(help: "Check --config and the other options, and start nothing.")
    var check = false

    @Flag(name: .shortAndLong, help: "Show no logs, only errors.")
    var quiet = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let sources = sources(in: context)
        let settings = try sources.settings()
        let telemetry: TelemetryOptions?
        do throws(TelemetryError) {
            telemetry = try TelemetryOptions { context.environment($0) }
        } catch {
            throw CLIError(.usage, error.code.rawValue, error.message)
        }
        var options = ServerOptions(
            socketPath: settings.socket, tokensPath: Files.join(settings.data, "tokens.json"),
            rosterPath: Files.join(settings.data, "roster.json"),
            version: CommandLineTool.version, dataDirectory: settings.data)
        if let listening = settings.listening {
            options.port = listening.port
            if let encryption = listening.encryption {
                options.address = listening.address
                options.encryption = encryption
            }
        }
        options.hostNames = settings.hostNames
        options.bodyTimeout = settings.bodyTimeout
        options.idleTimeout = settings.idleTimeout
        options.requestsPerSecond = settings.requestsPerSecond
        options.drain = settings.drain
        if check {
            try Self.check(settings, options)
            context.output.result("ok")
            return .success
        }
        options.passed = PassedSocket.all(
            count: context.environment("LISTEN_FDS"), process: context.environment("LISTEN_PID"))
        let level = LogLevel(settings.logLevel)
        let daemon = try Daemon(
            settings, options: options, telemetry: telemetry,
            notices: ServiceNotices(context.environment("NOTIFY_SOCKET")),
            logger: StderrLogHandler.logger(context, level), logLevel: level)
        try await daemon.run(sources)
        return .success
    }

    /// Looks at all that the settings name.
    private static func check(
        _ settings: ServeSettings, _ options: ServerOptions
    ) throws(CLIError) {
        do throws(ServerError) {
            try options.check()
        } catch {
            throw CLIError(error)
        }
        let folder = Files.folder(of: settings.socket)
        guard folder == settings.data || Files.kind(folder) == .folder else {
            throw .usage("the folder of the socket '\(settings.socket)' is not there; make it")
        }
        if let roster = settings.roster {
            _ = try RosterSource.read(roster, from: ActorFiles(dataDirectory: settings.data))
        }
    }

    /// What stands on the command line, with the file that it names.
    private func sources(in context: CLIContext) -> ServeSources {
        var line = ServeConfiguration()
        line.data = data.directory
        line.socket = socket
        line.listen = listen
        line.certificate = certificate
        line.key = key
        line.hostNames = hostNames.isEmpty ? nil : hostNames
        line.bodyTimeout = bodyTimeout
        line.requestsPerSecond = requestsPerSecond
        line.idleTimeout = idleTimeout
        line.drain = drain
        line.grace = grace
        line.logLevel = quiet ? .error : nil
        line.roster = roster
        let usual: Result<String, CLIError>
        do throws(CLIError) {
            usual = .success(try data.resolved(in: context))
        } catch {
            usual = .failure(error)
        }
        return ServeSources(line: line, file: config, usualData: usual)
    }
}
