// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import TheaterManifest
internal import TheaterServer

/// What the file of `theater serve --config` says. A key that is missing is `nil`; the command line goes before
/// the file.
struct ServeConfiguration: Sendable, Hashable {
    /// The data directory.
    var data: String?
    /// Where the socket is.
    var socket: String?
    /// A port to be reached at too.
    var listen: String?
    /// The certificate of that port, and its key.
    var certificate: String?
    var key: String?
    /// The names by which clients call the node at that port.
    var hostNames: [String]?
    /// How long the body of a request may take.
    var bodyTimeout: Duration?
    /// How often in a second each token may ask.
    var requestsPerSecond: Int?
    /// How long a connection may be silent.
    var idleTimeout: Duration?
    /// How long requests may take to finish at the end.
    var drain: Duration?
    /// How long actors may take to stop.
    var grace: Duration?
    /// What is logged.
    var logLevel: Logger.Level?
    /// A folder of actors that are to run.
    var roster: String?

    /// The largest file, in bytes.
    private static let sizeMax = 1 << 20
    /// How much can be logged: each with those after it.
    static let logLevels: [Logger.Level] = [.debug, .info, .warning, .error]
    private static let durations = Duration.zero...DurationOption.max

    /// Reads a file. Paths in it are relative to it.
    static func read(_ path: String) throws(CLIError) -> ServeConfiguration {
        let bytes = try Files.read(path, sizeMax: sizeMax, status: .manifest)
        do throws(ManifestDiagnostics) {
            var configuration = try parse(bytes, file: path)
            for key in [
                \ServeConfiguration.data, \.socket, \.roster, \.certificate, \.key,
            ] {
                configuration[keyPath: key] = configuration[keyPath: key].map {
                    Manifest.resolve($0, relativeTo: path)
                }
            }
            return configuration
        } catch {
            throw CLIError(error)
        }
    }

    private static func parse(
        _ bytes: [UInt8], file: String
    ) throws(ManifestDiagnostics) -> ServeConfiguration {
        var reader = try SettingsText.reader(
            bytes: bytes, file: file, title: "the configuration")
        var configuration = ServeConfiguration()
        configuration.data = path("data", &reader)
        configuration.socket = path("socket", &reader)
        configuration.listen = reader.string("listen")
        configuration.certificate = path("tls_cert", &reader)
        configuration.key = path("tls_key", &reader)
        configuration.hostNames = reader.strings("host_names")
        configuration.bodyTimeout = reader.duration("body_timeout", in: durations)
        configuration.requestsPerSecond = reader.integer(
            "requests_per_second", in: 0...1_000_000)
        configuration.idleTimeout = reader.duration("idle_timeout", in: durations)
        configuration.drain = reader.duration("drain", in: durations)
        configuration.grace = reader.duration("grace", in: durations)
        configuration.logLevel = reader.choice(
            "log_level", among: logLevels.map(\.rawValue)
        ).flatMap(Logger.Level.init(rawValue:))
        configuration.roster = path("roster", &reader)
        try reader.finish()
        return configuration
    }

    private static func path(_ key: String, _ reader: inout SectionReader) -> String? {
        guard let path = reader.string(key) else { return nil }
        if path.isEmpty { reader.refuse(key, "'\(key)' is empty", suggestion: "write a path") }
        return path
    }
}

/// Where the settings of a node come from.
struct ServeSources: Sendable {
    /// What the command line says.
    let line: ServeConfiguration
    /// The file that it names.
    let file: String?
    /// The data directory when nobody names one.
    let usualData: Result<String, CLIError>

    /// What counts: the command line, then the file, then what is usual.
    func settings() throws(CLIError) -> ServeSettings {
        var file = ServeConfiguration()
        if let path = self.file { file = try ServeConfiguration.read(path) }
        let directory: String
        if line.data == nil, let named = file.data {
            directory = named
        } else {
            directory = try usualData.get()
        }
        return ServeSettings(
            data: directory,
            socket: line.socket ?? file.socket ?? Files.join(directory, "theater.sock"),
            listening: try Self.listening(
                line.listen ?? file.listen, certificate: line.certificate ?? file.certificate,
                key: line.key ?? file.key),
            hostNames: line.hostNames ?? file.hostNames ?? [],
            bodyTimeout: line.bodyTimeout ?? file.bodyTimeout ?? .seconds(30),
            requestsPerSecond: try Self.rate(
                line.requestsPerSecond ?? file.requestsPerSecond ?? 1000),
            idleTimeout: line.idleTimeout ?? file.idleTimeout ?? .seconds(60),
            drain: line.drain ?? file.drain ?? .seconds(10),
            grace: line.grace ?? file.grace ?? .seconds(5),
            logLevel: line.logLevel ?? file.logLevel ?? .info, roster: line.roster ?? file.roster)
    }

    private static func rate(_ number: Int) throws(CLIError) -> Int {
        guard number >= 0 else {
            throw .usage("--requests-per-second must not be negative; 0 is for no bound")
        }
        return number
    }

    /// The port that `--listen` names, and what encrypts it.
    private static func listening(
        _ listen: String?, certificate: String?, key: String?
    ) throws(CLIError) -> ServeSettings.Listening? {
        guard (certificate == nil) == (key == nil) else {
            throw .usage("--tls-cert and --tls-key need each other")
        }
        guard let listen else {
            guard certificate == nil else { throw .usage("--tls-cert needs --listen") }
            return nil
        }
        guard let colon = listen.lastIndex(of: ":"),
            let port = UInt16(listen[listen.index(after: colon)...]), colon != listen.startIndex
        else { throw .usage("'\(listen)' is no address; write 127.0.0.1:PORT") }
        var address = listen[..<colon]
        if address.hasPrefix("["), address.hasSuffix("]") {
            address = address.dropFirst().dropLast()
        }
        var encryption: ServerOptions.Encryption?
        if let certificate, let key {
            encryption = .init(certificatePath: certificate, keyPath: key)
        } else if !["127.0.0.1", "localhost"].contains(address) {
            throw CLIError(
                .usage, ServerError.Code.notLoopback.rawValue,
                "'\(listen)' is reached from elsewhere, and what goes over the wire would be in the clear; "
                    + "write 127.0.0.1:\(port), or give --tls-cert and --tls-key")
        }
        return ServeSettings.Listening(
            address: String(address), port: Int(port), encryption: encryption)
    }
}

/// What a node is run with: the command line, then the file, then what is usual.
struct ServeSettings: Sendable, Hashable {
    /// A port, and what encrypts it.
    struct Listening: Sendable, Hashable {
        let address: String
        let port: Int
        let encryption: ServerOptions.Encryption?
    }

    let data: String
    let socket: String
    let listening: Listening?
    let hostNames: [String]
    let bodyTimeout: Duration
    let requestsPerSecond: Int
    let idleTimeout: Duration
    let drain: Duration
    // What changes while the node runs.
    let grace: Duration
    let logLevel: Logger.Level
    let roster: String?

    /// The keys that count when the node is started alone, if they differ.
    func fixed(differingFrom other: ServeSettings) -> [String] {
        var keys: [String] = []
        if data != other.data { keys.append("data") }
        if socket != other.socket { keys.append("socket") }
        if listening != other.listening { keys.append("listen") }
        if hostNames != other.hostNames { keys.append("host_names") }
        if bodyTimeout != other.bodyTimeout { keys.append("body_timeout") }
        if requestsPerSecond != other.requestsPerSecond { keys.append("requests_per_second") }
        if idleTimeout != other.idleTimeout { keys.append("idle_timeout") }
        if drain != other.drain { keys.append("drain") }
        return keys
    }
}
