// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterEngine
import TheaterManifest
import TheaterNode
import TheaterPact
import TheaterPlatform
import TheaterReplay
import TheaterRuntime
import TheaterTesting
import TheaterValue

@Suite("History", .timeLimit(.minutes(1)))
struct HistoryTests {
    /// What the actor's state was after so many events, as the runtime said then.
    private typealias Seen = [(count: UInt64, state: Value)]

    private func called(
        _ theatre: Theatre, _ id: ActorID, _ functions: [String]
    ) async throws -> Seen {
        var seen: Seen = []
        for function in functions {
            _ = try? await theatre.system.call(id, "test:states/states.\(function)")
            guard let state = try? theatre.system.state(of: id) else { break }
            seen.append((UInt64(try await theatre.events(of: id).count), state))
        }
        return seen
    }

    private func history(
        _ theatre: Theatre, _ id: ActorID, knowsCode: Bool = true
    ) async throws -> ChainHistory {
        let code = StoredCodeReader(theatre)
        return try await ChainHistory(EventPages(try await theatre.events(of: id))) { birth in
            knowsCode ? await code.exports(birth) : nil
        }
    }

    @Test(
        "the state after each event is what the runtime held then, whatever is known of the code",
        arguments: [("state", true), ("state", false), ("s", true), ("s", false)])
    func states(name: String, knowsCode: Bool) async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Guests.states(state: name))
        let seen = try await called(
            theatre, id, ["one", "same", "two", "no", "two", "one", "three"])
        let history = try await history(theatre, id, knowsCode: knowsCode)
        #expect(seen.count == 7)
        for (count, state) in seen {
            #expect(try history.state(after: count - 1) == state, "after \(count) events")
        }
        #expect(try history.state(after: 0) == CallShape.noState)
        #expect(history.calls.map(\.function.last) == ["e", "e", "o", "o", "o", "e", "e"])
        for call in history.calls {
            #expect(history.call(at: call.sequence) == call)
            #expect(history.call(at: call.end) == call)
            #expect(history.call(before: call.sequence + 1) == call)
            #expect(history.call(after: call.sequence - 1) == call)
        }
        #expect(history.call(at: 0) == nil)
    }

    @Test("the write that last changed a place is found, again and again")
    func writes() async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Guests.states())
        _ = try await called(theatre, id, ["one", "same", "two", "no", "three", "three"])
        let history = try await history(theatre, id)
        let path = try #require(ValuePath(".total"))
        var place = history.count - 1
        var found: [(UInt64, Value?, Value?)] = []
        while let write = try history.lastWrite(of: path, upTo: place) {
            found.append((write.sequence, write.before, write.after))
            place = write.sequence - 1
        }
        // The calls begin at 1, 3, 5, 7 and 9; an answer follows each.
        #expect(found.map(\.0) == [10, 6, 2])
        #expect(found.map(\.1) == [.u32(2), .u32(1), nil])
        #expect(found.map(\.2) == [.u32(3), .u32(2), .u32(1)])
        let second = try #require(ValuePath("names[1]"))
        #expect(try history.lastWrite(of: second, upTo: history.count - 1)?.sequence == 6)
        #expect(try history.lastWrite(of: second, upTo: 5) == nil)
    }

    @Test("a change behind a payload that was dropped is not made up")
    func unknownWrites() async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Guests.states())
        // The calls begin at 1, 3 and 5; an answer follows each.
        _ = try await called(theatre, id, ["one", "two", "two"])
        let events = try await theatre.events(of: id)
        let code = StoredCodeReader(theatre)
        let path = try #require(ValuePath(".total"))
        for gone in [0...2, 1...2, 1...1, 2...2] {
            var left = events
            for sequence in gone { left[sequence] = left[sequence].dropped }
            let history = try await ChainHistory(EventPages(left)) { await code.exports($0) }
            let error = #expect(throws: ReplayError.self, "\(gone)") {
                try history.lastWrite(of: path, upTo: 6)
            }
            #expect(error?.code == .payloadDropped, "\(gone)")
        }
    }

    @Test("the code of an actor is asked once for what it exports, however many lives it had")
    func lifeCost() async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Guests.states())
        _ = try await called(theatre, id, ["one"])
        let events = try await theatre.events(of: id)
        // Lives one after the other; a history goes by the payloads.
        var many: [ChainEvent] = []
        for life in 0..<50 {
            for event in events {
                many.append(event.renumbered(UInt64(life * events.count) + event.sequence))
            }
        }
        var asked = 0
        let code = StoredCodeReader(theatre)
        let history = try await ChainHistory(EventPages(many)) {
            asked += 1
            return await code.exports($0)
        }
        #expect(asked == 1)
        #expect(history.calls.count == 50)
        #expect(try history.state(after: UInt64(many.count) - 1) == Guests.total(1))
    }

    @Test("a life that begins again begins with the first state")
    func lives() async throws {
        let theatre = try Theatre()
        let parent = try await theatre.spawn(try Guests.all()) {
            $0.name = "parent"
            $0.manifest.supervision.intensity = 10
        }
        let child = try await theatre.spawn(try Guests.states()) { request in
            request.name = "child"
            request.parent = parent
            request.childSpec.restart = .permanent
        }
        _ = try await called(theatre, child, ["one", "crash"])
        while theatre.system.restarts(of: child) != 1
            || theatre.system.status(of: child) != .running
        {
            await Task.yield()
        }
        let seen = try await called(theatre, child, ["two"])
        let history = try await history(theatre, child)
        let last = history.count - 1
        #expect(try history.state(after: last) == seen.last?.state)
        let birth = try #require(history.calls.last).sequence - 1
        #expect(try history.state(after: birth) == CallShape.noState)
        #expect(try history.state(after: birth - 1) == Guests.total(1))
        #expect(history.call(at: birth) == nil)
    }

    @Test("chains with one beginning are told apart at the first event that differs")
    func diff() async throws {
        let theatre = try Theatre()
        let one = try await theatre.spawn(try Guests.states()) { $0.name = "one" }
        let other = try await theatre.spawn(try Guests.states()) {
            $0.name = "other"
            $0.manifest.name = "actor"
        }
        _ = try await called(theatre, one, ["one", "two", "three"])
        _ = try await called(theatre, other, ["one", "two", "one", "one"])
        let (left, right) = (try await history(theatre, one), try await history(theatre, other))
        let whole = try ChainDiff(left, upTo: .max, right, upTo: .max)
        #expect(whole.commonCount == 5)
        #expect(whole.leftCount == 2 && whole.rightCount == 4)
        #expect(whole.left?.sequence == 5 && whole.right?.sequence == 5)
        #expect(
            whole.states.map(\.path) == [".total", ".names[1]", ".names[2]"])
        #expect(!whole.isEmpty)
        let start = try ChainDiff(left, upTo: 4, right, upTo: 4)
        #expect(start.isEmpty && start.commonCount == 5)
        let shorter = try ChainDiff(left, upTo: 2, right, upTo: 4)
        #expect(shorter.left == nil && shorter.rightCount == 2)
        #expect(shorter.states.map(\.path) == [".total", ".names[1]"])
    }

    @Test("an upgrade's check groups chains that differ in the same way")
    func upgrade() async throws {
        let theatre = try Theatre()
        var ids: [ActorID] = []
        for (index, functions) in [["one"], ["three"], ["two", "three"], ["no", "crash"]]
            .enumerated()
        {
            let id = try await theatre.spawn(try Guests.states()) { $0.name = "a\(index)" }
            _ = try await called(theatre, id, functions)
            ids.append(id)
        }
        let code = OneCode(
            ReplayCode(wasm: try Engine.assemble(wat: try Guests.states(third: 4))))
        var check = UpgradeCheck()
        for id in ids {
            await check.replay(
                id, ReplayEvents(try await theatre.events(of: id)), engine: theatre.system.engine,
                library: code, options: ReplayOptions())
        }
        #expect(check.passed == [ids[0], ids[3]])
        #expect(check.failures.isEmpty && !check.isPassed)
        let group = try #require(check.groups.first)
        #expect(check.groups.count == 1)
        #expect(group.kind == .otherAnswer)
        #expect(group.function == "test:states/states.three")
        #expect(group.chains.map(\.actor) == [ids[1], ids[2]])
        #expect(group.chains.map(\.sequence) == [2, 4])
        #expect(check.counts.lives == 4)
        var bad = UpgradeCheck()
        await bad.replay(
            ids[0], ReplayEvents(try await theatre.events(of: ids[0])),
            engine: theatre.system.engine, library: OneCode(ReplayCode(wasm: [0])),
            options: ReplayOptions())
        #expect(bad.failures.first?.error.code == .module && !bad.isPassed)
    }
}

/// Reads what code exports from what a node keeps.
private struct StoredCodeReader {
    let theatre: Theatre

    init(_ theatre: Theatre) { self.theatre = theatre }

    func exports(_ birth: ReplayBirth) async -> [FunctionSignature]? {
        guard let code = try? await theatre.library.code(for: birth) else { return nil }
        return try? await ReplayMetadata.read(code, engine: theatre.system.engine).exports
    }
}
