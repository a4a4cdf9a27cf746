// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterManifest
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

/// Every error that a parent can be given, and what parents and children cannot do to each other.
@Suite("What the supervisor handler refuses", .timeLimit(.minutes(1)))
struct SupervisorErrorTests {
    private static let never = Value.option(.primitive(.u64), nil)

    private static func text(_ name: String) -> String {
        "name = \"\(name)\"\npackage = \"x.wasm\"\n"
            + ["runtime", "gate", "supervisor"].map { "[[handler]]\ntype = \"\($0)\"\n" }.joined()
    }

    @Test("more children than the grant allows")
    func tooMany() async throws {
        let house = try Household()
        let root = try await house.root(KinGuest(supervisor: [KinGuest.spawn])) {
            $0.handlers[2] = HandlerGrant(
                type: "supervisor", configuration: ["children_max": .integer(1)])
        }
        let first = try await house.ask(root, "spawn", Household.order("plain"))
        let child = try #require(first.ok?.asString.flatMap { ActorID($0) }, "\(first.error)")
        let second = try await house.ask(root, "spawn", Household.order("plain"))
        #expect(second.error.hasSuffix("[supervisor.too-many-children]"), "\(second.error)")
        try await house.system.stop(child)
        #expect(try await house.ask(root, "spawn", Household.order("plain")).ok != nil)
        await house.system.shutDown()
        #expect(house.isEmpty())
    }

    @Test(
        "a private child that fails, or that somebody stops",
        arguments: [
            (true, "supervisor.child-failed"), (false, "supervisor.child-stopped"),
        ])
    func waiting(crashes: Bool, code: String) async throws {
        let house = try Household()
        let root = try await house.root(KinGuest(supervisor: [KinGuest.spawnAndWait]))
        let (text, box) = (LogStore(), house)
        let ask = Work { () async throws(ActorError) in
            let answer = try? await box.ask(
                root, "spawn-and-wait", Household.order("plain", more: [Self.never]))
            text.add(answer?.error ?? "no answer")
        }
        let child = try await house.live("root/plain", during: ask)
        if crashes {
            _ = try await house.stage.failure(child, "test:kin/kin.crash")
        } else {
            try await house.system.stop(child)
        }
        #expect(await ask.error == nil)
        #expect(text.lines.first?.hasSuffix("[\(code)]") == true, "\(text.lines)")
        #expect(house.system.status(of: root) == .running)
        await house.system.shutDown()
        #expect(house.isEmpty())
    }

    @Test("nobody waits for a private child any more: it ends with the one who waited")
    func abandoned() async throws {
        let house = try Household()
        let root = try await house.root(KinGuest(supervisor: [KinGuest.spawnAndWait]))
        let box = house
        let ask = Work { () async throws(ActorError) in
            _ = try? await box.ask(
                root, "spawn-and-wait", Household.order("plain", more: [Self.never]))
        }
        let child = try await house.live("root/plain", during: ask)
        try await house.system.terminate(root)
        #expect(await ask.error == nil)
        #expect(try await house.system.awaitEnd(of: child) == .killed)
        #expect(house.isEmpty())
    }

    @Test("a child that is over has no state; nobody reads his own, or can wait for himself")
    func ended() async throws {
        let house = try Household()
        let root = try await house.root(
            KinGuest(supervisor: [KinGuest.state, KinGuest.restart, KinGuest.subscribe]))
        let child = try await house.child(of: root, spec: ChildSpec(restart: .transient))
        try await house.system.call(child, "test:kin/kin.quit")
        _ = try await house.system.awaitEnd(of: child)
        let state = try await house.ask(root, "get-child-state", .id(child))
        #expect(state.error.hasSuffix("[supervisor.child-ended]"), "\(state)")
        for function in ["get-child-state", "restart-child", "subscribe-to-child"] {
            let own = try await house.ask(root, function, .id(root))
            #expect(own.error.hasSuffix("[supervisor.not-a-child]"), "\(function): \(own)")
        }
        #expect(try await house.ask(root, "restart-child", .id(child)).ok == .unit)
        #expect(house.system.status(of: child) == .running)
        await house.system.shutDown()
    }

