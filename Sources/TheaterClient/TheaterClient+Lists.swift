// SPDX-License-Identifier: Apache-2.0

public import TheaterAPI

extension TheaterClient {
    /// The children of an actor, each with those below it.
    public func children(of actor: String) async throws(ClientError) -> [JSONValue] {
        let path = "/v1/actors/" + Self.part(actor) + "/children"
        return try await json(Outgoing(path: path))["children"]?.array ?? []
    }

    /// The chains, of past actors too, in the order in which they began.
    ///
    /// - Parameter name: only those of actors that began with this name.
    public func chains(name: String? = nil) async throws(ClientError) -> [JSONValue] {
        try await all("/v1/chains", "chains", query: [("name", name)])
    }

    /// The chain of an actor in brief, with the hash of its newest event.
    public func chain(of actor: String) async throws(ClientError) -> JSONValue {
        try await json(Outgoing(path: "/v1/chains/" + Self.part(actor)))
    }

    /// The channels that this client's credential has open.
    public func channels() async throws(ClientError) -> [JSONValue] {
        try await json(Outgoing(path: "/v1/channels"))["channels"]?.array ?? []
    }

    /// The namespaces of the node's store with what each holds, by name.
    public func namespaces() async throws(ClientError) -> [JSONValue] {
        try await all("/v1/store", "namespaces")
    }

    /// The labels of a namespace with the content that each names, by name.
    public func labels(of namespace: String) async throws(ClientError) -> [JSONValue] {
        try await all("/v1/store/" + Self.part(namespace) + "/labels", "labels")
    }

    /// All pages of a list.
    private func all(
        _ path: String, _ member: String, query: [(name: String, value: String?)] = []
    ) async throws(ClientError) -> [JSONValue] {
        var found: [JSONValue] = []
        var cursor: String?
        repeat {
            var outgoing = Outgoing(path: path, query: query)
            outgoing.query += [("limit", "10000"), ("cursor", cursor)]
            let page = try await json(outgoing)
            found += page[member]?.array ?? []
            cursor = page["next"]?.string
        } while cursor != nil
        return found
    }
}
