// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
public import Logging
internal import NIOCore
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
    private let responder: APIResponder
    private let group = Mutex<Box?>(nil)

    private final class Box: Sendable {
        let group: ServiceGroup
        init(_ group: ServiceGroup) { self.group = group }
    }

    /// Makes a server that does not listen yet.
    public init(_ node: ServedNode, options: ServerOptions, logger: Logger) {
        self.options = options
        self.logger = logger
        let world = node.world
        let bodies = Bodies(options: options, world: world)
        responder = APIResponder(
            logger: logger, world: world,
            nodes: NodeRoutes(node: node, options: options, bodies: bodies, life: life),
            actors: ActorRoutes(node: node, bodies: bodies),
            talk: TalkRoutes(node: node, bodies: bodies),
            chains: ChainRoutes(node: node, options: options, life: life))
    }

    /// Listens until ``stop()``, or until the listening fails.
    ///
    /// The files that the process makes from here on are its owner's alone.
    ///
    /// - Parameter ready: called once, when the socket takes connections.
    /// - Throws: `ServerError`.
    public func run(ready: @escaping @Sendable () async -> Void) async throws(ServerError) {
        try makeRoom(options.socketPath)
        // The socket appears with the rights that this leaves.
        LocalSocket.keepFilesPrivate()
        let isReady = Atomic<Bool>(false)
        let application = Application(
            responder: responder,
            server: .http1(
                configuration: .init(
                    idleTimeout: .seconds(options.idleTimeout.components.seconds),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10,
                        maxHeaderFieldCount: 100))),
            configuration: .init(
                address: .unixDomainSocket(path: options.socketPath),
                availableConnectionsDelegate: .maximum(options.connectionsMax, logger: quiet)),
            onServerRunning: { _ in
                isReady.store(true, ordering: .relaxed)
                await ready()
            }, logger: quiet)
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: application)], logger: quiet)
        configuration.maximumGracefulShutdownDuration = options.drain
        configuration.maximumCancellationDuration = nil
        let group = ServiceGroup(configuration: configuration)
        self.group.withLock { $0 = Box(group) }
        defer { LocalSocket.remove(options.socketPath) }
        do {
            try await group.run()
        } catch {
            guard !life.isDraining else { return }
            throw ServerError(
                .listening,
                "the socket '\(options.socketPath)' \(isReady.load(ordering: .relaxed) ? "failed" : "cannot be made"): "
                    + "\(error); choose another with --socket")
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
