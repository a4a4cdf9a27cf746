// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Testing
import TheaterChain
import TheaterEngine
import TheaterManifest
import TheaterNode
import TheaterPact
import TheaterPlatform
import TheaterRuntime
import TheaterStore
import TheaterTesting
import TheaterValue

/// What an actor cannot get at by way of children.
@Suite("Children that an actor names")
struct ConfinementTests {
    private static let secret = "the-secret-of-the-house"
    private let folder: TemporaryFolder
    private let node: Node
    private let boss: ActorID
    private let wasm: [UInt8]
    private let neighbour = StoreNamespace(of: .random())

    /// A guest that passes each of its calls on, as it is, and answers what it gets.
    private static func bossWat() throws -> String {
        let functions = [
            (
                "theater:simple/supervisor", "spawn",
                "(manifest: string, init-state: option<value>, wasm-bytes: option<list<u8>>)",
                "string"
            ),
            (
                "theater:simple/store", "store-at-label",
                "(store-id: string, label: string, content: list<u8>)", "string"
            ),
            ("theater:simple/store", "new", "()", "string"),
        ]
        let declared = Dictionary(grouping: functions, by: \.0).map { interface, functions in
            let list = functions.map { "\($0.1): func\($0.2) -> result<\($0.3), string>" }
            return "\(interface) { \(list.joined(separator: "\n")) }"
        }
        let exported = functions.map { "\($0.1): func\($0.2) -> result<\($0.3), string>" }
        var actor = WatActor()
        actor.pages = (4, nil)
        actor.metadata = try PackageMetadata(
            package: PactPackage.parse(
                """
                imports { \(declared.joined(separator: "\n")) }
                exports { test:boss/boss { \(exported.joined(separator: "\n")) } }
                """, file: "boss.pact")
        ).encoded()
        for (interface, name, _, _) in functions {
            actor.imports.append(WatActor.importing(interface, name, as: "call-\(name)"))
            actor.body.append(
                WatActor.function(
                    "test:boss/boss.\(name)",
                    """
                    (drop (call $call-\(name) (local.get $in) (local.get $size) (i32.const 512)
                      (i32.const 516)))
                    (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516))
                      (local.get $slot) (local.get $lenslot)) (i32.const 0)
                    """))
        }
        return actor.wat
    }

    private static func manifest(_ name: String, _ package: String, more: String = "") -> String {
        "name = \"\(name)\"\npackage = \"\(package)\"\n\(more)\n[[handler]]\ntype = \"runtime\"\n"
    }

    private static let bossText = """
        name = "boss"
        package = "boss.wasm"
        [limits]
        memory = "4MiB"
        fuel_per_life = 100_000_000
        [chain]
        durability = "strict"
        [[handler]]
        type = "runtime"
        [[handler]]
        type = "supervisor"
        [[handler]]
        type = "store"
        """

    init() async throws {
        folder = try TemporaryFolder()
        wasm = try Engine.assemble(wat: FixtureActor.wat)
        let team = folder.path + "/team"
        try FileManager.default.createDirectory(
            atPath: team, withIntermediateDirectories: true)
        for (name, content) in [
            ("secret.txt", Array(Self.secret.utf8)), ("secret.wasm", wasm),
            ("secret.toml", Array(Self.manifest(Self.secret, "secret.wasm").utf8)),
            ("team/worker.wasm", wasm),
            ("team/worker.toml", Array(Self.manifest("worker", "worker.wasm").utf8)),
            ("team/boss.wasm", try Engine.assemble(wat: try Self.bossWat())),
            ("team/boss.toml", Array(Self.bossText.utf8)),
        ] {
            try Data(content).write(to: URL(fileURLWithPath: folder.path + "/" + name))
        }
        try FileManager.default.createSymbolicLink(
            atPath: team + "/link.toml", withDestinationPath: "../secret.toml")
        node = try Node(
            NodeOptions(guestsMax: 8),
            logger: .quiet)
        try node.store.put(wasm, in: neighbour, label: StoreLabel.parse("wasm"))
        try node.store.put(
            Array(Self.manifest("theirs", "store://\(neighbour)/wasm").utf8), in: neighbour,
            label: StoreLabel.parse("child"))
        boss = try await node.control.send {
            .resumeActor(.reference(team + "/boss.toml"), wasm: nil, $0)
        }
    }

    /// What a guest gets: the new actor, or an error's text.
    private func call(_ function: String, _ arguments: Value...) async throws -> Result<
        String, GuestFailure
    > {
        do throws(ActorError) {
            let answer = try await node.system.call(boss, "test:boss/boss.\(function)", arguments)
            guard case .result(_, _, .ok(let value)) = answer else {
                return .failure(GuestFailure(text: "\(answer)"))
            }
            return .success(value.asString ?? "")
        } catch {
            guard error.code == .guestError else { throw error }
            return .failure(GuestFailure(text: error.value?.asString ?? ""))
        }
    }

