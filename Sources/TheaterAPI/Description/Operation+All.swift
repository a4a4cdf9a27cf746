// SPDX-License-Identifier: Apache-2.0

extension Operation {
    /// Everything that can be asked.
    public static let all: [Operation] =
        nodeOperations + rosterOperations + subscriberOperations + actorOperations + talkOperations
        + channelOperations
        + chainOperations + listOperations

    private static let nodeOperations = [
        Operation(
            id: .health, method: .get, path: "/healthz", scope: nil,
            summary: "Says that the process lives.", output: .json("Health")),
        Operation(
            id: .readiness, method: .get, path: "/readyz", scope: nil,
            summary: "Says whether the node takes work, and if not, why.", output: .json("Health"),
            problems: [503]),
        Operation(
            id: .openAPI, method: .get, path: "/v1/openapi.json", scope: .observe,
            summary: "Describes this API.", output: .json("Document")),
        Operation(
            id: .node, method: .get, path: "/v1/node", scope: .observe,
            summary: "Says what the node is and did.", output: .json("Node")),
        Operation(
            id: .metrics, method: .get, path: "/metrics", scope: .observe,
            summary: "Gives the node's numbers to Prometheus.", output: .text),
        Operation(
            id: .deadLetters, method: .get, path: "/v1/dead-letters", scope: .observe,
            summary: "Lists the newest messages that reached nobody.", output: .json("DeadLetters")),
        Operation(
            id: .followDeadLetters, method: .get, path: "/v1/dead-letters/stream", scope: .observe,
            summary: "Lists them as 'value' at once, and again whenever there are others.",
            output: .events),
        Operation(
            id: .putModule, method: .post, path: "/v1/modules", scope: .operate,
            summary: "Keeps a WebAssembly module, to start actors from.", input: .module,
            status: 201, output: .json("KeptContent"), problems: [422, 429, 507]),
        Operation(
            id: .module, method: .get, path: "/v1/modules/{digest}", scope: .observe,
            summary: "Says whether the node keeps a module.", output: .json("KeptContent"),
            problems: [404]),
        Operation(
            id: .listTokens, method: .get, path: "/v1/tokens", scope: .admin,
            summary: "Lists the tokens, without themselves.", output: .json("TokenList")),
        Operation(
            id: .createToken, method: .post, path: "/v1/tokens", scope: .admin,
            summary: "Makes a token, and shows it this once.", input: .json("NewToken"),
            status: 201, output: .json("Token"), problems: [409, 429, 507]),
        Operation(
            id: .revokeToken, method: .delete, path: "/v1/tokens/{token}", scope: .admin,
            summary: "Takes a token back.", status: 204, problems: [404, 507]),
    ]

    private static let actorOperations = [
        Operation(
            id: .listActors, method: .get, path: "/v1/actors", scope: .observe,
            summary: "Lists the live actors, ordered by identity.",
            parameters: [
                limit(most: 10_000),
                Parameter(
                    name: "cursor", schema: ["type": "string", "maxLength": 64],
                    summary: "Where to go on: 'next' of the page before."),
                load,
            ], output: .jsonOrLines("ActorPage")),
        Operation(
            id: .tree, method: .get, path: "/v1/tree", scope: .observe,
            summary: "Shows the live actors below their parents.", parameters: [load],
            output: .json("Tree")),
        Operation(
            id: .followTree, method: .get, path: "/v1/tree/stream", scope: .observe,
            summary: "Shows them as 'value' at once, and again whenever they have changed.",
            parameters: [load], output: .events),
        Operation(
            id: .startActor, method: .post, path: "/v1/actors", scope: .operate,
            summary: "Starts an actor from a manifest and a module that the node keeps.",
            input: .json("Start"), status: 201, output: .json("Actor"),
            problems: [409, 422, 429]),
        Operation(
            id: .actor, method: .get, path: "/v1/actors/{actor}", scope: .observe,
            summary: "Shows an actor with what it did and holds.", output: .json("Actor"),
            problems: actorProblems),
        Operation(
            id: .followActor, method: .get, path: "/v1/actors/{actor}/stream", scope: .observe,
            summary: "Shows it as 'value' at once, and again whenever it has changed.",
            output: .events, problems: actorProblems),
        Operation(
            id: .functions, method: .get, path: "/v1/actors/{actor}/functions", scope: .observe,
            summary: "Lists what an actor exports.", output: .json("Functions"),
            problems: actorProblems),
        Operation(
            id: .state, method: .get, path: "/v1/actors/{actor}/state", scope: .observe,
            summary: "Shows an actor's state after its last call that is over.",
            output: .jsonOrCGRF("Value"), problems: actorProblems),
        Operation(
            id: .stopActor, method: .post, path: "/v1/actors/{actor}/stop", scope: .operate,
            summary: "Stops an actor and its children in order.",
            parameters: [
                Parameter(
                    name: "grace", schema: durationSchema,
                    summary: "How long they may take; then they are ended. 5s without it.")
            ], output: .json("End"), problems: actorProblems + [422, 429]),
        Operation(
            id: .killActor, method: .post, path: "/v1/actors/{actor}/kill", scope: .operate,
            summary: "Ends an actor and its children at once.", output: .json("End"),
            problems: actorProblems + [422, 429]),
        Operation(
            id: .restartActor, method: .post, path: "/v1/actors/{actor}/restart",
            scope: .operate, summary: "Stops an actor in order and starts it again.",
            output: .json("Actor"), problems: actorProblems + [422, 429]),
        Operation(
            id: .upgradeActor, method: .post, path: "/v1/actors/{actor}/upgrade",
            scope: .operate, summary: "Exchanges an actor's code between two of its calls.",
            parameters: [
                Parameter(
                    name: "module", schema: digestSchema,
                    summary: "The SHA-256 of a module that the node keeps.", isRequired: true),
                Parameter(
                    name: "gate",
                    schema: ["type": "string", "enum": ["refuse", "report", "none"]],
                    summary: "Whether the actor's chain is replayed on the code before, and what "
                        + "differs is a reason to refuse it. refuse without it."),
                Parameter(
                    name: "trial_calls",
                    schema: ["type": "integer", "minimum": 0, "maximum": 1_000_000],
                    summary: "For how many calls the old code stays beside it. 3 without it."),
            ], output: .json("Upgrade"), problems: actorProblems + [422, 429]),
    ]

