// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform
import TheaterSimulation

/// Goal: the simulation finds faults of the kinds that a runtime like this one has. Method: each of them is
/// planted in turn, and seeds run until one fails.
@Suite("Planted faults", .serialized)
struct PlantedFaultTests {
    /// How many seeds each may take.
    private static let seedsMax: UInt64 = 10_000

    @Test("is found", arguments: PlantedFault.allCases)
    func found(fault: PlantedFault) async throws {
        let campaign = try await Campaign(threads: 2, planted: fault)
        let report = await campaign.run(Array(1...Self.seedsMax), stopsAtFailure: true)
        let first = try #require(
            report.failures.first, "\(fault.rawValue): no seed of \(report.seedCount) found it")
        print(
            "planted \(fault.rawValue): found after \(report.seedCount) seeds, by seed "
                + "\(first.seed): \(first.problems.first ?? "")")
    }
}
