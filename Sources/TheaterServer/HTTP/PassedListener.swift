// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle
internal import Synchronization
internal import TheaterPlatform

/// Serves at a socket that a service manager opened, which the library's own server cannot take.
struct PassedListener: Service {
    let socket: PassedSocket
    let responder: APIResponder
    let options: ServerOptions
    let logger: Logger
    let opened: @Sendable () async -> Void

    func run() async throws {
        let (logger, connections) = (logger, Connections())
        let http = NodeChannel(responder, options: options)
        let most = options.connectionsMax
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptGate(most: most))
                }
            }
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .bind(socket.descriptor) { channel in
                connections.add(channel)
                return http.setup(channel: channel, logger: logger)
            }
        try await withGracefulShutdownHandler {
            await opened()
            try await withThrowingDiscardingTaskGroup { group in
                try await server.executeThenClose { inbound in
                    for try await connection in inbound {
                        group.addTask { await http.handle(value: connection, logger: logger) }
                    }
                }
            }
        } onGracefulShutdown: {
            server.channel.close(promise: nil)
            connections.finish()
        }
    }
}

/// The open connections, to end them in order.
private final class Connections: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isFinished = false
    }

    private let state = Mutex(State())

    func add(_ channel: any Channel) {
        let isFinished = state.withLock { state in
            state.channels[ObjectIdentifier(channel)] = channel
            return state.isFinished
        }
        channel.closeFuture.whenComplete { [weak self] _ in
            let removed = self?.state.withLock {
                $0.channels.removeValue(forKey: ObjectIdentifier(channel))
            }
            _ = removed
        }
        if isFinished { Self.end(channel) }
    }

    /// Each ends behind the request that it works on.
    func finish() {
        let channels = state.withLock { state in
            state.isFinished = true
            return Array(state.channels.values)
        }
        for channel in channels { Self.end(channel) }
    }

    private static func end(_ channel: any Channel) {
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }
}

/// Takes no further connection while there are as many as may be; those wait.
private final class AcceptGate: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never

    private let most: Int
    private var count = 0
    private var isHeld = false

    init(most: Int) { self.most = most }

    func read(context: ChannelHandlerContext) {
        if count < most { context.read() } else { isHeld = true }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = unwrapInboundIn(data)
        count += 1
        let this = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        channel.closeFuture.hop(to: context.eventLoop).whenComplete { _ in
            let (gate, context) = this.value
            gate.count -= 1
            guard gate.isHeld else { return }
            gate.isHeld = false
            context.read()
        }
        context.fireChannelRead(data)
    }
}
