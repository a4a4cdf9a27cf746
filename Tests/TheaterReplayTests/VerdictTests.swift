// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterEngine
import TheaterNode
import TheaterPact
import TheaterPlatform
import TheaterReplay
import TheaterRuntime
import TheaterTesting
import TheaterValue

/// Goal: a verdict says "the same" only of what was compared and is the same. Method: chains of code that
/// differs in little from the code that they are replayed on.
@Suite("Verdicts", .timeLimit(.minutes(1)))
struct VerdictTests {
    /// Exports `test:guest/guest.no`, which answers with an error text.
    private static func saying(_ text: String, start: String = "") throws -> String {
        var actor = WatActor()
        actor.metadata = try PackageMetadata(
            package: PactPackage.parse(
                "exports { test:guest/guest { no: func() -> u32 } }", file: "test.pact")
        ).encoded()
        actor.body = [
            WatActor.answering(Guests.name("no"), Array(text.utf8), at: 40960, status: -1), start,
        ]
        return actor.wat
    }

    private static let failing = "(func $boom unreachable) (start $boom)"

    @Test(
        "another error text is another answer, also one that the old text contains",
        arguments: [
            ("a: b", "b"), ("b", "a: b"), ("not found: key", "key"), ("a", "a [actor.guest-error]"),
            ("a [actor.guest-error]", "a"), ("a", "a "),
        ])
    func errorTexts(recorded: String, replayed: String) async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Self.saying(recorded))
        await #expect(throws: ActorError.self) {
            try await theatre.system.call(id, Guests.name("no"))
        }
        let events = try await theatre.events(of: id)
        #expect(try await theatre.replay(events).isFaithful)
        let other = try Engine.assemble(wat: try Self.saying(replayed))
        let verdict = try await theatre.replay(events, wasm: other)
        #expect(verdict.divergence?.kind == .otherAnswer)
        #expect(verdict.divergence?.sequence == 2)
    }

    @Test("a replay that was cancelled has no verdict, and a history that was is none")
    func cancelled() async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Guests.all())
        try await theatre.system.call(id, Guests.name("echo"), [.string("x")])
        let events = try await theatre.events(of: id)
        let error = await #expect(throws: ReplayError.self) {
            try await Self.cancelled { try await theatre.replay(events) }
        }
        #expect(error?.code.rawValue == "replay.cancelled")
        let check = try await Self.cancelled {
            var check = UpgradeCheck()
            await check.replay(
                id, ReplayEvents(events), engine: theatre.system.engine, library: theatre.library,
                options: ReplayOptions())
            return check
        }
        #expect(check.passed.isEmpty && check.failures.count == 1)
        await #expect(throws: ReplayError.self) {
            try await Self.cancelled {
                _ = try await ChainHistory(EventPages(events)) { _ in nil }
            }
        }
    }

    private static func cancelled<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await body()
        }.value
    }

    @Test("code that starts where the other did not, or in another way, is told apart")
    func starts() async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Self.saying("x"))
        try await theatre.system.stop(id)
        let events = try await theatre.events(of: id)
        try #require(events.count == 2)
        let failing = try Engine.assemble(wat: try Self.saying("x", start: Self.failing))
        #expect(
            try await theatre.replay(events, wasm: failing).isFaithful,
            "a life that was ended before it did anything")
        // A start fails only where memory was short or time ran out, so the end is forged.
        func ended(_ reason: String) -> [ChainEvent] {
            forging(
                events, at: 1,
                .exited(
                    kind: "failed", reason: "'start' ended the actor: \(reason)", result: nil))
        }
        let crash = ended("unreachable executed")
        #expect(try await theatre.replay(crash, wasm: failing).isFaithful)
        let started = try await theatre.replay(crash).divergence
        #expect(started?.kind == .otherStart)
        #expect(started?.sequence == 1)
        let other = try await theatre.replay(ended("a: unreachable executed"), wasm: failing)
        #expect(other.divergence?.kind == .otherStart)
    }

    @Test("a life that does not start leaves nothing behind")
    func release() async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Self.saying("x"))
        _ = try? await theatre.system.call(id, Guests.name("no"))
        let events = try await theatre.events(of: id)
        let failing = try Engine.assemble(wat: try Self.saying("x", start: Self.failing))
        weak var kept: Witness?
        func replay() async throws -> ReplayVerdict {
            let witness = Witness(events)
            kept = witness
            let replayer = Replayer(
                engine: theatre.system.engine, library: OneCode(ReplayCode(wasm: failing)))
            return try await replayer.replay(
                ReplayEvents { () throws(ReplayError) in witness.next() })
        }
        #expect(try await replay().divergence?.kind == .otherStart)
        #expect(kept == nil, "the replay is over")
    }

    /// Hands out events, and shows whether somebody still holds their source.
    private final class Witness {
        private var rest: ArraySlice<ChainEvent>

        init(_ events: [ChainEvent]) { rest = events[...] }

        func next() -> ChainEvent? { rest.popFirst() }
    }
}
