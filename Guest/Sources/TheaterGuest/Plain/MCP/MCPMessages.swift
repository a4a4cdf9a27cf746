// SPDX-License-Identifier: Apache-2.0

extension MCP {
    /// A line from the server.
    public enum Message: Sendable {
        /// The answer to a request.
        case answer(id: UInt64, JSON)
        /// A request was refused.
        case refusal(id: UInt64, Refusal)
        /// The server asks something; ``MCP/answer(to:)`` makes what it must be told.
        case question(Question)
        /// The server tells something, such as a line for the log.
        case notice(method: String, params: JSON)
    }

    /// Why the server does not do what it was asked.
    public struct Refusal: Sendable {
        /// The number of JSON-RPC.
        public var code: Int64
        /// The server's explanation.
        public var message: String
    }

    /// A request of the server's own.
    public struct Question: Sendable {
        /// Its identity, a number or a text.
        public var id: JSON
        /// What it asks for.
        public var method: String
    }

    /// What the server says of itself.
    public struct Server: Sendable {
        /// Its name.
        public var name: String
        /// The version of the protocol that it speaks.
        public var version: String
        /// Whether it has tools.
        public var hasTools: Bool
    }

    /// A tool of the server's.
    public struct Tool: Sendable {
        /// Its name.
        public var name: String
        /// What it does.
        public var summary: String
        /// The JSON Schema of its arguments.
        public var schema: JSON
    }

    /// What a tool answered.
    public struct ToolResult: Sendable {
        /// The texts of the answer, with a line's end between them. Other content is left out.
        public var text: String
        /// Whether the tool failed; the text says why then.
        public var isError: Bool
    }

    // MARK: Reading

    /// Reads one line of the server.
    ///
    /// - Throws: what is wrong with it. The server may be used on; a line that is no message is nobody's answer.
    public static func read(_ line: [UInt8]) throws(Failure) -> Message {
        let message = try JSON(parsing: line)
        guard message["jsonrpc"]?.string?.utf8.elementsEqual("2.0".utf8) == true else {
            throw Failure("no message of JSON-RPC 2.0")
        }
        if let method = message["method"]?.string {
            guard let id = message["id"] else {
                return .notice(method: method, params: message["params"] ?? .null)
            }
            guard id.string != nil || id.integer != nil else {
                throw Failure("a request has no usable id")
            }
            return .question(Question(id: id, method: method))
        }
        guard let number = message["id"]?.integer, let id = UInt64(exactly: number) else {
            throw Failure("an answer has the id of no request")
        }
        if let error = message["error"] {
            return .refusal(
                id: id,
                Refusal(
                    code: error["code"]?.integer ?? 0,
                    message: error["message"]?.string ?? "without a reason"))
        }
        guard let result = message["result"] else { throw Failure("an answer has no result") }
        return .answer(id: id, result)
    }

    /// Reads the answer to ``initialize(_:client:clientVersion:)``.
    ///
    /// - Throws: when the server speaks a version that is not understood.
    public static func server(_ answer: JSON) throws(Failure) -> Server {
        let version = answer["protocolVersion"]?.string ?? ""
        let isKnown = knownVersions.contains { $0.utf8.elementsEqual(version.utf8) }
        guard isKnown else {
            throw Failure(
                "the server speaks version '\(version)' of the protocol, which is unknown")
        }
        return Server(
            name: answer["serverInfo"]?["name"]?.string ?? "", version: version,
            hasTools: answer["capabilities"]?["tools"] != nil)
    }

    /// Reads the answer to ``listTools(_:cursor:)``.
    ///
    /// - Returns: the tools, and where the next page begins if there is one.
    public static func tools(
        _ answer: JSON
    ) throws(Failure) -> (tools: [Tool], cursor: String?) {
        guard let items = answer["tools"]?.items, items.count <= toolsMax else {
            throw Failure("a list of tools has no tools, or more than \(toolsMax)")
        }
        var tools: [Tool] = []
        for item in items {
            guard let name = item["name"]?.string else { throw Failure("a tool has no name") }
            tools.append(
                Tool(
                    name: name, summary: item["description"]?.string ?? "",
                    schema: item["inputSchema"] ?? .object([])))
        }
        return (tools, answer["nextCursor"]?.string)
    }

    /// Reads the answer to ``callTool(_:_:_:)``.
    public static func result(_ answer: JSON) throws(Failure) -> ToolResult {
        guard let content = answer["content"]?.items else {
            throw Failure("the answer of a tool has no content")
        }
        var text = ""
        for item in content {
            guard let part = item["text"]?.string else { continue }
            if !text.isEmpty { text += "\n" }
            text += part
        }
        return ToolResult(text: text, isError: answer["isError"]?.bool ?? false)
    }
}