    private struct GuestFailure: Error {
        let text: String
    }

    private func spawn(
        _ manifest: String, wasm: [UInt8]? = nil
    ) async throws -> Result<String, GuestFailure> {
        try await call(
            "spawn", .string(manifest), .option(.list(.primitive(.u8)), nil),
            .option(.list(.primitive(.u8)), wasm.map { .bytes($0) }))
    }

    /// Asks for a child, and expects an error, no actor, and the secret nowhere.
    private func refuses(
        _ manifest: String, wasm: [UInt8]? = nil, because reason: String
    ) async throws {
        guard case .failure(let error) = try await spawn(manifest, wasm: wasm) else {
            Issue.record("\(manifest) was started")
            return
        }
        #expect(error.text.contains(reason), "\(manifest): \(error.text)")
        #expect(node.system.actors().map(\.id) == [boss], "\(manifest)")
        for actor in node.journal.actors() {
            for event in try await node.system.events(of: actor.actor).events {
                let text = String(decoding: event.payload ?? [], as: UTF8.self)
                // Where it lies, the actor said itself.
                #expect(!text.contains("root:x:0") && !text.contains(Self.secret), "\(manifest)")
            }
        }
    }

    @Test("are not files outside its folder, however they are named")
    func files() async throws {
        for reference in [
            "../secret.toml", "link.toml", "/etc/passwd", "\(folder.path)/secret.toml",
        ] {
            try await refuses(reference, because: "must lie in the folder")
        }
        try await refuses(
            Self.manifest("thief", "../secret.wasm"), because: "must lie in the folder")
        try await node.close()
    }

    @Test("do not name such files as their own children")
    func grandchildren() async throws {
        for manifest in ["\(folder.path)/secret.toml", "../secret.toml", "/etc/passwd"] {
            try await refuses(
                Self.manifest("middle", "given")
                    + "[[children]]\nname = \"c\"\nmanifest = \"\(manifest)\"\n",
                wasm: wasm, because: "must lie in the folder")
        }
        try await node.close()
    }

    @Test("do not read such files as their first state, by way of the store")
    func states() async throws {
        let space = try await call("new").get()
        _ = try await call(
            "store-at-label", .string(space), .string("wasm"), .bytes(wasm)
        ).get()
        for (name, state) in [("a", "\(folder.path)/secret.txt"), ("b", "/etc/passwd")] {
            let manifest = Self.manifest(
                name, "store://\(space)/wasm", more: "initial_state_file = \"\(state)\"")
            _ = try await call(
                "store-at-label", .string(space), .string(name), .bytes(Array(manifest.utf8))
            ).get()
            try await refuses("store://\(space)/\(name)", because: "must lie in the folder")
            try await refuses(
                Self.manifest("middle", "given")
                    + "[[children]]\nname = \"c\"\nmanifest = \"store://\(space)/\(name)\"\n",
                wasm: wasm, because: "must lie in the folder")
        }
        // Content of its own is its own, and relative to where it lies.
        let good = Self.manifest("good", "wasm")
        _ = try await call(
            "store-at-label", .string(space), .string("good"), .bytes(Array(good.utf8))
        ).get()
        _ = try await spawn("store://\(space)/good").get()
        _ = try await spawn("worker.toml").get()
        #expect(node.system.actors().count == 3)
        try await node.close()
    }

    @Test("are not what another actor keeps in its store")
    func stores() async throws {
        try await refuses(
            "store://\(neighbour)/child", because: "must not lie in the namespace of another actor")
        try await refuses(
            Self.manifest("thief", "store://\(neighbour)/wasm"),
            because: "must not lie in the namespace of another actor")
        try await node.close()
    }

    @Test("live in its bounds and are kept as well as itself, when it wrote their manifests")
    func bounds() async throws {
        let wide = """
            name = "wide"
            package = "given"
            [limits]
            memory = "512MiB"
            fuel_per_call = 4_000_000_000_000
            [chain]
            durability = "memory"
            [[handler]]
            type = "runtime"
            """
        let text = try await spawn(wide, wasm: wasm).get()
        let child = try #require(ActorID(text))
        let manifest = try node.system.manifest(of: child)
        #expect(manifest.limits.memory == .mebibytes(4))
        #expect(manifest.limits.fuelPerLife == 100_000_000)
        #expect(manifest.limits.fuelPerCall == Limits().fuelPerCall)
        #expect(manifest.chain.durability == .strict)
        try await node.close()
    }
}
