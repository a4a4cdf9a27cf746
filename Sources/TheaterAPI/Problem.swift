// SPDX-License-Identifier: Apache-2.0

/// Why a node did not do what it was asked: a problem document as RFC 9457 has it.
public struct Problem: Error, Sendable, Hashable {
    /// What can be wrong with a request itself. What goes wrong in the runtime has the runtime's codes.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// There is nothing at that path.
        case noRoute = "api.no-route"
        /// The path does not take that method.
        case method = "api.method"
        /// It is no HTTP, or its head is too large.
        case malformed = "api.malformed"
        /// A parameter of the request is malformed.
        case parameter = "api.parameter"
        /// The body is no JSON, or not the one that is wanted.
        case body = "api.body"
        /// The body is of another type than is taken.
        case mediaType = "api.media-type"
        /// The body is larger than is taken.
        case tooLarge = "api.too-large"
        /// A WebSocket is spoken there, and the request is for none.
        case upgrade = "api.upgrade"
        /// The body did not come in time.
        case slowBody = "api.slow-body"
        /// Several actors are meant.
        case ambiguous = "api.ambiguous"
        /// The store of the node has no such module.
        case unknownModule = "api.unknown-module"
        /// A manifest without a folder names a file.
        case path = "api.path"
        /// Too many requests of a kind are being worked on.
        case busy = "api.busy"
        /// Nobody says who asks, or the token is unknown.
        case credential = "api.credential"
        /// The credential does not allow this.
        case scope = "api.scope"
        /// A page of another origin asks.
        case origin = "api.origin"
        /// The request is meant for another host.
        case host = "api.host"
        /// Another user of the machine asks at the socket.
        case peer = "api.peer"
        /// A credential asks more often than it may.
        case rate = "api.rate"
        /// There is no token of that name.
        case unknownToken = "api.unknown-token"
        /// There is a token of that name already.
        case tokenTaken = "api.token-taken"
        /// The request cannot be written down.
        case unaudited = "api.unaudited"
        /// The roster is not the one that the change was made from.
        case rosterChanged = "roster.changed"
        /// The file of the roster is no roster.
        case rosterDamaged = "roster.damaged"
        /// The file of the roster cannot be read or written.
        case rosterDisk = "roster.disk"
        /// Two actors of a roster have one name.
        case rosterDuplicate = "roster.duplicate"
        /// A roster has too many actors.
        case rosterFull = "roster.full"
        /// The file of the roster was written by a newer program.
        case rosterNewer = "roster.newer-format"
        /// A child of another actor has the name of an actor of the roster.
        case rosterTaken = "roster.name-taken"
        /// The node takes no work.
        case unready = "api.unready"
        /// Something that should not happen.
        case `internal` = "api.internal"
    }

    /// The HTTP status.
    public let status: Int
    /// The code, dotted and stable.
    public let code: String
    /// What failed, on which thing, why, and what to do.
    public let detail: String
    /// The actor's error value, when it answered with one.
    public var value: JSONValue?
    /// The request that it is the answer to.
    public var request: String?

    /// Makes a problem.
    public init(status: Int, code: String, detail: String) {
        self.status = status
        self.code = code
        self.detail = detail
    }

    /// Makes a problem of a request itself.
    public init(_ code: Code, _ detail: String) {
        self.init(status: code.status, code: code.rawValue, detail: detail)
    }

    /// The media type of the document.
    public static let mediaType = "application/problem+json"

    /// The document.
    public var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("type", .string("urn:theater:error:" + code)), .init("status", .integer(status)),
            .init("code", .string(code)), .init("detail", .string(detail)),
        ]
        if let value { members.append(.init("value", value)) }
        if let request { members.append(.init("request_id", .string(request))) }
        return .object(members)
    }

    /// Reads a document; `nil` for what is none.
    public init?(_ json: JSONValue) {
        guard let code = json["code"]?.string, let detail = json["detail"]?.string,
            let status = json["status"]?.integer(as: Int.self)
        else { return nil }
        self.init(status: status, code: code, detail: detail)
        value = json["value"]
        request = json["request_id"]?.string
    }
}

extension Problem.Code {
    /// The HTTP status that goes with it.
    var status: Int {
        switch self {
        case .noRoute: 404
        case .method: 405
        case .parameter, .body, .malformed: 400
        case .mediaType: 415
        case .tooLarge: 413
        case .upgrade: 426
        case .slowBody: 408
        case .ambiguous: 409
        case .unknownModule, .path, .rosterDuplicate, .rosterFull: 422
        case .busy, .rate: 429
        case .credential: 401
        case .scope, .origin, .host, .peer: 403
        case .unknownToken: 404
        case .tokenTaken, .rosterChanged, .rosterTaken: 409
        case .unready, .unaudited, .rosterDamaged, .rosterNewer: 503
        case .rosterDisk: 507
        case .internal: 500
        }
    }
}

extension Problem: CustomStringConvertible {
    /// The detail and the code.
    public var description: String { "\(detail) [\(code)]" }
}
