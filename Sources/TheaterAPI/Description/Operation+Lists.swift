// SPDX-License-Identifier: Apache-2.0

extension Operation {
    /// What there is of each kind beside the live actors.
    static let listOperations = [
        Operation(
            id: .children, method: .get, path: "/v1/actors/{actor}/children", scope: .observe,
            summary: "Shows the children of an actor, each with those below it.",
            output: .json("Children"), problems: [404, 409, 410]),
        Operation(
            id: .listChains, method: .get, path: "/v1/chains", scope: .observe,
            summary: "Lists the chains, of past actors too, in the order in which they began.",
            parameters: [
                limit(most: 10_000), cursor,
                Parameter(
                    name: "name", schema: ["type": "string", "minLength": 1, "maxLength": 256],
                    summary: "Only those of actors that began with this name."),
                Parameter(
                    name: "newest", schema: ["type": "string", "enum": ["true", "false"]],
                    summary: "Whether those that began last come first."),
            ], output: .json("ChainPage")),
        Operation(
            id: .chain, method: .get, path: "/v1/chains/{actor}", scope: .observe,
            summary: "Shows a chain in brief, with the hash of its newest event.",
            output: .json("Chain"), problems: [404, 409]),
        Operation(
            id: .listChannels, method: .get, path: "/v1/channels", scope: .message,
            summary: "Lists the channels that one has opened.", output: .json("ChannelList")),
        Operation(
            id: .store, method: .get, path: "/v1/store", scope: .observe,
            summary: "Lists the namespaces of the node's store with what each holds, by name.",
            parameters: [limit(most: 10_000), cursor], output: .json("NamespacePage")),
        Operation(
            id: .labels, method: .get, path: "/v1/store/{namespace}/labels", scope: .observe,
            summary: "Lists the labels of a namespace with the content that each names, by name.",
            parameters: [limit(most: 10_000), cursor], output: .json("LabelPage")),
        Operation(
            id: .putContent, method: .post, path: "/v1/store/{namespace}/contents",
            scope: .operate, summary: "Keeps content in a namespace, and lets a label name it.",
            parameters: [label(isRequired: false)], input: .bytes, status: 201,
            output: .json("KeptContent"), problems: [429, 507]),
        Operation(
            id: .content, method: .get, path: "/v1/store/{namespace}/contents/{digest}",
            scope: .observe, summary: "Gives content of a namespace, verified.", output: .bytes,
            problems: [404, 429]),
        Operation(
            id: .setLabel, method: .put, path: "/v1/store/{namespace}/labels", scope: .operate,
            summary: "Makes a label name content that the namespace has.",
            parameters: [
                label(isRequired: true),
                Parameter(
                    name: "digest", schema: ["type": "string", "pattern": "^[0-9a-f]{64}$"],
                    summary: "The content's SHA-256.", isRequired: true),
                expected,
            ], output: .json("Label"), problems: [404, 409, 429, 507]),
        Operation(
            id: .removeLabel, method: .delete, path: "/v1/store/{namespace}/labels",
            scope: .operate, summary: "Removes a label; what it named stays for now.",
            parameters: [label(isRequired: true), expected], status: 204,
            problems: [404, 409, 429, 507]),
    ]

    private static func label(isRequired: Bool) -> Parameter {
        Parameter(
            name: "label", schema: ["type": "string", "minLength": 1, "maxLength": 512],
            summary: "The label.", isRequired: isRequired)
    }

    private static let expected = Parameter(
        name: "expect", schema: ["type": "string", "pattern": "^(none|[0-9a-f]{64})$"],
        summary: "What the label must name now, else nothing changes: a SHA-256, or 'none'.")

    private static let cursor = Parameter(
        name: "cursor", schema: ["type": "string", "maxLength": 512],
        summary: "Where to go on: 'next' of the page before.")
}

extension Schemas {
    static let lists: [JSONValue.Member] = [
        .init(
            "Children", object(["children": list(reference("TreeNode"))], required: ["children"])),
        .init(
            "Chain",
            object(
                [
                    "actor": text, "name": nullable(text), "count": integer,
                    "head": described(text, "The hash of its newest event."),
                    "first_time": nullable(text), "last_time": nullable(text),
                    "in_memory": described(
                        ["type": "boolean"], "Whether it is kept in memory only."),
                ],
                required: [
                    "actor", "name", "count", "head", "first_time", "last_time", "in_memory",
                ])),
        .init(
            "ChainPage",
            object(
                ["chains": list(reference("Chain")), "next": nullable(text)],
                required: ["chains", "next"])),
        .init(
            "ChannelList",
            object(
                [
                    "channels": list(
                        object(
                            [
                                "id": text, "actor": text,
                                "waiting": described(
                                    integer, "Messages of the actor that wait to be read."),
                            ], required: ["id", "actor", "waiting"]))
                ], required: ["channels"])),
        .init(
            "NamespacePage",
            object(
                [
                    "namespaces": list(
                        object(
                            [
                                "name": text, "contents": integer, "size": integer,
                                "labels": integer,
                            ], required: ["name", "contents", "size", "labels"])),
                    "next": nullable(text),
                ], required: ["namespaces", "next"])),
        .init("Label", object(["label": text, "digest": text], required: ["label", "digest"])),
        .init(
            "LabelPage",
            object(
                [
                    "labels": list(reference("Label")),
                    "next": nullable(text),
                ], required: ["labels", "next"])),
    ]
}
