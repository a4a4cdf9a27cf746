// SPDX-License-Identifier: Apache-2.0

public import TheaterCapability
public import TheaterHandler
public import TheaterManifest
internal import TheaterPlatform
internal import TheaterValue

/// Messages between actors: one-way, with an answer, and on channels.
///
/// Manifest: `type = "message-server"`; `request_timeout` (30 s), `message_size` (1 MiB),
/// `outstanding_requests` (1024), `targets` (every actor).
///
/// What arrives is a call of the actor's `theater:simple/message-server-client` functions, all
/// optional. Where the Rust system's actors name an actor by its identity, a name does as well.
public struct MessageServerHandler: Handler {
    /// The name used in manifests.
    public static let name = "message-server"

    /// The one interface: `theater:simple/message-server-host`.
    public static let interfaces = [
        HostInterface(
            pact: """
                interface message-server-host {
                    @package: string = "theater:simple"
                    exports {
                        register: func() -> result<_, string>
                        send: func(actor-id: string, msg: list<u8>) -> result<_, string>
                        request: func(actor-id: string, msg: list<u8>) -> result<list<u8>, string>
                        list-outstanding-requests: func() -> list<string>
                        respond-to-request: func(request-id: string, response: list<u8>) ->
                            result<_, string>
                        cancel-request: func(request-id: string) -> result<_, string>
                        open-channel: func(actor-id: string, initial-msg: list<u8>) ->
                            result<string, string>
                        send-on-channel: func(channel-id: string, msg: list<u8>) ->
                            result<_, string>
                        close-channel: func(channel-id: string) -> result<_, string>
                    }
                }
                """,
            suspending: ["request", "open-channel"])
    ]

    /// A child reaches no more actors, and nothing larger, longer or more often, than its parent.
    public static let authority: [AuthorityKey] = [
        .patterns("targets", absent: .everything),
        .maximum("request_timeout", .duration, absent: 30_000_000_000),
        .maximum("message_size", .bytes, absent: 1 << 20),
        .maximum("outstanding_requests", absent: 1024),
    ]

    private let endpoint: any MessageEndpoint

    /// Makes the handler of one actor.
    public init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        var options = MessageOptions()
        let times = Duration.milliseconds(1)...Duration.seconds(86_400)
        let sizes = ByteCount(bytes: 1)...ByteCount(bytes: UInt64(MessageOptions.sizeLimit))
        if let timeout = grant.duration("request_timeout", in: times) {
            options.requestTimeout = timeout
        }
        if let size = grant.bytes("message_size", in: sizes) {
            options.messageSizeMax = Int(clamping: size.bytes)
        }
        if let count = grant.integer("outstanding_requests", in: 1...65_536) {
            options.outstandingMax = count
        }
        options.targets = TargetRule(&grant)
        try grant.finish()
        let port = context.services.service((any MessagePort).self)
        endpoint = port?.endpoint(for: context.actorID, options: options) ?? NoMessages()
    }

    /// Answers one call.
    public func answer(_ call: HostCall) -> HostReply {
        switch call.function {
        case "register":
            endpoint.register()
            return .value(Self.done)
        case "list-outstanding-requests":
            return .value(
                .list(.string, endpoint.outstandingRequests().map { .string($0) }))
        default: break
        }
        guard case .string(let address)? = call.arguments.first else { return wrongArgument(call) }
        switch call.function {
        case "cancel-request": return reply(endpoint.cancel(address))
        case "close-channel": return onChannel(address) { endpoint.close($0) }
        default: break
        }
        guard call.arguments.count == 2, let body = call.arguments[1].asBytes else {
            return wrongArgument(call)
        }
        switch call.function {
        case "send": return toActor(address) { target in reply(endpoint.send(body, to: target)) }
        case "request":
            return toActor(address) { target in
                .parked { [endpoint] answering in
                    endpoint.request(body, to: target) { answer in
                        answering(
                            answer.mapError(\.hostError).map { bytes in
                                .result(
                                    ok: .list(.primitive(.u8)), err: .string, .ok(.bytes(bytes)))
                            })
                    }
                }
            }
        case "open-channel":
            return toActor(address) { target in
                .parked { [endpoint] answering in
                    endpoint.openChannel(body, to: target) { answer in
                        answering(
                            answer.mapError(\.hostError).map { id in
                                .result(
                                    ok: .string, err: .string, .ok(.string(id.description)))
                            })
                    }
                }
            }
        case "respond-to-request": return reply(endpoint.respond(to: address, body))
        case "send-on-channel": return onChannel(address) { endpoint.send(body, on: $0) }
        default:
            return .failure(
                HostError(
                    "message.unknown-function",
                    "'\(call.function)' is not a function of message-server"))
        }
    }

    /// Ends everything that the actor takes part in.
    public func close() async { endpoint.close() }

    private static let done = Value.result(ok: .tuple([]), err: .string, .ok(.unit))

    private func reply(_ error: MessageError?) -> HostReply {
        error.map { .failure($0.hostError) } ?? .value(Self.done)
    }

    private func toActor(_ address: String, _ act: (ActorID) -> HostReply) -> HostReply {
        switch endpoint.resolve(address) {
        case .success(let target): act(target)
        case .failure(let error) where error.code == .denied: .denied(error.hostError)
        case .failure(let error): .failure(error.hostError)
        }
    }

    private func onChannel(
        _ text: String, _ act: (ChannelID) -> MessageError?
    ) -> HostReply {
        guard let id = ChannelID(text) else {
            return reply(
                MessageError(
                    .badChannelID,
                    "the text is no identity of a channel; use the one that open-channel or "
                        + "handle-channel-open gave, 'ch_' and 32 digits"))
        }
        return reply(act(id))
    }

    private func wrongArgument(_ call: HostCall) -> HostReply {
        .failure(
            HostError(
                "message.wrong-argument", "'\(call.function)' got an argument of another type"))
    }
}

/// The endpoint of an actor in a node without messages: nobody can be reached.
private struct NoMessages: MessageEndpoint {
    private static let error = MessageError(
        .unknownTarget, "this node has no messages; run the actor in one that has")

    func register() {}
    func resolve(_ address: String) -> Result<ActorID, MessageError> { .failure(Self.error) }
    func send(_ body: [UInt8], to target: ActorID) -> MessageError? { Self.error }
    func request(
        _ body: [UInt8], to target: ActorID,
        answer: @escaping @Sendable (Result<[UInt8], MessageError>) -> Void
    ) { answer(.failure(Self.error)) }
    func outstandingRequests() -> [String] { [] }
    func respond(to request: String, _ body: [UInt8]) -> MessageError? { Self.error }
    func cancel(_ request: String) -> MessageError? { Self.error }
    func openChannel(
        _ body: [UInt8], to target: ActorID,
        answer: @escaping @Sendable (Result<ChannelID, MessageError>) -> Void
    ) { answer(.failure(Self.error)) }
    func send(_ body: [UInt8], on channel: ChannelID) -> MessageError? { Self.error }
    func close(_ channel: ChannelID) -> MessageError? { Self.error }
    func close() {}
}
