// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// What a callback, or another function, of a test's guest does.
enum Behaviour {
    /// Answers with a value.
    case answer(Value)
    /// Calls a host function with its own input, then answers with a value.
    case forward(String, Value)
    /// Calls a host function with a value, then answers with another.
    case call(String, Value, Value)
    /// Calls host functions with values, one after the other, then answers with a value.
    case steps([(String, Value)], Value)
    /// Waits at the gate of a name, then answers with a value.
    case wait(String, Value)
    /// Ends its actor.
    case trap

    /// A callback's answer: a new state, and a result.
    static func ok(_ results: Value...) -> Value {
        .result(ok: .tuple([]), err: .string, .ok(.tuple([.u8(7)] + results)))
    }

    /// A callback's error.
    static func err(_ text: String) -> Value {
        .result(ok: .tuple([]), err: .string, .err(.string(text)))
    }

    /// What `handle-request` answers.
    static func reply(_ text: String?) -> Value {
        ok(.option(.list(.primitive(.u8)), text.map { .bytes(Array($0.utf8)) }))
    }

    /// What `handle-channel-open` answers.
    static func accept(_ isAccepted: Bool, _ text: String? = nil) -> Value {
        ok(
            .record(
                Value.Record(
                    "channel-accept",
                    [
                        .init("accepted", .bool(isAccepted)),
                        .init(
                            "message",
                            .option(
                                .list(.primitive(.u8)), text.map { .bytes(Array($0.utf8)) })),
                    ])))
    }
}

/// Writes guests that take and send messages, and call others.
///
/// For each imported host function `f` there is an export `test:m/m.f` that passes its own arguments on
/// and answers with what it was answered.
struct MessageActor {
    static let hostFunctions:
        [(interface: String, name: String, parameters: String, result: String)] =
            [
                ("theater:simple/message-server-host", "register", "", "result<_, string>"),
                (
                    "theater:simple/message-server-host", "send", "actor-id: string, msg: list<u8>",
                    "result<_, string>"
                ),
                (
                    "theater:simple/message-server-host", "request",
                    "actor-id: string, msg: list<u8>",
                    "result<list<u8>, string>"
                ),
                (
                    "theater:simple/message-server-host", "list-outstanding-requests", "",
                    "list<string>"
                ),
                (
                    "theater:simple/message-server-host", "respond-to-request",
                    "request-id: string, response: list<u8>", "result<_, string>"
                ),
                (
                    "theater:simple/message-server-host", "cancel-request", "request-id: string",
                    "result<_, string>"
                ),
                (
                    "theater:simple/message-server-host", "open-channel",
                    "actor-id: string, initial-msg: list<u8>", "result<string, string>"
                ),
                (
                    "theater:simple/message-server-host", "send-on-channel",
                    "channel-id: string, msg: list<u8>", "result<_, string>"
                ),
                (
                    "theater:simple/message-server-host", "close-channel", "channel-id: string",
                    "result<_, string>"
                ),
                (
                    "theater:simple/rpc", "call",
                    "actor-id: string, function: string, params: value, options: value", "value"
                ),
                (
                    "theater:simple/rpc", "implements", "actor-id: string, interface: string",
                    "value"
                ),
                ("theater:simple/rpc", "exports", "actor-id: string", "value"),
                ("test:gate/gate", "wait", "name: string", "result<string, string>"),
            ]

    static let client = "theater:simple/message-server-client"

    /// The functions it exports beside those that pass on: interface, declaration, behaviour.
    var exports: [(interface: String, declaration: String, behaviour: Behaviour)] = []
    /// Whether it imports `register`, and so must call it.
    var registers = false
    var messages = true
    var rpc = false
    /// Further host functions that it imports.
    var others: [(interface: String, name: String, parameters: String, result: String)] = []
    /// Types that those are declared with.
    var types = ""

    /// Changes what the module says about itself.
    var claims: (@Sendable (inout PackageMetadata) -> Void)?

    /// A callback in the usual form.
    mutating func on(_ callback: String, _ behaviour: Behaviour) {
        let parameters =
            switch callback {
            case "handle-send": "data: list<u8>"
            case "handle-channel-close": "channel-id: string"
            default: "id: string, data: list<u8>"
            }
        exports.append(
            (Self.client, "\(callback): func(state: value, \(parameters)) -> value", behaviour))
    }

    private var imported: [(interface: String, name: String, parameters: String, result: String)] {
        Self.hostFunctions.filter { function in
            switch function.interface {
            case "theater:simple/rpc": rpc
            case "test:gate/gate": true
            default: messages && (function.name != "register" || registers)
            }
        } + others
    }

