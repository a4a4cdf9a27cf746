// SPDX-License-Identifier: Apache-2.0

public import TheaterAPI

extension TheaterClient {
    /// Who follows an actor or has a channel to it, and how far behind they are: those that lost most first.
    ///
    /// - Parameter actor: `nil` for all actors.
    public func subscribers(
        of actor: String? = nil, limit: Int = 100
    ) async throws(ClientError) -> JSONValue {
        try await json(
            Outgoing(
                path: "/v1/node/subscribers",
                query: [("actor", actor), ("limit", String(limit))]))
    }
}
