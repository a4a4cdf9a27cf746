// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import TheaterAPI

/// Where a request came in.
enum Listener: Sendable, Hashable {
    /// The Unix socket, which its owner alone may use.
    case socket
    /// TCP on the loopback device, which every user and every page of a browser may reach.
    case loopback
    /// TCP with TLS, which anybody may reach.
    case encrypted
}

/// Decides who is let in: by where they come from, and by what they show.
struct Gate: Sendable {
    let tokens: TokenStore
    /// What clients may call the node, in small letters, beside the names of this machine.
    private let names: Set<String>

    init(tokens: TokenStore, options: ServerOptions) {
        self.tokens = tokens
        names = Set((options.hostNames + [options.address]).map { $0.lowercased() })
    }

    /// Refuses what a page of another origin makes a browser send.
    ///
    /// A page that a name server has led to this machine has its own name in `Host`. A page of another
    /// origin has that in `Origin`, or the browser says so in `Sec-Fetch-Site`.
    func checkOrigin(_ request: Request, _ listener: Listener) throws(Problem) {
        let host = request.head.authority ?? ""
        if listener != .socket, !isKnown(host) {
            throw Problem(
                .host,
                "'\(host.prefix(128))' is not this node's name; reach it as localhost or 127.0.0.1, or name it "
                    + "with --host-name")
        }
        if let origin = request.headers[.origin] {
            let scheme = listener == .encrypted ? "https://" : "http://"
            guard origin.lowercased() == scheme + host.lowercased() else {
                throw Problem(
                    .origin,
                    "a page of '\(origin.prefix(128))' asks; only pages of this node may")
            }
        }
        let site = request.headers[.secFetchSite] ?? "none"
        guard site == "none" || site == "same-origin" else {
            throw Problem(.origin, "a page of another origin asks; only pages of this node may")
        }
    }

    /// Who asks.
    ///
    /// - Parameter isForeign: whether it is another user of the machine who uses the socket. A token counts
    ///   there too.
    /// - Returns: `nil` when nobody says who it is.
    func credential(
        _ request: Request, _ listener: Listener, isForeign: Bool
    ) throws(Problem) -> Credential? {
        if let token = SocketHandshake.token(in: request.headers) {
            return try credential(of: token)
        }
        guard let header = request.headers[.authorization] else {
            guard listener == .socket else { return nil }
            guard !isForeign else {
                throw Problem(
                    .peer,
                    "another user of this machine asks, and the socket is its owner's alone; send a token, "
                        + "or ask as the owner")
            }
            return .owner
        }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { throw Self.unknown }
        return try credential(of: String(parts[1]))
    }

    private func credential(of token: String) throws(Problem) -> Credential {
        guard let credential = tokens.credential(for: token) else { throw Self.unknown }
        return credential
    }

    private static let unknown = Problem(
        .credential,
        "the token is unknown or was revoked; get another with `theater token create`")

    /// Refuses who may not do something.
    func check(
        _ credential: Credential?, for operation: TheaterAPI.Operation
    ) throws(Problem) {
        guard let scope = operation.scope else { return }
        guard let credential else {
            throw Problem(
                .credential,
                "a token is needed here: send 'Authorization: Bearer TOKEN', from `theater token create`"
            )
        }
        guard credential.scope >= scope else {
            throw Problem(
                .scope,
                "'\(credential.name)' may \(credential.scope.rawValue), and this needs \(scope.rawValue); use "
                    + "a token with that scope")
        }
    }

    /// Whether a host, with or without a port, is this node.
    private func isKnown(_ host: String) -> Bool {
        let name: Substring
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return false }
            name = host[...end]
            let rest = host[host.index(after: end)...]
            guard rest.isEmpty || Self.isPort(rest) else { return false }
            if names.contains(name.dropFirst().dropLast().lowercased()) { return true }
        } else {
            name = host.prefix { $0 != ":" }
            let rest = host.dropFirst(name.count)
            guard rest.isEmpty || Self.isPort(rest) else { return false }
        }
        let lower = name.lowercased()
        return ["localhost", "127.0.0.1", "[::1]"].contains(lower) || names.contains(lower)
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.first == ":" && UInt16(text.dropFirst()) != nil
    }
}

extension HTTPField.Name {
    fileprivate static let secFetchSite = HTTPField.Name("Sec-Fetch-Site") ?? .origin
}
