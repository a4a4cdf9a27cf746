// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// The functions that actor.pact exports. The types are generated from it.
enum Actor: Exports {
    static func initialize(_ argument: Argument) throws(Failure) -> State {
        State(written: 0)
    }

    /// Puts the whole note in place in one step: a reader never sees a half of it.
    static func keep(
        _ state: inout State, name: String, text: String
    ) throws(Failure) -> UInt64 {
        try Files.writeAtomic(name + ".txt", content: Array(text.utf8))
        state.written += 1
        return state.written
    }

    static func show(_ state: inout State, name: String) throws(Failure) -> String {
        String(decoding: try Filesystem.readFile(name + ".txt"), as: UTF8.self)
    }

    static func names(_ state: inout State) throws(Failure) -> [String] {
        try Filesystem.listFiles(".")
    }

    static func drop(_ state: inout State, name: String) throws(Failure) {
        try Filesystem.deleteFile(name + ".txt")
    }
}
