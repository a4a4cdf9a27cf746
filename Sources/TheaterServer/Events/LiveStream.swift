// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Synchronization
internal import TheaterAPI
internal import TheaterPlatform

/// One `text/event-stream`, from its beginning to its end.
///
/// What makes its messages waits for the client, never the other way round. The last message is `end`, with
/// the reason: the maker's, `draining` when the node ends, `revoked` when its credential is taken back, or `again` when it
/// cannot be told whether that is so, and the client is to ask again.
final class LiveStream: Sendable {
    /// Makes messages until there are no more or `put` says that nobody reads.
    ///
    /// - Returns: why it ended.
    typealias Maker =
        @Sendable (_ put: @Sendable (ServerSentEvent) async -> Bool) async -> String

    private let caller: Caller
    private let facts: StreamFacts?
    private let first: ServerSentEvent
    private let options: ServerOptions
    private let life: ServerLife
    private let world: World
    private let make: Maker
    private let cancel: @Sendable () -> Void
    private let pipe: StreamPipe
    private let reason = Mutex<String?>(nil)

    /// - Parameters:
    ///   - caller: whom it is for.
    ///   - facts: what is shown of it; `nil` for nothing.
    ///   - first: the first message, which goes out at once.
    ///   - pipe: carries the others.
    ///   - make: makes the others.
    ///   - cancel: makes `make` return soon; may be called more than once.
    init(
        caller: Caller, facts: StreamFacts?, first: ServerSentEvent, options: ServerOptions,
        life: ServerLife, world: World, pipe: StreamPipe = StreamPipe(), make: @escaping Maker,
        cancel: @escaping @Sendable () -> Void
    ) {
        self.caller = caller
        self.pipe = pipe
        self.facts = facts.map { facts in
            StreamFacts(kind: facts.kind, actor: facts.actor, since: facts.since) {
                var load = facts.load()
                load.bytes += pipe.waitingSize
                return load
            }
        }
        self.first = first
        self.options = options
        self.life = life
        self.world = world
        self.make = make
        self.cancel = cancel
    }

    /// The response that lasts until the messages or the connection end.
    func response(to request: Request, status: HTTPResponse.Status = .ok) -> Response {
        // The library ends the process when the connection is closed before the body that it watches has
        // ended, or when somebody else has read that. So it watches behind a body of our own, which has ended.
        var request = request
        request.body = RequestBody(buffer: ByteBuffer())
        let body = request.body
        return Response(
            status: status,
            headers: [.contentType: MediaType.eventStream, .cacheControl: "no-store"],
            body: ResponseBody { [self] writer in
                let number = life.addStream(
                    owner: caller.credential.name, facts: facts, since: caller.revocations
                ) { [self] in end(for: $0) }
                defer {
                    life.removeStream(number)
                    cancel()
                }
                try await body.consumeWithInboundCloseHandler { [self] _ in
                    try await write(to: &writer)
                } onInboundClosed: { [self] in
                    cancel()
                    pipe.finish()
                }
                try await writer.finish(nil)
            })
    }

    private func end(for reason: String) {
        self.reason.withLock { $0 = $0 ?? reason }
        cancel()
    }

    private func write(to writer: inout any ResponseBodyWriter) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            // The event loop has the connection to serve, and not the making of what it carries.
            group.addTask(executorPreference: globalConcurrentExecutor) { await self.pump() }
            group.addTask { await self.beat() }
            defer {
                pipe.finish()
                cancel()
                group.cancelAll()
            }
            try await writer.write(ByteBuffer(string: first.text))
            while let bytes = await pipe.take() {
                try await writer.write(ByteBuffer(bytes: bytes))
            }
        }
    }

    /// Says that the stream lives while nothing happens.
    private func beat() async {
        while (try? await world.sleep(for: options.heartbeat)) != nil { pipe.putIfIdle(":\n\n") }
    }

    private func pump() async {
        let made = await make { [pipe] event in await pipe.put(event.text) }
        let words = reason.withLock { $0 } ?? made
        _ = await pipe.put(ServerSentEvent("end", data: ["reason": .string(words)]).text)
        pipe.finish()
    }
}

extension ServerSentEvent {
    /// A message whose data is JSON.
    init(_ name: String, id: String? = nil, data: JSONValue) {
        self.init(name, id: id, data: data.description)
    }
}
