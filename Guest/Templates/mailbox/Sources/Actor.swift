// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// The functions that actor.pact exports. The types are generated from it.
enum Actor: Exports {
    /// How many letters are kept.
    private static let lettersMax = 100

    static func initialize(_ argument: Argument) throws(Failure) -> State {
        State(letters: [], count: 0)
    }

    // MARK: What others send

    /// Takes a message. Nobody waits for it, so what is thrown here would reach nobody and end the actor.
    static func handleSend(
        _ state: inout State, data: [UInt8], sender: String?
    ) throws(Failure) {
        state.count += 1
        if state.letters.count == lettersMax { state.letters.removeFirst() }
        state.letters.append(Letter(sender: sender, text: String(decoding: data, as: UTF8.self)))
    }

    /// Answers a request. `nil` would leave the one who asks waiting, for `respond-to-request` later.
    static func handleRequest(
        _ state: inout State, requestId: String, data: [UInt8]
    ) throws(Failure) -> [UInt8]? {
        switch String(decoding: data, as: UTF8.self) {
        case "count": return Array("\(state.count)".utf8)
        case "newest": return Array((state.letters.last?.text ?? "no letters yet").utf8)
        default: return Array("ask for count or newest".utf8)
        }
    }

    // MARK: What this actor sends

    static func letters(_ state: inout State) throws(Failure) -> [Letter] { state.letters }

    static func post(_ state: inout State, to: String, text: String) throws(Failure) {
        try MessageServerHost.send(to, msg: Array(text.utf8))
    }

    static func ask(
        _ state: inout State, to: String, question: String
    ) throws(Failure) -> String {
        let answer = try MessageServerHost.request(to, msg: Array(question.utf8))
        return String(decoding: answer, as: UTF8.self)
    }
}