    @Test("the state of a child that is busy is read at once")
    func busy() async throws {
        let house = try Household()
        let root = try await house.root(KinGuest(supervisor: [KinGuest.state, KinGuest.list]))
        let child = try await house.child(of: root)
        let call = await house.wait(child, at: "busy child")
        let state = try await house.ask(root, "get-child-state", .id(child))
        #expect(state.ok?.asOption??.asBytes == (try CGRF.encode(.u32(1))), "\(state)")
        #expect(try await house.ask(root, "list-children", .tuple([])).ok?.asItems == [.id(child)])
        Gate.of("busy child").open()
        await call.value
        await house.system.shutDown()
    }

    // Goal: each supervisor has its own children. Method: two, of which each loses one child, and one ends.
    @Test("a supervisor hears of its own children alone, and its end is the end of no other's")
    func twoParents() async throws {
        let house = try Household()
        let system = house.system
        let first = try await house.root()
        let second = try await system.spawn(house.request("second"))
        let ours = try await house.child(of: first, name: "ours")
        let theirs = try await house.child(of: second, name: "theirs")
        let stays = try await house.child(of: second, name: "stays")
        _ = try await house.stage.failure(theirs, "test:kin/kin.crash")
        _ = try await house.stage.failure(ours, "test:kin/kin.crash")
        #expect(try await house.called(first, "handle-child-error").first == .id(ours))
        #expect(try await house.called(second, "handle-child-error").first == .id(theirs))
        try await system.stop(first)
        #expect(system.status(of: stays) == .running)
        #expect(try system.children(of: second) == [stays])
        try await system.call(stays, "test:kin/kin.quit")
        #expect(try await house.called(second, "handle-child-exit").first == .id(stays))
        for (parent, count) in [(first, 1), (second, 2)] {
            let calls = try await house.stage.events(of: parent).count {
                guard case .called(let function, _, _, _) = $0 else { return false }
                return function.hasPrefix("theater:simple/supervisor-handlers.")
            }
            #expect(calls == count)
        }
        await system.shutDown()
        #expect(house.isEmpty())
    }

    @Test("children are made from bytes and the text of a manifest, with a first state")
    func bytes() async throws {
        let house = try Household()
        let root = try await house.root(
            KinGuest(supervisor: [KinGuest.spawn, KinGuest.spawnAndWait]))
        let spawned = try await house.ask(
            root, "spawn",
            Household.order(Self.text("typed"), wasm: try KinGuest().wasm()))
        let child = try #require(spawned.ok?.asString.flatMap { ActorID($0) }, "\(spawned.error)")
        #expect(house.system.actor(named: "root/typed") == child)
        let order = Household.order(
            Self.text("quick"), state: .string("first"),
            wasm: try KinGuest(birth: .quit([3])).wasm(), more: [Self.never])
        let waited = try await house.ask(root, "spawn-and-wait", order)
        #expect(waited.ok?.asOption??.asBytes == [3], "\(waited)")
        let rubbish = Household.order(Self.text("typed"), wasm: [0, 1, 2])
        let refused = try await house.ask(root, "spawn", rubbish)
        #expect(refused.error.hasSuffix("(actor.module) [supervisor.failed]"), "\(refused)")
        await house.system.shutDown()
        #expect(house.isEmpty())
    }

    @Test("an actor has children from its init on, beside those of its manifest")
    func inInit() async throws {
        let house = try Household()
        let guest = KinGuest(
            birth: .call(Household.order("plain")), supervisor: [KinGuest.spawn])
        let root = try await house.root(guest, children: [Household.declared("declared")])
        let names = try house.system.children(of: root).map { house.system.name(of: $0) }
        #expect(names == ["root/plain", "root/declared"])
        await house.system.shutDown()
        #expect(house.isEmpty())
    }

