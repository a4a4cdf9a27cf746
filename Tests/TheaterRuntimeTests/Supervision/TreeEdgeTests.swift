// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// What happens to a tree when its actors start, end and are asked for at the same time.
@Suite("The edges of trees", .timeLimit(.minutes(1)))
struct TreeEdgeTests {
    // MARK: Nobody is left without a parent

    @Test("a parent that asks for its end in its init starts none of its children")
    func endInInit() async throws {
        let house = try Household()
        let root = try await house.root(
            KinGuest(birth: .quit([1])), children: [Household.declared("a")])
        #expect(house.system.status(of: root) == .completed)
        #expect(house.isEmpty())
        #expect(house.system.actor(named: "root") == nil)
        #expect(house.system.actor(named: "root/a") == nil)
    }

    @Test("a parent that is ending takes no more children")
    func addWhileEnding() async throws {
        let house = try Household(handlers: [SlowCloseHandler.self])
        let root = try await house.root { $0.handlers.append(HandlerGrant(type: "slow-close")) }
        let system = house.system
        let stop = Task { try? await system.stop(root) }
        await Gate.of("closing").arrived()
        await #expect(throws: ActorError.self) { try await house.child(of: root) }
        Gate.of("closing").open()
        _ = await stop.value
        #expect(house.isEmpty())
        #expect(system.actor(named: "child") == nil)
    }

    @Test("a tree that is stopped while it starts says so, and leaves nothing")
    func stopWhileStarting() async throws {
        let house = try Household(["slow start": ([], KinGuest())])
        let system = house.system
        let request = try house.request(children: [Household.declared("a", "slow start")])
        let start = Work { () async throws(ActorError) in _ = try await system.spawn(request) }
        await Gate.of("slow start").arrived()
        // Busy, so that the root still lives when its children are ready to start.
        let root = try #require(system.actor(named: "root"))
        let call = await house.wait(root, at: "busy root")
        let stop = Work { () async throws(ActorError) in
            try await system.stop(root, grace: .seconds(3600))
        }
        try await house.reach(.stopping, of: root, during: stop)
        Gate.of("slow start").open()
        Gate.of("busy root").open()
        let error = try #require(await start.error)
        #expect(error.code == .supervision || error.code == .ended, "\(error)")
        #expect(await stop.error == nil)
        await call.value
        #expect(house.isEmpty())
    }

    // MARK: Ends are bounded

    @Test("terminating a parent that ends in order ends its children at once")
    func terminateWhileEnding() async throws {
        let house = try Household()
        let root = try await house.root(
            children: [Household.declared("a", shutdown: .infinity)])
        let child = try #require(try house.system.children(of: root).first)
        let call = await house.wait(child, at: "never, below one that ends")
        try await house.system.call(root, "test:kin/kin.quit")
        let end = Work { () async throws(ActorError) in
            _ = try await house.system.awaitEnd(of: root)
        }
        try await house.reach(.stopping, of: child, during: end)
        #expect(try await house.system.terminate(root) == .killed)
        #expect(house.system.status(of: child) == .killed)
        await call.value
        #expect(house.isEmpty())
    }

    @Test("the time that a child has to stop bounds everything below it")
    func boundedSubtree() async throws {
        let house = try Household([
            "nested": ([Household.declared("leaf", shutdown: .infinity)], KinGuest())
        ])
        let root = try await house.root(
            children: [Household.declared("n", "nested", shutdown: .timeout(.milliseconds(5)))])
        let nested = try #require(try house.system.children(of: root).first)
        let leaf = try #require(try house.system.children(of: nested).first)
        let call = await house.wait(leaf, at: "never, below a bounded one")
        #expect(try await house.system.stop(root, grace: .seconds(3600)) == .stopped)
        #expect(house.system.status(of: nested) == .killed)
        #expect(house.system.status(of: leaf) == .killed)
        await call.value
        #expect(house.isEmpty())
    }

    @Test("the grace of a shutdown bounds every tree, whatever its children ask for")
    func boundedShutdown() async throws {
        let house = try Household()
        let root = try await house.root(
            children: [Household.declared("a", shutdown: .infinity)])
        let child = try #require(try house.system.children(of: root).first)
        let call = await house.wait(child, at: "never, in a shutdown")
        await house.system.shutDown(grace: .milliseconds(5))
        #expect(house.system.status(of: child) == .killed)
        await call.value
        #expect(house.isEmpty())
    }

