// SPDX-License-Identifier: Apache-2.0

public import TheaterAPI

/// How a roster is taken over.
public struct RosterOptions: Sendable {
    /// Whether only to say what would be done.
    public var isTrial = false
    /// What is done with an actor's chain before it gets other code: `refuse`, `report` or `none`.
    public var gate: String?
    /// How long actors may take to stop, such as `5s`.
    public var grace: String?

    /// Makes options.
    public init() {}
}

extension TheaterClient {
    /// Which actors are to run, and how each of them stands.
    public func roster() async throws(ClientError) -> JSONValue {
        try await json(Outgoing(path: "/v1/roster"))
    }

    /// Says which actors are to run.
    ///
    /// - Parameters:
    ///   - actors: all of them, each with `manifest`, `module`, `variables` and `initial_state`.
    ///   - revision: of the roster that this is made from.
    /// - Returns: the new revision and what was done.
    /// - Throws: `roster.changed` when somebody else was faster.
    public func putRoster(
        _ actors: [JSONValue], revision: UInt64, _ options: RosterOptions = RosterOptions()
    ) async throws(ClientError) -> JSONValue {
        let body: JSONValue = ["revision": .integer(revision), "actors": .array(actors)]
        return try await json(
            Outgoing(
                method: .put, path: "/v1/roster",
                query: [
                    ("dry_run", options.isTrial ? "true" : nil), ("gate", options.gate),
                    ("grace", options.grace),
                ], body: body.utf8, type: "application/json"))
    }
}
