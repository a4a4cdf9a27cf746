// SPDX-License-Identifier: Apache-2.0

import Synchronization
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

/// Goal: an actor takes new code between two calls, keeps it or gives it back, and its chain replays.
/// Method: real guests whose answers tell which code ran and what was in its memory.
@Suite("Upgrade in place", .timeLimit(.minutes(1)))
struct UpgradeTests {
    private func request(
        _ wasm: [UInt8], calls: Int = 3, gate: UpgradeRequest.Gate = .none
    ) -> UpgradeRequest {
        UpgradeRequest(wasm: wasm, gate: gate, trialCalls: calls)
    }

    /// An actor of version 1 whose memory was touched so often, and whose state is marked.
    private func started(
        _ theatre: Theatre, touched: Int = 2, change: (inout SpawnRequest) -> Void = { _ in }
    ) async throws -> ActorID {
        let id = try await theatre.spawn(wasm: try Self.guest(1), change: change)
        try await theatre.system.call(id, Self.name("mark"))
        for _ in 0..<touched { try await theatre.system.call(id, Self.name("touch")) }
        return id
    }

    func touch(_ theatre: Theatre, _ id: ActorID) async throws -> Value {
        try await theatre.system.call(id, Self.name("touch"))
    }

    /// The upgrade events of a chain, by the end of their types.
    private func steps(_ theatre: Theatre, _ id: ActorID) async throws -> [String] {
        try await theatre.events(of: id).filter { $0.type.contains("/upgrade-") }
            .map { String($0.type.split(separator: "-").last ?? "") }
    }

    private func code(
        _ body: () async throws -> some Any
    ) async -> ActorError.Code? {
        do {
            _ = try await body()
            return nil
        } catch {
            return (error as? ActorError)?.code
        }
    }

    @Test("new code has a new memory and the old state, and is kept after its first calls")
    func taken() async throws {
        let theatre = try Theatre()
        let id = try await started(theatre)
        let report = try await theatre.system.upgrade(id, request(try Self.guest(2)))
        #expect(!report.hasMigrated && report.isOnTrial && report.check == nil)
        #expect(try theatre.system.state(of: id) == Self.state(1))
        let places = theatre.system.engine.guestsLive
        for number in 1...3 {
            #expect(try await touch(theatre, id) == .u32(UInt32(number)))
        }
        #expect(theatre.system.engine.guestsLive == places - 1)
        #expect(try await steps(theatre, id) == ["begun", "done", "kept"])
        try await theatre.system.call(id, Self.name("mark"))
        #expect(try theatre.system.state(of: id) == Self.state(2))
        let verdict = try await theatre.expectFaithful(id)
        #expect(verdict.counts.lives == 1 && verdict.counts.calls == 7)
        _ = try await theatre.system.stop(id)
        try await theatre.expectFaithful(id)
    }

    @Test("migrate makes the new state of the old one")
    func migrated() async throws {
        let theatre = try Theatre()
        let id = try await started(theatre)
        let report = try await theatre.system.upgrade(
            id, request(try Self.guest(3, migration: .taking), calls: 0))
        #expect(report.hasMigrated && !report.isOnTrial)
        #expect(try theatre.system.state(of: id) == Self.state(3))
        #expect(try await touch(theatre, id) == .u32(1))
        #expect(try await steps(theatre, id) == ["begun", "done", "kept"])
        try await theatre.expectFaithful(id)
        let history = try await history(theatre, id)
        #expect(try history.state(after: history.count - 1) == Self.state(3))
        let events = try await theatre.events(of: id)
        let done = try #require(events.first { $0.type == EventType.upgradeDone.name })
        #expect(try history.state(after: done.sequence - 1) == Self.state(1))
        let path = try #require(ValuePath(".version"))
        let write = try history.lastWrite(of: path, upTo: history.count - 1)
        #expect(write?.sequence == done.sequence && write?.before == .u32(1))
    }

    private func history(_ theatre: Theatre, _ id: ActorID) async throws -> ChainHistory {
        let engine = theatre.system.engine
        let library = theatre.library
        return try await ChainHistory(EventPages(try await theatre.events(of: id))) { birth in
            guard let code = try? await library.code(for: birth) else { return nil }
            return try? await ReplayMetadata.read(code, engine: engine).exports
        }
    }

