// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import TheaterChain
internal import TheaterEngine
internal import TheaterHandler
internal import TheaterHandlers
package import TheaterPlatform
internal import TheaterRuntime
internal import TheaterTesting

/// Runs the real runtime, with real guests, in a world whose time, chance and scheduling come from a seed.
///
/// One simulation belongs to one thread: its engine and its compiled guest serve any number of seeds, one
/// after the other.
package final class Simulation: Sendable {
    /// What a seed came to.
    package struct Outcome: Sendable {
        /// The seed.
        package let seed: UInt64
        /// Everything that happened, in one number.
        package let hash: UInt64
        /// What must not be; empty when all is well.
        package let problems: [String]
        /// How many jobs ran.
        package let jobCount: Int
        /// How many operations clients began.
        package let operationCount: Int
        /// The newest lines of the trace, when they were asked for.
        package let lines: [String]
    }

    private let engine: Engine
    private let wasm: [UInt8]
    private let planted: PlantedFault?

    /// Makes an engine and compiles the guest.
    ///
    /// - Parameter planted: a fault of the runtime, which some seed should find.
    package init(planted: PlantedFault? = nil) throws {
        self.planted = planted
        engine = try Engine(EngineOptions(guestsMax: 64, yieldInterval: 10_000))
        wasm = try ScriptedGuest.wasm()
    }

    /// Compiles the guest, so that no seed waits for the compiler's thread.
    package func warm() async throws { _ = try await engine.modules.module(for: wasm) }

    /// The most jobs that a run may take before it counts as endless.
    private static let jobsMax = 100_000

    /// Runs one seed on the calling thread.
    package func run(seed: UInt64, keepsLines: Bool = false) -> Outcome {
        // What an earlier seed left is its own problem.
        let guestsBefore = engine.guestsLive
        var chance = SplitMix(seed: seed)
        let plan = Plan(chance: &chance)
        let clock = VirtualClock()
        let trace = Trace(clock: clock, keepsLines: keepsLines)
        let executor = SimulationExecutor(
            clock: clock, trace: trace, order: plan.order, jobCost: plan.jobCost,
            seed: chance.next())
        let history = History(trace: trace, clock: clock)
        trace.remark("\(plan)")
        let gone = play(plan, executor, clock, trace, history, &chance)
        if executor.drain(jobsMax: Self.jobsMax) != .done { history.report("jobs without end") }
        if gone.system != nil { history.report("somebody still holds the system") }
        let left = engine.guestsLive - guestsBefore
        if left > 0 { history.report("\(left) guests are left") }
        if clock.sleeperCount > 0 { history.report("\(clock.sleeperCount) tasks sleep on") }
        if executor.foreignCount > 0 {
            history.report("\(executor.foreignCount) jobs came from other threads")
        }
        return Outcome(
            seed: seed, hash: trace.hash, problems: history.problems, jobCount: executor.jobCount,
            operationCount: history.operations.count, lines: trace.lines)
    }

    private struct Gone {
        weak var system: ActorSystem?
    }

    private func play(
        _ plan: Plan, _ executor: SimulationExecutor, _ clock: VirtualClock, _ trace: Trace,
        _ history: History, _ chance: inout SplitMix
    ) -> Gone {
        let words = Words(seed: chance.next())
        var world = World(clock: clock, words: { words.next() }, executor: executor)
        world.planted = planted
        let script = Script(history: history, trace: trace)
        var services = HandlerServices()
        services.provide(script)
        let journal = Journal.inMemory()
        let system = ActorSystem(
            engine: engine, journal: journal,
            handlers: HandlerRegistry([ScriptHandler.self, MessageServerHandler.self]),
            logger: Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() },
            services: services, world: world,
            observability: ObservabilityOptions(interval: plan.watchInterval))
        let director = Director(
            system: system, world: world, plan: plan, history: history, script: script,
            wasm: wasm, chance: SplitMix(seed: chance.next()))
        let done = Flag()
        world.start {
            await director.run()
            var verdict = Verdict(
                history: history, script: script, plan: plan, trace: trace, system: system)
            await verdict.check(journal)
            done.raise()
        }
        switch executor.run(jobsMax: Self.jobsMax, until: { done.isRaised }) {
        case .done: break
        case .stuck: history.report("stuck: \(stuck(history))")
        case .endless: history.report("endless: \(stuck(history))")
        }
        return Gone(system: system)
    }

    private func stuck(_ history: History) -> String {
        let open = history.operations.filter { $0.answerCount == 0 }
        return open.prefix(5).map { "\($0.kind.rawValue) \($0.number) to \($0.target)" }
            .joined(separator: ", ")
    }
}

/// The random words of a simulated world.
private final class Words: @unchecked Sendable {
    // SAFETY: used by the one thread that runs the simulation.
    private var chance: SplitMix
    init(seed: UInt64) { chance = SplitMix(seed: seed) }
    func next() -> UInt64 { chance.next() }
}

/// A flag of one thread.
private final class Flag: @unchecked Sendable {
    // SAFETY: used by the one thread that runs the simulation.
    private(set) var isRaised = false
    func raise() { isRaised = true }
}
