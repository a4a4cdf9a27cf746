// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTPTypes
internal import TheaterPlatform

/// A connection, as those who answer its requests know it.
struct Connection: Sendable {
    /// The connection of the request that the present task answers.
    @TaskLocal static var current = Connection(isForeign: false, tap: nil, arrivals: Arrivals())

    /// Whether the other side is a process of another user.
    let isForeign: Bool
    /// What takes its bytes when it becomes a WebSocket.
    let tap: NIOLoopBound<RawTap>?
    /// How much of its requests has come.
    let arrivals: Arrivals
}

/// Makes connections: HTTP/1.1, with bounds on what a client may make the node wait for.
struct NodeChannel: ServerChildChannel {
    /// A connection with its facts.
    struct Value: ServerChildChannelValue {
        let http: HTTP1Channel.Value
        let connection: Connection
        var channel: any Channel { http.channel }
    }

    private let listener: Listener
    private let http: HTTP1Channel

    init(_ responder: APIResponder, options: ServerOptions) {
        listener = responder.listener
        let patience = TimeAmount.seconds(max(1, options.idleTimeout.components.seconds))
        http = HTTP1Channel(
            responder: { request, writer, channel in
                let response = await responder.respond(
                    to: request, context: APIContext(channel: channel))
                try await writer.write(response: response.head, body: response.body)
            },
            configuration: .init(
                additionalChannelHandlers: [ConnectionGuard(patience: patience)],
                idleTimeout: patience,
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10,
                    maxHeaderFieldCount: 100)))
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let loop = channel.eventLoop
        return isForeign(channel).flatMapThrowing { isForeign in
            let tap = RawTap()
            try channel.pipeline.syncOperations.addHandler(tap)
            return (isForeign, NIOLoopBound(tap, eventLoop: loop))
        }.flatMap { isForeign, tap in
            http.setup(channel: channel, logger: logger).flatMapThrowing { value in
                let arrivals = try channel.pipeline.syncOperations.handler(
                    type: ConnectionGuard.self
                ).arrivals
                return Value(
                    http: value,
                    connection: Connection(isForeign: isForeign, tap: tap, arrivals: arrivals))
            }
        }
    }

    func handle(value: Value, logger: Logger) async {
        await Connection.$current.withValue(value.connection) {
            await withTaskExecutorPreference(LoopExecutor(value.channel.eventLoop)) {
                await http.handle(value: value.http, logger: logger)
            }
        }
    }

    /// The kernel knows who is at the other end of a Unix socket. The rights of its file keep others away;
    /// this does when somebody has opened them.
    private func isForeign(_ channel: any Channel) -> EventLoopFuture<Bool> {
        guard listener == .socket, let options = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeSucceededFuture(false)
        }
        let peer: EventLoopFuture<SocketPeer> = options.unsafeGetSocketOption(
            level: .socket, name: .init(rawValue: SocketPeer.option))
        // Who cannot be known is not the owner.
        return peer.map { !$0.isTrusted }.flatMapErrorThrowing { _ in true }
    }
}
