// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Synchronization
internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform
internal import TheaterRuntime

/// Writes the events of a chain to one client, as server-sent events.
///
/// - `start`: the first message; `next` is the first sequence that it will be about.
/// - `event`: an event of the chain; its `id` is its sequence.
/// - `gap`: events that are not delivered, `first` and `count`; its `id` is the last of them.
/// - `mark`: how far the chain has been looked through, when the filter passes nothing for long.
/// - `end`: nothing more comes: `reason` is `finished`, `draining`, or a code.
///
/// The client's pace is its own: the runtime keeps a bounded number of events for it and drops the
/// oldest, which shows as a gap.
final class EventStream: Sendable {
    /// After how many events that the filter holds back a client is told how far it is.
    static let markEvery: UInt64 = 1024

    private let subscription: EventSubscription
    private let first: UInt64
    private let filter: TypeFilter
    private let options: ServerOptions
    private let life: ServerLife
    private let world: World
    private let pipe = StreamPipe()
    private let isDrained = Atomic<Bool>(false)

    init(
        _ subscription: EventSubscription, from first: UInt64, types: [String],
        options: ServerOptions,
        life: ServerLife, world: World
    ) {
        self.subscription = subscription
        self.first = first
        filter = TypeFilter(types)
        self.options = options
        self.life = life
        self.world = world
    }

    /// The response that lasts until the chain or the connection ends.
    func response(to request: Request) -> Response {
        let body = request.body
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { [self] writer in
                let number = life.addStream { [self] in
                    isDrained.store(true, ordering: .relaxed)
                    subscription.cancel()
                }
                defer {
                    if let number { life.removeStream(number) }
                    subscription.cancel()
                }
                if number == nil { subscription.cancel() }
                try await body.consumeWithInboundCloseHandler { [self] _ in
                    try await write(to: &writer)
                } onInboundClosed: { [self] in
                    subscription.cancel()
                    pipe.finish()
                }
                try await writer.finish(nil)
            })
    }

    private func write(to writer: inout any ResponseBodyWriter) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.pump() }
            group.addTask { await self.beat() }
            defer {
                pipe.finish()
                group.cancelAll()
            }
            // The head of the response goes out before there is an event.
            let start = ServerSentEvent("start", data: ["next": .integer(first)])
            try await writer.write(ByteBuffer(string: start.text))
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
        let reason = await follow()
        _ = await pipe.put(ServerSentEvent("end", data: ["reason": .string(reason)]).text)
        pipe.finish()
    }

    private func follow() async -> String {
        var held: UInt64 = 0
        do throws(ActorError) {
            for try await item in subscription {
                let text: String
                switch item {
                case .event(let event) where filter.wants(event.type):
                    held = 0
                    text =
                        ServerSentEvent(
                            "event", id: "\(event.sequence)", data: EventJSON.event(event)
                        ).text
                case .event(let event):
                    held += 1
                    guard held >= Self.markEvery else { continue }
                    held = 0
                    text = ServerSentEvent("mark", id: "\(event.sequence)", data: [:]).text
                case .gap(let first, let count):
                    text =
                        ServerSentEvent(
                            "gap", id: "\(first + count - 1)",
                            data: ["first": .integer(first), "count": .integer(count)]
                        ).text
                }
                guard await pipe.put(text) else { return "closed" }
            }
            return isDrained.load(ordering: .relaxed) ? "draining" : "finished"
        } catch {
            return error.code.rawValue
        }
    }
}

extension ServerSentEvent {
    fileprivate init(_ name: String, id: String? = nil, data: JSONValue) {
        self.init(name, id: id, data: data.description)
    }
}

/// Which types of events are wanted.
struct TypeFilter: Sendable {
    private let types: [String]

    /// - Parameter types: one that ends in `/` stands for all below it; none for all.
    init(_ types: [String]) { self.types = types }

    func wants(_ type: String) -> Bool {
        types.isEmpty || types.contains { $0 == type || ($0.hasSuffix("/") && type.hasPrefix($0)) }
    }
}
