// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import Synchronization
internal import TheaterAPI
internal import TheaterHandler
internal import TheaterPlatform
internal import TheaterRuntime

/// Channels between actors and clients: a stream down and requests up.
///
/// A channel lives as long as the stream that answers its opening. It belongs to the credential that opened
/// it; to others it does not exist.
struct ChannelRoutes: Sendable {
    let node: ServedNode
    let options: ServerOptions
    let bodies: Bodies
    let life: ServerLife
    let audit: Audit
    let rate: RequestRate
    private let table = ChannelDesk()
    private var lookup: ActorLookup { ActorLookup(node: node) }

    init(
        node: ServedNode, options: ServerOptions, bodies: Bodies, life: ServerLife, audit: Audit,
        rate: RequestRate
    ) {
        self.audit = audit
        self.rate = rate
        self.node = node
        self.options = options
        self.bodies = bodies
        self.life = life
    }

    /// Opens a channel on behalf of a request.
    private func channel(for call: Call, _ body: [UInt8]) async throws(Problem) -> ExternalChannel {
        let id = try lookup.live(call.place("actor"))
        let timeout = try call.duration("timeout", most: TalkRoutes.timeoutMax) ?? .seconds(30)
        let channel: ExternalChannel
        do throws(MessageError) {
            channel = try await node.system.openChannel(to: id, body, timeout: timeout)
        } catch {
            throw Problem(error)
        }
        guard table.add(channel, owner: call.caller.credential.name, most: options.channelsMax)
        else {
            channel.close()
            throw Problem(
                .busy, "there are \(options.channelsMax) channels, which is the most; close some")
        }
        return channel
    }

    /// Opens a channel whose messages go over a WebSocket.
    func openSocket(_ call: Call, _ context: APIContext) async throws(Problem) -> Response {
        let handshake = try SocketHandshake(call.request)
        guard let tap = context.connection.tap else {
            throw Problem(.internal, "the connection cannot become a WebSocket")
        }
        let channel = try await channel(for: call, Array((call.parameter("hello") ?? "").utf8))
        let loop = context.channel.eventLoop
        let inbox = SocketInbox { loop.execute { tap.value.goOn() } }
        do {
            try await loop.submit { tap.value.divert(to: inbox) }.get()
        } catch {
            channel.close()
            throw Problem(.internal, "the connection ended")
        }
        let entry = Audit.Entry(
            credential: call.caller.credential.name, request: call.id, method: "MESSAGE",
            path: call.request.head.path ?? "")
        let stream = SocketStream(
            caller: call.caller, channel: channel, options: options, life: life,
            world: node.world, inbox: inbox,
            admit: { [audit, rate, node] outcome throws(Problem) in
                switch outcome {
                case nil:
                    // Who speaks too fast is read more slowly.
                    while !rate.allows(call.caller.credential) {
                        guard (try? await node.world.sleep(for: .milliseconds(100))) != nil else {
                            throw Problem(.unready, "the connection ended")
                        }
                    }
                case .success: try audit.answered(entry, .sendOnChannel, code: nil)
                case .failure(let problem):
                    try audit.answered(entry, .sendOnChannel, code: problem.code)
                }
            },
            onEnd: { [table] in table.remove(channel.id) })
        return stream.response(handshake.headers, on: context.channel)
    }

    func open(_ call: Call) async throws(Problem) -> Response {
        let body = try await bodies.bytes(of: call, sizeMax: MessageOptions.sizeLimit)
        let channel = try await channel(for: call, body)
        let id = channel.actor
        let first = ServerSentEvent(
            "open", data: ["id": .string(channel.id.description), "actor": .string(id.description)])
        let facts = StreamFacts(kind: .channel, actor: id, since: node.world.wallTime()) {
            [weak channel] in StreamFacts.Load(waiting: channel?.unreadCount ?? 0)
        }
        let stream = LiveStream(
            caller: call.caller, facts: facts, first: first, options: options, life: life,
            world: node.world,
            make: { [table] put in
                let reason = await Self.make(channel, put)
                table.remove(channel.id)
                channel.close()
                return reason
            },
            cancel: { [table] in
                table.remove(channel.id)
                channel.close()
            })
        return stream.response(to: call.request, status: .created)
    }

    private static func make(
        _ channel: ExternalChannel, _ put: @Sendable (ServerSentEvent) async -> Bool
    ) async -> String {
        var number = 0
        for await event in channel {
            guard case .message(let said) = event else { continue }
            let text = String(validating: said.body, as: UTF8.self)
            let message = ServerSentEvent(
                "message", id: "\(number)",
                data: [
                    "body": .string(Base64.encode(said.body)), "text": .optional(text),
                ])
            number += 1
            guard await put(message) else { break }
        }
        return "closed"
    }

    func list(_ call: Call) -> Response {
        Answer.json([
            "channels": .array(
                table.channels(owner: call.caller.credential.name).map { channel in
                    [
                        "id": .string(channel.id.description),
                        "actor": .string(channel.actor.description),
                        "waiting": .integer(channel.unreadCount),
                    ]
                })
        ])
    }

    func send(_ call: Call) async throws(Problem) -> Response {
        let channel = try channel(call)
        let body = try await bodies.bytes(of: call, sizeMax: MessageOptions.sizeLimit)
        do throws(MessageError) {
            try await channel.post(body)
        } catch {
            throw Problem(error)
        }
        return Answer.nothing(status: 202)
    }

    func close(_ call: Call) throws(Problem) -> Response {
        try channel(call).close()
        return Answer.nothing(status: 204)
    }

    private func channel(_ call: Call) throws(Problem) -> ExternalChannel {
        let text = call.place("channel")
        guard let id = ChannelID(text),
            let channel = table.channel(id, owner: call.caller.credential.name)
        else {
            throw Problem(
                status: 404, code: MessageError.Code.unknownChannel.rawValue,
                detail:
                    "you have no open channel '\(text.prefix(64))'; open one, and keep its stream")
        }
        return channel
    }
}

/// The channels that are open, by whom. Their streams keep them, so that one without a stream is closed.
private final class ChannelDesk: Sendable {
    private struct Entry {
        weak var channel: ExternalChannel?
        let owner: String
    }

    private let channels = Mutex<[ChannelID: Entry]>([:])

    func add(_ channel: ExternalChannel, owner: String, most: Int) -> Bool {
        channels.withLock { channels in
            if channels.count >= most { channels = channels.filter { $0.value.channel != nil } }
            guard channels.count < most else { return false }
            channels[channel.id] = Entry(channel: channel, owner: owner)
            return true
        }
    }

    func remove(_ id: ChannelID) { channels.withLock { _ = $0.removeValue(forKey: id) } }

    /// Those of an owner, the ones to the same actor together.
    func channels(owner: String) -> [ExternalChannel] {
        channels.withLock { channels in
            channels.values.compactMap { $0.owner == owner ? $0.channel : nil }
        }.sorted { ($0.actor, $0.id) < ($1.actor, $1.id) }
    }

    func channel(_ id: ChannelID, owner: String) -> ExternalChannel? {
        channels.withLock { channels in
            channels[id].flatMap { $0.owner == owner ? $0.channel : nil }
        }
    }
}
