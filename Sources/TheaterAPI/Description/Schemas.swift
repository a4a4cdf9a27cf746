// SPDX-License-Identifier: Apache-2.0

/// The schemas of what the API takes and gives, as OpenAPI has them.
enum Schemas {
    /// All of them, by name.
    static let all: JSONValue = .object((main.members ?? []) + others)

    private static let main: JSONValue = [
        "Health": object(["status": text, "reason": nullable(text)], required: ["status"]),
        "Document": ["type": "object"],
        "Problem": object(
            [
                "type": text, "status": integer, "code": text, "detail": text,
                "value": reference("Value"),
                "request_id": text,
            ], required: ["type", "status", "code", "detail"]),
        "Node": object(
            [
                "version": text, "pid": integer, "started": text, "data": nullable(text),
                "actors": integer, "totals": totals, "dead_letters": counts,
                "commands": object(
                    ["running": integer, "waiting": integer], required: ["running", "waiting"]),
            ], required: ["version", "pid", "started", "actors", "totals"]),
        "DeadLetters": object(
            [
                "counts": counts,
                "letters": list(
                    object(
                        [
                            "number": integer, "time": text, "sender": text, "target": text,
                            "kind": text, "size": integer, "code": text,
                        ],
                        required: ["number", "time", "sender", "target", "kind", "size", "code"])),
            ], required: ["counts", "letters"]),
        "KeptContent": object(
            ["digest": text, "size": integer], required: ["digest", "size"]),
        "Token": object(
            [
                "name": text, "scope": scope, "created": text,
                "token": described(text, "The token; only when it is made."),
            ], required: ["name", "scope", "created"]),
        "TokenList": object(["tokens": list(reference("Token"))], required: ["tokens"]),
        "NewToken": closed(["name": text, "scope": scope], required: ["name", "scope"]),
        "Roster": object(
            [
                "revision": integer,
                "actors": list(
                    object(
                        [
                            "name": text, "manifest": text, "module": digest,
                            "variables": texts, "initial_state": nullable(text),
                            "id": nullable(text), "status": nullable(status), "error": failure,
                        ],
                        required: ["name", "manifest", "module", "id", "status", "error"])),
            ], required: ["revision", "actors"]),
        "NewRoster": closed(
            [
                "revision": described(
                    ["type": ["integer", "null"]],
                    "The revision that this is made from; another one is a conflict."),
                "actors": [
                    "type": "array", "maxItems": 1024,
                    "items": closed(
                        [
                            "manifest": described(text, "The manifest in TOML."),
                            "module": described(
                                digest, "The SHA-256 of a module that the node keeps."),
                            "variables": texts,
                            "initial_state": described(
                                nullable(text),
                                "The content of the manifest's initial_state_file, in Base64."),
                        ], required: ["manifest", "module"]),
                ],
            ], required: ["actors"]),
        "RosterChanges": object(
            [
                "revision": integer, "dry_run": ["type": "boolean"],
                "changes": list(
                    object(
                        [
                            "name": text,
                            "change": [
                                "type": "string",
                                "enum": ["start", "stop", "upgrade", "replace", "keep"],
                            ],
                            "id": nullable(text), "reason": nullable(text), "error": failure,
                        ], required: ["name", "change", "id", "reason", "error"])),
            ], required: ["revision", "dry_run", "changes"]),
        "ActorSummary": object(
            [
                "id": text, "name": text, "status": status, "reason": nullable(text),
                "mailbox": integer,
                "load": load,
            ],
            required: ["id", "name", "status", "mailbox"]),
        "ActorPage": object(
            ["actors": list(reference("ActorSummary")), "next": nullable(text)],
            required: ["actors", "next"]),
        "Actor": object(
            [
                "id": text, "name": text, "status": status, "reason": nullable(text),
                "parent": nullable(text), "children": list(text), "metrics": ["type": "object"],
            ], required: ["id", "name", "status", "children", "metrics"]),
        "TreeNode": object(
            [
                "id": text, "name": text, "status": status, "reason": nullable(text),
                "restarts": integer, "mailbox": integer, "load": load,
                "children": list(reference("TreeNode")),
            ], required: ["id", "name", "status", "restarts", "children"]),
        "Tree": object(["roots": list(reference("TreeNode"))], required: ["roots"]),
        "Start": closed(
            [
                "manifest": described(text, "The manifest in TOML."),
                "module": described(digest, "The SHA-256 of a module that the node keeps."),
                "name": described(text, "The actor's name instead of the manifest's."),
                "variables": [
                    "type": "object", "additionalProperties": text,
                    "description": "Values for the manifest's variables.",
                ],
                "initial_state": described(
                    text, "The content of the manifest's initial_state_file, in Base64."),
            ], required: ["manifest", "module"]),
        "Upgrade": object(
            [
                "id": text, "from": digest, "to": digest, "migrated": ["type": "boolean"],
                "on_trial": ["type": "boolean"],
                "check": described(
                    [
                        "type": ["object", "null"],
                        "properties": [
                            "same": ["type": ["boolean", "null"]], "code": nullable(text),
                            "detail": nullable(text),
                        ],
                    ], "What the replay of its chain found; null when there was none."),
            ], required: ["id", "from", "to", "migrated", "on_trial", "check"]),
        "End": object(
            [
                "id": text, "status": status, "reason": nullable(text),
                "result": described(nullable(text), "What the actor left, in Base64."),
            ], required: ["id", "status"]),
        "Functions": object(
            [
                "functions": list(
                    object(["name": text, "usage": text], required: ["name", "usage"])),
                "metadata": described(
                    text, "The declarations as package metadata in CGRF, in Base64."),
            ], required: ["functions", "metadata"]),
        "Arguments": [
            "type": "array", "items": [:], "maxItems": 64,
            "description":
                "One value for each parameter but the state, adapted to its declared type.",
        ],
        "Value": object(
            ["value": [:], "text": described(text, "The text form.")], required: ["value", "text"]),
        "Event": object(
            [
                "actor": text, "sequence": integer, "time": text, "time_nanoseconds": integer,
                "type": text, "hash": text, "parent": text, "payload_digest": text,
                "payload": described(
                    nullable(text), "The facts in Base64; null when they were dropped."),
            ],
            required: [
                "actor", "sequence", "time", "time_nanoseconds", "type", "hash", "parent",
                "payload_digest", "payload",
            ]),
        "EventPage": object(
            ["events": list(reference("Event")), "next": nullable(integer)],
            required: ["events", "next"]),
    ]

