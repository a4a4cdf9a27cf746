// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform

@testable import TheaterChain

/// Goal: what was proven before payloads were dropped stays proven, and what is left can be proven still.
/// Method: checkpoints and proofs from before a prune are verified beside those from after it.
@Suite("Proofs across a prune")
struct PrunedProofTests {
    @Test(
        "old proofs verify, new ones contradict nothing, and what was dropped is proven by its digest"
    )
    func prune() async throws {
        let count: UInt64 = 12
        let chain = try await ProvenChain(count: Int(count))
        let key = chain.key.verifier
        let before = try chain.prover()
        let old = try (0..<count).map { try before.inclusion(of: $0) }
        let oldCheckpoint = try before.checkpoint()
        let oldPart = try before.checkpoint(size: 5)
        var retention = Retention()
        retention.eventsPerChain = 4
        let report = try Journal.prune(
            directory: SimulatedDisk.directory, keeping: retention,
            options: smallOptions(segment: 2000), disk: chain.journal)
        #expect(UInt64(report.payloadCount) == count - 4)

        let after = try chain.prover()
        #expect(try after.checkpoint().checkpoint == oldCheckpoint.checkpoint)
        #expect(try after.checkpoint(size: 5).checkpoint == oldPart.checkpoint)
        for sequence in 0..<count {
            let proof = old[Int(sequence)]
            #expect(try proof.verify(by: key).checkpoint == oldCheckpoint.checkpoint)
            let new = try after.inclusion(of: sequence)
            #expect(try new.verify(by: key).checkpoint == oldCheckpoint.checkpoint)
            let (first, second) = (proof.event.event(of: actor(1)), new.event.event(of: actor(1)))
            #expect(first.hash == second.hash)
            #expect(first.payload != nil)
            #expect((second.payload != nil) == (sequence >= count - 4))
            #expect(first.payloadDigest == second.payloadDigest)
        }
        let grown = try after.consistency(from: 5, to: count)
        let (small, whole) = try grown.verify(by: key)
        #expect(small.checkpoint == oldPart.checkpoint)
        #expect(whole.checkpoint == oldCheckpoint.checkpoint)
        // Both checkpoints from before are anchors of a bundle from after.
        let bundle = try chain.verify(
            try chain.bundle(), anchors: [oldPart.note, oldCheckpoint.note])
        #expect(UInt64(bundle.count) == count)
        #expect(UInt64(bundle.withheldCount) == count - 4)
    }
}
