// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
public import Logging
internal import NIOCore
internal import NIOSSL
internal import ServiceLifecycle
internal import Synchronization
internal import TheaterPlatform

/// The HTTP API of a node: on a Unix socket that its owner alone may use.
///
/// ```swift
/// let server = APIServer(node, options: options, logger: logger)
/// try await server.run { print("ready") }     // until stop() is called
/// ```
public final class APIServer: Sendable {
    private let options: ServerOptions
    private let logger: Logger
    private let life = ServerLife()
    private let encryption: TLSConfiguration?
    private let responder: APIResponder
    private let roster: RosterKeeper
    private let group = Mutex<Box?>(nil)

    private final class Box: Sendable {
        let group: ServiceGroup
        init(_ group: ServiceGroup) { self.group = group }
    }

    /// Makes a server that does not listen yet.
    ///
    /// - Parameter audit: where it writes down who asks for what.
    /// - Throws: `server.tokens` when the tokens cannot be read, `server.certificate`.
    public init(
        _ node: ServedNode, audit: Audit, options: ServerOptions, logger: Logger
    ) throws(ServerError) {
        self.options = options
        self.logger = logger
        encryption = try options.encryption?.configuration()
        let world = node.world
        let bodies = Bodies(options: options, world: world)
        let tokens = try TokenStore(path: options.tokensPath, world: world)
        let actors = ActorRoutes(node: node, bodies: bodies)
        roster = RosterKeeper(
            path: options.rosterPath, actors: actors, life: life, logger: logger)
        let rate = RequestRate(perSecond: options.requestsPerSecond, world: world)
        responder = APIResponder(
            logger: logger, world: world,
            nodes: NodeRoutes(node: node, options: options, life: life, audit: audit),
            subscribers: SubscriberRoutes(life: life, lookup: ActorLookup(node: node)),
            values: ValueStreams(options: options, life: life, world: world),
            actors: actors,
            talk: TalkRoutes(node: node, bodies: bodies),
            chains: ChainRoutes(node: node, options: options, life: life),
            channels: ChannelRoutes(
                node: node, options: options, bodies: bodies, life: life, audit: audit, rate: rate),
            lists: ListRoutes(node: node),
            store: StoreRoutes(node: node, options: options, bodies: bodies, life: life),
            tokens: TokenRoutes(tokens: tokens, bodies: bodies, life: life),
            roster: RosterRoutes(keeper: roster, bodies: bodies),
            gate: Gate(tokens: tokens, options: options),
            rate: rate,
            audit: audit)
    }

