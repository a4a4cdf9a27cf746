// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// The tools of the server, whose actor may end and be started again at any time.
struct Toolbox {
    /// What came of a call.
    enum Outcome {
        case text(String)
        /// The tool said no, or took too long.
        case failed(String)
        /// The server ended over it, each time.
        case lost(String)
    }

    /// How often a call is made that the server ends over.
    private static let attemptsMax = 2
    /// How often, and after how many milliseconds each, the server's actor is asked while it is not there.
    private static let patience = (count: 400, pause: UInt64(25))

    /// How often the server ended over a call.
    private(set) var crashes = 0

    /// The names of the tools.
    mutating func names() throws(Failure) -> [String] {
        switch try ask(.object([])) {
        case .text(let text):
            return try JSON(parsing: text).items?.compactMap { $0.string } ?? []
        case .failed(let reason), .lost(let reason): throw Failure("no tools: \(reason)")
        }
    }

    /// Calls a tool, and once more when the server ends over it.
    mutating func call(_ tool: String, _ arguments: [(String, String)]) throws(Failure) -> Outcome {
        let members = arguments.map { JSON.Member($0.0, .string($0.1)) }
        return try ask(.object(("tool", .string(tool)), ("arguments", .object(members))))
    }

    private mutating func ask(_ wish: JSON) throws(Failure) -> Outcome {
        var outcome = try send(wish)
        for _ in 1..<Self.attemptsMax {
            guard case .lost = outcome else { return outcome }
            outcome = try send(wish)
        }
        return outcome
    }

    private mutating func send(_ wish: JSON) throws(Failure) -> Outcome {
        let answer = try JSON(parsing: deliver(wish.bytes))
        guard let text = answer["text"]?.string else { throw Failure("an answer has no text") }
        if answer["lost"]?.bool == true {
            crashes += 1
            return .lost(text)
        }
        return answer["failed"]?.bool == true ? .failed(text) : .text(text)
    }

    /// Hands a message to the server's actor, as soon as it is there.
    private func deliver(_ message: [UInt8]) throws(Failure) -> [UInt8] {
        var last = "it was never there"
        for _ in 0..<Self.patience.count {
            do throws(Failure) {
                guard let tools = try Supervisor.listChildren().first else {
                    throw Failure("it has not begun")
                }
                return try MessageServerHost.request(tools, msg: message)
            } catch {
                last = error.message
            }
            try Timing.sleep(Self.patience.pause)
        }
        throw Failure("the server's actor takes no message: \(last)")
    }
}
