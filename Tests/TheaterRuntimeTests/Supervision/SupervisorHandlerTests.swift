// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// A parent whose functions pass what they get to the host function of the same name, and a child that crashes,
/// waits, or asks for its end.
@Suite("The supervisor handler")
struct SupervisorHandlerTests {
    @Test(
        "has the hash of theater 0.3.7's interface, and that of the later one, beside one of both")
    func hashes() throws {
        #expect(SupervisorHandler.interfaces.count == 3)
        let both = try #require(SupervisorHandler.interfaces.last)
        let functions = SupervisorHandler.interfaces.map { interface in
            Set(interface.pact.functions.map(\.name))
        }
        #expect(functions[2] == functions[0].union(functions[1]))
        #expect(both.suspending == SupervisorHandler.interfaces[1].suspending)
        let hashes = SupervisorHandler.interfaces.dropLast().map { "\($0.pact.hash(rules: .host))" }
        #expect(
            hashes == [
                "802d3cc29f9e141e4809eb926ceb441206837da1c469d17333a6633b0e82908b",
                "752295875777c57d6a5c93ac1ab70b9eebb3afa4e86ea10889d974cce30a5e08",
            ])
    }

    @Test("spawns, lists, reads and stops children; the ends are told")
    func children() async throws {
        let family = try await SupervisorFamily()
        let first = try await family.spawn(state: .bytes([1, 2]))
        let second = try await family.spawn()
        let listed = try await family.ask("list-children", .tuple([])).ok
        #expect(
            listed == .list(.string, [.string("\(first)"), .string("\(second)")]))
        let state = try await family.ask("get-child-state", .string("\(first)")).ok
        #expect(state == .option(.list(.primitive(.u8)), .bytes([1, 2])))
        #expect(try await family.ask("stop-child", .string("\(first)")).ok == .unit)
        #expect(family.stage.system.status(of: first) == .stopped)
        _ = try await family.called("handle-child-external-stop")
        #expect(try family.stage.system.children(of: family.parent) == [second])
        await family.stage.system.shutDown()
        #expect(family.stage.system.engine.guestsLive == 0)
    }

    @Test("a child that crashes is told as an error, one that ends itself with its result")
    func ends() async throws {
        let family = try await SupervisorFamily()
        let crashing = try await family.spawn()
        _ = try await family.stage.failure(crashing, "test:child/child.crash")
        let error = try CGRF.decode(try await family.called("handle-child-error"))
        #expect("\(error)".contains("\(crashing)"))
        let quitting = try await family.spawn()
        _ = try? await family.stage.system.call(quitting, "test:child/child.quit")
        let exit = try CGRF.decode(try await family.called("handle-child-exit"))
        guard case .tuple(let items) = exit else { throw Stage.Missing() }
        #expect(items.count == 3)
        #expect(items[1] == .string("\(quitting)"))
        #expect(items[2] == .option(.list(.primitive(.u8)), .bytes([7])))
        await family.stage.system.shutDown()
    }

    @Test("a parent without callbacks is not harmed by its children's ends")
    func deaf() async throws {
        let family = try await SupervisorFamily(hears: false)
        let child = try await family.spawn()
        _ = try await family.stage.failure(child, "test:child/child.crash")
        _ = try await family.stage.system.awaitEnd(of: child)
        #expect(try await family.ask("list-children", .tuple([])).ok == .list(.string, []))
        let refused = try await family.ask("subscribe-to-child", .string("\(child)"))
        #expect(refused.err.hasSuffix("[supervisor.no-callback]"))
        await family.stage.system.shutDown()
    }

    @Test("restarts a child under its identity")
    func restart() async throws {
        let family = try await SupervisorFamily()
        let child = try await family.spawn()
        #expect(try await family.ask("restart-child", .string("\(child)")).ok == .unit)
        #expect(family.stage.system.restarts(of: child) == 1)
        #expect(
            try await family.stage.system.call(child, "test:child/child.echo", [.u8(3)]) == .u8(3))
        await family.stage.system.shutDown()
    }

    @Test("acts on nobody else's actors, and refuses what it does not understand")
    func refusals() async throws {
        let family = try await SupervisorFamily()
        let stranger = try await family.stage.spawn(
            try waiter(), name: "stranger", grants: ["gate"])
        for function in ["stop-child", "restart-child", "get-child-state", "subscribe-to-child"] {
            let answer = try await family.ask(function, .string("\(stranger)"))
            #expect(answer.err.hasSuffix("[supervisor.not-a-child]"), "\(function): \(answer.err)")
            let wrong = try await family.ask(function, .string("nobody"))
            #expect(wrong.err.hasSuffix("[supervisor.bad-identity]"), "\(function)")
        }
        #expect(family.stage.system.status(of: stranger) == .running)
        let missing = try await family.ask("spawn", SupervisorFamily.order("nowhere.toml"))
        #expect(missing.err.hasSuffix("[supervisor.failed]"))
        let broken = try await family.ask(
            "spawn", SupervisorFamily.order("name = \"x\"\nnonsense = 1\n"))
        #expect(broken.err.hasSuffix("[supervisor.failed]"))
        #expect(try family.stage.system.children(of: family.parent).isEmpty)
        await family.stage.system.shutDown()
    }

    @Test("spawns from the text of a manifest, and resumes with a state")
    func text() async throws {
        let family = try await SupervisorFamily()
        let text =
            "name = \"typed\"\npackage = \"child.wasm\"\n[[handler]]\ntype = \"runtime\"\n"
            + "[[handler]]\ntype = \"gate\"\n"
        let answer = try await family.ask("spawn", SupervisorFamily.order(text))
        let child = try #require(answer.ok?.asString.flatMap { ActorID($0) }, "\(answer.err)")
        #expect(family.stage.system.actor(named: "parent/typed") == child)
        let resumed = try await family.ask(
            "resume",
            .tuple([
                .string("child.toml"), .option(.list(.primitive(.u8)), .bytes([9])),
                .option(.list(.primitive(.u8)), nil),
            ]))
        let second = try #require(resumed.ok?.asString, "\(resumed.err)")
        let state = try await family.ask("get-child-state", .string(second)).ok
        #expect(state == .option(.list(.primitive(.u8)), .bytes([9])))
        await family.stage.system.shutDown()
    }

    @Test("waits for a private child, and stops one that has no result in time")
    func waiting() async throws {
        let family = try await SupervisorFamily()
        let late = try await family.ask(
            "spawn-and-wait",
            SupervisorFamily.order("child.toml", more: [.option(.primitive(.u64), .u64(10))]))
        #expect(late.err.hasSuffix("[supervisor.timeout]"), "\(late.err)")
        #expect(try await family.ask("list-children", .tuple([])).ok == .list(.string, []))
        #expect(family.stage.system.engine.guestsLive == 1)
        await family.stage.system.shutDown()
    }

    @Test("passes a subscribed child's events on, until that is ended")
    func events() async throws {
        let family = try await SupervisorFamily()
        let child = try await family.spawn()
        #expect(try await family.ask("subscribe-to-child", .string("\(child)")).ok == .unit)
        #expect(try await family.ask("subscribe-to-child", .string("\(child)")).ok == .unit)
        _ = try await family.stage.system.call(child, "test:child/child.echo", [.u8(1)])
        let parameters = try CGRF.decode(try await family.called("handle-child-event"))
        guard case .tuple(let items) = parameters else { throw Stage.Missing() }
        #expect(items[1] == .string("\(child)"))
        #expect(items[2] == .string("theater.runtime/called"))
        #expect(try await family.ask("unsubscribe-from-child", .string("\(child)")).ok == .unit)
        await family.stage.system.shutDown()
    }

    @Test("one actor reads its children's events and hears them, with what they say")
    func eventsOfBoth() async throws {
        let family = try await SupervisorFamily(
            SupervisorFamily.later + [SupervisorFamily.earlier[1]])
        let child = try await family.spawn(state: .bytes([5]))
        #expect(try await family.ask("subscribe-to-child", .string("\(child)")).ok == .unit)
        let long = Value.bytes([UInt8](repeating: 7, count: 3000))
        _ = try await family.stage.system.call(child, "test:child/child.echo", [long])
        _ = try await family.called("handle-child-event")
        let events = try await family.ask("get-child-events", .string("\(child)")).ok
        let items = try #require(events?.asItems).map { item in
            try ChainItem(CGRF.decode(try #require(item.asBytes)))
        }
        var cursor = try await family.stage.journal.reader().events(of: child)
        var recorded: [ChainEvent] = []
        while let event = try cursor.next() { recorded.append(event) }
        #expect(items == recorded.map(ChainItem.init))
        #expect(items.count == 3)
        #expect(items[0].note == nil && !items[0].data.isEmpty)
        #expect(items[1].data.count == 1024)
        let size = recorded[1].payload?.count ?? 0
        #expect(items[1].note == "the first 1024 of \(size) bytes; the chain has all")
        await family.stage.system.shutDown()
    }

    @Test("actors built for theater 0.3.7 load, and read their children's events")
    func earlierActors() async throws {
        let family = try await SupervisorFamily(SupervisorFamily.earlier)
        let answer = try await family.ask(
            "spawn",
            .tuple([
                .string("child.toml"), .option(.list(.primitive(.u8)), .bytes([5])),
                .option(.list(.primitive(.u8)), nil),
            ]))
        let child = try #require(answer.ok?.asString, "\(answer.err)")
        let events = try await family.ask("get-child-events", .string(child)).ok
        guard case .list(_, let items)? = events else { throw Stage.Missing() }
        #expect(items.count == 1)
        let first = try CGRF.decode(try #require(items.first?.asBytes))
        #expect("\(first)".contains("theater.runtime/spawned"))
        await family.stage.system.shutDown()
    }
}
