// SPDX-License-Identifier: Apache-2.0

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
        let rate = RequestRate(perSecond: options.requestsPerSecond, world: world)
        responder = APIResponder(
            logger: logger, world: world,
            nodes: NodeRoutes(node: node, options: options, bodies: bodies, life: life),
            subscribers: SubscriberRoutes(life: life, lookup: ActorLookup(node: node)),
            actors: ActorRoutes(node: node, bodies: bodies),
            talk: TalkRoutes(node: node, bodies: bodies),
            chains: ChainRoutes(node: node, options: options, life: life),
            channels: ChannelRoutes(
                node: node, options: options, bodies: bodies, life: life, audit: audit, rate: rate),
            tokens: TokenRoutes(tokens: tokens, bodies: bodies, life: life),
            gate: Gate(tokens: tokens, options: options),
            rate: rate,
            audit: audit)
    }

    /// Listens until ``stop()``, or until the listening fails.
    ///
    /// The files that the process makes from here on are its owner's alone.
    ///
    /// - Parameter ready: called once, when connections are taken; with the places, such as
    ///   `/home/ada/.theater/theater.sock` and `http://127.0.0.1:7000`.
    /// - Throws: `ServerError`.
    public func run(
        ready: @escaping @Sendable (_ places: [String]) async -> Void
    ) async throws(ServerError) {
        try makeRoom(options.socketPath)
        // Each follower and each channel has a connection.
        DescriptorLimit.raise()
        // The socket appears with the rights that this leaves.
        LocalSocket.keepFilesPrivate()
        let opening = Opening(count: options.port == nil ? 1 : 2, ready)
        var services = [
            application(.socket, .unixDomainSocket(path: options.socketPath)) { _ in
                await opening.opened(self.options.socketPath)
            }
        ]
        if let port = options.port {
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
        defer { LocalSocket.remove(options.socketPath) }
        do {
            try await group.run()
        } catch {
            guard !life.isDraining else { return }
            let port = options.port.map { " or the port \($0)" } ?? ""
            throw ServerError(
                .listening,
                "the socket '\(options.socketPath)'\(port) cannot be had: \(error); choose another with "
                    + "--socket or --listen")
        }
    }

    private func application(
        _ listener: Listener, _ address: BindAddress,
        _ ready: @escaping @Sendable (any Channel) async -> Void
    ) -> Application<APIResponder> {
        var responder = responder
        responder.listener = listener
        return Application(
            responder: responder,
            server: HTTPServerBuilder { [options, encryption] in
                let channel = NodeChannel(listener, options: options, responder: $0)
                guard listener == .encrypted, let encryption else { return channel }
                return try TLSChannel(channel, tlsConfiguration: encryption)
            },
            configuration: .init(
                address: address,
                availableConnectionsDelegate: .maximum(options.connectionsMax, logger: quiet)),
            onServerRunning: ready, logger: quiet)
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
        guard path.utf8.count <= LocalSocket.pathSizeMax else {
            throw ServerError(
                .longPath,
                "the path of the socket has \(path.utf8.count) bytes, the most is "
                    + "\(LocalSocket.pathSizeMax): '\(path)'; choose a shorter one with --socket")
        }
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
    private var quiet: Logger {
        var logger = logger
        logger.logLevel = max(.error, logger.logLevel)
        return logger
    }
}
