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
    private let table = ChannelDesk()
    private var lookup: ActorLookup { ActorLookup(node: node) }

    init(node: ServedNode, options: ServerOptions, bodies: Bodies, life: ServerLife) {
        self.node = node
        self.options = options
        self.bodies = bodies
        self.life = life
    }

    func open(_ call: Call) async throws(Problem) -> Response {
        let id = try lookup.live(call.place("actor"))
        let timeout = try call.duration("timeout", most: TalkRoutes.timeoutMax) ?? .seconds(30)
        let body = try await bodies.bytes(of: call, sizeMax: MessageOptions.sizeLimit)
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
        let first = ServerSentEvent(
            "open", data: ["id": .string(channel.id.description), "actor": .string(id.description)])
        let stream = LiveStream(
            caller: call.caller, first: first, options: options, life: life,
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

    func send(_ call: Call) async throws(Problem) -> Response {
        let channel = try channel(call)
        let body = try await bodies.bytes(of: call, sizeMax: MessageOptions.sizeLimit)
        do throws(MessageError) {
            try channel.send(body)
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

    func channel(_ id: ChannelID, owner: String) -> ExternalChannel? {
        channels.withLock { channels in
            channels[id].flatMap { $0.owner == owner ? $0.channel : nil }
        }
    }
}
