// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterAPI

/// An actor of a node takes new code through the node's API.
@Suite("theater upgrade, in a node", .timeLimit(.minutes(1)))
struct UpgradeActorTests {
    @Test("takes what fits, and keeps its code when the new one is refused")
    func upgrade() async throws {
        let node = try await RunningNode()
        let id = try await node.start(try TestActors.states(), name: "first")
        #expect(try await node.run(["call", "first", "one"]).status == 0)
        try node.folder.write(try TestActors.migrating(spins: false), to: "new.wasm")
        let upgrade = ["upgrade", "new.wasm", "--actors", "first"]
        // It answers with another state than the chain has.
        let refused = try await node.run(upgrade)
        #expect(refused.status != 0)
        #expect(refused.stderr.contains("[actor.upgrade-refused]"), "\(refused.stderr)")
        let taken = try await node.run(upgrade + ["--gate", "report", "--json"])
        #expect(taken.status == 0, "\(taken.stderr)")
        let report = try JSONValue.parse(taken.stdout)
        #expect(report["id"]?.string == id)
        #expect(report["migrated"]?.bool == true && report["on_trial"]?.bool == true)
        #expect(report["check"]?["same"]?.bool == false)
        let again = try await node.run(upgrade + ["--gate", "none"])
        #expect(again.stderr.contains("[actor.upgrade-refused]"))
        #expect(try await node.run(["call", "first", "two"]).status == 0)
        let events = try await node.run(["events", "first"])
        #expect(events.stdout.contains("upgraded to module "), "\(events.stdout)")
        try node.folder.write(try TestActors.stranger(), to: "new.wasm")
        let stranger = try await node.run(upgrade)
        #expect(stranger.stderr.contains("[actor.import-refused]"), "\(stranger.stderr)")
        for wrong in [
            ["upgrade"], ["upgrade", "new.wasm"],
            ["upgrade", "new.wasm", "--check", "new.wasm", "--actors", "first"],
            ["upgrade", "--check", "new.wasm", "--gate", "none"],
        ] {
            #expect(try await node.run(wrong).status == 2, "\(wrong)")
        }
        #expect(await node.stop() == 0)
    }
}