    // Goal: children that are added from outside and those of the manifest do not meet in the middle. Method:
    // the manifest's child is looked up while another's init, which waits, is under way.
    @Test("a child that is added while those of the manifest are made starts before them")
    func addedMeanwhile() async throws {
        let house = try Household([
            "slow sibling": ([], KinGuest()), "slow init": ([], KinGuest()),
        ])
        let system = house.system
        let request = try house.request(children: [Household.declared("a", "slow sibling")])
        let start = Work { () async throws(ActorError) in _ = try await system.spawn(request) }
        await Gate.of("slow sibling").arrived()
        let root = try #require(system.actor(named: "root"))
        var added = try house.request("added", children: [Household.declared("b", "slow init")])
        added.parent = root
        let child = added
        let add = Work { () async throws(ActorError) in _ = try await system.spawn(child) }
        await Gate.of("slow init").arrived()
        Gate.of("slow sibling").open()
        for _ in 0..<1000 { await Task.yield() }
        Gate.of("slow init").open()
        #expect(await add.error == nil)
        #expect(await start.error == nil)
        let names = try system.children(of: root).map { system.name(of: $0) }
        #expect(names == ["added", "root/a"])
        await system.shutDown()
        #expect(house.isEmpty())
    }

    // MARK: Callbacks

    @Test("after unsubscribe-from-child nothing more is passed on")
    func unsubscribe() async throws {
        let house = try Household()
        let root = try await house.root(
            KinGuest(supervisor: [KinGuest.subscribe, KinGuest.unsubscribe]))
        let child = try await house.child(of: root)
        #expect(try await house.ask(root, "subscribe-to-child", .id(child)).ok == .unit)
        try await house.system.call(child, "test:kin/kin.echo", [.u8(1)])
        _ = try await house.called(root, "handle-child-event", nth: 2)
        #expect(try await house.ask(root, "unsubscribe-from-child", .id(child)).ok == .unit)
        for _ in 0..<10 { try await house.system.call(child, "test:kin/kin.echo", [.u8(1)]) }
        for _ in 0..<1000 { await Task.yield() }
        try await house.system.call(child, "test:kin/kin.quit")
        _ = try await house.called(root, "handle-child-exit")
        let told = try await house.stage.events(of: root).count {
            guard case .called(let function, _, _, _) = $0 else { return false }
            return function.hasSuffix("handle-child-event")
        }
        #expect(told == 2)
        await house.system.shutDown()
    }

    @Test("a child that says much does not wait for a parent that is busy")
    func chatty() async throws {
        let house = try Household()
        let root = try await house.root(KinGuest(supervisor: [KinGuest.subscribe]))
        let child = try await house.child(of: root)
        #expect(try await house.ask(root, "subscribe-to-child", .id(child)).ok == .unit)
        let call = await house.wait(root, at: "busy listener")
        for _ in 0..<1500 {
            try await house.system.call(child, "test:kin/kin.echo", [.u8(1)])
        }
        Gate.of("busy listener").open()
        await call.value
        // What it was not told of, it is told how much that was.
        var (events, gaps) = (0, 0)
        // All that the parent records fits, however late it is read.
        let room = FeedOptions(eventsMax: 10_000, sizeMax: 64 << 20)
        var told = try house.system.subscribe(to: root, from: .sequence(0), options: room)
            .makeAsyncIterator()
        while events + gaps < 3000, let item = try await told.next() {
            guard case .event(let event) = item,
                case .called(let function, let bytes, _, _)? = try event.decodedPayload(),
                function.hasSuffix("handle-child-event"),
                let items = try CGRF.decode(bytes).asItems
            else { continue }
            if items[2] == .string("theater-runtime/gap") {
                gaps += Int(String(decoding: items[3].asBytes ?? [], as: UTF8.self)) ?? 0
            } else {
                events += 1
            }
        }
        #expect(events + gaps == 3000 && gaps > 0, "\(events) and \(gaps)")
        await house.system.shutDown()
        #expect(house.isEmpty())
    }

    @Test(
        "a callback that takes something else is not called, and harms nobody",
        arguments: ["state: value, code: u32", "state: value, child-id: u32, error: value"])
    func oddCallback(parameters: String) async throws {
        let house = try Household()
        let root = try await house.root(KinGuest(errorParameters: parameters))
        let child = try await house.child(of: root)
        _ = try await house.stage.failure(child, "test:kin/kin.crash")
        let last = try await house.child(of: root, name: "last")
        try await house.system.call(last, "test:kin/kin.quit")
        _ = try await house.called(root, "handle-child-exit")
        #expect(house.system.status(of: root) == .running)
        #expect(house.stage.log.lines.contains { $0.contains("handle-child-error failed") })
        await house.system.shutDown()
    }
}
