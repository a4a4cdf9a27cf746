// SPDX-License-Identifier: Apache-2.0

public import TheaterAPI

/// What it takes to start an actor.
public struct StartRequest: Sendable {
    /// The manifest in TOML.
    public var manifest: String
    /// The SHA-256 of a module that the node keeps.
    public var module: String
    /// Its name instead of the manifest's.
    public var name: String?
    /// Values for the manifest's variables.
    public var variables: [String: String] = [:]
    /// The content of the manifest's `initial_state_file`.
    public var initialState: [UInt8]?

    /// Makes a request.
    public init(manifest: String, module: String) {
        self.manifest = manifest
        self.module = module
    }

    fileprivate var json: JSONValue {
        .object([
            .init("manifest", .string(manifest)), .init("module", .string(module)),
            .init("name", .optional(name)),
            .init(
                "variables",
                .object(
                    variables.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })),
            .init("initial_state", .optional(initialState.map(Base64.encode))),
        ])
    }
}

extension TheaterClient {
    // MARK: The node

    /// The node in brief.
    public func node() async throws(ClientError) -> JSONValue {
        try await json(Outgoing(path: "/v1/node"))
    }

    /// Waits for nothing: whether the node takes work.
    public func readiness() async throws(ClientError) -> JSONValue {
        try await json(Outgoing(path: "/readyz"))
    }

    /// Sees to it that the node keeps a module.
    ///
    /// - Parameter digest: its SHA-256 in hexadecimal digits.
    public func keep(_ wasm: [UInt8], digest: String) async throws(ClientError) {
        do throws(ClientError) {
            _ = try await json(Outgoing(path: "/v1/modules/" + Self.part(digest)))
        } catch {
            guard error.problem?.status == 404 else { throw error }
            _ = try await json(
                Outgoing(
                    method: .post, path: "/v1/modules", body: wasm, type: "application/wasm"))
        }
    }

    // MARK: Tokens

    /// The tokens there are, without themselves.
    public func tokens() async throws(ClientError) -> [JSONValue] {
        try await json(Outgoing(path: "/v1/tokens"))["tokens"]?.array ?? []
    }

    /// Makes a token; the answer has it this once.
    public func createToken(_ name: String, scope: Scope) async throws(ClientError) -> JSONValue {
        let body: JSONValue = ["name": .string(name), "scope": .string(scope.rawValue)]
        return try await json(
            Outgoing(
                method: .post, path: "/v1/tokens", body: body.utf8,
                type: "application/json"))
    }

    /// Takes a token back.
    public func revokeToken(_ name: String) async throws(ClientError) {
        _ = try await bytes(Outgoing(method: .delete, path: "/v1/tokens/" + Self.part(name)))
    }

    // MARK: Looking

    /// The live actors, ordered by identity.
    ///
    /// - Parameter withLoad: whether each has what it did and holds in brief, as `load`.
    public func actors(withLoad: Bool = false) async throws(ClientError) -> [JSONValue] {
        var actors: [JSONValue] = []
        try await eachActor(withLoad: withLoad) { actors.append($0) }
        return actors
    }

    /// Takes the live actors, ordered by identity, one by one as they come.
    ///
    /// - Parameters:
    ///   - withLoad: whether each has what it did and holds in brief, as `load`.
    ///   - pageSize: how many are asked for at once, 1 to 10,000.
    public func eachActor(
        withLoad: Bool = false, pageSize: Int = 10_000, _ take: (JSONValue) -> Void
    ) async throws(ClientError) {
        var cursor: String?
        repeat {
            let response = try await begin(
                Outgoing(
                    path: "/v1/actors",
                    query: [
                        ("limit", "\(pageSize)"), ("cursor", cursor),
                        ("load", withLoad ? "true" : nil),
                    ], accept: MediaType.lines))
            cursor = nil
            try await lines(of: response) { line in
                if let next = line["next"]?.string { cursor = next } else { take(line) }
            }
        } while cursor != nil
    }

