// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Synchronization
internal import TheaterAPI
internal import TheaterHandler
internal import TheaterPlatform
internal import TheaterRuntime

/// A channel of a client on a WebSocket: each message is one of the channel, in both directions.
///
/// Neither side waits for the other. What the actor says waits for the client, within the bounds of the channel; what
/// the client says waits in the connection. A client that does not answer to pings is gone.
final class SocketStream: Sendable {
    private let caller: Caller
    private let channel: ExternalChannel
    private let options: ServerOptions
    private let life: ServerLife
    private let world: World
    private let inbox: SocketInbox
    /// Told each message before the actor is, to count it and write it down.
    private let admit: @Sendable (Result<Void, Problem>?) async throws(Problem) -> Void
    private let onEnd: @Sendable () -> Void
    private let pipe = StreamPipe()
    private let state = Mutex(State())

    private struct State {
        var isClosing = false
        /// A message of the client's is on its way, and what becomes of it is still to be said.
        var isPassing = false
        /// The actor says nothing more.
        var isSpoken = false
        /// For how many heartbeats nothing was heard.
        var silence = 0
    }

    /// - Parameters:
    ///   - admit: called with nothing before a message is passed on, and with what became of it after.
    ///   - onEnd: the channel is over; may be called more than once.
    init(
        caller: Caller, channel: ExternalChannel, options: ServerOptions, life: ServerLife,
        world: World, inbox: SocketInbox,
        admit: @escaping @Sendable (Result<Void, Problem>?) async throws(Problem) -> Void,
        onEnd: @escaping @Sendable () -> Void
    ) {
        self.caller = caller
        self.channel = channel
        self.options = options
        self.life = life
        self.world = world
        self.inbox = inbox
        self.admit = admit
        self.onEnd = onEnd
    }

    /// The answer, which lasts until one side closes.
    func response(_ headers: HTTPFields, on connection: any Channel) -> Response {
        Response(
            status: .switchingProtocols, headers: headers,
            body: ResponseBody { [self] writer in
                let facts = StreamFacts(
                    kind: .channel, actor: channel.actor, since: world.wallTime()
                ) { [weak channel, pipe] in
                    StreamFacts.Load(waiting: channel?.unreadCount ?? 0, bytes: pipe.waitingSize)
                }
                let number = life.addStream(
                    owner: caller.credential.name, facts: facts, since: caller.revocations
                ) { [self] reason in
                    close(reason == "draining" ? 1001 : reason == "again" ? 1012 : 1008, reason)
                }
                defer {
                    life.removeStream(number)
                    stop()
                }
                try await write(to: &writer)
                try await writer.finish(nil)
                // The client reads to the end, and then closes its side; else the idle time ends it.
                connection.close(mode: .output, promise: nil)
            })
    }

    private func write(to writer: inout any ResponseBodyWriter) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.speak() }
            group.addTask { await self.listen() }
            group.addTask { await self.beat() }
            defer {
                stop()
                group.cancelAll()
            }
            while let bytes = await pipe.take() { try await writer.write(ByteBuffer(bytes: bytes)) }
        }
    }

    private func stop() {
        pipe.finish()
        inbox.finish()
        channel.close()
        onEnd()
    }

    /// Says why, once, and nothing after that.
    private func close(_ code: UInt16?, _ reason: String = "") {
        let isFirst = state.withLock { state in
            defer { state.isClosing = true }
            return !state.isClosing
        }
        guard isFirst else { return }
        pipe.putLast(WebSocketFrame.close(WebSocketClose(code, reason)).encoded())
        channel.close()
    }

    /// What the actor says.
    private func speak() async {
        for await event in channel {
            guard case .message(let said) = event else { continue }
            let frame = WebSocketFrame.message(said.body, isText: false)
            guard await pipe.put(frame.encoded()) else { return }
        }
        // An actor may end because a message cannot be kept; then that is what the client hears.
        let isPassing = state.withLock { state in
            state.isSpoken = true
            return state.isPassing
        }
        if !isPassing { close(1000, "closed") }
    }

    /// What the client says.
    private func listen() async {
        var reader = WebSocketReader(messageMax: MessageOptions.sizeLimit, isMasked: true)
        do throws(WebSocketClose) {
            while let bytes = await inbox.take() {
                state.withLock { $0.silence = 0 }
                reader.add(bytes)
                while let frame = try reader.next() {
                    switch frame {
                    case .message(let body, _): try await pass(on: body)
                    // One that finds others waiting is answered by them: the client is not idle then.
                    case .ping(let body): pipe.putIfRoom(WebSocketFrame.pong(body).encoded())
                    case .pong: break
                    case .close(let why): throw WebSocketClose(why.code ?? 1000)
                    }
                }
            }
            // The connection ended without a word.
            stop()
        } catch {
            close(error.code, error.reason)
        }
    }

    private func pass(on body: [UInt8]) async throws(WebSocketClose) {
        state.withLock { $0.isPassing = true }
        do throws(Problem) {
            try await admit(nil)
            do throws(MessageError) {
                try await channel.post(body)
            } catch {
                let problem = Problem(error)
                try await admit(.failure(problem))
                throw problem
            }
            try await admit(.success(()))
            let isSpoken = state.withLock { state in
                state.isPassing = false
                return state.isSpoken
            }
            if isSpoken { close(1000, "closed") }
        } catch {
            // 1013: the client may open another channel, and say it again.
            let isTemporary = error.status == 429 || error.status == 503
            throw WebSocketClose(isTemporary ? 1013 : 1008, error.code)
        }
    }

    /// Asks whether the client lives, and gives it up after two questions without an answer.
    private func beat() async {
        while (try? await world.sleep(for: options.heartbeat)) != nil {
            let silence = state.withLock { state in
                state.silence += 1
                return state.silence
            }
            guard silence <= 2 else { return close(1001, "no answer to a ping") }
            pipe.putIfRoom(WebSocketFrame.ping([]).encoded())
        }
    }
}
