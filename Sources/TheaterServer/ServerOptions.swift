// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// Where a node is reached, and how much of it one may take.
public struct ServerOptions: Sendable, Hashable {
    /// The path of the Unix socket, which its owner alone may use.
    public var socketPath: String
    /// The port at which it is reached with a token; zero takes a free one, `nil` none.
    public var port: Int?
    /// Sockets that a service manager opened. A Unix socket among them takes the place of ``socketPath``'s, and a port
    /// that of ``port``.
    public var passed: [PassedSocket] = []
    /// The path at which the owner reaches the node: that of the socket that was passed, if one was.
    public var ownerSocketPath: String {
        for socket in passed { if case .path(let path, _) = socket.place { return path } }
        return socketPath
    }
    /// Where that port is: on the loopback device, unless what goes over the wire is encrypted.
    public var address = "127.0.0.1"
    /// What encrypts it; `nil` for nothing.
    public var encryption: Encryption?
    /// The names by which clients call the node beside those of this machine.
    public var hostNames: [String] = []
    /// The file of the tokens, for its owner alone.
    public var tokensPath: String
    /// The file of the roster, for its owner alone.
    public var rosterPath: String
    /// The version that the node says it has.
    public var version: String
    /// The data directory, to show.
    public var dataDirectory: String?
    /// The largest JSON body, in bytes; it holds a manifest with its first state.
    public var documentSizeMax = 8 << 20
    /// The largest module, in bytes.
    public var moduleSizeMax = 256 << 20
    /// How many modules may be on their way at once.
    public var uploadsMax = 2
    /// How many contents of the store may be on their way to clients at once.
    public var downloadsMax = 4
    /// How many channels may be open.
    public var channelsMax = 1024
    /// How many streams may show values: looking at every actor for each of them takes time.
    public var valueStreamsMax = 256
    /// How many connections there may be; further ones wait until one is closed.
    public var connectionsMax = 4096
    /// How often in a second a token may ask for long; zero for no bound.
    public var requestsPerSecond = 1000
    /// How long a connection may be silent before and inside a request, or take nothing of what it is sent.
    public var idleTimeout = Duration.seconds(60)
    /// How long a body may take, and for a module how long each MiB may take beside that.
    public var bodyTimeout = Duration.seconds(30)
    /// How long requests that are being worked on may take when the node ends.
    public var drain = Duration.seconds(10)
    /// How often a stream says that it lives while nothing happens.
    public var heartbeat = Duration.seconds(15)

    /// The files that TLS needs, in PEM.
    public struct Encryption: Sendable, Hashable {
        /// The certificate, and those that lead to one that clients know.
        public var certificatePath: String
        /// Its key, for its owner alone.
        public var keyPath: String

        /// Names the files.
        public init(certificatePath: String, keyPath: String) {
            self.certificatePath = certificatePath
            self.keyPath = keyPath
        }
    }

    /// Makes options.
    public init(
        socketPath: String, tokensPath: String, rosterPath: String, version: String,
        dataDirectory: String? = nil
    ) {
        self.socketPath = socketPath
        self.tokensPath = tokensPath
        self.rosterPath = rosterPath
        self.version = version
        self.dataDirectory = dataDirectory
    }
}

extension ServerOptions {
    /// Looks at what the options name, without starting anything: the path of the socket, the certificate.
    ///
    /// - Throws: `server.long-path`, `server.certificate`.
    public func check() throws(ServerError) {
        try Self.checkLength(ofSocketPath: socketPath)
        _ = try encryption?.configuration()
    }

    static func checkLength(ofSocketPath path: String) throws(ServerError) {
        guard path.utf8.count <= LocalSocket.pathSizeMax else {
            throw ServerError(
                .longPath,
                "the path of the socket has \(path.utf8.count) bytes, the most is "
                    + "\(LocalSocket.pathSizeMax): '\(path)'; choose a shorter one with --socket")
        }
    }
}
