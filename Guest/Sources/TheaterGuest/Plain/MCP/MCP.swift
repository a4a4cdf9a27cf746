// SPDX-License-Identifier: Apache-2.0

/// The client's side of the Model Context Protocol over standard input and output: JSON-RPC 2.0, one message
/// a line.
///
/// It is all values: these functions make the lines that a server is written, and read those that it
/// writes. Which requests wait for an answer belongs into the actor's state; the template `mcp-client`
/// shows how.
public enum MCP {
    /// The version of the protocol that is offered to servers.
    public static let version = "2025-06-18"
    /// The versions that are understood.
    public static let knownVersions = ["2025-06-18", "2025-03-26", "2024-11-05"]
    /// The most tools that are read from one list.
    public static let toolsMax = 256

    // MARK: Lines for the server

    /// The first request: who asks, and which version.
    public static func initialize(
        _ id: UInt64, client: String, clientVersion: String
    ) -> [UInt8] {
        request(
            id, "initialize",
            .object(
                ("protocolVersion", .string(version)), ("capabilities", .object([])),
                (
                    "clientInfo",
                    .object(("name", .string(client)), ("version", .string(clientVersion)))
                )))
    }

    /// The notice that follows the server's answer to ``initialize(_:client:clientVersion:)``.
    public static func initialized() -> [UInt8] { notice("notifications/initialized", nil) }

    /// Asks for the tools.
    ///
    /// - Parameter cursor: what the last page gave as the beginning of this one.
    public static func listTools(_ id: UInt64, cursor: String? = nil) -> [UInt8] {
        request(id, "tools/list", cursor.map { .object(("cursor", .string($0))) })
    }

    /// Calls a tool.
    public static func callTool(_ id: UInt64, _ name: String, _ arguments: JSON) -> [UInt8] {
        request(
            id, "tools/call", .object(("name", .string(name)), ("arguments", arguments)))
    }

    /// Says that the answer to a request is wanted no more.
    public static func cancelled(_ id: UInt64, reason: String) -> [UInt8] {
        notice(
            "notifications/cancelled",
            .object(("requestId", .integer(Int64(clamping: id))), ("reason", .string(reason))))
    }

    /// The answer that a server's own request gets: an empty one to a ping, else that there is no such
    /// method, as this client offers none.
    public static func answer(to question: Question) -> [UInt8] {
        if question.method.utf8.elementsEqual("ping".utf8) {
            return line(
                .object(
                    ("jsonrpc", .string("2.0")), ("id", question.id), ("result", .object([]))))
        }
        return line(
            .object(
                ("jsonrpc", .string("2.0")), ("id", question.id),
                (
                    "error",
                    .object(
                        ("code", .integer(-32601)),
                        ("message", .string("this client has no such method")))
                )))
    }

    private static func request(_ id: UInt64, _ method: String, _ params: JSON?) -> [UInt8] {
        message(id, method, params)
    }

    private static func notice(_ method: String, _ params: JSON?) -> [UInt8] {
        message(nil, method, params)
    }

    private static func message(_ id: UInt64?, _ method: String, _ params: JSON?) -> [UInt8] {
        var members = [JSON.Member("jsonrpc", .string("2.0"))]
        if let id { members.append(JSON.Member("id", .integer(Int64(clamping: id)))) }
        members.append(JSON.Member("method", .string(method)))
        if let params { members.append(JSON.Member("params", params)) }
        return line(.object(members))
    }

    private static func line(_ message: JSON) -> [UInt8] { message.bytes + [UInt8(ascii: "\n")] }
}
