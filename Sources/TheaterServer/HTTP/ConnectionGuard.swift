// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes
internal import Synchronization
internal import TheaterAPI

/// How much of what a connection brings has come, for those who answer it.
final class Arrivals: Sendable {
    private let begun = Atomic<Int>(0)
    private let whole = Atomic<Int>(0)

    /// The request that is answered next: they are answered in the order in which they came.
    func next() -> Int { begun.add(1, ordering: .relaxed).newValue }

    /// Another request has come to its last byte.
    func cameWhole() { whole.add(1, ordering: .releasing) }

    /// Whether a request has come whole, and nobody waits for its body any more.
    func hasWhole(_ number: Int) -> Bool { whole.load(ordering: .acquiring) >= number }
}

/// Ends a connection that gets no further: whose client does not take what it is sent, or goes on sending
/// the body of a request that is answered already.
///
/// What has not finished asking ends with the idle time of the connection itself, and a body that is read
/// with the time that bodies have. What is no HTTP within the bounds is answered by the library with a status
/// alone, and here with a problem. An event loop calls it, one thread at a time.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// What has come.
    let arrivals = Arrivals()
    private let patience: TimeAmount
    /// How many requests have begun, have been read whole, and are answered whole.
    private var begun = 0
    private var read = 0
    private var answered = 0
    private var unread: Scheduled<Void>?
    private var untaken: Scheduled<Void>?

    /// - Parameter patience: how long a client may take nothing, and how long the rest of a body may last.
    init(patience: TimeAmount) { self.patience = patience }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: begun += 1
        case .body: break
        case .end:
            read += 1
            arrivals.cameWhole()
            if read >= answered {
                unread?.cancel()
                unread = nil
            }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        if case .head(let head) = part, head.status == .badRequest,
            head.headerFields[.contentLength] == "0", head.headerFields[.requestID] == nil
        {
            return answerMalformed(context, promise)
        }
        if case .end = part {
            answered += 1
            if answered > read, begun > read, unread == nil {
                let channel = context.channel
                unread = context.eventLoop.scheduleTask(in: patience) {
                    channel.close(promise: nil)
                }
            }
        }
        context.write(data, promise: promise)
    }

    private func answerMalformed(
        _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) {
        let problem = Problem(
            .malformed,
            "the request is no HTTP/1.1, or its head has more than 32 KiB, 100 headers, or 16 KiB in one of them"
        )
        let body = ByteBuffer(bytes: problem.json.utf8)
        let head = HTTPResponse(
            status: .badRequest,
            headerFields: [
                .connection: "close", .contentType: Problem.mediaType,
                .contentLength: "\(body.readableBytes)",
            ])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        untaken?.cancel()
        untaken = nil
        if !context.channel.isWritable { watch(context.channel, context.eventLoop) }
        context.fireChannelWritabilityChanged()
    }

    /// Looks again after a while whether anything was taken.
    private func watch(_ channel: any Channel, _ loop: any EventLoop) {
        let before = Self.waiting(channel)
        let guardian = NIOLoopBound(self, eventLoop: loop)
        untaken = loop.scheduleTask(in: patience) {
            guard !channel.isWritable else { return }
            if Self.waiting(channel) >= before {
                channel.close(promise: nil)
            } else {
                guardian.value.watch(channel, loop)
            }
        }
    }

    /// How many bytes wait for the client.
    private static func waiting(_ channel: any Channel) -> Int {
        (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    private func end() {
        unread?.cancel()
        untaken?.cancel()
        (unread, untaken) = (nil, nil)
    }
}
