// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterManifest
import TheaterNode
import TheaterPact
import TheaterPlatform
import TheaterRuntime
import TheaterTesting
import TheaterValue

/// Goal: whatever a handler of the node does, its calls are recorded and a replay of them fits; a handler
/// that is added is asked, too. Method: an actor that imports all that a handler offers calls each function
/// with the smallest values of its parameters, and every chain is replayed.
@Suite("Every handler of a node", .timeLimit(.minutes(2)))
struct EveryHandlerTests {
    /// What the grants of handlers need to say.
    private static let grants: [String: [String: ManifestValue]] = [
        "environment": ["allowed_vars": .array([.string("HOME")])],
        "process": ["allowed_programs": .array([.string("/bin/true")])],
    ]

    @Test("is recorded and replayed", arguments: Node.standardHandlers.map { $0.name })
    func replayed(name: String) async throws {
        let handler = try #require(Node.standardHandlers.first { $0.name == name })
        let node = try Node(
            NodeOptions(guestsMax: 8, environment: ["HOME": "/"]), logger: .quiet)
        let manifest = Manifest(
            name: "caller", package: "caller.wasm",
            handlers: [HandlerGrant(type: name, configuration: Self.grants[name] ?? [:])])
        var count = 0
        // Versions of an interface have one name, so each has actors of its own.
        for interface in handler.interfaces {
            let functions = try interface.pact.functions.map {
                try FunctionSignature($0, in: interface.pact)
            }
            let wasm = try Engine.assemble(wat: Self.caller(functions))
            for (index, function) in functions.enumerated() {
                // Some of them end their actor, so each has one of its own.
                let id = try await node.system.spawn(
                    SpawnRequest(wasm: wasm, manifest: manifest, name: "caller-\(count)"))
                count += 1
                let arguments = try function.parameters.map {
                    try ValueCoercion.coerce(Self.smallest($0.type), to: $0.type)
                }
                // That it is refused is recorded and replayed as well.
                _ = try? await node.system.call(
                    id, "test:caller/caller.call-\(index)", arguments,
                    options: CallOptions(timeout: .seconds(10)))
                _ = try? await node.system.stop(id)
                var types: Set<String> = []
                var events = try await node.journal.events(of: id)
                while let event = try events.next() { types.insert(event.type) }
                #expect(types.contains("\(function.interface)/\(function.name)"), "\(types)")
            }
        }
        try #require(count > 0)
        try await expectReplays(of: node, chains: count)
        try await node.close()
    }

    /// A guest that passes the arguments of `call-N` to the function with that number.
    private static func caller(_ functions: [FunctionSignature]) throws -> String {
        var actor = WatActor()
        actor.metadata = try PackageMetadata(
            imports: functions,
            exports: functions.enumerated().map { index, function in
                FunctionSignature(
                    interface: "test:caller/caller", name: "call-\(index)",
                    parameters: function.parameters, results: [.value])
            }
        ).encoded()
        for (index, function) in functions.enumerated() {
            actor.imports.append(
                WatActor.importing(function.interface, function.name, as: "host-\(index)"))
            actor.body.append(
                WatActor.function(
                    "test:caller/caller.call-\(index)",
                    """
                    (drop (call $host-\(index) (local.get $in) (local.get $size) (i32.const 512)
                      (i32.const 516)))
                    (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516))
                      (local.get $slot) (local.get $lenslot)) (i32.const 0)
                    """))
        }
        return actor.wat
    }

    /// The smallest value of a type.
    private static func smallest(_ type: TypeDescription) -> Value {
        switch type {
        case .bool: .bool(false)
        case .u8, .u16, .u32, .u64, .s8, .s16, .s32, .s64, .f32, .f64, .flags: .u8(0)
        case .char: .string("a")
        case .string: .string("")
        case .list: .list(.string, [])
        case .option: .option(.string, nil)
        case .result(let ok, _): .result(ok: .string, err: .string, .ok(smallest(ok)))
        case .record(let name, let fields):
            .record(
                Value.Record(name, fields.map { .init($0.name, smallest($0.type)) }))
        case .variant(let name, let cases):
            .variant(
                Value.Variant(
                    name, cases.first?.name ?? "", tag: 0,
                    cases.first?.payload.map { [smallest($0)] } ?? []))
        case .tuple(let types): .tuple(types.map(smallest))
        case .reference, .value, .unit: .unit
        }
    }
}