    // Goal: no end waits for time. Method: nobody moves the clock.
    @Test("a crash, a stop of a tree in a tree and a shutdown take no time")
    func noTime() async throws {
        let leaves = ["a", "b"].map { Household.declared($0) }
        let house = try Household(
            ["nested": (leaves, KinGuest())], world: ManualClock().world)
        let system = house.system
        let root = try await house.root(
            children: ["m", "n", "o"].map { Household.declared($0, "nested") })
        let nested = try system.children(of: root)
        let leaf = try #require(try system.children(of: nested[0]).first)
        #expect(try await house.stage.failure(leaf, "test:kin/kin.crash").code == .crashed)
        guard case .failed = try await system.awaitEnd(of: leaf) else {
            Issue.record("the crash is no failure")
            return
        }
        #expect(try await system.stop(nested[1]) == .stopped)
        #expect(try await system.terminate(nested[0]) == .killed)
        #expect(try system.children(of: root) == [nested[2]])
        await system.shutDown()
        #expect(house.isEmpty())
    }

    // MARK: Starting a root again

    @Test("a root that is started again twice at once has one life, its name and its count")
    func restartTwice() async throws {
        let house = try Household()
        let system = house.system
        let root = try await house.root(children: [Household.declared("a")])
        let call = await house.wait(root, at: "two restarts")
        func restart() -> Work {
            Work { () async throws(ActorError) in
                try await system.restart(root, grace: .seconds(3600))
            }
        }
        let first = restart()
        try await house.reach(.stopping, of: root, during: first)
        let second = restart()
        #expect(await second.error?.code == .restarting)
        Gate.of("two restarts").open()
        #expect(await first.error == nil)
        await call.value
        #expect(system.actor(named: "root") == root)
        #expect(system.restarts(of: root) == 1)
        #expect(system.tree().map(\.children.count) == [1])
        #expect(system.engine.guestsLive == 2)
        await system.shutDown()
        #expect(house.isEmpty())
    }

    @Test("a restart does not wait longer than it is told for a life that does not end")
    func boundedRestart() async throws {
        let clock = ManualClock()
        let house = try Household(world: clock.world)
        let system = house.system
        let root = try await house.root()
        let call = await house.wait(root, at: "never, in a restart")
        let restart = Work { () async throws(ActorError) in
            try await system.restart(root, grace: .seconds(7))
        }
        try await house.reach(.stopping, of: root, during: restart)
        while clock.sleepCount(of: .seconds(7)) == 0 {
            try #require(!restart.isOver && !Task.isCancelled)
            await Task.yield()
        }
        clock.advance(by: .seconds(7))
        #expect(await restart.error == nil)
        await call.value
        #expect(system.status(of: root) == .running)
        #expect(try await system.call(root, "test:kin/kin.echo", [.u8(1)]) == .u8(1))
        await system.shutDown()
        #expect(house.isEmpty())
    }

    @Test("whoever ends a root that somebody starts again has the last word")
    func restartEnded() async throws {
        let house = try Household()
        let system = house.system
        let root = try await house.root(children: [Household.declared("a")])
        let call = await house.wait(root, at: "never, in an ended restart")
        let restart = Work { () async throws(ActorError) in
            try await system.restart(root, grace: .seconds(3600))
        }
        try await house.reach(.stopping, of: root, during: restart)
        #expect(try await system.terminate(root) == .killed)
        #expect(await restart.error?.code == .ended)
        await call.value
        #expect(system.status(of: root) == .killed)
        #expect(system.actor(named: "root") == nil)
        #expect(house.isEmpty())
    }

    @Test("a child starts again with its first state, or its last, as its spec says")
    func lastState() async throws {
        let house = try Household()
        let system = house.system
        let root = try await house.root()
        let ok = Value.result(ok: .tuple([]), err: .string, .ok(.tuple([.u32(7)])))
        let wat = try actor(
            """
            exports { test:a/a {
                set: func(state: value) -> result<value, string>
                crash: func()
            } }
            """
        ) {
            $0.body = [
                try WatActor.answering("test:a/a.set", CGRF.encode(ok), at: 40000),
                WatActor.function("test:a/a.crash", "unreachable"),
            ]
        }
        for (source, found) in [
            (ChildDeclaration.StateSource.fresh, Value.u32(0)), (.last, .u32(7)),
        ] {
            let child = try await house.stage.spawn(wat, name: "\(source)") {
                $0.parent = root
                $0.initialState = .u32(0)
                $0.childSpec = ChildSpec(restart: .permanent, state: source)
            }
            try await system.call(child, "test:a/a.set")
            #expect(try system.state(of: child) == .u32(7))
            _ = try await house.stage.failure(child, "test:a/a.crash")
            while system.restarts(of: child) != 1 || system.status(of: child) != .running {
                try #require(!Task.isCancelled)
                await Task.yield()
            }
            #expect(try system.state(of: child) == found)
        }
        await system.shutDown()
    }

    @Test("a root that is started again and fails gives its name back")
    func failedRestart() async throws {
        let house = try Household()
        let root = try await house.root()
        // The new life cannot be recorded.
        try await house.stage.journal.close()
        await #expect(throws: ActorError.self) {
            try await house.system.restart(root, grace: .seconds(3600))
        }
        #expect(house.system.actor(named: "root") == nil)
        #expect(house.isEmpty())
        #expect(house.system.status(of: root)?.isEnded == true)
    }
}
