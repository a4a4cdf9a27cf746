// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Waits at a gate while its actor ends; the grant names it.
private final class HeldHandler: Handler {
    static let name = "held"
    static let interfaces: [HostInterface] = []
    private let gate: String

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        gate = grant.string("gate") ?? ""
        try grant.finish()
    }

    func answer(_ call: HostCall) -> HostReply { .failure(HostError("held.none", "no function")) }

    func close() async { _ = await Gate.of(gate).pass() }
}

/// Goal: an end is announced when everything is given back, and not later than it has to be.
@Suite("The closing of handlers", .timeLimit(.minutes(1)))
struct CloseTests {
    private func stage(_ world: World = .system) throws -> Stage {
        try Stage(handlers: [RuntimeHandler.self, HeldHandler.self], world: world)
    }

    private func spawn(_ stage: Stage, _ gate: String) async throws -> ActorID {
        try await stage.spawn(FixtureActor.wat) {
            $0.manifest.handlers.append(
                HandlerGrant(type: "held", configuration: ["gate": .string(gate)]))
        }
    }

    @Test("an end is announced after its handlers have closed, and its name is free then")
    func announced() async throws {
        let stage = try stage()
        let id = try await spawn(stage, "closes first")
        let system = stage.system
        let watch = Work { () async throws(ActorError) in _ = try await system.awaitEnd(of: id) }
        let end = Work { () async throws(ActorError) in try await system.terminate(id) }
        await Gate.of("closes first").arrived()
        #expect(system.status(of: id) == .stopping)
        #expect(try await stage.refusal(FixtureActor.wat).code == .nameTaken)
        #expect(!watch.isOver && !end.isOver)
        Gate.of("closes first").open()
        #expect(await end.error == nil)
        #expect(await watch.error == nil)
        #expect(system.status(of: id) == .killed)
        _ = try await stage.spawn(FixtureActor.wat)
        await system.shutDown()
    }

    @Test("a handler that does not close is left behind after its time, and others do not wait")
    func bounded() async throws {
        let clock = ManualClock()
        let stage = try stage(clock.world)
        let id = try await spawn(stage, "never closes")
        let other = try await stage.spawn(FixtureActor.wat, name: "other")
        let system = stage.system
        let end = Work { () async throws(ActorError) in try await system.stop(id) }
        await Gate.of("never closes").arrived()
        #expect(try await system.stop(other) == .stopped)
        #expect(!end.isOver)
        clock.advance(by: .seconds(11))
        #expect(await end.error == nil)
        #expect(system.status(of: id) == .stopped)
        #expect(stage.log.lines.contains("[actor] the handler did not close in time"))
        await system.shutDown()
        Gate.of("never closes").open()
    }
}
