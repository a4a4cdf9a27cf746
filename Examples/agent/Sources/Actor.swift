// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// The functions that agent.pact exports.
enum Actor: Exports {
    static func initialize(_ argument: Argument) throws(Failure) -> State {
        try beginSoon()
        return State(folder: argument.text ?? ".")
    }

    /// What the actor supervises starts after its `init`, while it does nothing else.
    private static func beginSoon() throws(Failure) {
        _ = try TimerOnce.setTimeout("begin", delayMs: 20)
    }

    /// Does the work, reports, and ends.
    static func handleTick(_ state: inout State, name: String) throws(Failure) {
        guard try !Supervisor.listChildren().isEmpty else { return try beginSoon() }
        var survey = Survey(folder: state.folder)
        try survey.run()
        try Runtime.shutdown(Array(survey.report.utf8))
    }
}
