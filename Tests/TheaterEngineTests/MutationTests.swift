// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterEngine
import TheaterTesting

@Suite("Mutated modules")
struct MutationTests {
    // Goal: no wasm that a stranger sends takes the process down. Method: flip, cut and insert bytes of a
    // real actor, load it, and where it loads run its start and its functions under a small budget.
    @Test("survives mutated modules")
    func mutations() async throws {
        let count = Int(ProcessInfo.processInfo.environment["THEATER_FUZZ_MODULES"] ?? "") ?? 5000
        let wasm = try Engine.assemble(wat: FixtureActor.wat)
        let engine = try Engine(EngineOptions(guestsMax: 4))
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed: seed)
        var loaded = 0
        for _ in 0..<count {
            var bytes = wasm
            for _ in 0...random.next(below: 4) {
                let at = random.next(below: bytes.count)
                switch random.next(below: 4) {
                case 0: bytes[at] = UInt8(random.next(below: 256))
                case 1: bytes[at] ^= 1 << UInt8(random.next(below: 8))
                case 2: bytes.removeSubrange(at..<min(bytes.count, at + 1 + random.next(below: 8)))
                default: bytes.insert(UInt8(random.next(below: 256)), at: at)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            guard let module = try? await engine.modules.module(for: bytes),
                let linked = try? LinkedModule(
                    module, modes: module.imports.map { _ in .immediate }),
                let guest = try? await Guest(
                    linked, engine: engine, host: ClosureHost(), control: GuestControl(),
                    limits: GuestLimits(), budget: CallBudget(fuel: 100_000))
            else { continue }
            loaded += 1
            _ = try? await guest.metadata(budget: CallBudget(fuel: 100_000))
            for (index, item) in module.exports.enumerated() where item.type == .actorFunction {
                guard
                    (try? await guest.call(
                        function: index, input: unit, budget: CallBudget(fuel: 100_000))) != nil
                else { break }
            }
        }
        #expect(engine.guestsLive == 0, "seed \(seed)")
        #expect(
            count < 1000 || loaded > 0, "seed \(seed): no mutation loaded, the test tests nothing")
    }
}
