// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterManifest
import TheaterNode
import TheaterPlatform
import TheaterReplay
import TheaterRuntime
import TheaterStore
import TheaterTesting
import TheaterValue

@Suite("Replay", .serialized, .timeLimit(.minutes(2)))
struct ReplayTests {
    @Test("what an actor did is done again, without asking a handler")
    func faithful() async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Guests.all())
        for function in ["same", "later", "echo", "fail", "deny", "many"] {
            _ = try? await theatre.system.call(id, Guests.name(function), [.string("hello")])
        }
        try await theatre.system.call(id, Guests.name("large"), [.u32(3_000_000)])
        let refused = await #expect(throws: ActorError.self) {
            try await theatre.system.call(id, Guests.name("refuse"), [.string("x")])
        }
        #expect(refused?.code == .guestError)
        try await theatre.system.call(id, Guests.name("same"), [.string("after it all")])
        try await theatre.system.stop(id)
        let verdict = try await theatre.expectFaithful(id)
        #expect(verdict.counts.lives == 1)
        #expect(verdict.counts.calls == 9)
        #expect(verdict.counts.hostCalls > 20)
        #expect(verdict.counts.failures == 0)
        #expect(!verdict.hasOtherCode)
    }

    @Test("failures that the code made recur", arguments: ["crash", "spin", "trap"])
    func failures(function: String) async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Guests.all()) {
            $0.manifest.limits.fuelPerCall = 3_000_000
        }
        try await theatre.system.call(id, Guests.name("same"), [.string("before")])
        await #expect(throws: ActorError.self) {
            try await theatre.system.call(id, Guests.name(function), [.string("x")])
        }
        _ = try? await theatre.system.stop(id)
        let verdict = try await theatre.expectFaithful(id)
        #expect(verdict.counts.failures == 1)
        #expect(verdict.counts.hostErrors == (function == "trap" ? 1 : 0))
    }

    @Test("fuel that is used up in host calls is used up again, waits or not")
    func fuelInHostCalls() async throws {
        for function in ["many", "later"] {
            let theatre = try Theatre()
            let id = try await theatre.spawn(try Guests.all()) {
                $0.manifest.limits.fuelPerCall = function == "many" ? 50_000 : 1000
            }
            let text = String(repeating: "x", count: 1000)
            await #expect(throws: ActorError.self) {
                try await theatre.system.call(id, Guests.name(function), [.string(text)])
            }
            _ = try? await theatre.system.stop(id)
            try await theatre.expectFaithful(id)
        }
    }

    @Test("what the clock cut off is replayed up to there", arguments: ["spin", "never"])
    func deadline(function: String) async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Guests.all())
        await #expect(throws: ActorError.self) {
            try await theatre.system.call(
                id, Guests.name(function), [.string("x")],
                options: CallOptions(timeout: .milliseconds(20)))
        }
        _ = try? await theatre.system.stop(id)
        let verdict = try await theatre.expectFaithful(id)
        #expect(verdict.counts.cutOff == 1)
        #expect(verdict.counts.failures == 0)
    }

    @Test("a call in which the actor was killed is replayed up to there")
    func killed() async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Guests.all())
        let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
        TryHandler.waiting.withLock { $0 = arrival }
        async let call = try? theatre.system.call(id, Guests.name("never"), [.string("x")])
        for await _ in arrived { break }
        _ = try await theatre.system.terminate(id)
        #expect(await call == nil)
        let verdict = try await theatre.expectFaithful(id)
        #expect(verdict.counts.cutOff == 1)
        #expect(verdict.counts.hostErrors == 1, "the wait that was in doubt")
    }

    @Test("every life of an actor that is started again is replayed")
    func lives() async throws {
        let theatre = try Theatre()
        let parent = try await theatre.spawn(try Guests.all()) { request in
            request.name = "parent"
            request.manifest.supervision.intensity = 10
        }
        let child = try await theatre.spawn(try Guests.all()) { request in
            request.name = "child"
            request.parent = parent
            request.childSpec.restart = .permanent
        }
        for life in 1...3 {
            try await theatre.system.call(child, Guests.name("same"), [.string("alive")])
            await #expect(throws: ActorError.self) {
                try await theatre.system.call(child, Guests.name("crash"), [.string("x")])
            }
            while theatre.system.restarts(of: child) != life
                || theatre.system.status(of: child) != .running
            {
                await Task.yield()
            }
        }
        try await theatre.system.stop(parent)
        let verdict = try await theatre.expectFaithful(child)
        #expect(verdict.counts.lives == 4)
        #expect(verdict.counts.failures == 3)
    }

    @Test("a live actor's chain, and the beginning of a chain, are replayed")
    func until() async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Guests.all())
        for _ in 0..<3 {
            try await theatre.system.call(id, Guests.name("many"), [.string("hello")])
        }
        let events = try await theatre.events(of: id)
        for last in events.indices {
            let verdict = try await theatre.replay(events, until: UInt64(last))
            #expect(verdict.isFaithful, "\(last): \(String(describing: verdict.divergence))")
            #expect(verdict.counts.events == UInt64(last) + 1)
        }
        let verdict = try await theatre.replay(Array(events.prefix(5)))
        #expect(verdict.isFaithful, "the record of a crash ends anywhere")
    }

    @Test("the limits of the recorded manifest decide whether memory grows")
    func limits() async throws {
        let theatre = try Theatre()
        let ids = try await [1, 4].asyncMap { size in
            try await theatre.spawn(try Guests.all()) {
                $0.name = "actor-\(size)"
                $0.manifest.limits.memory = .mebibytes(UInt64(size))
            }
        }
        for id in ids { try await theatre.system.call(id, Guests.name("grow"), [.string("x")]) }
        let answers = try await ids.asyncMap { try await theatre.events(of: $0)[2].payload }
        #expect(answers[0] != answers[1], "one memory grew and the other did not")
        for id in ids { try await theatre.expectFaithful(id) }
    }

    @Test("a secret is not in the chain: what depends on it differs, and the verdict says why")
    func redacted() async throws {
        let theatre = try Theatre(environment: ["KEY": "hunter2 and more", "PLAIN": "x"])
        let names = ManifestValue.array([.string("KEY"), .string("PLAIN")])
        func spawn(_ name: String) async throws -> ActorID {
            try await theatre.spawn(try Guests.environment()) { request in
                request.name = name
                request.manifest.handlers = [
                    HandlerGrant(
                        type: "environment",
                        configuration: [
                            "allowed_vars": names, "secret_vars": .array([.string("KEY")]),
                        ])
                ]
            }
        }
        let quiet = try await spawn("quiet")
        for name in ["PLAIN", "KEY", "PLAIN"] {
            try await theatre.system.call(quiet, Guests.name("keep"), [.string(name)])
        }
        try await theatre.system.call(quiet, Guests.name("tell"), [.string("PLAIN")])
        let verdict = try await theatre.expectFaithful(quiet)
        #expect(verdict.counts.redacted == 1)
        // The event itself says it.
        let marks = try await theatre.events(of: quiet)
            .filter { $0.payload.map(EventPayload.isRedacted) == true }.map(\.sequence)
        #expect(marks == [5])
        let loud = try await spawn("loud")
        for name in ["PLAIN", "KEY"] {
            try await theatre.system.call(loud, Guests.name("tell"), [.string(name)])
        }
        let found = try await theatre.replay(try await theatre.events(of: loud))
        #expect(found.divergence?.kind == .otherAnswer)
        #expect(found.divergence?.sequence == 6)
        #expect(found.divergence?.redactedAt == 5)
        let difference = try #require(found.divergence?.differences().first)
        #expect(difference.left == .string("hunter2 and more"))
        #expect(difference.right == .string("<secret>"))
    }

    @Test("a text like the one that stands for a secret is none: fuel is compared after it")
    func likeRedacted() async throws {
        let theatre = try Theatre(environment: ["PLAIN": "no <secret> at all"])
        let id = try await theatre.spawn(try Guests.environment()) { request in
            request.manifest.handlers = [
                HandlerGrant(
                    type: "environment",
                    configuration: ["allowed_vars": .array([.string("PLAIN")])])
            ]
        }
        try await theatre.system.call(id, Guests.name("tell"), [.string("PLAIN")])
        #expect(try await theatre.expectFaithful(id).counts.redacted == 0)
        let events = try await theatre.events(of: id)
        let last = try #require(events.last)
        guard
            case .returned(let function, let output, let state, let fuel)? =
                try last.decodedPayload()
        else {
            Issue.record("the call did not return")
            return
        }
        let forged = forging(
            events, at: Int(last.sequence),
            .returned(function: function, output: output, state: state, fuelUsed: fuel + 1))
        let divergence = try await theatre.replay(forged).divergence
        #expect(divergence?.kind == .otherFuel)
        #expect(divergence?.redactedAt == nil)
    }

    @Test("without the wasm there is an error that names it")
    func noCode() async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Guests.all())
        try await theatre.system.call(id, Guests.name("echo"), [.string("x")])
        let events = try await theatre.events(of: id)
        let other = try Theatre()
        let error = await #expect(throws: ReplayError.self) { try await other.replay(events) }
        #expect(error?.code == .noCode)
        guard case .spawned(let module, _, _, _, _, _)? = try events[0].decodedPayload() else {
            Issue.record("no spawned event")
            return
        }
        #expect(error?.message.contains(module.description) == true)
    }

    @Test("chains without their beginning, or without a payload, are refused")
    func incomplete() async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Guests.all())
        try await theatre.system.call(id, Guests.name("echo"), [.string("x")])
        let events = try await theatre.events(of: id)
        let cut = await #expect(throws: ReplayError.self) {
            try await theatre.replay(Array(events.dropFirst()))
        }
        #expect(cut?.code == .incomplete)
        var dropped = events
        dropped[1] = ChainEvent(
            actor: id, sequence: 1, parent: events[1].parent, type: events[1].type,
            time: events[1].time, payload: nil, payloadDigest: events[1].payloadDigest,
            hash: events[1].hash)
        let error = await #expect(throws: ReplayError.self) { try await theatre.replay(dropped) }
        #expect(error?.code == .payloadDropped)
        // The oldest go first, so there is nothing before it.
        #expect(error?.message.contains("backup") == true, "\(String(describing: error))")
        #expect(error?.message.contains("--until") == false)
    }

    @Test("code is kept once, found again, and not collected")
    func kept() async throws {
        let theatre = try Theatre()
        for number in 0..<5 {
            _ = try await theatre.spawn(try Guests.all()) { $0.name = "actor-\(number)" }
        }
        let store = theatre.node.store
        #expect(try store.usage(of: .code).count == 2)
        _ = try store.collect(grace: .zero)
        #expect(try store.usage(of: .code).count == 2)
    }
}

extension Sequence {
    func asyncMap<Result>(_ body: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
