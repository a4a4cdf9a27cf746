// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing
import TheaterChain
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Goal: each command does what it says and answers what it promises. Method: real actors.
@Suite("Command")
struct CommandTests {
    private static let wait = "test:waiter/waiter.wait"
    /// No command is late, however busy the machine is.
    private static let patient = ControlOptions(deadline: .seconds(3600))

    @Test("spawn, status, state, manifest, handle, hashes, stop")
    func life() async throws {
        let stage = try Stage()
        let control = ControlPlane(stage.system, options: Self.patient)
        let request = try Stage.request(FixtureActor.wat, name: "one")
        let id = try await control.send { .spawnActor(request, $0) }
        #expect(try await control.send { .getActorStatus(id, $0) } == .running)
        #expect(
            try await control.send { .getActorManifest(id, $0) }.name == "one")
        let state = try await control.send { .getActorState(id, $0) }
        #expect(state != CallShape.noState, "init gave it one")
        let infos = try await control.send { .getActors($0) }
        #expect(infos.map(\.id) == [id] && infos.map(\.name) == ["one"])
        let handle = try await control.send { .getActorHandle(id, $0) }
        #expect(try await handle?.call("echo", [.u8(7)]) == .u8(7))
        #expect(handle?.status == .running)
        let hashes = try await control.send { .getActorExportHashes(id, $0) }
        let exports = try stage.system.cell(id).template.metadata.exports
        #expect(hashes == PackageMetadata(imports: [], exports: exports).exportHashes)
        #expect(!hashes.isEmpty)
        #expect(try await control.send { .stopActor(id, grace: .seconds(5), $0) } == .stopped)
        #expect(try await control.send { .getActorStatus(id, $0) } == .stopped)
        #expect(try await control.send { .getActorHandle(id, $0) } == nil)
        #expect(try await control.send { .actorShutdownComplete(id, $0) } == .stopped)
        await control.close()
    }

    @Test("an actor that there is not is not found: a status is never made up")
    func unknown() async throws {
        let stage = try Stage()
        let control = ControlPlane(stage.system, options: Self.patient)
        let id = ActorID.random()
        func code<Success: Sendable>(
            _ command: (Reply<Success>) -> TheaterCommand
        ) async -> ActorError.Code? {
            do throws(ActorError) {
                _ = try await control.send(command)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(await code { .stopActor(id, grace: .seconds(1), $0) } == .notFound)
        #expect(await code { .terminateActor(id, $0) } == .notFound)
        #expect(await code { .restartActor(id, $0) } == .notFound)
        #expect(
            await code { .upgradeActor(id, UpgradeRequest(wasm: []), $0) } == .notFound)
        #expect(await code { .shuttingDown(id, data: nil, $0) } == .notFound)
        #expect(await code { .actorShutdownComplete(id, $0) } == .notFound)
        #expect(await code { .newEvent(id, sequence: 0, $0) } == .notFound)
        #expect(await code { .actorError(id, ActorError(.crashed, "x"), $0) } == .notFound)
        #expect(await code { .getActorManifest(id, $0) } == .notFound)
        #expect(await code { .getActorStatus(id, $0) } == .notFound)
        #expect(await code { .listChildren(id, $0) } == .notFound)
        #expect(await code { .getActorState(id, $0) } == .notFound)
        #expect(await code { .getActorEvents(id, EventFilter(), $0) } == .notFound)
        #expect(await code { .getActorMetrics(id, $0) } == .notFound)
        #expect(
            await code { .subscribeToActor(id, from: .now, FeedOptions(), $0) } == .notFound)
        #expect(await code { .getActorExportHashes(id, $0) } == .notFound)
        #expect(await code { .newStore($0) } == .controlUnavailable)
        #expect(try await control.send { .getActorHandle(id, $0) } == nil)
        await control.close()
    }

    @Test("terminate, actor-error and shutting-down end an actor, each for its own reason")
    func ends() async throws {
        let stage = try Stage()
        let control = ControlPlane(stage.system, options: Self.patient)
        let killed = try await stage.spawn(FixtureActor.wat, name: "killed")
        #expect(try await control.send { .terminateActor(killed, $0) } == .killed)
        let failed = try await stage.spawn(FixtureActor.wat, name: "failed")
        let error = ActorError(.crashed, "its device is gone")
        #expect(try await control.send { .actorError(failed, error, $0) } == .failed(error))
        #expect(stage.system.status(of: failed) == .failed("its device is gone"))
        let leaving = try await stage.spawn(FixtureActor.wat, name: "leaving")
        async let complete = control.send { .actorShutdownComplete(leaving, $0) }
        try await control.send { .shuttingDown(leaving, data: [1, 2], $0) }
        #expect(try await complete == .completed([1, 2]))
        try await control.send { .actorRuntimeError(ActorError(.journal, "secret"), $0) }
        #expect(stage.log.lines.contains("[?] the runtime failed"))
        #expect(try await control.send { .getActors($0) }.isEmpty, "the last one is over")
        let next = try Stage.request(FixtureActor.wat)
        let id = try await control.send { .spawnActor(next, $0) }
        #expect(try await control.send { .getActorStatus(id, $0) } == .running)
        await control.close()
    }

    @Test("restart begins another life of the same actor; children are listed in order")
    func tree() async throws {
        let stage = try Stage()
        let control = ControlPlane(stage.system, options: Self.patient)
        let root = try await stage.spawn(FixtureActor.wat, name: "root")
        #expect(try await control.send { .restartActor(root, $0) } == root)
        #expect(try await control.send { .getActorMetrics(root, $0) }.restarts == 1)
        var ids: [ActorID] = []
        for index in 0..<3 {
            ids.append(
                try await stage.spawn(FixtureActor.wat, name: "child-\(index)") { $0.parent = root }
            )
        }
        #expect(try await control.send { .listChildren(root, $0) }.map(\.id) == ids)
        #expect(try await control.send { .listChildren(ids[0], $0) }.isEmpty)
        await control.close()
        await stage.system.shutDown()
    }

    @Test("resume starts the actor of a manifest: by reference, or as text with its wasm")
    func resume() async throws {
        let request = try Stage.request(FixtureActor.wat)
        let stage = try Stage(resolver: OneManifest(wasm: request.wasm))
        let control = ControlPlane(stage.system, options: Self.patient)
        let text = "name = \"typed\"\npackage = \"a.wasm\"\n[[handler]]\ntype = \"runtime\"\n"
        let id = try await control.send { .resumeActor(.text(text), wasm: request.wasm, $0) }
        #expect(stage.system.actor(named: "typed") == id)
        let other = try await control.send { .resumeActor(.reference("one.toml"), wasm: nil, $0) }
        #expect(stage.system.actor(named: "referenced") == other)
        for source in [ManifestSource.text(text), .text("name = 1"), .reference("two.toml")] {
            let error = await #expect(throws: ActorError.self) {
                try await control.send { .resumeActor(source, wasm: nil, $0) }
            }
            #expect(error?.code == .manifest)
        }
        await control.close()
        await stage.system.shutDown()
    }

    private struct OneManifest: ActorResolver {
        let wasm: [UInt8]

        func resolve(_ reference: ActorReference) async throws(ActorError) -> ResolvedActor {
            guard reference.manifest == "one.toml" else {
                throw ActorError(.manifest, "there is no '\(reference.manifest)'")
            }
            let manifest = Manifest(
                name: "referenced", package: "a.wasm", handlers: [HandlerGrant(type: "runtime")])
            return ResolvedActor(manifest: manifest, wasm: wasm, path: "one.toml")
        }
    }

    @Test("events: pages by range, type and count; of an ended actor too")
    func events() async throws {
        let stage = try Stage()
        let control = ControlPlane(stage.system, options: Self.patient)
        let id = try await stage.spawn(FixtureActor.wat)
        for index in UInt8(0)..<10 { try await stage.system.call(id, "echo", [.u8(index)]) }
        try await stage.system.stop(id)
        let all = try await control.send { .getActorEvents(id, EventFilter(), $0) }
        #expect(all.next == nil)
        #expect(all.events.map(\.sequence) == Array(0..<UInt64(all.events.count)))
        #expect(all.events.last?.type == "theater.runtime/exited")
        let part = EventFilter(range: 3..<7)
        #expect(
            try await control.send { .getActorEvents(id, part, $0) }.events
                == Array(all.events[3..<7]))
        let calls = EventFilter(types: ["theater.runtime/called"])
        #expect(try await control.send { .getActorEvents(id, calls, $0) }.events.count == 11)
        let logs = EventFilter(types: ["theater:simple/runtime/"])
        #expect(
            try await control.send { .getActorEvents(id, logs, $0) }.events.map(\.type)
                == ["theater:simple/runtime/log"])
        var paged: [ChainEvent] = []
        var next: UInt64? = 0
        while let start = next {
            let filter = EventFilter(range: start..<UInt64.max, limit: 4)
            let page = try await control.send { .getActorEvents(id, filter, $0) }
            #expect(page.events.count <= 4)
            paged += page.events
            next = page.next
        }
        #expect(paged == all.events)
        await control.close()
    }

    @Test("a subscription by command; new-event makes its readers look for what others recorded")
    func feed() async throws {
        let stage = try Stage()
        let control = ControlPlane(stage.system, options: Self.patient)
        let id = try await stage.spawn(FixtureActor.wat)
        let subscription = try await control.send {
            .subscribeToActor(id, from: .sequence(0), FeedOptions(), $0)
        }
        var iterator = subscription.makeAsyncIterator()
        guard case .event(let first)? = try await iterator.next() else {
            Issue.record("no event")
            return
        }
        #expect(first.type == "theater.runtime/spawned")
        #expect(try await control.send { .newEvent(id, sequence: 0, $0) } == 1)
        let error = await #expect(throws: ActorError.self) {
            try await control.send { .newEvent(id, sequence: 999, $0) }
        }
        #expect(error?.code == .unknownEvent)
        try await stage.system.stop(id)
        var last = first
        while case .event(let event)? = try await iterator.next() {
            #expect(event.sequence == last.sequence + 1, "an announcement repeats nothing")
            last = event
        }
        #expect(last.type == "theater.runtime/exited")
        await control.close()
    }

    @Test("new-store asks the node's store")
    func store() async throws {
        let stage = try Stage()
        var services = ControlServices()
        services.makeStore = { () throws(ActorError) in "store-1" }
        let control = ControlPlane(
            stage.system, options: Self.patient, services: services)
        #expect(try await control.send { .newStore($0) } == "store-1")
        await control.close()
    }

    @Test("shutdown-runtime ends every actor and starts no more; the plane still answers")
    func shutdown() async throws {
        let stage = try Stage()
        let control = ControlPlane(stage.system, options: Self.patient)
        let ids = [
            try await stage.spawn(FixtureActor.wat, name: "a"),
            try await stage.spawn(FixtureActor.wat, name: "b"),
        ]
        try await control.send { .shutdownRuntime(grace: .seconds(5), $0) }
        for id in ids { #expect(try await control.send { .getActorStatus(id, $0) } == .stopped) }
        let request = try Stage.request(FixtureActor.wat)
        let error = await #expect(throws: ActorError.self) {
            try await control.send { .spawnActor(request, $0) }
        }
        #expect(error?.code == .shuttingDown)
        await control.close()
    }

    @Test("log lines name the command and whom it is about, and never a payload")
    func log() throws {
        let id = try #require(ActorID("00000000-0000-4000-8000-000000000001"))
        let secret = "s3cret"
        var request = try Stage.request(FixtureActor.wat, name: "named")
        request.initialState = .string(secret)
        let bytes = Array(secret.utf8)
        let error = ActorError(.journal, secret)
        let commands: [(TheaterCommand, String)] = [
            (
                .spawnActor(request, Reply()),
                "spawn-actor: named (wasm: \(request.wasm.count) bytes)"
            ),
            (
                .resumeActor(.text(secret), wasm: bytes, Reply()),
                "resume-actor: (manifest: 6 bytes) (wasm: 6 bytes)"
            ),
            (.resumeActor(.reference("a/b.toml"), wasm: nil, Reply()), "resume-actor: a/b.toml"),
            (.stopActor(id, grace: .seconds(5), Reply()), "stop-actor: \(id) (grace: 5.0 seconds)"),
            (.terminateActor(id, Reply()), "terminate-actor: \(id)"),
            (.restartActor(id, Reply()), "restart-actor: \(id)"),
            (
                .upgradeActor(id, UpgradeRequest(wasm: [1, 2, 3]), Reply()),
                "upgrade-actor: \(id) (wasm: 3 bytes, gate: refuse)"
            ),
            (.shuttingDown(id, data: bytes, Reply()), "shutting-down: \(id) (data: 6 bytes)"),
            (.shuttingDown(id, data: nil, Reply()), "shutting-down: \(id)"),
            (.actorShutdownComplete(id, Reply()), "actor-shutdown-complete: \(id)"),
            (
                .shutdownRuntime(grace: .seconds(1), Reply()),
                "shutdown-runtime: (grace: 1.0 seconds)"
            ),
            (.newEvent(id, sequence: 4, Reply()), "new-event: \(id) (sequence: 4)"),
            (.actorError(id, error, Reply()), "actor-error: \(id) (actor.journal)"),
            (.actorRuntimeError(error, Reply()), "actor-runtime-error: (actor.journal)"),
            (.getActors(Reply()), "get-actors"),
            (.getActorManifest(id, Reply()), "get-actor-manifest: \(id)"),
            (.getActorStatus(id, Reply()), "get-actor-status: \(id)"),
            (.listChildren(id, Reply()), "list-children: \(id)"),
            (.getActorState(id, Reply()), "get-actor-state: \(id)"),
            (
                .getActorEvents(id, EventFilter(types: [secret]), Reply()),
                "get-actor-events: \(id) (range: all, types: 1, limit: 1000)"
            ),
            (.getActorMetrics(id, Reply()), "get-actor-metrics: \(id)"),
            (
                .subscribeToActor(id, from: .sequence(3), FeedOptions(), Reply()),
                "subscribe-to-actor: \(id) (from: 3)"
            ),
            (.newStore(Reply()), "new-store"),
            (.getActorHandle(id, Reply()), "get-actor-handle: \(id)"),
            (.getActorExportHashes(id, Reply()), "get-actor-export-hashes: \(id)"),
        ]
        #expect(Set(commands.map(\.0.name)) == Set(CommandName.allCases))
        for (command, line) in commands {
            #expect(command.toLog() == line)
            #expect(!command.toLog().contains(secret))
        }
    }

    @Test("statuses have printed forms that read back")
    func statuses() throws {
        let all: [(ActorStatus, String)] = [
            (.starting, "starting"), (.running, "running"), (.stopping, "stopping"),
            (.restarting, "restarting"), (.stopped, "stopped"), (.completed, "completed"),
            (.failed("a: \"b\""), "failed: a: \"b\""), (.killed, "killed"),
        ]
        for (status, text) in all {
            #expect(status.description == text)
            #expect(ActorStatus(text) == status)
            let data = try JSONEncoder().encode([status])
            #expect(try JSONDecoder().decode([ActorStatus].self, from: data) == [status])
        }
        #expect(ActorStatus("NotRunning") == nil && ActorStatus("failed") == nil)
    }
}
