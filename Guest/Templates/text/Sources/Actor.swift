// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// The functions that actor.pact exports. The types are generated from it.
enum Actor: Exports {
    static func initialize(_ argument: Argument) throws(Failure) -> State {
        State(documents: 0, total: Statistics())
    }

    /// Measures a document and adds it to the totals.
    static func measure(_ state: inout State, document: [UInt8]) throws(Failure) -> String {
        if document.isEmpty { throw Failure("the document is empty") }
        let found = Statistics(of: document)
        state.documents += 1
        state.total.add(found)
        Runtime.log("document \(state.documents): \(document.count) bytes")
        return """
            lines         \(found.lines)
            words         \(found.words)
            bytes         \(found.bytes)
            longest line  \(found.longestLine)
            """
    }

    static func totals(_ state: inout State) throws(Failure) -> Statistics {
        state.total
    }
}
