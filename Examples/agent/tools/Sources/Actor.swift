// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// The functions that tools.pact exports.
enum Actor: Exports {
    /// How many wishes may wait.
    private static let jobsMax = 64

    /// Starts the server and greets it. Wishes wait until it has answered.
    static func initialize(_ argument: Argument) throws(Failure) -> State {
        let server = try Process.osSpawn(
            ProcessConfig(
                program: "python3", args: ["Examples/agent/tools/server.py"], cwd: nil, env: [],
                bufferSize: 1 << 20, stdoutMode: .json, stderrMode: .lineByLine, chunkSize: nil,
                executionTimeout: nil))
        var state = State(server: server, requests: 0, waiting: nil, isReady: false, jobs: [])
        try state.ask(.greeting) { id in
            MCP.initialize(id, client: "agent", clientVersion: "0.1.0")
        }
        return state
    }

    /// Takes a wish, which is answered later.
    static func handleRequest(
        _ state: inout State, requestId: String, wish: [UInt8]
    ) throws(Failure) -> [UInt8]? {
        guard state.jobs.count < jobsMax else {
            return answer("too many wishes wait", isFailure: true)
        }
        state.jobs.append(Job(message: requestId, wish: wish))
        try state.proceed()
        return nil
    }

    /// Hears one message of the server.
    static func handleStdout(_ state: inout State, pid: UInt64, data: [UInt8]) throws(Failure) {
        switch try MCP.read(data) {
        case .answer(let id, let result):
            switch state.answered(id) {
            case .greeting?:
                let server = try MCP.server(result)
                Runtime.log("the server is \(server.name), protocol \(server.version)")
                try state.write(MCP.initialized())
                state.isReady = true
            case .tools?:
                let names = try MCP.tools(result).tools.map { JSON.string($0.name) }
                try state.finish(answer(JSON.array(names).text))
            case .call?:
                let found = try MCP.result(result)
                try state.finish(answer(found.text, isFailure: found.isError))
            case nil: break
            }
        case .refusal(let id, let refusal):
            guard state.answered(id) != nil else { break }
            guard state.isReady else { throw Failure("no greeting: \(refusal.message)") }
            try state.finish(answer(refusal.message, isFailure: true))
        case .question(let question): try state.write(MCP.answer(to: question))
        case .notice: break
        }
        try state.proceed()
    }

    /// Hears one line of the server's complaints.
    static func handleStderr(_ state: inout State, pid: UInt64, data: [UInt8]) throws(Failure) {
        Runtime.log("server: \(String(decoding: data, as: UTF8.self))")
    }

    /// Tells who waits, and ends as the server did. The supervisor starts both again.
    static func handleExit(_ state: inout State, pid: UInt64, code: Int32) throws(Failure) {
        let reason = "the server ended with \(code)"
        for job in state.jobs { try state.tell(job, answer(reason, isLoss: true)) }
        throw Failure(reason)
    }

    /// Hears that the time of a request is over. The server, which does one thing at a time, ends with the actor.
    static func handleTick(_ state: inout State, name: String) throws(Failure) {
        guard state.isExpired(name) else { return }
        let reason = "no answer within \(State.timeout) ms"
        if state.isReady { try state.finish(answer(reason, isFailure: true)) }
        throw Failure(reason)
    }

    private static func answer(
        _ text: String, isFailure: Bool = false, isLoss: Bool = false
    ) -> [UInt8] {
        JSON.object(
            ("text", .string(text)), ("failed", .bool(isFailure)), ("lost", .bool(isLoss))
        ).bytes
    }
}
