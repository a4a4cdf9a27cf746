// SPDX-License-Identifier: Apache-2.0

extension Operation {
    static let subscriberOperations = [
        Operation(
            id: .subscribers, method: .get, path: "/v1/node/subscribers", scope: .observe,
            summary:
                "Lists who follows what: those that lost most first, then those that lag most.",
            parameters: query, output: .json("SubscriberList"), problems: [404, 409]),
        Operation(
            id: .followSubscribers, method: .get, path: "/v1/node/subscribers/stream",
            scope: .observe,
            summary: "Lists them as 'value' at once, and again whenever they have changed.",
            parameters: query, output: .events, problems: [404, 409]),
    ]

    private static let query = [
        limit(most: 10_000),
        Parameter(
            name: "actor", schema: ["type": "string", "minLength": 1, "maxLength": 256],
            summary: "Only those that follow this actor."),
    ]
}

extension Schemas {
    static let subscribers: [JSONValue.Member] = [
        .init(
            "Subscriber",
            object(
                [
                    "number": integer, "credential": text,
                    "kind": ["type": "string", "enum": ["events", "channel"]], "actor": text,
                    "since": text,
                    "waiting": described(
                        integer, "Events or messages that wait in the runtime."),
                    "waiting_bytes": described(integer, "Bytes that wait for the connection."),
                    "lost": described(
                        integer, "Events that were passed over because the client was too slow."),
                ],
                required: [
                    "number", "credential", "kind", "actor", "since", "waiting", "waiting_bytes",
                    "lost",
                ])),
        .init(
            "SubscriberList",
            object(
                [
                    "subscribers": list(reference("Subscriber")),
                    "total": described(integer, "How many there are, shown or not."),
                    "lost": described(integer, "How many events they all lost."),
                ], required: ["subscribers", "total", "lost"])),
    ]
}
