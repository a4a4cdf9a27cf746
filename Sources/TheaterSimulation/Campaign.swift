// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
package import TheaterPlatform

/// Runs many seeds, each on one of some threads of their own.
package struct Campaign: Sendable {
    /// What a campaign came to.
    package struct Report: Sendable {
        /// How many seeds ran.
        package var seedCount = 0
        /// How many jobs they took.
        package var jobCount = 0
        /// How many operations their clients began.
        package var operationCount = 0
        /// The seeds with problems, in order; at most ``failuresMax``.
        package var failures: [Simulation.Outcome] = []
        /// The traces' hashes by seed.
        package var hashes: [UInt64: UInt64] = [:]
    }

    /// How many failures a report keeps.
    package static let failuresMax = 20
    /// Guests run on stacks of their own; what the runtime does on the thread's own needs this much.
    private static let stackSize = 8 << 20

    private let simulations: [Simulation]

    /// Makes a simulation for each thread.
    ///
    /// - Parameter planted: a fault of the runtime, which some seed should find.
    package init(threads: Int, planted: PlantedFault? = nil) async throws {
        var simulations: [Simulation] = []
        for _ in 0..<max(1, threads) {
            let simulation = try Simulation(planted: planted)
            try await simulation.warm()
            simulations.append(simulation)
        }
        self.simulations = simulations
    }

    /// Runs seeds in the given order.
    ///
    /// - Parameter stopsAtFailure: whether no seed is begun after one that failed.
    package func run(
        _ seeds: [UInt64], stopsAtFailure: Bool = false
    ) async -> Report {
        let board = Board(seeds, stopsAtFailure: stopsAtFailure)
        await withTaskGroup(of: Void.self) { group in
            for simulation in simulations {
                group.addTask {
                    await Self.onThread {
                        while let seed = board.next() { board.add(simulation.run(seed: seed)) }
                    }
                }
            }
        }
        return board.report
    }

    /// Runs a seed again and keeps its trace.
    package func trace(_ seed: UInt64) async -> Simulation.Outcome? {
        let board = Board([seed], stopsAtFailure: false)
        let simulation = simulations[0]
        await Self.onThread { board.add(simulation.run(seed: seed, keepsLines: true)) }
        return board.last
    }

    private static func onThread(_ work: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            let isStarted = WorkerThread.start(name: "simulation", stackSize: stackSize) {
                work()
                continuation.resume()
            }
            if !isStarted {
                work()
                continuation.resume()
            }
        }
    }
}

/// What the threads of a campaign share.
private final class Board: Sendable {
    private struct State {
        var index = 0
        var report = Campaign.Report()
        var last: Simulation.Outcome?
    }

    private let seeds: [UInt64]
    private let stopsAtFailure: Bool
    private let state = Mutex(State())

    init(_ seeds: [UInt64], stopsAtFailure: Bool) {
        self.seeds = seeds
        self.stopsAtFailure = stopsAtFailure
    }

    var report: Campaign.Report { state.withLock { $0.report } }
    var last: Simulation.Outcome? { state.withLock { $0.last } }

    /// The next seed; `nil` when no more are to be begun.
    func next() -> UInt64? {
        state.withLock { state in
            guard state.index < seeds.count else { return nil }
            if stopsAtFailure, !state.report.failures.isEmpty { return nil }
            defer { state.index += 1 }
            return seeds[state.index]
        }
    }

    func add(_ outcome: Simulation.Outcome) {
        state.withLock { state in
            state.report.add(outcome)
            state.last = outcome
        }
    }
}

extension Campaign.Report {
    fileprivate mutating func add(_ outcome: Simulation.Outcome) {
        seedCount += 1
        jobCount += outcome.jobCount
        operationCount += outcome.operationCount
        hashes[outcome.seed] = outcome.hash
        guard !outcome.problems.isEmpty else { return }
        failures.append(outcome)
        failures.sort { $0.seed < $1.seed }
        if failures.count > Campaign.failuresMax { failures.removeLast() }
    }
}
