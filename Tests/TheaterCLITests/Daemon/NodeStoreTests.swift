// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterAPI
import TheaterClient
import TheaterTesting

@Suite("The store of a node that serves", .serialized, .timeLimit(.minutes(2)))
struct NodeStoreTests {
    private static let hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

    @Test("content is kept, labelled and read, in its data directory and from elsewhere")
    func content() async throws {
        let node = try await RunningNode()
        try node.folder.write("hello", to: "page")
        let there = ["--store-id", "pages", "--socket", node.socketPath]
        for place in [["--store-id", "pages"], there] {
            let put = try await node.run(["store", "put", "page"] + place)
            #expect(put.status == 0 && put.stdout == Self.hello + "\n", "\(put)")
        }
        let labelled = try await node.run(["store", "put", "page", "--label", "front"] + there)
        #expect(labelled.status == 0, "\(labelled)")
        for (name, place) in [
            ("front", there), (Self.hello, there), ("front", ["--store-id", "pages"]),
        ] {
            let got = try await node.run(["store", "get", name] + place)
            #expect(got.stdout == "hello", "\(got)")
        }
        let none = try await node.run(["store", "get", "back"] + there)
        #expect(none.status == 1 && none.stderr.contains("[store.no-label]"), "\(none)")
        for (status, says) in [(0 as Int32, ""), (1, "[store.conflict]\n")] {
            let set = try await node.run(
                ["store", "label", "stable", "front", "--expect", "none"] + there)
            #expect(set.status == status && set.stderr.hasSuffix(says), "\(set)")
        }
        for place in [there, ["--store-id", "pages"]] {
            let named = try await node.run(["store", "label", "stable"] + place)
            #expect(named.stdout == Self.hello + "\n", "\(named)")
        }
        for (status, says) in [(0 as Int32, ""), (1, "[store.no-label]\n")] {
            let removed = try await node.run(
                ["store", "label", "stable", "--remove", "--store-id", "pages"])
            #expect(removed.status == status && removed.stderr.hasSuffix(says), "\(removed)")
        }
        let own = try await node.run(["store", "put", "page", "--store-id", "theater.code"])
        #expect(own.status == 2 && own.stderr.contains("the node's own"), "\(own)")
        let actor = "11111111-2222-4333-8444-555555555555"
        let alien = try await node.run(["store", "put", "page", "--store-id", actor])
        #expect(alien.status == 2 && alien.stderr.contains("one actor"), "\(alien)")
        #expect(await node.stop() == 0)
        let alone = try await node.run(["store", "put", "page", "--store-id", "pages"])
        #expect(alone.status == 0, "\(alone)")
        let nobody = try await node.run(["store", "put", "page"] + there)
        #expect(nobody.status == 10 && nobody.stderr.contains("[client.no-node]"), "\(nobody)")
    }

    @Test("a tree whose children are in the store starts in the node")
    func children() async throws {
        let node = try await RunningNode()
        try node.folder.write(try TestActors.states(), to: "one.wasm")
        try node.folder.write(
            TestActors.manifest("child").replacing("child.wasm", with: "store://tree/wasm"),
            to: "child.toml")
        for (file, label) in [("one.wasm", "wasm"), ("child.toml", "child")] {
            let put = try await node.run(
                ["store", "put", file, "--store-id", "tree", "--label", label])
            #expect(put.status == 0, "\(put)")
        }
        try await node.start(
            try TestActors.states(), name: "parent",
            more: "[[children]]\nname = \"kept\"\nmanifest = \"store://tree/child\"\n")
        let roots = try await node.client.tree()
        #expect(roots.first?["children"]?.array?.first?["name"] == "parent/kept", "\(roots)")
        #expect(await node.stop() == 0)
    }
}