    /// The live actors below their parents.
    public func tree() async throws(ClientError) -> [JSONValue] {
        try await json(Outgoing(path: "/v1/tree"))["roots"]?.array ?? []
    }

    /// An actor with what it did and holds.
    public func actor(_ actor: String) async throws(ClientError) -> JSONValue {
        try await json(Outgoing(path: path(actor)))
    }

    /// What an actor exports.
    public func functions(of actor: String) async throws(ClientError) -> JSONValue {
        try await json(Outgoing(path: path(actor, "/functions")))
    }

    /// An actor's state after its last call that is over.
    public func state(of actor: String) async throws(ClientError) -> JSONValue {
        try await json(Outgoing(path: path(actor, "/state")))
    }

    // MARK: Starting and ending

    /// Starts an actor.
    public func start(_ request: StartRequest) async throws(ClientError) -> JSONValue {
        try await json(
            Outgoing(
                method: .post, path: "/v1/actors", body: request.json.utf8,
                type: "application/json"))
    }

    /// Stops an actor and its children in order.
    ///
    /// - Parameter grace: how long they may take, such as `5s`.
    public func stop(_ actor: String, grace: String? = nil) async throws(ClientError) -> JSONValue {
        try await json(
            Outgoing(method: .post, path: path(actor, "/stop"), query: [("grace", grace)]))
    }

    /// Ends an actor and its children at once.
    public func kill(_ actor: String) async throws(ClientError) -> JSONValue {
        try await json(Outgoing(method: .post, path: path(actor, "/kill")))
    }

    /// Stops an actor in order and starts it again.
    public func restart(_ actor: String) async throws(ClientError) -> JSONValue {
        try await json(Outgoing(method: .post, path: path(actor, "/restart")))
    }

    /// Exchanges an actor's code for a module that the node keeps.
    ///
    /// - Parameters:
    ///   - digest: the module's SHA-256 in hexadecimal digits.
    ///   - gate: what is done with the actor's chain before: `refuse`, `report` or `none`.
    public func upgrade(
        _ actor: String, digest: String, gate: String? = nil
    ) async throws(ClientError) -> JSONValue {
        try await json(
            Outgoing(
                method: .post, path: path(actor, "/upgrade"),
                query: [("module", digest), ("gate", gate)]))
    }

    // MARK: Talking

    /// Puts a one-way message into an actor's mailbox.
    public func send(_ actor: String, _ body: [UInt8]) async throws(ClientError) {
        _ = try await bytes(
            Outgoing(
                method: .post, path: path(actor, "/send"), body: body,
                type: "application/octet-stream"))
    }

    /// Asks an actor and waits for its answer.
    ///
    /// - Parameter timeout: how long that may take, such as `30s`.
    public func request(
        _ actor: String, _ body: [UInt8], timeout: String? = nil
    ) async throws(ClientError) -> [UInt8] {
        try await bytes(
            Outgoing(
                method: .post, path: path(actor, "/request"), query: [("timeout", timeout)],
                body: body, type: "application/octet-stream"))
    }

    /// Calls an export, with values in their binary form, and waits for its answer in the same form.
    ///
    /// - Parameter arguments: a tuple in CGRF.
    public func call(
        _ actor: String, _ function: String, arguments: [UInt8], timeout: String? = nil
    ) async throws(ClientError) -> [UInt8] {
        try await bytes(
            Outgoing(
                method: .post, path: path(actor, "/call"),
                query: [("function", function), ("timeout", timeout)], body: arguments,
                type: MediaType.cgrf, accept: MediaType.cgrf))
    }

    /// Calls an export with arguments in JSON, and waits for its answer.
    public func call(
        _ actor: String, _ function: String, _ arguments: [JSONValue]
    ) async throws(ClientError) -> JSONValue {
        try await json(
            Outgoing(
                method: .post, path: path(actor, "/call"), query: [("function", function)],
                body: JSONValue.array(arguments).utf8,
                type: "application/json"))
    }

    func path(_ actor: String, _ rest: String = "") -> String {
        "/v1/actors/" + Self.part(actor) + rest
    }
}
