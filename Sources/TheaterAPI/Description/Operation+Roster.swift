// SPDX-License-Identifier: Apache-2.0

extension Operation {
    /// What can be asked about the roster.
    static let rosterOperations = [
        Operation(
            id: .roster, method: .get, path: "/v1/roster", scope: .operate,
            summary: "Shows which actors are to run, and how each of them stands.",
            output: .json("Roster"), problems: [503, 507]),
        Operation(
            id: .putRoster, method: .put, path: "/v1/roster", scope: .operate,
            summary: "Says which actors are to run, and starts, exchanges and stops actors so that "
                + "these do.",
            parameters: [
                Parameter(
                    name: "dry_run", schema: ["type": "string", "enum": ["true", "false"]],
                    summary: "Whether only to say what would be done."),
                Parameter(
                    name: "gate",
                    schema: ["type": "string", "enum": ["refuse", "report", "none"]],
                    summary: "As with the upgrade of an actor. refuse without it."),
                Parameter(
                    name: "grace",
                    schema: ["type": "string", "pattern": "^[0-9]{1,9}(ms|s|m|h)$"],
                    summary: "How long actors may take to stop; then they are ended. 5s without it."
                ),
            ], input: .json("NewRoster"), output: .json("RosterChanges"),
            problems: [409, 422, 429, 503, 507]),
    ]
}
