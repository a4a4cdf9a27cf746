// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

extension State {
    /// Passes the next wish on, if the server is free.
    mutating func proceed() throws(Failure) {
        guard isReady, waiting == nil, let job = jobs.first else { return }
        let wish = try JSON(parsing: job.wish)
        guard let tool = wish["tool"]?.string else {
            return try ask(.tools) { id in MCP.listTools(id) }
        }
        try ask(.call) { id in MCP.callTool(id, tool, wish["arguments"] ?? .object([])) }
    }

    /// Answers the wish that was under way.
    mutating func finish(_ answer: [UInt8]) throws(Failure) {
        guard !jobs.isEmpty else { return }
        try tell(jobs.removeFirst(), answer)
    }

    /// Answers a wish. Who has gone meanwhile needs no answer.
    func tell(_ job: Job, _ answer: [UInt8]) throws(Failure) {
        _ = try? MessageServerHost.respondToRequest(job.message, response: answer)
    }
}