    @Test(
        "what does not fit is refused before anything happens",
        arguments: [
            "import", "same", "state", "migrate", "gate", "offer", "garbage", "digest",
        ])
    func refused(_ what: String) async throws {
        let theatre = try Theatre()
        let id = try await started(theatre) { request in
            if what == "offer" { request.manifest.rpc = ["test:up/up"] }
            if what == "digest" {
                request.manifest.sha256 = ModuleCache.digest(of: request.wasm)
            }
        }
        let before = try await theatre.events(of: id).count
        let wasm: [UInt8]
        var gate = UpgradeRequest.Gate.none
        switch what {
        case "import":
            wasm = try Engine.assemble(wat: try Guests.environment())
        case "same": wasm = try Self.guest(1)
        case "state": wasm = try Self.guest(2, field: "other")
        case "migrate":
            var actor = WatActor()
            actor.metadata = try PackageMetadata(
                package: PactPackage.parse(
                    "exports { theater:simple/actor { migrate: func() -> u32 } }", file: "t.pact")
            ).encoded()
            actor.body = [WatActor.function("theater:simple/actor.migrate", "(i32.const 0)")]
            wasm = try Engine.assemble(wat: actor.wat)
        case "gate":
            wasm = try Self.guest(2, lacksTouch: true)
            gate = .refuse
        case "offer": wasm = try Engine.assemble(wat: try Guests.all())
        case "digest": wasm = try Self.guest(2)
        default: wasm = [0, 1, 2, 3]
        }
        let code = await code {
            try await theatre.system.upgrade(id, request(wasm, gate: gate))
        }
        let expected: ActorError.Code =
            switch what {
            case "import": .importRefused
            case "offer": .manifest
            case "garbage": .module
            case "digest": .wrongDigest
            default: .upgradeRefused
            }
        #expect(code == expected)
        #expect(try await theatre.events(of: id).count == before)
        #expect(try await touch(theatre, id) == .u32(3))
        try await theatre.expectFaithful(id)
    }

    @Test(
        "code that cannot take over leaves the actor as it was",
        arguments: [0, 1, 2, 3])
    func failed(_ index: Int) async throws {
        let theatre = try Theatre()
        let id = try await started(theatre) { $0.manifest.limits.fuelPerCall = 1_000_000 }
        let migration = [Migration.refusing, .crashing, .spinning, .wrong][index]
        let places = theatre.system.engine.guestsLive
        let code = await code {
            try await theatre.system.upgrade(
                id, request(try Self.guest(2, migration: migration)))
        }
        #expect(code == .upgradeFailed)
        #expect(try await steps(theatre, id) == ["begun", "undone"])
        #expect(theatre.system.engine.guestsLive == places)
        #expect(try await touch(theatre, id) == .u32(3))
        #expect(try theatre.system.state(of: id) == Self.state(1))
        // It can be tried again, with better code.
        try await theatre.system.upgrade(
            id, request(try Self.guest(2, migration: .taking), calls: 1))
        #expect(try await touch(theatre, id) == .u32(1))
        #expect(try await steps(theatre, id) == ["begun", "undone", "begun", "done", "kept"])
        try await theatre.expectFaithful(id)
    }

