// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterManifest
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

/// What a team keeps of children that it did not take, and whose specs it follows.
@Suite("Teams", .timeLimit(.minutes(1)))
struct TeamTests {
    private static let never = Value.option(.primitive(.u64), nil)

    private static func text(_ name: String, _ more: String = "") -> String {
        "name = \"\(name)\"\npackage = \"x.wasm\"\n\(more)"
            + ["runtime", "gate", "supervisor"].map { "[[handler]]\ntype = \"\($0)\"\n" }.joined()
    }

    // Goal: a refused child is not kept. Method: a team that is busy with a stop, and more children than may
    // wait; and one that is over.
    @Test("children that a team refuses are not kept")
    func refused() async throws {
        let house = try Household()
        let system = house.system
        let root = try await house.root()
        let child = try await house.child(
            of: root, spec: ChildSpec(shutdown: .infinity))
        let team = try #require(system.knownTeam(of: root))
        let parent = try #require(system.family(of: try system.cell(root))?.lineage)
        let call = await house.wait(child, at: "busy team")
        let remove = Work { () async throws(ActorError) in
            try await system.removeChild(child, of: root)
        }
        try await house.reach(.stopping, of: child, during: remove)
        @Sendable func add() async -> (ActorID, Team.Machine.Outcome) {
            let lineage = Lineage(.random(), parent: parent, spec: ChildSpec(), blueprint: nil)
            return (lineage.id, await team.add(lineage))
        }
        await withTaskGroup(of: (ActorID, Team.Machine.Outcome).self) { group in
            for _ in 0...Team.Machine.requestsMax { group.addTask { await add() } }
            // All others wait for the stop.
            let first = await group.next()
            #expect(first?.1 == .overloaded)
            #expect(first.map { team.child($0.0) == nil } == true)
            Gate.of("busy team").open()
            for await (id, outcome) in group {
                #expect(outcome == .failed)
                #expect(team.child(id) == nil)
            }
        }
        #expect(await remove.error == nil)
        await call.value
        await team.stopAll(isForced: false)
        let (id, outcome) = await add()
        #expect(outcome == .stopping)
        #expect(team.child(id) == nil)
        await system.shutDown()
        #expect(house.isEmpty())
    }

    @Test("a restart that somebody else's stop overtakes is an error")
    func overtaken() async throws {
        let house = try Household()
        let system = house.system
        let root = try await house.root()
        let child = try await house.child(
            of: root, spec: ChildSpec(restart: .permanent, shutdown: .infinity))
        let call = await house.wait(child, at: "overtaken")
        let restart = Work { () async throws(ActorError) in
            try await system.restartChild(child, of: root)
        }
        try await house.reach(.stopping, of: child, during: restart)
        let stop = Work { () async throws(ActorError) in
            try await system.stop(child, grace: .seconds(3600))
        }
        let lineage = try #require(system.knownTeam(of: root)?.child(child))
        while !lineage.isReleased {
            try #require(!stop.isOver && !Task.isCancelled)
            await Task.yield()
        }
        Gate.of("overtaken").open()
        #expect(await stop.error == nil)
        #expect(await restart.error?.code == .ended)
        await call.value
        #expect(system.status(of: child) == .stopped)
        #expect(try system.children(of: root).isEmpty)
        await system.shutDown()
    }

    @Test("a spawned child is started again as its own manifest says")
    func ownSpec() async throws {
        let house = try Household()
        let system = house.system
        let root = try await house.root(
            KinGuest(supervisor: [KinGuest.spawn, KinGuest.spawnAndWait]))
        let wasm = try KinGuest().wasm()
        func spawn(_ name: String, _ restart: String) async throws -> ActorID {
            let text = Self.text(name, "[supervision]\nrestart = \"\(restart)\"\n")
            let answer = try await house.ask(root, "spawn", Household.order(text, wasm: wasm))
            return try #require(answer.ok?.asString.flatMap { ActorID($0) }, "\(answer.error)")
        }
        let permanent = try await spawn("permanent", "permanent")
        let transient = try await spawn("transient", "transient")
        let temporary = try await spawn("temporary", "temporary")
        for (index, child) in [permanent, transient, temporary].enumerated() {
            _ = try await house.stage.failure(child, "test:kin/kin.crash")
            let told = try await house.called(root, "handle-child-error", nth: index + 1)
            #expect(told.first == .id(child))
        }
        for (child, name) in [(permanent, "root/permanent"), (transient, "root/transient")] {
            let wait = Work { () async throws(ActorError) in
                while system.status(of: child) != .running, !Task.isCancelled { await Task.yield() }
            }
            #expect(await wait.error == nil)
            #expect(system.restarts(of: child) == 1)
            #expect(system.name(of: child) == name)
        }
        #expect(try system.children(of: root) == [permanent, transient])
        // Nobody would hear of a second result.
        let quick = try KinGuest(birth: .quit([4])).wasm()
        let text = Self.text("quick", "[supervision]\nrestart = \"permanent\"\n")
        let answer = try await house.ask(
            root, "spawn-and-wait", Household.order(text, wasm: quick, more: [Self.never]))
        #expect(answer.ok?.asOption??.asBytes == [4], "\(answer)")
        #expect(try system.children(of: root) == [permanent, transient])
        await system.shutDown()
        #expect(house.isEmpty())
    }

    @Test("a child that is over is listened to no more")
    func endedSubscription() async throws {
        let house = try Household()
        let root = try await house.root(KinGuest(supervisor: [KinGuest.subscribe]))
        let child = try await house.child(of: root)
        #expect(try await house.ask(root, "subscribe-to-child", .id(child)).ok == .unit)
        try await house.system.call(child, "test:kin/kin.quit")
        _ = try await house.called(root, "handle-child-exit")
        var answer = try await house.ask(root, "subscribe-to-child", .id(child))
        while answer.ok != nil {
            try #require(!Task.isCancelled, "the subscription stays")
            await Task.yield()
            answer = try await house.ask(root, "subscribe-to-child", .id(child))
        }
        #expect(answer.error.hasSuffix("[supervisor.not-a-child]"), "\(answer)")
        await house.system.shutDown()
    }
}
