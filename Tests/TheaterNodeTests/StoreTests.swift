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

/// A guest that passes each of its calls on to the store, as it is, and answers what it gets.
enum StoreActor {
    static let base: [(name: String, signature: String)] = [
        ("new", "()"), ("store", "(store-id: string, content: list<u8>)"),
        ("get", "(store-id: string, content-ref: string)"),
        ("exists", "(store-id: string, content-ref: string)"),
        ("label", "(store-id: string, label: string, content-ref: string)"),
        ("get-by-label", "(store-id: string, label: string)"),
        ("remove-label", "(store-id: string, label: string)"),
        ("store-at-label", "(store-id: string, label: string, content: list<u8>)"),
        ("replace-content-at-label", "(store-id: string, label: string, content: list<u8>)"),
        ("replace-at-label", "(store-id: string, label: string, content-ref: string)"),
        ("list-all-content", "(store-id: string)"), ("calculate-total-size", "(store-id: string)"),
        ("list-labels", "(store-id: string)"),
    ]
    static let labels: [(name: String, signature: String)] = [
        ("remove-from-label", "(store-id: string, label: string, content-ref: string)"),
        (
            "compare-and-set-label",
            "(store-id: string, label: string, expected: option<string>, content-ref: option<string>)"
        ),
        ("forget", "(store-id: string, content-ref: string)"),
    ]
    static let results = [
        "new": "string", "store": "string", "get": "list<u8>", "exists": "bool", "label": "_",
        "get-by-label": "option<string>", "remove-label": "_", "store-at-label": "string",
        "replace-content-at-label": "string", "replace-at-label": "_",
        "list-all-content": "list<string>", "calculate-total-size": "u64",
        "list-labels": "list<string>", "remove-from-label": "_", "compare-and-set-label": "bool",
        "forget": "bool",
    ]

    static func wat() throws -> String {
        func declarations(_ functions: [(name: String, signature: String)]) -> String {
            functions.map { name, signature in
                "\(name): func\(signature) -> result<\(results[name] ?? "_"), string>"
            }.joined(separator: "\n")
        }
        var actor = WatActor()
        let pact = """
            imports {
                theater:simple/store { \(declarations(base)) }
                theater:simple/store-labels { \(declarations(labels)) }
            }
            exports {
                test:keeper/keeper { \(declarations(base + labels)) }
            }
            """
        actor.metadata = try PackageMetadata(package: PactPackage.parse(pact, file: "test.pact"))
            .encoded()
        actor.pages = (4, nil)
        for (interface, functions) in [
            ("theater:simple/store", base), ("theater:simple/store-labels", labels),
        ] {
            for (name, _) in functions {
                actor.imports.append(WatActor.importing(interface, name, as: "call-\(name)"))
                actor.body.append(
                    WatActor.function(
                        "test:keeper/keeper.\(name)",
                        """
                        (drop (call $call-\(name) (local.get $in) (local.get $size) (i32.const 512)
                          (i32.const 516)))
                        (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516))
                          (local.get $slot) (local.get $lenslot)) (i32.const 0)
                        """))
            }
        }
        return actor.wat
    }
}

/// A node with a keeper or two.
private struct Keepers {
    let node: Node

    init(data: String?) throws {
        node = try Node(
            NodeOptions(dataDirectory: data, guestsMax: 8),
            logger: .quiet)
    }

    func spawn(
        _ keys: [String: ManifestValue] = [:], name: String = "keeper"
    ) async throws -> Keeper {
        let manifest = Manifest(
            name: name, package: "keeper.wasm",
            handlers: [HandlerGrant(type: "store", configuration: keys)])
        let wasm = try Engine.assemble(wat: StoreActor.wat())
        let id = try await node.system.spawn(SpawnRequest(wasm: wasm, manifest: manifest))
        return Keeper(node: node, id: id)
    }
}

