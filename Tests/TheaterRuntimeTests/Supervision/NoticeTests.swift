// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterManifest
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

/// What parents are told, and when nobody has room to hear it.
@Suite("What parents are told", .timeLimit(.minutes(1)))
struct NoticeTests {
    private static let none = Value.option(.list(.primitive(.u8)), nil)

    @Test("a child that asks for its end in its init is told of, once")
    func endInInit() async throws {
        let house = try Household()
        let root = try await house.root()
        let child = try await house.child(of: root, KinGuest(birth: .quit([1, 2])))
        let told = try await house.called(root, "handle-child-exit")
        #expect(told == [.id(child), .option(.list(.primitive(.u8)), .bytes([1, 2]))])
        // Another child's end comes after everything of the first.
        let last = try await house.child(of: root, name: "last")
        try await house.system.call(last, "test:kin/kin.quit")
        #expect(try await house.called(root, "handle-child-exit", nth: 2).first == .id(last))
        #expect(try house.system.children(of: root) == [])
        await house.system.shutDown()
    }

    @Test("a child that does not start is the spawner's error, and told to nobody")
    func failedStart() async throws {
        let house = try Household()
        let root = try await house.root()
        var request = try house.request("child")
        request.parent = root
        request.manifest.limits.memory = .kibibytes(64)
        await #expect(throws: ActorError.self) { try await house.system.spawn(request) }
        let last = try await house.child(of: root, name: "last")
        try await house.system.call(last, "test:kin/kin.quit")
        _ = try await house.called(root, "handle-child-exit")
        let events = try await house.stage.events(of: root)
        #expect(
            !events.contains {
                guard case .called(let function, _, _, _) = $0 else { return false }
                return function.hasSuffix("handle-child-error")
            })
        await house.system.shutDown()
    }

    @Test("spawn-and-wait answers a large result of a child that ends in its init")
    func largeResult() async throws {
        let result = [UInt8](repeating: 9, count: 10_000)
        let house = try Household(["quick": ([], KinGuest(birth: .quit(result)))])
        let root = try await house.root(KinGuest(supervisor: [KinGuest.spawnAndWait]))
        let answer = try await house.system.call(
            root, "test:kin/kin.spawn-and-wait",
            [.tuple([.string("quick"), Self.none, Self.none, .option(.primitive(.u64), nil)])])
        guard case .result(_, _, .ok(let value)) = answer else {
            Issue.record("\(answer)")
            return
        }
        let isWhole = value == .option(.list(.primitive(.u8)), .bytes(result))
        #expect(isWhole)
        #expect(try house.system.children(of: root) == [])
        await house.system.shutDown()
    }

    @Test("a parent whose mailbox is full is told when it has room")
    func fullMailbox() async throws {
        let house = try Household()
        let system = house.system
        let root = try await house.root { $0.limits.mailbox = 1 }
        let child = try await house.child(of: root)
        let call = await house.wait(root, at: "full of calls")
        let waiting = Work { () async throws(ActorError) in
            try await system.call(root, "test:kin/kin.echo", [.u8(1)])
        }
        try await house.reach(waiting: 1, of: root, during: waiting)
        _ = try await house.stage.failure(child, "test:kin/kin.crash")
        // Told once in vain at least: the handler's task has had its turn.
        for _ in 0..<1000 { await Task.yield() }
        let other = try await house.child(of: root, name: "other")
        #expect(try await system.call(other, "test:kin/kin.echo", [.u8(2)]) == .u8(2))
        Gate.of("full of calls").open()
        #expect(try await house.called(root, "handle-child-error").first == .id(child))
        await call.value
        #expect(await waiting.error == nil)
        await system.shutDown()
    }

    // Goal: a parent that is busy for longer than a call may take is told later. Method: two callbacks, of
    // which each takes nearly that long; the notice's own time is over during the second.
    @Test("a parent that is busy for long is told when it has time")
    func late() async throws {
        let clock = ManualClock()
        let house = try Household(world: clock.world)
        let root = try await house.root { $0.limits.callTimeout = .seconds(10) }
        let child = try await house.child(of: root)
        let cell = try house.system.cell(root)
        let wait = try #require(cell.template.exports["test:kin/kin.wait"])
        let later = clock.world.now().advanced(by: .seconds(3600))
        for gate in ["late 1", "late 2"] {
            let refusal = cell.post(
                wait, [.string(gate)], takesState: false, isCallback: false, beginBy: later
            ) { _ in }
            #expect(refusal == nil)
        }
        await Gate.of("late 1").arrived()
        _ = try await house.stage.failure(child, "test:kin/kin.crash")
        let end = Work { () async throws(ActorError) in
            _ = try await house.system.awaitEnd(of: root)
        }
        try await house.reach(waiting: 2, of: root, during: end)
        clock.advance(by: .seconds(8))
        Gate.of("late 1").open()
        await Gate.of("late 2").arrived()
        clock.advance(by: .seconds(3))
        // The notice is withdrawn, and waits again.
        for _ in 0..<2000 { await Task.yield() }
        try await house.reach(waiting: 1, of: root, during: end)
        Gate.of("late 2").open()
        #expect(try await house.called(root, "handle-child-error").first == .id(child))
        #expect(house.system.status(of: root) == .running)
        await house.system.shutDown()
    }

    @Test("a subscriber that is busy for long is told of events when it has time")
    func lateEvents() async throws {
        let clock = ManualClock()
        let house = try Household(world: clock.world)
        let root = try await house.root(KinGuest(supervisor: [KinGuest.subscribe])) {
            $0.limits.callTimeout = .seconds(10)
        }
        let child = try await house.child(of: root)
        try await house.system.call(root, "test:kin/kin.subscribe-to-child", [.id(child)])
        let cell = try house.system.cell(root)
        let wait = try #require(cell.template.exports["test:kin/kin.wait"])
        let later = clock.world.now().advanced(by: .seconds(3600))
        for gate in ["late event 1", "late event 2"] {
            let refusal = cell.post(
                wait, [.string(gate)], takesState: false, isCallback: false, beginBy: later
            ) { _ in }
            #expect(refusal == nil)
        }
        await Gate.of("late event 1").arrived()
        try await house.system.call(child, "test:kin/kin.echo", [.u8(1)])
        let end = Work { () async throws(ActorError) in
            _ = try await house.system.awaitEnd(of: root)
        }
        try await house.reach(waiting: 2, of: root, during: end)
        clock.advance(by: .seconds(8))
        Gate.of("late event 1").open()
        await Gate.of("late event 2").arrived()
        clock.advance(by: .seconds(3))
        // The callback is withdrawn, and waits again.
        for _ in 0..<2000 { await Task.yield() }
        try await house.reach(waiting: 1, of: root, during: end)
        Gate.of("late event 2").open()
        for (number, type) in [(1, "called"), (2, "returned")] {
            let told = try await house.called(root, "handle-child-event", nth: number)
            #expect(told[1] == .string("theater.runtime/\(type)"))
        }
        await house.system.shutDown()
    }

    @Test("a subscriber whose mailbox is full loses no event")
    func fullMailboxEvents() async throws {
        let house = try Household()
        let system = house.system
        let root = try await house.root(KinGuest(supervisor: [KinGuest.subscribe])) {
            $0.limits.mailbox = 1
        }
        let child = try await house.child(of: root)
        try await system.call(root, "test:kin/kin.subscribe-to-child", [.id(child)])
        let call = await house.wait(root, at: "full of events")
        let waiting = Work { () async throws(ActorError) in
            try await system.call(root, "test:kin/kin.echo", [.u8(1)])
        }
        try await house.reach(waiting: 1, of: root, during: waiting)
        try await system.call(child, "test:kin/kin.echo", [.u8(1)])
        for _ in 0..<1000 { await Task.yield() }
        Gate.of("full of events").open()
        let types = try await [1, 2].asyncMap {
            try await house.called(root, "handle-child-event", nth: $0)[1].asString
        }
        #expect(types == ["theater.runtime/called", "theater.runtime/returned"])
        await call.value
        #expect(await waiting.error == nil)
        await system.shutDown()
    }
}

extension Array {
    /// The answers to each element, asked one after the other.
    fileprivate func asyncMap<Answer>(
        _ ask: (Element) async throws -> Answer
    ) async throws -> [Answer] {
        var answers: [Answer] = []
        for element in self { answers.append(try await ask(element)) }
        return answers
    }
}
