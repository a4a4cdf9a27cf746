// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// The functions that actor.pact exports. `Exports` and `State` are generated from it.
enum Actor: Exports {
    /// Makes the first state. `argument.text` is `initial_state` of the manifest, if it has one.
    static func initialize(_ argument: Argument) throws(Failure) -> State {
        Runtime.log("ready")
        return State(count: 0)
    }

    /// Greets somebody. What is thrown reaches the caller, and the state stays as it was.
    static func greet(_ state: inout State, name: String) throws(Failure) -> String {
        if name.isEmpty { throw Failure("whom shall I greet?") }
        state.count += 1
        Runtime.log("greeting \(name)")
        return "Hello, \(name)! You are number \(state.count)."
    }
}
