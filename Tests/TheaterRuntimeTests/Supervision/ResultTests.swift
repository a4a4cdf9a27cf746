// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing
import TheaterChain
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

/// How lives end, for those who are told.
@Suite("The results of lives", .timeLimit(.minutes(1)))
struct ResultTests {
    @Test("have printed forms without content, and JSON that reads back")
    func forms() throws {
        let text = "0011aabb-2233-4455-8677-8899aabbccdd"
        let actor = try #require(ActorID(text))
        let error = ChildError(actor: actor, code: "actor.crashed", message: "it fell")
        func check<Item: Codable & Equatable & CustomStringConvertible>(
            _ item: Item, _ printed: String, _ json: String
        ) throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let data = try encoder.encode(item)
            #expect(String(decoding: data, as: UTF8.self) == json)
            #expect(try JSONDecoder().decode(Item.self, from: data) == item)
            #expect(item.description == printed)
        }
        try check(
            ChildResult(actor: actor, result: [1, 255]), "success \(text)",
            "{\"actor\":\"\(text)\",\"result\":[1,255]}")
        try check(
            ChildResult(actor: actor, result: nil), "success \(text)",
            "{\"actor\":\"\(text)\"}")
        try check(
            error, "error \(text) actor.crashed",
            "{\"actor\":\"\(text)\",\"code\":\"actor.crashed\",\"message\":\"it fell\"}")
        try check(
            ChildExternalStop(actor: actor, isForced: true), "external-stop \(text) forced",
            "{\"actor\":\"\(text)\",\"isForced\":true}")
        try check(
            ActorResult.externalStop(ChildExternalStop(actor: actor, isForced: false)),
            "external-stop \(text)",
            "{\"externalStop\":{\"_0\":{\"actor\":\"\(text)\",\"isForced\":false}}}")
        #expect(ActorResult.error(error).description == error.description)
    }

    @Test("each life has one, and the actor's status agrees with it")
    func lives() async throws {
        let house = try Household()
        let system = house.system
        func start(_ name: String) async throws -> ActorID {
            try await system.spawn(house.request(name))
        }
        let quitting = try await start("quitting")
        try await system.call(quitting, "test:kin/kin.quit")
        let result = try await system.awaitResult(of: quitting)
        #expect(result == .success(ChildResult(actor: quitting, result: [7])))
        #expect(system.status(of: quitting) == .completed)
        let crashing = try await start("crashing")
        _ = try await house.stage.failure(crashing, "test:kin/kin.crash")
        guard case .error(let error) = try await system.awaitResult(of: crashing) else {
            Issue.record("a crash is an error")
            return
        }
        #expect(error.actor == crashing && error.code == "actor.crashed")
        guard case .failed? = system.status(of: crashing) else {
            Issue.record("a crashed actor has failed")
            return
        }
        for isForced in [false, true] {
            let stopped = try await start("stopped")
            if isForced {
                try await system.terminate(stopped)
            } else {
                try await system.stop(stopped)
            }
            let stop = ChildExternalStop(actor: stopped, isForced: isForced)
            #expect(try await system.awaitResult(of: stopped) == .externalStop(stop))
            #expect(system.status(of: stopped) == (isForced ? .killed : .stopped))
        }
    }

    // Goal: nothing is left of those that are over. Method: every way to begin and to end, many times.
    @Test("leave nothing behind, however they begin and end")
    func nothingLeft() async throws {
        let house = try Household([
            "stillborn": ([], KinGuest(birth: .trap)),
            "quick": ([], KinGuest(birth: .quit([1]))),
        ])
        let system = house.system
        let trap = try house.request("trap", KinGuest(birth: .trap))
        let lame = try house.request(
            "lame", children: [Household.declared("a"), Household.declared("b", "stillborn")])
        for round in 0..<20 {
            await #expect(throws: ActorError.self) { try await system.spawn(trap) }
            await #expect(throws: ActorError.self) { try await system.spawn(lame) }
            let root = try await house.root(
                children: [Household.declared("a"), Household.declared("quick", "quick")])
            var child = trap
            child.parent = root
            let stillborn = child
            await #expect(throws: ActorError.self) { try await system.spawn(stillborn) }
            let feed = try system.subscribe(to: root)
            _ = try await house.child(of: root, KinGuest(birth: .quit([2])))
            _ = try await house.child(of: root)
            try await system.restart(root)
            switch round % 4 {
            case 0: try await system.stop(root)
            case 1: try await system.terminate(root)
            case 2: try await system.call(root, "test:kin/kin.quit")
            default: _ = try await house.stage.failure(root, "test:kin/kin.crash")
            }
            _ = try await system.awaitEnd(of: root)
            feed.cancel()
        }
        let left = system.roster.withLock { roster in
            [roster.cells.count, roster.names.count, roster.lineages.count]
        }
        #expect(left == [0, 0, 0])
        #expect(house.isEmpty())
        #expect(system.deadlines.count == 0)
        let totals = system.totals()
        #expect(totals.actors == 0)
        #expect(totals.livesStarted == totals.livesEnded.total)
        // And the next ones find a runtime that works.
        let last = try await house.root()
        #expect(try await system.call(last, "test:kin/kin.echo", [.u8(1)]) == .u8(1))
        await system.shutDown()
    }

    @Test("a shutdown ends what is left when its time is over, whatever each may take")
    func shutdown() async throws {
        let clock = ManualClock()
        let house = try Household(world: clock.world)
        let system = house.system
        let quick = try await house.root(children: [Household.declared("a")])
        let slow = try await system.spawn(house.request("slow"))
        let call = await house.wait(slow, at: "never, at the deadline")
        let end = Work { () async throws(ActorError) in
            await system.shutDown(grace: .seconds(3600), within: .seconds(10))
        }
        try await house.reach(.stopping, of: slow, during: end)
        _ = try await system.awaitEnd(of: quick)
        #expect(system.status(of: quick) == .stopped)
        while clock.sleepCount(of: .seconds(10)) == 0 {
            try #require(!Task.isCancelled)
            await Task.yield()
        }
        clock.advance(by: .seconds(10))
        #expect(await end.error == nil)
        #expect(system.status(of: slow) == .killed)
        await call.value
        #expect(house.isEmpty())
    }
}
