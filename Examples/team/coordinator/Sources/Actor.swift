// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// The functions that coordinator.pact exports.
enum Actor: Exports {
    static func initialize(_ argument: Argument) throws(Failure) -> State {
        State(texts: 0, words: 0)
    }

    static func rank(_ state: inout State, text: String) throws(Failure) -> String {
        var team = try Team(members: try Supervisor.listChildren())
        let lines = Lines(Array(text.utf8))
        Runtime.log("\(lines.bytes.count) bytes in \(lines.count) lines for \(team.size) workers")
        for part in lines.parts { try team.count(lines, part) }
        state.texts += 1
        state.words += team.tally.words
        return team.report
    }
}