/// An actor whose functions are the store's.
private struct Keeper {
    let node: Node
    let id: ActorID

    /// Calls a function. What the guest got as an error is the call's error.
    @discardableResult
    func call(_ function: String, _ arguments: Value...) async throws -> Value {
        try await call(function, arguments)
    }

    func call(_ function: String, _ arguments: [Value]) async throws -> Value {
        let answer = try await node.system.call(id, "test:keeper/keeper.\(function)", arguments)
        if case .result(_, _, .ok(let value)) = answer { return value }
        return answer
    }

    /// The code of the error that the guest got.
    func error(_ function: String, _ arguments: Value...) async throws -> String? {
        do {
            _ = try await call(function, arguments)
            return nil
        } catch let error as ActorError where error.code == .guestError {
            let text = error.value?.asString ?? ""
            return text.split(separator: "[").last.map { String($0.dropLast()) }
        }
    }

    func own() async throws -> Value { try await call("new") }
}

@Suite("Actors and the store")
struct StoreTests {
    /// Runs a test with an actor whose store is on disk, and with one whose store is in memory.
    private func withKeeper(
        _ keys: [String: ManifestValue] = [:], _ body: (Keeper, Value) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        for data in [folder.path + "/data", nil] {
            let keepers = try Keepers(data: data)
            let keeper = try await keepers.spawn(keys)
            try await body(keeper, try await keeper.own())
            try await expectReplays(of: keepers.node)
            try await keepers.node.close()
        }
    }

    @Test("every function does what it says, through the sandbox")
    func functions() async throws {
        try await withKeeper { keeper, own in
            #expect(own == .string("\(keeper.id)"))
            #expect(try await keeper.own() == own, "it is the same whenever it is asked for")
            let one = try await keeper.call("store", own, .bytes([1, 2, 3]))
            #expect(one == .string("\(ContentID(of: [1, 2, 3]))"))
            #expect(try await keeper.call("get", own, one) == .bytes([1, 2, 3]))
            #expect(try await keeper.call("exists", own, one) == .bool(true))
            let none = Value.string("\(ContentID(of: [9]))")
            #expect(try await keeper.call("exists", own, none) == .bool(false))

            #expect(try await keeper.call("get-by-label", own, .string("l")).asOption == .some(nil))
            try await keeper.call("label", own, .string("l"), one)
            #expect(try await keeper.call("get-by-label", own, .string("l")).asOption == .some(one))
            let two = try await keeper.call("store-at-label", own, .string("l/2"), .bytes([2]))
            let three = try await keeper.call(
                "replace-content-at-label", own, .string("l"), .bytes([3]))
            #expect(
                try await keeper.call("get-by-label", own, .string("l")).asOption == .some(three))
            try await keeper.call("replace-at-label", own, .string("l"), two)
            #expect(try await keeper.call("get-by-label", own, .string("l")).asOption == .some(two))

            let labels = try await keeper.call("list-labels", own).asItems
            #expect(labels == [.string("l"), .string("l/2")])
            let contents = try #require(
                try await keeper.call("list-all-content", own).asItems?.compactMap(\.asString))
            #expect(contents == [one, two, three].compactMap(\.asString).sorted())
            #expect(try await keeper.call("calculate-total-size", own) == .u64(5))