    /// Those of what is described in other files.
    private static let others: [JSONValue.Member] = subscribers + lists

    static func reference(_ name: String) -> JSONValue {
        ["$ref": .string("#/components/schemas/" + name)]
    }

    static let text: JSONValue = ["type": "string"]
    static let integer: JSONValue = ["type": "integer"]
    private static let digest: JSONValue = ["type": "string", "pattern": "^[0-9a-f]{64}$"]
    private static let scope: JSONValue = [
        "type": "string", "enum": .strings(Scope.allCases.map(\.rawValue)),
    ]
    private static let texts: JSONValue = ["type": "object", "additionalProperties": text]
    private static let failure: JSONValue = nullable(
        object(["code": text, "message": text], required: ["code", "message"]))
    private static let counts: JSONValue = ["type": "object", "additionalProperties": integer]
    private static let status: JSONValue = [
        "type": "string",
        "enum": [
            "starting", "running", "stopping", "restarting", "stopped", "completed", "failed",
            "killed",
        ],
    ]
    private static let load: JSONValue = object(
        [
            "calls": integer, "errors": integer, "fuel_used": integer, "memory": integer,
            "restarts": integer,
            "events": described(
                nullable(integer), "How many its chain has; null when it is not recorded."),
        ], required: ["calls", "errors", "fuel_used", "memory", "restarts", "events"])
    private static let totals: JSONValue = object(
        [
            "lives_started": integer, "lives_ended": integer, "calls": integer, "errors": integer,
            "fuel_used": integer, "host_calls": integer, "memory": integer,
        ], required: ["lives_started", "lives_ended", "calls", "errors"])

    static func object(
        _ properties: JSONValue, required: [String]
    ) -> JSONValue {
        ["type": "object", "properties": properties, "required": .strings(required)]
    }

    private static func closed(_ properties: JSONValue, required: [String]) -> JSONValue {
        [
            "type": "object", "properties": properties, "required": .strings(required),
            "additionalProperties": false,
        ]
    }

    static func list(_ items: JSONValue) -> JSONValue { ["type": "array", "items": items] }

    static func nullable(_ schema: JSONValue) -> JSONValue {
        ["anyOf": [schema, ["type": "null"]]]
    }

    static func described(_ schema: JSONValue, _ words: String) -> JSONValue {
        guard let members = schema.members else { return schema }
        return .object(members + [.init("description", .string(words))])
    }
}
