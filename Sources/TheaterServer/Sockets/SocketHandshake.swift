// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import HTTPTypes
internal import Hummingbird
internal import TheaterAPI

/// What a client says that wants a WebSocket, as RFC 6455 has it.
struct SocketHandshake: Sendable {
    /// What the messages of a channel are, for those who must name a protocol.
    static let channelProtocol = "theater.channel"
    /// Before the token of those who cannot set a header, as pages cannot.
    static let tokenPrefix = "theater.token."

    private let key: String
    private let protocols: [String]

    /// - Throws: `api.upgrade` for a request that is for no WebSocket.
    init(_ request: Request) throws(Problem) {
        func tokens(_ name: HTTPField.Name) -> [String] { Self.list(request.headers[name]) }
        guard tokens(.upgrade).contains(where: { $0.lowercased() == "websocket" }),
            tokens(.connection).contains(where: { $0.lowercased() == "upgrade" }),
            request.headers[.secWebSocketVersion] == "13",
            let key = request.headers[.secWebSocketKey], Base64.decode(key)?.count == 16
        else {
            throw Problem(
                .upgrade,
                "a WebSocket of version 13 is spoken here; ask for one, or open a channel with POST and hear "
                    + "it as server-sent events")
        }
        self.key = key
        protocols = tokens(.secWebSocketProtocol)
    }

    /// What is answered.
    var headers: HTTPFields {
        let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        let hash = Insecure.SHA1.hash(data: text)
        var headers: HTTPFields = [
            .upgrade: "websocket", .connection: "Upgrade",
            .secWebSocketAccept: Base64.encode(Array(hash)),
        ]
        if protocols.contains(Self.channelProtocol) {
            headers[.secWebSocketProtocol] = Self.channelProtocol
        }
        return headers
    }

    /// The token among the protocols that a client offers.
    static func token(in headers: HTTPFields) -> String? {
        list(headers[.secWebSocketProtocol]).first { $0.hasPrefix(tokenPrefix) }
            .map { String($0.dropFirst(tokenPrefix.count)) }
    }

    private static func list(_ text: String?) -> [String] {
        (text ?? "").split(separator: ",").map {
            String($0.drop { $0 == " " }.prefix { $0 != " " })
        }
    }
}
