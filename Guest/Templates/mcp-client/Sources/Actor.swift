// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// The functions that actor.pact exports. The types are generated from it.
enum Actor: Exports {
    /// Starts the server and greets it. What it says comes later, line by line.
    static func initialize(_ argument: Argument) throws(Failure) -> State {
        let server = try Process.osSpawn(
            ProcessConfig(
                program: "python3", args: ["server.py"], cwd: nil, env: [], bufferSize: 1 << 20,
                stdoutMode: .json, stderrMode: .lineByLine, chunkSize: nil, executionTimeout: nil))
        var state = State(server: server, requests: 0, waiting: nil)
        try state.ask(.greeting) { id in
            MCP.initialize(id, client: "{{name}}", clientVersion: "0.1.0")
        }
        return state
    }

    /// Hears one message of the server.
    static func handleStdout(_ state: inout State, pid: UInt64, data: [UInt8]) throws(Failure) {
        switch try MCP.read(data) {
        case .answer(let id, let answer):
            if let purpose = state.answered(id) { try proceed(&state, purpose, answer) }
        case .refusal(let id, let refusal):
            if state.answered(id) != nil { throw Failure("refused: \(refusal.message)") }
        case .question(let question): try state.write(MCP.answer(to: question))
        case .notice: break
        }
    }

    /// What comes after the answer to a request.
    private static func proceed(
        _ state: inout State, _ purpose: Purpose, _ answer: JSON
    ) throws(Failure) {
        switch purpose {
        case .greeting:
            let server = try MCP.server(answer)
            Runtime.log("the server is \(server.name)")
            try state.write(MCP.initialized())
            try state.ask(.tools) { id in MCP.listTools(id) }
        case .tools:
            for tool in try MCP.tools(answer).tools { Runtime.log("\(tool.name): \(tool.summary)") }
            try state.ask(.call) { id in
                MCP.callTool(id, "count", .object(("path", .string("actor.pact"))))
            }
        case .call:
            let result = try MCP.result(answer)
            if result.isError { throw Failure(result.text) }
            try Runtime.shutdown(Array(result.text.utf8))
        }
    }

    /// Hears one line of the server's complaints.
    static func handleStderr(_ state: inout State, pid: UInt64, data: [UInt8]) throws(Failure) {
        Runtime.log("server: \(String(decoding: data, as: UTF8.self))")
    }

    /// The actor is of no use without its server. A supervisor would start both again.
    static func handleExit(_ state: inout State, pid: UInt64, code: Int32) throws(Failure) {
        throw Failure("the server ended with \(code)")
    }

    /// Hears that the time of a request is over. The server ends with the actor.
    static func handleTick(_ state: inout State, name: String) throws(Failure) {
        if state.isExpired(name) { throw Failure("the server did not answer in time") }
    }
}