    /// Listens until ``stop()``, or until the listening fails.
    ///
    /// The files that the process makes from here on are its owner's alone. `/readyz` says that the node starts
    /// until ``finishStart()``.
    ///
    /// - Parameter ready: called once, when connections are taken; with the places, such as
    ///   `/home/ada/.theater/theater.sock` and `http://127.0.0.1:7000`.
    /// - Throws: `ServerError`.
    public func run(
        ready: @escaping @Sendable (_ places: [String]) async -> Void
    ) async throws(ServerError) {
        life.setAilment("start", "the actors of the roster are being started")
        let passed = try passedPlaces()
        let isOwnSocket = !passed.contains { $0.isSocket }
        let port = passed.contains { !$0.isSocket } ? nil : options.port
        if isOwnSocket { try makeRoom(options.socketPath) }
        // Each follower and each channel has a connection.
        DescriptorLimit.raise()
        // The socket appears with the rights that this leaves: none for others.
        LocalSocket.keepFilesPrivate()
        let opening = Opening(
            count: passed.count + (isOwnSocket ? 1 : 0) + (port == nil ? 0 : 1), ready)
        var services: [any Service] = passed.map { passed in
            listener(passed) { await opening.opened(passed.name) }
        }
        if isOwnSocket {
            services.append(
                application(.socket, .unixDomainSocket(path: options.socketPath)) { _ in
                    if !LocalSocket.keepPrivate(self.options.socketPath) {
                        self.logger.warning(
                            "the rights of '\(self.options.socketPath)' cannot be set to 0600")
                    }
                    await opening.opened(self.options.socketPath)
                })
        }
        if let port {
            let address = options.address
            let scheme = encryption == nil ? "http" : "https"
            services.append(
                application(
                    encryption == nil ? .loopback : .encrypted, .hostname(address, port: port)
                ) { channel in
                    let name = address.contains(":") ? "[\(address)]" : address
                    await opening.opened(
                        "\(scheme)://\(name):\(channel.localAddress?.port ?? port)")
                })
        }
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, logger: quiet)
        configuration.maximumGracefulShutdownDuration = options.drain
        let group = ServiceGroup(configuration: configuration)
        self.group.withLock { $0 = Box(group) }
        // Somebody may have asked for the end already.
        guard !life.isDraining else { return }
        // Of a socket that was passed the path belongs to who opened it.
        defer { if isOwnSocket { LocalSocket.remove(options.socketPath) } }
        do {
            try await group.run()
        } catch {
            guard !life.isDraining else {
                logger.warning("what was not done within \(options.drain) is cut off")
                return
            }
            let port = options.port.map { " or the port \($0)" } ?? ""
            throw ServerError(
                .listening,
                "the socket '\(options.socketPath)'\(port) cannot be had: \(Self.reason(error)); choose another with "
                    + "--socket or --listen")
        }
    }

    /// Why the system refused, without the names of its functions.
    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return unsafe String(cString: unsafe strerror(error.errnoCode))
    }

    /// Starts the actors of the roster that do not run. What cannot be started is logged, and shown by the
    /// roster; ``/readyz`` tells when the roster itself cannot be read.
    public func startRoster() async { await roster.startAll() }

    /// Says why the folder with the actors that are to run is not what runs, in ``/readyz`` too; `nil` when it is.
    public func setRosterFolderProblem(_ words: String?) {
        life.setAilment("roster folder", words)
    }

    /// Says that everything that the start brings has been begun: the node is ready from here on.
    public func finishStart() { life.setAilment("start", nil) }

    private func application(
        _ listener: Listener, _ address: BindAddress,
        _ ready: @escaping @Sendable (any Channel) async -> Void
    ) -> Application<APIResponder> {
        var responder = responder
        responder.listener = listener
        return Application(
            responder: responder,
            // The channel has the responder already: what the library would put before it costs more than
            // it gives.
            server: HTTPServerBuilder { [responder, options, encryption] _ in
                let channel = NodeChannel(responder, options: options)
                guard listener == .encrypted, let encryption else { return channel }
                return try TLSChannel(channel, tlsConfiguration: encryption)
            },
            configuration: .init(
                address: address,
                availableConnectionsDelegate: .maximum(options.connectionsMax, logger: quiet)),
            onServerRunning: ready, logger: quiet)
    }

    // MARK: Sockets that were passed

    private struct Passed {
        let socket: PassedSocket
        let isSocket: Bool
        let name: String
    }

    /// The sockets that were passed, if each is one to serve at.
    private func passedPlaces() throws(ServerError) -> [Passed] {
        var places: [Passed] = []
        for socket in options.passed {
            switch socket.place {
            case .path(let path, isPrivate: true):
                places.append(Passed(socket: socket, isSocket: true, name: path))
            case .path(let path, isPrivate: false):
                throw ServerError(
                    .passedSocket,
                    "others may connect to '\(path)', and whoever may is the node's master; open it "
                        + "with SocketMode=0600 and the node's user as SocketUser")
            case .loopback(let port):
                places.append(
                    Passed(socket: socket, isSocket: false, name: "http://127.0.0.1:\(port)"))
            case .other(let words):
                throw ServerError(
                    .passedSocket,
                    "the passed socket \(socket.descriptor) \(words); pass Unix sockets, or ports "
                        + "of 127.0.0.1")
            }
        }
        return places
    }

    private func listener(
        _ passed: Passed, _ opened: @escaping @Sendable () async -> Void
    ) -> PassedListener {
        var responder = responder
        responder.listener = passed.isSocket ? .socket : .loopback
        return PassedListener(
            socket: passed.socket, responder: responder, options: options, logger: quiet,
            opened: opened)
    }

    /// Waits until every listener is open.
    private actor Opening {
        private let count: Int
        private let ready: @Sendable ([String]) async -> Void
        private var places: [String] = []

        init(count: Int, _ ready: @escaping @Sendable ([String]) async -> Void) {
            self.count = count
            self.ready = ready
        }

        func opened(_ place: String) async {
            places.append(place)
            if places.count == count { await ready(places.sorted()) }
        }
    }

    /// Takes no more connections and requests, lets those that are being worked on finish within their
    /// time, and ends streams. ``run(ready:)`` returns then.
    public func stop() async {
        life.drain()
        await group.withLock { $0 }?.group.triggerGracefulShutdown()
    }

    /// Refuses paths that cannot be, and removes the socket that a process left which is no more.
    private func makeRoom(_ path: String) throws(ServerError) {
        try ServerOptions.checkLength(ofSocketPath: path)
        switch LocalSocket.state(of: path) {
        case .free: return
        case .left: LocalSocket.remove(path)
        case .inUse:
            throw ServerError(
                .inUse,
                "another process serves at '\(path)'; stop it, or choose another with --socket")
        case .occupied:
            throw ServerError(
                .occupied,
                "'\(path)' is there and is no socket; move it away, or choose another with --socket"
            )
        }
    }

    /// What the libraries say is for those who look for faults.
    private var quiet: Logger { LibraryLog.logger(logger, life) }
}
