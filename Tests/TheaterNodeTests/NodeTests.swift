// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Testing
import TheaterChain
import TheaterEngine
import TheaterManifest
import TheaterNode
import TheaterPlatform
import TheaterRuntime
import TheaterStore
import TheaterTesting
import TheaterValue

@Suite("Node")
struct NodeTests {
    private static func spawn(_ node: Node, _ durability: ChainSettings.Durability) async throws
        -> ActorID
    {
        var manifest = Manifest(
            name: "fixture", package: "fixture.wasm", handlers: [HandlerGrant(type: "runtime")])
        manifest.chain.durability = durability
        let wasm = try Engine.assemble(wat: FixtureActor.wat)
        return try await node.system.spawn(SpawnRequest(wasm: wasm, manifest: manifest))
    }

    @Test(
        "what an actor did is on disk when the node is closed",
        arguments: [ChainSettings.Durability.async, .strict])
    func durable(durability: ChainSettings.Durability) async throws {
        let folder = try TemporaryFolder()
        let node = try Node(
            NodeOptions(dataDirectory: folder.path, guestsMax: 4), logger: .quiet)
        let id = try await Self.spawn(node, durability)
        for index in 0..<100 {
            #expect(
                try await node.system.call(id, "echo", [.u32(UInt32(index))]) == .u32(UInt32(index))
            )
        }
        try await node.close()
        let reader = try Journal.openReadOnly(directory: folder.path + "/journal")
        let report = try reader.verify(id)
        #expect(report.isValid)
        #expect(report.count == 3 + 1 + 200 + 1, "birth, init with its log, 100 calls, the end")
    }

    @Test("a new store is empty, and open to actors that name it; what chains mention is kept")
    func stores() async throws {
        let node = try Node(NodeOptions(guestsMax: 4), logger: .quiet)
        let name = try await node.control.send { .newStore($0) }
        #expect(name != node.newStore().name)
        let manifest = Manifest(
            name: "keeper", package: "keeper.wasm",
            handlers: [HandlerGrant(type: "store", configuration: ["store_id": .string(name)])])
        let wasm = try Engine.assemble(wat: StoreActor.wat())
        let id = try await node.system.spawn(SpawnRequest(wasm: wasm, manifest: manifest))
        _ = try await node.system.call(
            id, "test:keeper/keeper.store", [.string(name), .bytes([1, 2, 3])])
        let space = try StoreNamespace.parse(name)
        let unnamed = try node.store.put([4, 5, 6], in: space)
        #expect(try await node.collectStore(grace: .zero, isTrial: true).removedCount == 1)
        #expect(try await node.collectStore(grace: .zero).removedCount == 1)
        #expect(!node.store.contains(unnamed))
        #expect(node.store.contains(ContentID(of: [1, 2, 3])))
        try await node.close()
    }

    @Test("with strict durability an answer is on disk before it is given")
    func strict() async throws {
        let folder = try TemporaryFolder()
        let node = try Node(
            NodeOptions(dataDirectory: folder.path, guestsMax: 4), logger: .quiet)
        let id = try await Self.spawn(node, .strict)
        for index in 0..<20 {
            try await node.system.call(id, "echo", [.u32(UInt32(index))])
            // Another reader of the files sees what a crash would leave.
            let reader = try Journal.openReadOnly(directory: folder.path + "/journal")
            #expect(try reader.verify(id).count >= UInt64(4 + 2 * (index + 1)))
        }
        try await node.close()
    }

    @Test("a second node on the same data directory is refused, and the first goes on")
    func locked() async throws {
        let folder = try TemporaryFolder()
        let node = try Node(
            NodeOptions(dataDirectory: folder.path, guestsMax: 4), logger: .quiet)
        let error = #expect(throws: JournalError.self) {
            _ = try Node(NodeOptions(dataDirectory: folder.path, guestsMax: 4), logger: .quiet)
        }
        #expect(error?.code == .locked)
        let id = try await Self.spawn(node, .async)
        #expect(try await node.system.call(id, "echo", [.unit]) == .unit)
        try await node.close()
    }

    @Test("a data directory that is a file, or cannot be made, is a clear error")
    func unusable() throws {
        let folder = try TemporaryFolder()
        try "in the way".write(toFile: folder.path + "/file", atomically: true, encoding: .utf8)
        for path in [folder.path + "/file", "/proc/theater"] {
            let error = #expect(throws: (any Error).self) {
                _ = try Node(NodeOptions(dataDirectory: path, guestsMax: 4), logger: .quiet)
            }
            #expect(error.map { "\($0)".contains(path) } == true)
        }
    }

    @Test("makes its data directory, and the folders above it")
    func makesDirectory() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/one/two"
        let node = try Node(NodeOptions(dataDirectory: path, guestsMax: 4), logger: .quiet)
        try await node.close()
        #expect(FileManager.default.fileExists(atPath: path + "/journal"))
    }
}