    @Test("a first call that fails is made again by the old code, which has its memory and state")
    func rolledBack() async throws {
        let theatre = try Theatre()
        let id = try await started(theatre)
        try await theatre.system.upgrade(
            id, request(try Self.guest(2, isBad: true, migration: .taking)))
        #expect(try await touch(theatre, id) == .u32(1))
        #expect(try await theatre.system.call(id, Self.name("crash")) == .u32(1))
        #expect(try await steps(theatre, id) == ["begun", "done", "undone"])
        #expect(try theatre.system.state(of: id) == Self.state(1))
        #expect(try await touch(theatre, id) == .u32(3))
        let verdict = try await theatre.expectFaithful(id)
        #expect(verdict.counts.failures == 1)
        // What only logged is made again, too.
        try await theatre.system.upgrade(id, request(try Self.guest(3, isBad: true)))
        #expect(
            try await theatre.system.call(id, Self.name("logs"), [.string("x")]) == .u32(1))
        #expect(try await touch(theatre, id) == .u32(4))
        try await theatre.expectFaithful(id)
    }

    @Test("a failing call that reached out is an error, and is not made twice")
    func notTwice() async throws {
        let theatre = try Theatre()
        let id = try await started(theatre)
        try await theatre.system.upgrade(id, request(try Self.guest(2, isBad: true)))
        let before = TryHandler.answered.withLock { $0[id] ?? 0 }
        let code = await code {
            try await theatre.system.call(id, Self.name("reaches"), [.string("x")])
        }
        #expect(code == .rolledBack)
        #expect(TryHandler.answered.withLock { $0[id] ?? 0 } == before + 1)
        #expect(try await touch(theatre, id) == .u32(3))
        try await theatre.expectFaithful(id)
    }

    @Test("code that failed after its trial ends the actor as any does, and its next life has it")
    func afterwards() async throws {
        let theatre = try Theatre()
        let parent = try await theatre.spawn(try Guests.all()) {
            $0.name = "parent"
            $0.manifest.supervision.intensity = 10
        }
        let id = try await started(theatre) {
            $0.name = "child"
            $0.parent = parent
            $0.childSpec.restart = .permanent
        }
        try await theatre.system.upgrade(id, request(try Self.guest(2, isBad: true), calls: 1))
        #expect(try await touch(theatre, id) == .u32(1))
        #expect(
            await code { try await theatre.system.call(id, Self.name("crash")) } == .crashed)
        while theatre.system.restarts(of: id) != 1
            || theatre.system.status(of: id) != .running
        {
            await Task.yield()
        }
        #expect(
            await code { try await theatre.system.call(id, Self.name("crash")) } == .crashed)
        try await theatre.expectFaithful(id)
    }

    @Test(
        "mail that waits goes on with the new code, and what it lacks is an error of the caller's")
    func waiting() async throws {
        let theatre = try Theatre()
        let id = try await started(theatre)
        let waits = AsyncStream.makeStream(of: Void.self)
        TryHandler.waiting.withLock { $0 = waits.continuation }
        let system = theatre.system
        let wasm = try Self.guest(2, lacksTouch: true)
        async let slow = system.call(id, Self.name("reaches"), [.string("x")])
        async let upgrade = system.upgrade(id, request(wasm))
        _ = try await (slow, upgrade)
        let code = await code { try await system.call(id, Self.name("touch")) }
        #expect(code == .unknownFunction)
        #expect(try await system.call(id, Self.name("crash")) == .u32(2))
        try await theatre.expectFaithful(id)
    }

    @Test("calls and upgrades at once: each call has the answer of one of the codes, none is lost")
    func crowd() async throws {
        let theatre = try Theatre()
        let id = try await started(theatre)
        let system = theatre.system
        let versions = try (2...9).map { try Self.guest(UInt32($0)) }
        let answers = try await withThrowingTaskGroup(of: Value?.self) { group in
            for number in 0..<200 {
                group.addTask {
                    try await system.call(
                        id, Self.name(number % 2 == 0 ? "crash" : "logs"),
                        number % 2 == 0 ? [] : [.string("x")])
                }
            }
            group.addTask {
                for wasm in versions {
                    try await system.upgrade(
                        id, UpgradeRequest(wasm: wasm, gate: .none, trialCalls: 2))
                }
                return nil
            }
            var answers: [Value] = []
            for try await answer in group { if let answer { answers.append(answer) } }
            return answers
        }
        #expect(answers.count == 200)
        #expect(answers.allSatisfy { (1...9).map { Value.u32($0) }.contains($0) })
        #expect(try await system.call(id, Self.name("crash")) == .u32(9))
        let verdict = try await theatre.expectFaithful(id)
        #expect(verdict.counts.calls >= 204)
    }

    @Test("forks of an upgraded chain have the code, the memory and the state of their event")
    func forks() async throws {
        let theatre = try Theatre()
        let id = try await started(theatre)
        let second = try Self.guest(2, migration: .taking)
        try await theatre.system.upgrade(id, request(second))
        for _ in 0..<4 { _ = try await touch(theatre, id) }
        let events = try await theatre.events(of: id)
        let reader = try await theatre.node.journal.reader()
        let history = try await history(theatre, id)
        var forked = 0
        for event in events.dropLast() {
            let place = event.sequence
            let isBetween = history.call(at: place).map { $0.end == place } ?? true
            guard isBetween, event.type != EventType.upgradeBegun.name else { continue }
            let point = try ForkPoint(
                at: event, state: try #require(try history.state(after: place)), in: reader,
                options: Node.registry([TryHandler.self]).replayOptions())
            let lineage = try ChainLineage(of: id, upTo: place, in: reader)
            let birth = try lineage.code()
            let wasm = try await theatre.library.code(for: birth).wasm
            let isSecond = wasm == second
            var request = SpawnRequest(
                wasm: wasm,
                manifest: Manifest(
                    name: "fork-\(place)", package: "test.wasm",
                    handlers: [HandlerGrant(type: "runtime"), HandlerGrant(type: "try")]))
            request.name = "fork-\(place)"
            // A migration that was cut off never was.
            let fork = try await theatre.system.fork(request, at: point)
            let touched = events[...Int(place)].filter {
                if case .returned(Self.name("touch"), _, _, _)? = try? $0.decodedPayload() {
                    return !isSecond || $0.sequence > birth.sequence
                }
                return false
            }.count
            #expect(try await touch(theatre, fork) == .u32(UInt32(touched + 1)), "at \(place)")
            let whole = try ChainLineage(of: fork, in: try await theatre.node.journal.reader())
            let verdict = try await Replayer(
                engine: theatre.system.engine, library: theatre.library,
                options: Node.registry([TryHandler.self]).replayOptions()
            ).replay(try whole.events())
            #expect(verdict.isFaithful, "at \(place): \(verdict.divergence as Any)")
            _ = try await theatre.system.stop(fork)
            forked += 1
        }
        #expect(forked > 8)
    }

    @Test("every prefix of an upgraded chain replays, as a crash would have left it")
    func prefixes() async throws {
        let theatre = try Theatre()
        let id = try await started(theatre) { $0.manifest.limits.fuelPerCall = 1_000_000 }
        _ = await code {
            try await theatre.system.upgrade(
                id, request(try Self.guest(2, migration: .spinning)))
        }
        try await theatre.system.upgrade(
            id, request(try Self.guest(3, isBad: true, migration: .taking)))
        _ = try await touch(theatre, id)
        _ = try await theatre.system.call(id, Self.name("crash"))
        try await theatre.system.upgrade(id, request(try Self.guest(4, migration: .taking)))
        for _ in 0..<4 { _ = try await touch(theatre, id) }
        let events = try await theatre.events(of: id)
        #expect(
            try await steps(theatre, id) == [
                "begun", "undone", "begun", "done", "undone", "begun", "done", "kept",
            ])
        for count in 1...events.count {
            let verdict = try await theatre.replay(Array(events.prefix(count)))
            #expect(verdict.isFaithful, "\(count): \(verdict.divergence as Any)")
            #expect(verdict.counts.events == UInt64(count))
        }
    }

    @Test("other code is asked for what came since the last upgrade, and for no migration")
    func otherCode() async throws {
        let theatre = try Theatre()
        let id = try await started(theatre)
        try await theatre.system.upgrade(
            id, request(try Self.guest(2, migration: .taking), calls: 1))
        #expect(try await touch(theatre, id) == .u32(1))
        let third = try Self.guest(2, migration: .refusing)
        let report = try await theatre.system.upgrade(
            id, UpgradeRequest(wasm: try Self.guest(3, migration: .taking)))
        guard case .same(let counts)? = report.check else {
            Issue.record("\(report.check as Any)")
            return
        }
        #expect(counts.calls >= 4)
        // Its migration is not compared, its answers are.
        let reader = try await theatre.node.journal.reader()
        let lineage = try ChainLineage(of: id, in: reader)
        let spans = try CodeSpans(try lineage.events())
        #expect(spans.present?.module == report.to)
        #expect(spans.pending?.stage == .done)
        #expect(third.count > 0)
    }
}
