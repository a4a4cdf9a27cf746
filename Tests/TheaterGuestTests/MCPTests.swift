// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import GuestPlain

@Suite("MCP of the guest SDK")
struct MCPTests {
    private struct Missing: Error {}

    private func text(_ line: [UInt8]) -> String { String(decoding: line, as: UTF8.self) }

    @Test("what is written is one message of the protocol on one line")
    func lines() {
        #expect(
            text(MCP.initialize(1, client: "a\nb", clientVersion: "2"))
                == #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","#
                + #""capabilities":{},"clientInfo":{"name":"a\nb","version":"2"}}}"# + "\n")
        #expect(
            text(MCP.initialized())
                == #"{"jsonrpc":"2.0","method":"notifications/initialized"}"# + "\n")
        #expect(
            text(MCP.listTools(2)) == #"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"# + "\n")
        #expect(text(MCP.listTools(2, cursor: "p")).contains(#""params":{"cursor":"p"}"#))
        #expect(
            text(MCP.callTool(3, "count", .object(("path", .string("x")))))
                == #"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"count","#
                + #""arguments":{"path":"x"}}}"# + "\n")
        #expect(
            text(MCP.cancelled(3, reason: "late")).contains(
                #""params":{"requestId":3,"reason":"late"}"#))
    }

    @Test("what is read is told apart")
    func reading() throws {
        func read(_ text: String) throws(Failure) -> MCP.Message { try MCP.read(Array(text.utf8)) }
        guard case .answer(7, let result) = try read(#"{"jsonrpc":"2.0","id":7,"result":{"a":1}}"#)
        else { throw Missing() }
        #expect(result["a"]?.integer == 1)
        guard
            case .refusal(8, let denial) = try read(
                #"{"jsonrpc":"2.0","id":8,"error":{"code":-32601,"message":"no"}}"#)
        else { throw Missing() }
        #expect(denial.code == -32601 && denial.message == "no")
        guard
            case .question(let ping) = try read(#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#),
            case .question(let other) = try read(#"{"jsonrpc":"2.0","id":9,"method":"roots/list"}"#)
        else { throw Missing() }
        #expect(text(MCP.answer(to: ping)) == #"{"jsonrpc":"2.0","id":"p","result":{}}"# + "\n")
        #expect(text(MCP.answer(to: other)).contains(#""id":9,"error":{"code":-32601"#))
        guard
            case .notice("notifications/message", let params) = try read(
                #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info"}}"#)
        else { throw Missing() }
        #expect(params["level"]?.string == "info")
        for bad in [
            "1", "[]", "{}", #"{"jsonrpc":"1.0","id":1,"result":1}"#, #"{"jsonrpc":"2.0"}"#,
            #"{"jsonrpc":"2.0","id":"x","result":1}"#, #"{"jsonrpc":"2.0","id":-1,"result":1}"#,
            #"{"jsonrpc":"2.0","id":1}"#, #"{"jsonrpc":"2.0","id":null,"method":"m"}"#, "{",
        ] {
            #expect(refusal { () throws(Failure) in try read(bad) } != "accepted", "\(bad)")
        }
    }

    @Test("answers are read, and those that lack what they must have are refused")
    func answers() throws {
        let server = try MCP.server(
            JSON(
                parsing:
                    #"{"protocolVersion":"2024-11-05","capabilities":{"tools":{}},"serverInfo":{"name":"s"}}"#
            ))
        #expect(server.name == "s" && server.hasTools && server.version == "2024-11-05")
        #expect(
            refusal { () throws(Failure) in
                try MCP.server(JSON(parsing: #"{"protocolVersion":"1999-01-01"}"#))
            }.contains("1999-01-01"))
        let page = try MCP.tools(
            JSON(
                parsing:
                    #"{"tools":[{"name":"a","description":"d","inputSchema":{"type":"object"}},{"name":"b"}],"nextCursor":"n"}"#
            ))
        #expect(page.tools.map(\.name) == ["a", "b"] && page.cursor == "n")
        #expect(page.tools.first?.summary == "d")
        for bad in [#"{}"#, #"{"tools":[{}]}"#, #"{"tools":1}"#] {
            #expect(
                refusal { () throws(Failure) in _ = try MCP.tools(JSON(parsing: bad)) }
                    != "accepted")
        }
        let many = JSON.object(
            ("tools", .array((0...256).map { .object(("name", .integer($0))) })))
        #expect(refusal { () throws(Failure) in _ = try MCP.tools(many) }.contains("256"))
        let result = try MCP.result(
            JSON(
                parsing:
                    #"{"content":[{"type":"text","text":"a"},{"type":"image","data":""},{"type":"text","text":"b"}],"isError":true}"#
            ))
        #expect(result.text == "a\nb" && result.isError)
        #expect(refusal { () throws(Failure) in try MCP.result(.object([])) } != "accepted")
    }
}