    var wat: String {
        get throws {
            var passing: [String] = []
            let functions = imported
            let groups = Dictionary(grouping: functions, by: \.interface).sorted { $0.key < $1.key }
            let imports = groups.map { interface, functions in
                "\(interface) { "
                    + functions.map { "\($0.name): func(\($0.parameters)) -> \($0.result)" }
                    .joined(separator: " ") + " }"
            }
            var exported = Dictionary(grouping: exports, by: \.interface).mapValues {
                $0.map(\.declaration)
            }
            exported["test:m/m"] = functions.map {
                "\($0.name): func(\($0.parameters)) -> value"
            }
            let pact = """
                \(types)
                imports { \(imports.joined(separator: "\n")) }
                exports { \(exported.sorted { $0.key < $1.key }.map {
                    "\($0.key) { \($0.value.joined(separator: "\n")) }"
                }.joined(separator: "\n")) }
                """
            for function in functions {
                passing.append(
                    WatActor.function(
                        "test:m/m.\(function.name)",
                        Self.host(function.name, "(local.get $in) (local.get $size)")
                            + " " + Self.passOn))
            }
            return try actor(pact) { actor in
                actor.pages = (4, nil)
                if let claims {
                    var metadata = try PackageMetadata(
                        package: PactPackage.parse(pact, file: "test.pact"))
                    claims(&metadata)
                    actor.metadata = try metadata.encoded()
                }
                actor.imports = functions.map {
                    WatActor.importing($0.interface, $0.name, as: $0.name)
                }
                actor.body = passing
                var address = 40_000
                for export in exports {
                    let name = export.declaration.prefix { $0 != ":" }
                    actor.body += try Self.function(
                        "\(export.interface).\(name)", export.behaviour, at: &address)
                }
            }
        }
    }

    private static let passOn = """
        (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516)) (local.get $slot)
          (local.get $lenslot)) (i32.const 0)
        """

    private static func host(_ name: String, _ input: String) -> String {
        "(drop (call $\(name) \(input) (i32.const 512) (i32.const 516)))"
    }

    private static func function(
        _ name: String, _ behaviour: Behaviour, at address: inout Int
    ) throws -> [String] {
        var data: [String] = []
        func place(_ value: Value) throws -> String {
            let bytes = try CGRF.encode(value)
            defer { address += bytes.count + 16 }
            data.append(WatActor.data(bytes, at: address))
            return "(i32.const \(address)) (i32.const \(bytes.count))"
        }
        func answer(_ value: Value) throws -> String {
            "(call $answer \(try place(value)) (local.get $slot) (local.get $lenslot)) (i32.const 0)"
        }
        let instructions =
            switch behaviour {
            case .answer(let value): try answer(value)
            case .forward(let name, let value):
                host(name, "(local.get $in) (local.get $size)") + (try answer(value))
            case .call(let name, let input, let value):
                host(name, try place(input)) + (try answer(value))
            case .steps(let steps, let value):
                try steps.map { name, input in host(name, try place(input)) }.joined()
                    + (try answer(value))
            case .wait(let gate, let value):
                host("wait", try place(.string(gate))) + (try answer(value))
            case .trap: "unreachable"
            }
        return data + [WatActor.function(name, instructions)]
    }
}

extension Stage {
    static func messages(world: World = .system) throws -> Stage {
        try Stage(
            handlers: [
                RuntimeHandler.self, GateHandler.self, StrictHandler.self,
                MessageServerHandler.self, RPCHandler.self,
            ], world: world)
    }

    /// Starts an actor that takes messages.
    func start(
        _ name: String, server: [String: ManifestValue] = [:], rpc: [String: ManifestValue] = [:],
        change: (inout SpawnRequest) -> Void = { _ in },
        _ make: (inout MessageActor) -> Void
    ) async throws -> ActorID {
        var actor = MessageActor()
        make(&actor)
        return try await spawn(try actor.wat, name: name, grants: []) { request in
            request.manifest.handlers = [HandlerGrant(type: "gate")]
            if actor.messages {
                request.manifest.handlers.append(
                    HandlerGrant(type: "message-server", configuration: server))
            }
            if actor.rpc {
                request.manifest.handlers.append(HandlerGrant(type: "rpc", configuration: rpc))
            }
            change(&request)
        }
    }

    /// Has an actor call a host function.
    @discardableResult
    func host(_ id: ActorID, _ function: String, _ arguments: Value...) async throws -> Value {
        let answer = try await system.call(id, "test:m/m.\(function)", arguments)
        guard case .result(_, _, .ok(let value)) = answer else { return answer }
        return value
    }

    /// The error that a host function gave an actor.
    func hostError(
        _ id: ActorID, _ function: String, _ arguments: Value...
    ) async throws -> String {
        let error = try await failure(id, "test:m/m.\(function)", arguments)
        #expect(error.code == .guestError, "\(error)")
        return try #require(error.value?.asString, "\(error)")
    }

    /// The arguments of every call of a callback, the state left out.
    func received(_ id: ActorID, _ callback: String) async throws -> [[Value]] {
        try await events(of: id).compactMap { event -> [Value]? in
            guard case .called(let function, let bytes, _, _) = event,
                function == "\(MessageActor.client).\(callback)"
            else { return nil }
            return Array(try #require(try CGRF.decode(bytes).asItems).dropFirst())
        }
    }

    /// Waits until so many operations wait for an actor's turn.
    func waiting(_ count: Int, for id: ActorID) async throws {
        while system.actors().first(where: { $0.id == id })?.mailboxDepth != count {
            try #require(system.status(of: id)?.isEnded == false)
            await Task.yield()
        }
    }

    /// Waits until an actor has begun every call that was posted to it.
    func settle(_ id: ActorID) async throws {
        Gate.of("open gate").open()
        try await system.call(id, "test:m/m.wait", [.string("open gate")])
    }
}

/// A text's bytes as a value.
func bytes(_ text: String) -> Value { .bytes(Array(text.utf8)) }

extension Value {
    /// An actor's identity as an argument.
    static func id(_ id: ActorID) -> Value { .string(id.description) }
}