            try await keeper.call("remove-label", own, .string("l/2"))
            try await keeper.call("remove-label", own, .string("l/2"))
            #expect(try await keeper.call("list-labels", own).asItems == [.string("l")])
        }
    }

    @Test("every added function does what it says")
    func additions() async throws {
        try await withKeeper { keeper, own in
            let name = Value.string("l")
            func some(_ id: Value) -> Value { .option(.string, id) }
            let nothing = Value.option(.string, nil)
            let one = try await keeper.call("store", own, .bytes([1]))
            let two = try await keeper.call("store", own, .bytes([2]))
            let set = "compare-and-set-label"
            #expect(try await keeper.call(set, own, name, some(one), some(two)) == .bool(false))
            #expect(try await keeper.call(set, own, name, nothing, some(one)) == .bool(true))
            #expect(try await keeper.call(set, own, name, nothing, some(two)) == .bool(false))
            #expect(try await keeper.call(set, own, name, some(one), some(two)) == .bool(true))
            #expect(try await keeper.error("remove-from-label", own, name, one) == "store.conflict")
            #expect(try await keeper.error("forget", own, two) == "store.conflict")
            try await keeper.call("remove-from-label", own, name, two)
            try await keeper.call("remove-from-label", own, name, two)
            #expect(try await keeper.call("forget", own, two) == .bool(true))
            #expect(try await keeper.call("forget", own, two) == .bool(false))
            #expect(try await keeper.error("get", own, two) == "store.not-found")
            let gone = try await keeper.error(set, own, name, nothing, some(two))
            #expect(gone == "store.not-found")
            #expect(try await keeper.call(set, own, name, nothing, nothing) == .bool(true))
        }
    }

    @Test("every error reaches the guest, and harms nobody")
    func errors() async throws {
        try await withKeeper(["quota": .integer(100), "count_max": .integer(3)]) { keeper, own in
            let name = Value.string("l")
            let none = Value.string("\(ContentID(of: [9]))")
            #expect(try await keeper.error("get", own, none) == "store.not-found")
            for function in ["label", "replace-at-label"] {
                #expect(try await keeper.error(function, own, name, none) == "store.not-found")
            }
            for id in ["", "abc", "../../etc/passwd", "da39a3ee5e6b4b0d3255bfef95601890afd80709"] {
                for function in ["get", "exists", "forget"] {
                    let found = try await keeper.error(function, own, .string(id))
                    #expect(found == "store.bad-reference")
                }
            }
            for label in ["", "..", "/etc/passwd", "a/../b", "a//b", "hash/x", "a\u{0}"] {
                let label = Value.string(label)
                #expect(try await keeper.error("get-by-label", own, label) == "store.bad-label")
                #expect(try await keeper.error("remove-label", own, label) == "store.bad-label")
                #expect(try await keeper.error("label", own, label, none) == "store.bad-label")
                let put = try await keeper.error("store-at-label", own, label, .bytes([1]))
                #expect(put == "store.bad-label")
            }
            #expect(
                try await keeper.error("store", own, .bytes([UInt8](repeating: 0, count: 101)))
                    == "store.quota")
            for index in 0..<3 { try await keeper.call("store", own, .bytes([UInt8(index)])) }
            #expect(try await keeper.error("store", own, .bytes([3])) == "store.quota")
            #expect(try await keeper.call("calculate-total-size", own) == .u64(3))
            // The bytes of an argument alone may not end the actor.
            let large = Value.bytes([UInt8](repeating: 7, count: (16 << 20) + 1))
            #expect(try await keeper.error("store", own, large) == "store.too-large")
            #expect(try await keeper.call("exists", own, none) == .bool(false), "it lives")
        }
    }

    @Test("large content passes", arguments: [65_535, 65_537, 1 << 20, 10 << 20])
    func large(size: Int) async throws {
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 8) }
        try await withKeeper { keeper, own in
            let id = try await keeper.call("store", own, .bytes(content))
            #expect(try await keeper.call("get", own, id) == .bytes(content))
        }
    }

    @Test("an actor reaches no store but its own, and the attempt is recorded")
    func isolation() async throws {
        let folder = try TemporaryFolder()
        let keepers = try Keepers(data: folder.path + "/data")
        let first = try await keepers.spawn(name: "first")
        let second = try await keepers.spawn(name: "second")
        let own = try await first.own()
        let id = try await first.call("store-at-label", own, .string("l"), .bytes([1]))
        #expect(try await second.error("get", own, id) == "store.denied")
        #expect(try await second.error("list-labels", own) == "store.denied")
        let mine = try await second.own()
        #expect(
            try await second.error("get", mine, id) == "store.not-found", "the digest is no key")
        #expect(try await second.error("label", mine, .string("l"), id) == "store.not-found")
        for path in ["..", "../\(first.id)", "/tmp", ".", ""] {
            #expect(try await second.error("store", .string(path), .bytes([1])) == "store.denied")
        }
        try await keepers.node.close()
        let reader = try Journal.openReadOnly(directory: folder.path + "/data/journal")
        var cursor = try reader.events(of: second.id)
        var denials = 0
        while let event = try cursor.next() {
            if case .denied? = try event.decodedPayload() { denials += 1 }
        }
        #expect(denials == 7)
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        // What was stored, the wasm of both and their manifests.
        #expect(files.filter { $0.contains("blobs/") && $0.count > 40 }.count == 4)
        #expect(files.allSatisfy { $0.hasPrefix("data") })
    }

    @Test("actors that name one store share it, and it outlives them and the node")
    func shared() async throws {
        let folder = try TemporaryFolder()
        let keys: [String: ManifestValue] = ["store_id": .string("pages")]
        for round in 0..<2 {
            let keepers = try Keepers(data: folder.path + "/data")
            let first = try await keepers.spawn(keys, name: "first")
            let second = try await keepers.spawn(keys, name: "second")
            let pages = Value.string("pages")
            #expect(try await first.own() == pages)
            if round == 0 {
                try await first.call("store-at-label", pages, .string("front"), .bytes([1, 2]))
            }
            let id = try await second.call("get-by-label", pages, .string("front")).asOption
            let found = try await second.call("get", pages, try #require(id ?? nil))
            #expect(found == .bytes([1, 2]), "round \(round)")
            try await keepers.node.close()
        }
    }

    @Test("damaged content is an error that names it, and not content")
    func damaged() async throws {
        let folder = try TemporaryFolder()
        let keepers = try Keepers(data: folder.path + "/data")
        let keeper = try await keepers.spawn()
        let own = try await keeper.own()
        let id = try await keeper.call("store", own, .bytes([1, 2, 3]))
        let digest = try #require(id.asString)
        let path = folder.path + "/data/store/blobs/" + digest.prefix(2) + "/" + digest
        try Data([1, 2, 4]).write(to: URL(fileURLWithPath: path))
        #expect(try await keeper.error("get", own, id) == "store.damaged")
        // And storing it again is not a lie.
        try await keeper.call("store", own, .bytes([1, 2, 3]))
        #expect(try await keeper.call("get", own, id) == .bytes([1, 2, 3]))
        try await keepers.node.close()
    }

    @Test("what could not be written is an error")
    func unwritable() async throws {
        let folder = try TemporaryFolder()
        let keepers = try Keepers(data: folder.path + "/data")
        let keeper = try await keepers.spawn()
        let own = try await keeper.own()
        // A file stands where the blob's folder should be.
        let digest = "\(ContentID(of: [5]))"
        let path = folder.path + "/data/store/blobs/" + digest.prefix(2)
        try Data().write(to: URL(fileURLWithPath: path))
        #expect(try await keeper.error("store", own, .bytes([5])) == "store.disk")
        #expect(try await keeper.call("exists", own, .string(digest)) == .bool(false))
        #expect(try await keeper.call("list-all-content", own).asItems?.isEmpty == true)
        try await keepers.node.close()
    }

    @Test("a node takes the store's lock, and gives it up")
    func lock() async throws {
        let folder = try TemporaryFolder()
        let keepers = try Keepers(data: folder.path + "/data")
        let error = #expect(throws: StoreError.self) {
            _ = try ContentStore.open(directory: folder.path + "/data/store")
        }
        #expect(error?.code == .locked)
        try await keepers.node.close()
        try ContentStore.open(directory: folder.path + "/data/store").close()
    }
}
