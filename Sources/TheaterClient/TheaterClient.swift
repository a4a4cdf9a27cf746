// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import Dispatch
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import Synchronization
internal import TheaterAPI

/// Talks to a node through its API.
///
/// ```swift
/// let client = TheaterClient(socketPath: "/home/ada/.theater/theater.sock")
/// let answer = try await client.request("greeter", Array("Ada".utf8))
/// await client.close()
/// ```
///
/// An actor is meant by its identity, the beginning of one that no other has, or its name.
public final class TheaterClient: Sendable {
    /// The largest answer that is read, in bytes.
    public static let answerSizeMax = 256 << 20

    /// Where the node is, for messages.
    public let place: String
    private let base: String
    private let host: String
    private let token: String?
    private let http: HTTPClient
    /// Ends a connection that is silent: for streams alone, which have heartbeats.
    private let streams: HTTPClient
    private let isClosed = Atomic<Bool>(false)

    /// Makes a client of the node at a Unix socket. Nothing is sent yet.
    public init(socketPath: String) {
        place = socketPath
        base = "http+unix://" + PercentText.encode(socketPath)
        host = "localhost"
        token = nil
        http = Self.makeHTTP()
        streams = Self.makeHTTP(silence: Self.silenceMax)
    }

    /// Makes a client of the node at an address, such as `http://127.0.0.1:7000`, with a token. Nothing is
    /// sent yet.
    ///
    /// - Parameter authority: a file in PEM with the certificates by which that of the node is known, for
    ///   `https`; the system's without one.
    /// - Throws: `client.bad-address` when it is none, or a token would go to another machine in clear.
    public init(
        address: String, token: String?, authority: String? = nil
    ) throws(ClientError) {
        let trimmed = address.hasSuffix("/") ? String(address.dropLast()) : address
        let rest = trimmed.split(separator: "://", maxSplits: 1)
        guard rest.count == 2, ["http", "https"].contains(rest[0]), !rest[1].isEmpty,
            rest[1].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"/\\@?#".utf8.contains($0) })
        else {
            throw ClientError(
                .badAddress,
                "'\(address.prefix(128))' is no address of a node; write http://127.0.0.1:PORT, or https://…"
            )
        }
        if let token, !token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
            throw ClientError(.badAddress, "the token has characters that no token has")
        }
        let isEncrypted = rest[0] == "https"
        guard isEncrypted || (token ?? "").isEmpty || Self.isLoopback(rest[1]) else {
            throw ClientError(
                .badAddress,
                "the token would go to '\(trimmed)' in clear, for all on the way to read; use https://, or a "
                    + "tunnel to a port of 127.0.0.1")
        }
        place = trimmed
        base = trimmed
        host = String(rest[1])
        self.token = token
        http = Self.makeHTTP(authority: isEncrypted ? authority : nil)
        streams = Self.makeHTTP(authority: isEncrypted ? authority : nil, silence: Self.silenceMax)
    }

    /// Whether a host, perhaps with a port, is this machine.
    private static func isLoopback(_ host: Substring) -> Bool {
        if host == "[::1]" || host.hasPrefix("[::1]:") { return true }
        let name = host.prefix { $0 != ":" }
        if name.lowercased() == "localhost" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// How long the node may take to begin its answer to a question.
    private static let answerTimeMax = TimeAmount.seconds(60)
    /// How long a stream may be silent: a few of its heartbeats.
    private static let silenceMax = TimeAmount.seconds(60)

    private static func makeHTTP(
        authority: String? = nil, silence: TimeAmount? = nil
    ) -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10), read: silence))
        if let authority {
            var encryption = TLSConfiguration.makeClientConfiguration()
            encryption.trustRoots = .file(authority)
            configuration.tlsConfiguration = encryption
        }
        configuration.connectionPool.retryConnectionEstablishment = false
        // Sooner than the node lets go of it: a command that meets the end of its connection is not made again.
        configuration.connectionPool.idleTimeout = .seconds(5)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Ends all connections. A client that is let go of ends them too, sooner or later.
    public func close() async {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        try? await http.shutdown()
        try? await streams.shutdown()
    }

    deinit {
        // The library ends the process when its client is let go of without this.
        guard !isClosed.load(ordering: .relaxed) else { return }
        for http in [http, streams] { http.shutdown(queue: .global()) { _ in } }
    }

    // MARK: Asking

    /// What goes out in a request.
    struct Outgoing: Sendable {
        var method = TheaterAPI.Operation.Method.get
        var path: String
        var query: [(name: String, value: String?)] = []
        var body: [UInt8]?
        var type: String?
        var accept: String?
        var lastEventID: String?
    }

    /// Makes a request and waits for the head of the answer.
    ///
    /// - Throws: the node's problem, when it refuses.
    func begin(_ outgoing: Outgoing) async throws(ClientError) -> HTTPClientResponse {
        var request = HTTPClientRequest(url: base + Self.target(outgoing))
        request.method = HTTPMethod(rawValue: outgoing.method.rawValue)
        request.headers.add(name: "Host", value: host)
        if let token { request.headers.add(name: "Authorization", value: "Bearer " + token) }
        request.headers.add(name: "User-Agent", value: "theater")
        if let type = outgoing.type { request.headers.add(name: "Content-Type", value: type) }
        if let accept = outgoing.accept { request.headers.add(name: "Accept", value: accept) }
        if let id = outgoing.lastEventID {
            request.headers.add(name: "Last-Event-ID", value: id)
        }
        if let body = outgoing.body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response: HTTPClientResponse
        do {
            // The head of a channel comes when the actor has accepted it.
            response = try await execute(
                request,
                isStream: outgoing.accept == MediaType.eventStream && outgoing.method == .get)
        } catch {
            throw failure(error)
        }
        guard (200..<300).contains(response.status.code) else {
            throw refusal(
                try await read(response, sizeMax: 1 << 20), status: Int(response.status.code))
        }
        return response
    }

    /// Makes a request, and a question that met the end of its connection once more: the node may end a connection
    /// that nothing was asked on at any time.
    private func execute(
        _ request: HTTPClientRequest, isStream: Bool
    ) async throws -> HTTPClientResponse {
        let http = isStream ? streams : http
        // What the node is to do may take as long as it takes; a question has its answer at once.
        let isQuestion = request.method == .GET
        func deadline() -> NIODeadline { isQuestion ? .now() + Self.answerTimeMax : .distantFuture }
        do {
            return try await http.execute(request, deadline: deadline())
        } catch  where isQuestion && Self.isEndOfConnection(error) {
            return try await http.execute(request, deadline: deadline())
        }
    }

    private static func isEndOfConnection(_ error: any Error) -> Bool {
        if let error = error as? HTTPClientError { return error == .remoteConnectionClosed }
        if let error = error as? ChannelError { return error == .ioOnClosedChannel }
        return false
    }

    /// Makes a request and reads the whole answer.
    func bytes(_ outgoing: Outgoing) async throws(ClientError) -> [UInt8] {
        try await read(try await begin(outgoing), sizeMax: Self.answerSizeMax)
    }

    /// Makes a request and reads the answer as JSON.
    func json(_ outgoing: Outgoing) async throws(ClientError) -> JSONValue {
        let bytes = try await bytes(outgoing)
        return try json(bytes.span)
    }

    /// Reads JSON texts, each on a line, as they come.
    func lines(
        of response: HTTPClientResponse, _ take: (JSONValue) -> Void
    ) async throws(ClientError) {
        var body = response.body.makeAsyncIterator()
        var rest: [UInt8] = []
        while true {
            let buffer: ByteBuffer?
            do {
                buffer = try await body.next()
            } catch {
                throw failure(error)
            }
            guard let buffer else { break }
            rest += buffer.readableBytesView
            var start = 0
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                take(try json(rest.span.extracting(start..<end)))
                start = end + 1
            }
            rest.removeSubrange(..<start)
            guard rest.count <= Self.lineSizeMax else {
                throw ClientError(
                    .badAnswer,
                    "the node at '\(place)' sent a line of more than \(Self.lineSizeMax) bytes")
            }
        }
        guard rest.isEmpty else {
            throw ClientError(.connection, "the node at '\(place)' ended within a line")
        }
    }

    /// The longest line of an answer, in bytes.
    private static let lineSizeMax = 1 << 20

    private func json(_ bytes: Span<UInt8>) throws(ClientError) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue.parse(bytes)
        } catch {
            throw ClientError(
                .badAnswer, "the node at '\(place)' did not answer with JSON: \(error)")
        }
    }

    private func read(
        _ response: HTTPClientResponse, sizeMax: Int
    ) async throws(ClientError) -> [UInt8] {
        do {
            return Array(buffer: try await response.body.collect(upTo: sizeMax))
        } catch {
            throw failure(error)
        }
    }

    private func refusal(_ bytes: [UInt8], status: Int) -> ClientError {
        if let json = try? JSONValue.parse(bytes), let problem = Problem(json) {
            return ClientError(problem)
        }
        return ClientError(
            .badAnswer,
            "what answers at '\(place)' with the status \(status) is no node; name another")
    }

    /// What a failed exchange means.
    func failure(_ error: any Error) -> ClientError {
        if error is CancellationError {
            return ClientError(.cancelled, "the request to '\(place)' was given up")
        }
        if let error = error as? HTTPClientError, error == .cancelled {
            return ClientError(.cancelled, "the request to '\(place)' was given up")
        }
        if let error = error as? HTTPClientError, [.deadlineExceeded, .readTimeout].contains(error)
        {
            return ClientError(
                .connection,
                "the node at '\(place)' has been silent for a minute; see whether it hangs or the network does, "
                    + "and ask again")
        }
        let number = (error as? IOError)?.errnoCode
        if let number, Self.nobody.contains(number) {
            let remedy =
                base.hasPrefix("http+unix:")
                ? "start one with `theater serve`, or name another's data directory with --data DIR"
                : "start one with `theater serve --listen ADDRESS:PORT`, or name another's address with "
                    + "--server"
            return ClientError(.noNode, "no node serves at '\(place)'; \(remedy)")
        }
        return ClientError(
            .connection,
            "the connection to the node at '\(place)' failed: \(error); see that it still runs, and ask again"
        )
    }

    /// No such file, nobody listens.
    private static let nobody: Set<Int32> = [2, 111]

    // MARK: Paths

    private static func target(_ outgoing: Outgoing) -> String {
        let query = outgoing.query.compactMap { item in
            item.value.map { "\(item.name)=\(PercentText.encode($0))" }
        }
        return outgoing.path + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    }

    /// A part of a path.
    static func part(_ text: String) -> String { PercentText.encode(text) }
}
