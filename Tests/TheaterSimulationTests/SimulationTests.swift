// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterSimulation

/// What the environment asks for.
enum Asked {
    static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    /// How many seeds; `THEATER_SIM_SEEDS`.
    static let seedCount = number("THEATER_SIM_SEEDS") ?? 2000
    /// The one seed to look at; `THEATER_SIM_SEED`.
    static let seed = number("THEATER_SIM_SEED")
}

@Suite("Simulation", .serialized)
struct SimulationTests {
    // Goal: whatever order the scheduler chooses and whatever fails, the runtime's promises hold.
    // Method: the real runtime and real guests in a seeded world; checkers during and after each run.
    @Test("the runtime keeps its promises under every seed")
    func seeds() async throws {
        let campaign = try await Campaign(threads: 2)
        let seeds = Asked.seed.map { [$0] } ?? Array(1...Asked.seedCount)
        let clock = ContinuousClock()
        let start = clock.now
        let report = await campaign.run(seeds)
        print(
            "simulation: \(report.seedCount) seeds, \(report.operationCount) operations, "
                + "\(report.jobCount) jobs in \(start.duration(to: clock.now))")
        for failure in report.failures.prefix(5) {
            let lines = await campaign.trace(failure.seed)?.lines ?? []
            let shown = Asked.seed == nil ? lines.suffix(25) : lines[...]
            Issue.record(
                """
                seed \(failure.seed): \(failure.problems.joined(separator: "; "))
                again: THEATER_SIM_SEED=\(failure.seed) swift test --filter SimulationTests/seeds
                \(shown.joined(separator: "\n"))
                """)
        }
        #expect(report.failures.map(\.seed) == [])
        if Asked.seed != nil {
            let lines = await campaign.trace(seeds[0])?.lines ?? []
            print(lines.joined(separator: "\n"))
        }
    }

    // Goal: a seed fixes everything. Method: the same seeds on other threads, in another order, beside
    // other seeds, with other addresses.
    @Test("the same seed gives the same trace")
    func deterministic() async throws {
        let seeds = Array(1...100 as ClosedRange<UInt64>)
        let first = try await Campaign(threads: 1).run(seeds)
        let second = try await Campaign(threads: 2).run(seeds.reversed())
        let different = seeds.filter { first.hashes[$0] != second.hashes[$0] }
        #expect(different == [])
        #expect(Set(first.hashes.values).count == seeds.count, "different seeds differ")
    }
}
