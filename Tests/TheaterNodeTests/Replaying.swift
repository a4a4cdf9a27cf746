// SPDX-License-Identifier: Apache-2.0

import Logging
import Testing
import TheaterChain
import TheaterNode
import TheaterReplay
import TheaterRuntime

/// Ends every actor of a node and replays every chain with what the node's store keeps; none may
/// differ from what its code does.
func expectReplays(of node: Node, chains count: Int? = nil) async throws {
    await node.system.shutDown(grace: .seconds(5))
    let replayer = Replayer(
        engine: node.system.engine,
        library: StoredCode(
            node.store, logger: .quiet),
        options: Node.registry().replayOptions())
    let reader = try await node.journal.reader()
    let chains = reader.actors()
    if let count { #expect(chains.count == count) }
    #expect(!chains.isEmpty)
    for chain in chains {
        let verdict = try await replayer.replay(ReplayEvents(try reader.events(of: chain.actor)))
        #expect(
            verdict.isFaithful,
            "\(chain.name ?? "?"): \(verdict.divergence.map(String.init(describing:)) ?? "")")
        #expect(verdict.counts.events == chain.count)
    }
}