    private static let talkOperations = [
        Operation(
            id: .send, method: .post, path: "/v1/actors/{actor}/send", scope: .message,
            summary: "Puts a one-way message into an actor's mailbox.", input: .bytes, status: 202,
            problems: actorProblems + [422, 429, 507]),
        Operation(
            id: .request, method: .post, path: "/v1/actors/{actor}/request", scope: .message,
            summary: "Asks an actor and waits for its answer.", parameters: [timeout],
            input: .bytes, output: .bytes, problems: actorProblems + [422, 429]),
        Operation(
            id: .call, method: .post, path: "/v1/actors/{actor}/call", scope: .message,
            summary: "Calls an export with checked arguments and waits for its answer.",
            parameters: [
                Parameter(
                    name: "function", schema: ["type": "string", "maxLength": 1024],
                    summary: "The export's name, or an end of it that no other has.",
                    isRequired: true),
                timeout,
            ], input: .jsonOrCGRF("Arguments"), output: .jsonOrCGRF("Value"),
            problems: actorProblems + [422, 429]),
    ]

    private static let channelOperations = [
        Operation(
            id: .openChannel, method: .post, path: "/v1/actors/{actor}/channels",
            scope: .message,
            summary:
                "Opens a channel to an actor, which lasts as long as the stream of the answer.",
            parameters: [timeout], input: .bytes, status: 201, output: .events,
            problems: actorProblems + [422, 429]),
        Operation(
            id: .openSocket, method: .get, path: "/v1/actors/{actor}/channels/socket",
            scope: .message,
            summary:
                "Opens a channel to an actor on a WebSocket: each message is one of the channel.",
            parameters: [
                timeout,
                Parameter(
                    name: "hello", schema: ["type": "string", "maxLength": 4096],
                    summary: "What comes with the offer."),
            ], status: 101, problems: actorProblems + [422, 426, 429]),
        Operation(
            id: .sendOnChannel, method: .post, path: "/v1/channels/{channel}/messages",
            scope: .message, summary: "Sends on a channel that one has opened.", input: .bytes,
            status: 202, problems: [404, 409, 410, 422, 429, 507]),
        Operation(
            id: .closeChannel, method: .delete, path: "/v1/channels/{channel}", scope: .message,
            summary: "Closes a channel that one has opened.", status: 204, problems: [404]),
    ]

    private static let chainOperations = [
        Operation(
            id: .events, method: .get, path: "/v1/actors/{actor}/events", scope: .observe,
            summary: "Shows events of an actor's chain, oldest first; of a past actor's too.",
            parameters: [
                from, limit(most: 10_000), types,
            ], output: .json("EventPage"), problems: actorProblems + [429]),
        Operation(
            id: .followEvents, method: .get, path: "/v1/actors/{actor}/events/stream",
            scope: .observe,
            summary: "Follows an actor's chain until the actor is over for good.",
            parameters: [
                from, types,
                Parameter(
                    name: "last_event_id", schema: sequenceSchema,
                    summary: "As the header Last-Event-ID, for those who cannot set it."),
            ], output: .events, problems: actorProblems + [429]),
    ]

    private static let actorProblems = [404, 409, 410]

    private static let digestSchema: JSONValue = ["type": "string", "pattern": "^[0-9a-f]{64}$"]
    private static let durationSchema: JSONValue = [
        "type": "string", "pattern": "^[0-9]{1,9}(ms|s|m|h)$",
    ]
    private static let sequenceSchema: JSONValue = [
        "type": "string", "pattern": "^[0-9]{1,18}$",
    ]
    private static let timeout = Parameter(
        name: "timeout", schema: durationSchema,
        summary: "How long the answer may take; 30s without it, at most 10m.")
    private static let from = Parameter(
        name: "from", schema: sequenceSchema, summary: "The first sequence that is wanted.")
    private static let types = Parameter(
        name: "type", schema: ["type": "string", "maxLength": 4096],
        summary: "Which types, separated by commas; one that ends in / stands for all below it.")

    private static let load = Parameter(
        name: "load", schema: ["type": "string", "enum": ["true", "false"]],
        summary: "Whether each has 'load', what it did and holds in brief.")

    static func limit(most: Int) -> Parameter {
        Parameter(
            name: "limit",
            schema: ["type": "integer", "minimum": 1, "maximum": .integer(most)],
            summary: "How many at the most.")
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral
{
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An integer.
    public init(integerLiteral value: Int) { self = .integer(value) }
    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A list.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}
