// SPDX-License-Identifier: Apache-2.0

/// The description of the API in OpenAPI 3.1, made from ``Operation/all``.
public enum OpenAPI {
    /// What every operation may answer, whatever it does: refusals of the request itself.
    public static let commonProblems = [400, 401, 403, 408, 413, 415, 429, 503]

    /// The document.
    ///
    /// - Parameter version: the version of the program that serves it.
    public static func document(version: String) -> JSONValue {
        [
            "openapi": "3.1.0",
            "info": [
                "title": "Theater", "version": .string(version),
                "description": "Runs, watches and talks to the actors of a node.",
            ],
            "servers": [["url": "/"]],
            "security": [["token": []]],
            "paths": paths,
            "components": [
                "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
                "schemas": Schemas.all,
            ],
        ]
    }

    private static var paths: JSONValue {
        var names: [String] = []
        for operation in Operation.all where !names.contains(operation.path) {
            names.append(operation.path)
        }
        return .object(
            names.map { name in
                let operations = Operation.all.filter { $0.path == name }
                return .init(
                    name,
                    .object(
                        operations.map { .init($0.method.rawValue.lowercased(), entry($0)) }))
            })
    }

    private static func entry(_ operation: Operation) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("operationId", .string(operation.id.rawValue)),
            .init("summary", .string(operation.summary)),
            .init("x-scope", .optional(operation.scope?.rawValue)),
            .init("parameters", .array(parameters(of: operation))),
        ]
        if operation.scope == nil { members.append(.init("security", [])) }
        if !operation.input.mediaTypes.isEmpty {
            members.append(
                .init(
                    "requestBody",
                    ["required": true, "content": content(operation.input)]))
        }
        members.append(.init("responses", responses(of: operation)))
        return .object(members)
    }

    private static let places = [
        "actor": "An identity, the beginning of one that no other has, or a name.",
        "digest": "A SHA-256 in hexadecimal digits.", "token": "The name of a token.",
        "channel": "The identity of a channel.", "namespace": "The name of a namespace.",
    ]

    private static func parameters(of operation: Operation) -> [JSONValue] {
        let parts = operation.path.split(separator: "/").filter { $0.hasPrefix("{") }
        let inPath: [JSONValue] = parts.map { part in
            let name = String(part.dropFirst().dropLast())
            return [
                "name": .string(name), "in": "path", "required": true,
                "schema": ["type": "string", "minLength": 1, "maxLength": 256],
                "description": .string(
                    places[name] ?? "Which is meant."),
            ]
        }
        return inPath
            + operation.parameters.map { parameter in
                [
                    "name": .string(parameter.name), "in": "query",
                    "required": .bool(parameter.isRequired), "schema": parameter.schema,
                    "description": .string(parameter.summary),
                ]
            }
    }

    private static func responses(of operation: Operation) -> JSONValue {
        var done: [JSONValue.Member] = [.init("description", "Done.")]
        if !operation.output.mediaTypes.isEmpty {
            done.append(.init("content", content(operation.output)))
        }
        var members: [JSONValue.Member] = [.init(String(operation.status), .object(done))]
        for status in Set(commonProblems + operation.problems).sorted() {
            members.append(
                .init(
                    String(status),
                    [
                        "description": "Not done; the problem says why.",
                        "content": [
                            "application/problem+json": ["schema": Schemas.reference("Problem")]
                        ],
                    ]))
        }
        return .object(members)
    }

    private static func content(_ content: Operation.Content) -> JSONValue {
        .object(
            content.mediaTypes.map { type in
                let schema: JSONValue =
                    switch content {
                    case .json(let name): Schemas.reference(name)
                    case .jsonOrCGRF(let name), .jsonOrLines(let name):
                        switch type {
                        case "application/json": Schemas.reference(name)
                        case MediaType.lines: ["type": "string"]
                        default: [:]
                        }
                    case .events, .text: ["type": "string"]
                    default: [:]
                    }
                return .init(type, ["schema": schema])
            })
    }
}
