// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import Synchronization

/// Stands before the HTTP decoder of a connection. When the connection has become a WebSocket, what comes goes
/// to an inbox instead; until then it is not there to be noticed. An event loop calls it, one thread at a time.
final class RawTap: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var inbox: SocketInbox?
    private var context: ChannelHandlerContext?
    /// Somebody asked for more while the inbox was full.
    private var isHeld = false

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        inbox?.finish()
        self.context = nil
    }

    /// From here on what comes goes to an inbox.
    func divert(to inbox: SocketInbox) { self.inbox = inbox }

    /// The inbox has room again.
    func goOn() {
        guard isHeld else { return }
        isHeld = false
        context?.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let inbox else { return context.fireChannelRead(data) }
        inbox.add(Array(buffer: unwrapInboundIn(data)))
    }

    func read(context: ChannelHandlerContext) {
        if inbox?.isFull == true {
            isHeld = true
        } else {
            context.read()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        inbox?.finish()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { inbox?.finish() }
        context.fireUserInboundEventTriggered(event)
    }
}

/// The bytes of a WebSocket on their way from the connection to the one who reads them: bounded.
final class SocketInbox: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isFinished = false
        var reader: CheckedContinuation<[UInt8]?, Never>?
    }

    /// From how many bytes on nothing more is read from the connection.
    private static let sizeMax = 64 << 10
    private let state = Mutex(State())
    private let onRoom: @Sendable () -> Void

    /// - Parameter onRoom: told that there is room again.
    init(onRoom: @escaping @Sendable () -> Void) { self.onRoom = onRoom }

    var isFull: Bool { state.withLock { $0.bytes.count >= Self.sizeMax } }

    func add(_ bytes: [UInt8]) {
        let (reader, all) = state.withLock { state in
            guard !state.isFinished else {
                return (CheckedContinuation<[UInt8]?, Never>?.none, [UInt8]())
            }
            state.bytes += bytes
            guard let reader = state.reader else { return (nil, []) }
            defer { (state.reader, state.bytes) = (nil, []) }
            return (reader, state.bytes)
        }
        reader?.resume(returning: all)
    }

    /// Takes all that came, or waits for some; `nil` at the end. One reader at a time.
    func take() async -> [UInt8]? {
        let bytes = await withCheckedContinuation { continuation in
            let known = state.withLock { state -> [UInt8]?? in
                if !state.bytes.isEmpty {
                    defer { state.bytes = [] }
                    return .some(state.bytes)
                }
                if state.isFinished { return .some(nil) }
                state.reader = continuation
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
        if let bytes, bytes.count >= Self.sizeMax { onRoom() }
        return bytes
    }

    /// Nothing more comes, or nobody reads.
    func finish() {
        let reader = state.withLock { state in
            state.isFinished = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: nil)
    }
}
