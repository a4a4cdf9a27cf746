// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import TheaterChain
import TheaterEngine
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Goal: an upgrade waits for the call that runs and for nothing else, within its time, and whoever ends the
/// actor is faster. Method: a guest that waits at a gate, on a clock that the test moves.
@Suite("The turn of an upgrade", .timeLimit(.minutes(1)))
struct UpgradeTurnTests {
    private static func name(_ function: String) -> String { "test:turn/turn.\(function)" }

    /// `which` answers the version; `wait` waits at the gate that it is given.
    private static func guest(_ version: UInt32) throws -> String {
        var actor = WatActor()
        actor.metadata = try PackageMetadata(
            package: PactPackage.parse(
                """
                imports { test:gate/gate { wait: func(name: string) -> result<string, string> } }
                exports {
                    test:turn/turn { which: func() -> u32  wait: func(name: string) -> value }
                }
                """, file: "test.pact")
        ).encoded()
        actor.imports = [WatActor.importing("test:gate/gate", "wait", as: "wait")]
        actor.body = [
            WatActor.answering(name("which"), try CGRF.encode(.u32(version)), at: 32768),
            WatActor.function(
                name("wait"),
                """
                (drop (call $wait (local.get $in) (local.get $size) (i32.const 512) (i32.const 516)))
                (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516))
                  (local.get $slot) (local.get $lenslot)) (i32.const 0)
                """),
        ]
        return actor.wat
    }

    private func request(_ version: UInt32, calls: Int = 3) throws -> UpgradeRequest {
        UpgradeRequest(
            wasm: try Engine.assemble(wat: try Self.guest(version)), gate: .none,
            trialCalls: calls)
    }

    private func code(_ task: Task<UpgradeReport, any Error>) async -> ActorError.Code? {
        switch await task.result {
        case .success: nil
        case .failure(let error): (error as? ActorError)?.code
        }
    }

    private func types(_ stage: Stage, _ id: ActorID) async throws -> [String] {
        var cursor = try await stage.journal.events(of: id)
        var types: [String] = []
        while let event = try cursor.next() { types.append(event.type) }
        return types
    }

    /// Whether somebody waits for the turn.
    private func isWanted(_ stage: Stage, _ id: ActorID) throws -> Bool {
        try stage.system.cell(id).shared.withLock { $0.holder != nil }
    }

    @Test("it comes before the mail that waits, which the new code gets")
    func order() async throws {
        let gate = "order-\(UInt64.random(in: 0 ... .max))"
        let stage = try Stage()
        let system = stage.system
        let id = try await stage.spawn(try Self.guest(1), grants: ["gate"])
        let slow = Task { try await system.call(id, Self.name("wait"), [.string(gate)]) }
        await Gate.of(gate).arrived()
        let early = Task { try await system.call(id, Self.name("which")) }
        while system.actors().first?.mailboxDepth == 0 { await Task.yield() }
        let request = try request(2)
        let upgrade = Task { try await system.upgrade(id, request) }
        while try !isWanted(stage, id) { await Task.yield() }
        let second = Task { try await system.upgrade(id, request) }
        #expect(await code(second) == .upgrading)
        Gate.of(gate).open()
        #expect(await code(upgrade) == nil)
        _ = try await slow.value
        #expect(try await early.value == .u32(2))
    }

    @Test("a call that takes too long keeps the actor's code")
    func late() async throws {
        let gate = "late-\(UInt64.random(in: 0 ... .max))"
        let clock = ManualClock()
        let stage = try Stage(world: clock.world)
        let system = stage.system
        let id = try await stage.spawn(try Self.guest(1), grants: ["gate"]) {
            $0.manifest.limits.callTimeout = .seconds(3600)
        }
        let slow = Task { try await system.call(id, Self.name("wait"), [.string(gate)]) }
        await Gate.of(gate).arrived()
        let request = try request(2)
        let upgrade = Task { try await system.upgrade(id, request) }
        while try !isWanted(stage, id) { await Task.yield() }
        while clock.sleepCount(of: .seconds(30)) == 0 { await Task.yield() }
        clock.advance(by: .seconds(31))
        #expect(await code(upgrade) == .deadline)
        Gate.of(gate).open()
        _ = try await slow.value
        #expect(try await system.call(id, Self.name("which")) == .u32(1))
        #expect(try await !types(stage, id).contains { $0.contains("upgrade") })
    }

    @Test("the time of a trial keeps the code of an actor that nobody calls")
    func trialTime() async throws {
        let clock = ManualClock()
        let stage = try Stage(world: clock.world)
        let id = try await stage.spawn(try Self.guest(1), grants: ["gate"])
        let report = try await stage.system.upgrade(id, try request(2))
        #expect(report.isOnTrial && stage.system.engine.guestsLive == 2)
        clock.advance(by: .seconds(59))
        #expect(try await types(stage, id).last == EventType.upgradeDone.name)
        while try await types(stage, id).last != EventType.upgradeKept.name {
            clock.advance(by: .seconds(1))
            await Task.yield()
        }
        #expect(stage.system.engine.guestsLive == 1)
    }

    @Test("whoever ends the actor is faster", arguments: [false, true])
    func ended(_ isKilled: Bool) async throws {
        let gate = "ended-\(UInt64.random(in: 0 ... .max))"
        let stage = try Stage()
        let system = stage.system
        let id = try await stage.spawn(try Self.guest(1), grants: ["gate"])
        let slow = Task { try await system.call(id, Self.name("wait"), [.string(gate)]) }
        await Gate.of(gate).arrived()
        let request = try request(2)
        let upgrade = Task { try await system.upgrade(id, request) }
        while try !isWanted(stage, id) { await Task.yield() }
        let end = Task {
            isKilled ? try await system.terminate(id) : try await system.stop(id)
        }
        while system.status(of: id) == .running { await Task.yield() }
        Gate.of(gate).open()
        #expect([.ended, .stopping].contains(await code(upgrade)))
        _ = try? await slow.value
        #expect(try await end.value == (isKilled ? .killed : .stopped))
        #expect(try await !types(stage, id).contains { $0.contains("upgrade") })
        #expect(system.engine.guestsLive == 0)
        let over = Task { try await system.upgrade(id, request) }
        #expect(await code(over) == .ended)
    }

    @Test("an actor that ends on trial gives both guests back, and its next life has the new code")
    func endsOnTrial() async throws {
        let stage = try Stage()
        let system = stage.system
        let id = try await stage.spawn(try Self.guest(1), grants: ["gate"])
        _ = try await system.upgrade(id, try request(2))
        #expect(system.engine.guestsLive == 2)
        try await system.restart(id)
        #expect(system.engine.guestsLive == 1)
        #expect(try await system.call(id, Self.name("which")) == .u32(2))
        _ = try await system.terminate(id)
        #expect(system.engine.guestsLive == 0)
        try await StageReplay.expectFaithful(
            id, in: try await stage.journal.reader(), of: stage.journal,
            handlers: stage.handlers)
    }
}
