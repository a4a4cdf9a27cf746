// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import NIOCore
internal import TheaterAPI

/// A channel to an actor, while it is open.
public struct ClientChannel: Sendable {
    /// The channel's identity.
    public let id: String
    private let client: TheaterClient

    init(id: String, client: TheaterClient) {
        self.id = id
        self.client = client
    }

    /// Puts a message into the actor's mailbox.
    public func send(_ body: [UInt8]) async throws(ClientError) {
        _ = try await client.bytes(
            .init(
                method: .post, path: "/v1/channels/\(TheaterClient.part(id))/messages",
                body: body, type: "application/octet-stream"))
    }

    /// Closes the channel; the actor is told.
    public func close() async throws(ClientError) {
        _ = try await client.bytes(
            .init(method: .delete, path: "/v1/channels/\(TheaterClient.part(id))"))
    }
}

extension TheaterClient {
    /// Opens a channel to an actor, and hears it until one side closes it, the connection is lost, or `take` says
    /// no.
    ///
    /// - Parameters:
    ///   - body: what comes with the offer.
    ///   - opened: gets the channel when the actor has accepted it; must not wait for messages.
    ///   - take: gets what the actor says, in order; `false` closes the channel.
    /// - Throws: the node's refusal, such as `message.channel-rejected`; `client.connection` when the
    ///   connection is lost, with which the channel is closed.
    public func channel(
        _ actor: String, _ body: [UInt8] = [], timeout: String? = nil,
        opened: (ClientChannel) async -> Void, take: ([UInt8]) async -> Bool
    ) async throws(ClientError) {
        let response = try await begin(
            Outgoing(
                method: .post, path: path(actor, "/channels"), query: [("timeout", timeout)],
                body: body, type: "application/octet-stream", accept: MediaType.eventStream))
        try await messages(of: response) { (event) async throws(ClientError) -> Void? in
            let data = try? JSONValue.parse(event.data)
            switch event.name {
            case "open":
                await opened(ClientChannel(id: data?["id"]?.string ?? "", client: self))
            case "message":
                guard let said = data?["body"]?.string.flatMap({ Base64.decode($0) }) else {
                    throw ClientError(.badAnswer, "the node sent a message that is none")
                }
                guard await take(said) else { return () }
            case "end": return ()
            default: break
            }
            return nil
        }
    }
}
