// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterManifest
import TheaterNode
import TheaterPact
import TheaterPlatform
import TheaterReplay
import TheaterRuntime
import TheaterTesting
import TheaterValue

@Suite("Fork", .timeLimit(.minutes(1)))
struct ForkTests {
    private func request(name: String, wat: String) throws -> SpawnRequest {
        SpawnRequest(
            wasm: try Engine.assemble(wat: wat),
            manifest: Manifest(
                name: name, package: "test.wasm",
                handlers: ["runtime", "store"].map { HandlerGrant(type: $0) }))
    }

    private func fork(
        _ theatre: Theatre, _ id: ActorID, at sequence: Int, state: Value = CallShape.noState,
        hasEffects: Bool = false, name: String = "fork", wat: String
    ) async throws -> ActorID {
        let event = try await theatre.events(of: id)[sequence]
        let point = try ForkPoint(
            at: event, state: state, in: try await theatre.node.journal.reader(),
            options: Node.registry().replayOptions(), hasEffects: hasEffects)
        return try await theatre.system.fork(try request(name: name, wat: wat), at: point)
    }

    private func count(_ theatre: Theatre, _ id: ActorID) async throws -> Value {
        try await theatre.system.call(id, Guests.name("count"))
    }

    /// Replays a chain with those that it left.
    private func replay(_ theatre: Theatre, _ id: ActorID) async throws -> ReplayVerdict {
        let lineage = try ChainLineage(of: id, in: try await theatre.node.journal.reader())
        return try await Replayer(
            engine: theatre.system.engine, library: theatre.library,
            options: Node.registry().replayOptions()
        ).replay(try lineage.events())
    }

    @Test("goes on with what is in the guest's memory, and its chain replays with the one it left")
    func memory() async throws {
        let theatre = try Theatre()
        let wat = try Guests.counter()
        let id = try await theatre.system.spawn(try request(name: "counter", wat: wat))
        for number in 1...3 { #expect(try await count(theatre, id) == .u32(UInt32(number))) }
        // The events are: spawned, then called and returned three times.
        for (calls, sequence) in [0, 2, 4, 6].enumerated() {
            let fork = try await fork(
                theatre, id, at: sequence, name: "fork-\(sequence)", wat: wat)
            #expect(try await count(theatre, fork) == .u32(UInt32(calls) + 1))
            #expect(try await count(theatre, fork) == .u32(UInt32(calls) + 2))
            let again = try await self.fork(
                theatre, fork, at: 2, name: "again-\(sequence)", wat: wat)
            #expect(try await count(theatre, again) == .u32(UInt32(calls) + 2))
            let first = try #require(try await theatre.events(of: fork).first)
            guard case .forked(let origin)? = try first.decodedPayload() else {
                Issue.record("no fork")
                return
            }
            #expect(origin.actor == id && origin.sequence == UInt64(sequence) && origin.isDryRun)
            #expect(origin.hash == (try await theatre.events(of: id)[sequence].hash))
            for (chain, before) in [(fork, 1), (again, 4)] {
                let verdict = try await replay(theatre, chain)
                #expect(verdict.isFaithful, "\(String(describing: verdict.divergence))")
                let own = try await theatre.events(of: chain).count
                #expect(verdict.counts.events == UInt64(sequence + before + own))
                #expect(try await theatre.node.journal.reader().verify(chain).isValid)
            }
        }
        #expect(try await count(theatre, id) == .u32(4), "the other goes on undisturbed")
    }

    @Test("has the state of the event, and a history of its own")
    func state() async throws {
        let theatre = try Theatre()
        let wat = try Guests.states()
        let id = try await theatre.system.spawn(try request(name: "states", wat: wat))
        for function in ["one", "two"] {
            try await theatre.system.call(id, "test:states/states.\(function)")
        }
        let fork = try await fork(
            theatre, id, at: 2, state: Guests.total(1), wat: wat)
        #expect(try theatre.system.state(of: fork) == Guests.total(1))
        try await theatre.system.call(fork, "test:states/states.three")
        let history = try await ChainHistory(
            EventPages(try await theatre.events(of: fork))
        ) { _ in nil }
        #expect(try history.state(after: 0) == Guests.total(1))
        #expect(try history.state(after: 2) == Guests.total(3))
        let verdict = try await replay(theatre, fork)
        #expect(verdict.isFaithful)
    }

    @Test("effects are refused and recorded, unless they are granted")
    func effects() async throws {
        let theatre = try Theatre()
        let wat = try Guests.counter()
        let id = try await theatre.system.spawn(try request(name: "keeper", wat: wat))
        func keep(_ id: ActorID) async throws -> Value {
            try await theatre.system.call(
                id, Guests.name("keep"), [.string("\(id)"), .bytes([1, 2, 3])])
        }
        _ = try await keep(id)
        let last = try await theatre.events(of: id).count - 1
        let dry = try await fork(theatre, id, at: last, name: "dry", wat: wat)
        let refused = await #expect(throws: ActorError.self) { try await keep(dry) }
        #expect(refused?.value?.asString?.contains("[fork.dry-run]") == true)
        let types = try await theatre.events(of: dry).map(\.type)
        #expect(types.contains(EventType.denied.name))
        #expect(try await replay(theatre, dry).isFaithful)
        let wet = try await fork(theatre, id, at: last, hasEffects: true, name: "wet", wat: wat)
        _ = try await keep(wet)
        let verdict = try await replay(theatre, wet)
        #expect(verdict.isFaithful, "\(String(describing: verdict.divergence))")
    }

    @Test("an event in a call, after the end or of altered code begins no fork")
    func refused() async throws {
        let theatre = try Theatre()
        let wat = try Guests.counter()
        let id = try await theatre.system.spawn(try request(name: "counter", wat: wat))
        _ = try await count(theatre, id)
        _ = try? await theatre.system.call(id, Guests.name("crash"))
        let events = try await theatre.events(of: id)
        for sequence in [1, 4, events.count - 1] {
            let error = await #expect(throws: ActorError.self, "\(sequence)") {
                try await fork(theatre, id, at: sequence, wat: wat)
            }
            #expect(error?.code == .fork, "\(sequence) \(String(describing: error))")
        }
        let other = await #expect(throws: ActorError.self) {
            try await fork(
                theatre, id, at: 2,
                wat: wat.replacing(
                    "(i32.add (global.get $count) (i32.const 1))",
                    with: "(i32.add (global.get $count) (i32.const 2))"))
        }
        #expect(other?.message.contains("replay.diverged") == true)
    }

    @Test("a fork's chain without the one it left says so, and with another is no fork of it")
    func lineage() async throws {
        let theatre = try Theatre()
        let wat = try Guests.counter()
        let id = try await theatre.system.spawn(try request(name: "one", wat: wat))
        let other = try await theatre.system.spawn(try request(name: "two", wat: wat))
        for actor in [id, other] { _ = try await count(theatre, actor) }
        let fork = try await fork(theatre, id, at: 2, wat: wat)
        _ = try await count(theatre, fork)
        let own = try await theatre.events(of: fork)
        let alone = await #expect(throws: ReplayError.self) { try await theatre.replay(own) }
        #expect(alone?.code == .incomplete)
        let mixed = try await theatre.replay(try await theatre.events(of: other) + own)
        #expect(mixed.divergence?.kind == .alteredEvent)
        let short = try await theatre.replay(
            Array(try await theatre.events(of: id).prefix(2)) + own)
        #expect(short.divergence?.kind == .alteredEvent)
    }
}
