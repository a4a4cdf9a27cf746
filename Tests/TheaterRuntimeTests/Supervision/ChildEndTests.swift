// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterEngine
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

/// What becomes of children that do not start, end, or end with their parent; and what their parent hears.
@Suite("The ends of children", .timeLimit(.minutes(1)))
struct ChildEndTests {
    /// The callbacks that an actor was called with, in order.
    private static func callbacks(_ house: Household, _ id: ActorID) async throws -> [String] {
        try await house.stage.events(of: id).compactMap { event in
            guard case .called(let function, _, _, _) = event,
                function.hasPrefix("theater:simple/supervisor-handlers.")
            else { return nil }
            return String(function.split(separator: ".").last ?? "")
        }
    }

    @Test("a child whose init traps or answers an error is its spawner's error, and nothing else")
    func stillborn() async throws {
        let house = try Household([
            "trap": ([], KinGuest(birth: .trap)), "refuse": ([], KinGuest(birth: .refuse)),
        ])
        let root = try await house.root(KinGuest(supervisor: [KinGuest.spawn, KinGuest.list]))
        for (manifest, cause) in [("trap", "unreachable"), ("refuse", "not today")] {
            let answer = try await house.ask(root, "spawn", Household.order(manifest))
            #expect(answer.error.hasSuffix("[supervisor.failed]"), "\(answer)")
            #expect(answer.error.contains(cause), "\(answer)")
            #expect(try await house.ask(root, "list-children", .tuple([])).ok?.asItems == [])
        }
        #expect(house.system.actors().map(\.id) == [root])
        let last = try await house.child(of: root, name: "last")
        try await house.system.call(last, "test:kin/kin.quit")
        #expect(try await house.called(root, "handle-child-exit").first == .id(last))
        #expect(try await Self.callbacks(house, root) == ["handle-child-exit"])
        await house.system.shutDown()
        #expect(house.isEmpty())
    }

    @Test("the events of others are not read, and their subscriptions not ended")
    func others() async throws {
        let house = try Household()
        let guest = KinGuest(supervisor: [
            KinGuest.subscribe, KinGuest.unsubscribe, KinGuest.events,
        ])
        let root = try await house.root(guest)
        let child = try await house.child(of: root, guest)
        let grandchild = try await house.child(of: child, name: "grandchild")
        let stranger = try await house.system.spawn(house.request("stranger"))
        #expect(try await house.ask(child, "subscribe-to-child", .id(grandchild)).ok == .unit)
        for id in [stranger, root, grandchild] {
            let events = try await house.ask(root, "get-child-events", .id(id))
            #expect(events.error.hasSuffix("[supervisor.not-a-child]"), "\(events)")
            #expect(try await house.ask(root, "unsubscribe-from-child", .id(id)).ok == .unit)
        }
        #expect(try await house.ask(root, "get-child-events", .id(child)).ok != nil)
        try await house.system.call(grandchild, "test:kin/kin.echo", [.u8(1)])
        #expect(
            try await house.called(child, "handle-child-event", nth: 2).first == .id(grandchild))
        #expect(try await Self.callbacks(house, root).isEmpty)
        await house.system.shutDown()
    }

    @Test("children that end with their parent were stopped, each once; the parent is not told")
    func withParent() async throws {
        let house = try Household()
        let system = house.system
        let root = try await house.root(children: [Household.declared("declared")])
        let spawned = try await house.child(of: root, spec: ChildSpec(restart: .permanent))
        let children = try system.children(of: root)
        #expect(children.count == 2 && children.contains(spawned))
        #expect(try await system.stop(root) == .stopped)
        for child in children {
            let stop = ChildExternalStop(actor: child, isForced: false)
            #expect(try await system.awaitResult(of: child) == .externalStop(stop))
            let exits = try await house.stage.events(of: child).filter { event in
                if case .exited = event { true } else { false }
            }
            #expect(exits.count == 1)
        }
        #expect(try await Self.callbacks(house, root).isEmpty)
        await system.shutDown()
        #expect(house.isEmpty())
    }

    // Goal: callbacks may use the supervisor. Method: one that starts another child and lists them.
    @Test("a parent starts another child while it is told that one crashed")
    func replacing() async throws {
        let stage = try Stage(handlers: [
            RuntimeHandler.self, GateHandler.self, SupervisorHandler.self,
        ])
        let wasm = try KinGuest().wasm()
        let text =
            "name = \"kid\"\npackage = \"x.wasm\"\n"
            + ["runtime", "gate", "supervisor"].map { "[[handler]]\ntype = \"\($0)\"\n" }.joined()
        let bytes = ValueType.list(.primitive(.u8))
        let order = Value.tuple([
            .string(text), .option(bytes, nil), .option(bytes, .bytes(wasm)),
        ])
        let parent = try await stage.start(
            "parent",
            change: {
                $0.manifest.handlers += ["supervisor", "runtime"].map { HandlerGrant(type: $0) }
            },
            {
                $0.messages = false
                let interface = "theater:simple/supervisor"
                $0.others = [
                    (
                        interface, "spawn",
                        "manifest: string, init-state: option<value>, wasm-bytes: option<list<u8>>",
                        "result<string, string>"
                    ), (interface, "list-children", "", "result<list<string>, string>"),
                ]
                $0.exports = [
                    (
                        "theater:simple/supervisor-handlers",
                        "handle-child-error: func(state: value, child-id: string, error: value) -> "
                            + "value",
                        .steps([("spawn", order), ("list-children", .tuple([]))], .u8(1))
                    )
                ]
            })
        guard case .tuple(let arguments) = order else { throw Stage.Missing() }
        let first = try await stage.host(parent, "spawn", arguments[0], arguments[1], arguments[2])
        let child = try #require(first.asString.flatMap { ActorID($0) }, "\(first)")
        _ = try await stage.failure(child, "test:kin/kin.crash")
        var iterator = try stage.system.subscribe(to: parent, from: .sequence(0))
            .makeAsyncIterator()
        var listed: [Value]?
        while listed == nil, let item = try await iterator.next() {
            guard case .event(let event) = item,
                case .hostCall(_, "list-children", _, let output)? = try event.decodedPayload(),
                case .result(_, _, .ok(let list)) = try CGRF.decode(output)
            else { continue }
            listed = list.asItems
        }
        let children = try stage.system.children(of: parent)
        #expect(children.count == 1 && children != [child])
        #expect(listed == children.map { .id($0) })
        await stage.system.shutDown()
    }

    // MARK: What handle-child-error carries

    private static let types = """
        variant wit-error-type {
            operation-timeout, channel-closed, shutting-down, function-not-found, type-mismatch,
            internal, serialization-error, update-component-error, paused,
        }
        record wit-actor-error { error-type: wit-error-type, data: option<list<u8>> }
        """

    @Test(
        "an error names its kind, and its text the cause",
        arguments: [
            ("crash", "internal", 5, "unreachable"), ("lie", "type-mismatch", 4, "lie"),
            ("spin", "operation-timeout", 0, "spin"),
        ])
    func kinds(function: String, name: String, tag: UInt32, text: String) async throws {
        let house = try Household()
        let root = try await house.root(
            KinGuest(
                errorParameters: "state: value, child-id: string, error: wit-actor-error",
                definitions: Self.types))
        var request = try house.request("child")
        request.parent = root
        request.manifest.limits.callTimeout = .milliseconds(100)
        let child = try await house.system.spawn(request)
        _ = try await house.stage.failure(child, "test:kin/kin.\(function)")
        let told = try await house.called(root, "handle-child-error")
        #expect(told.first == .id(child))
        guard case .record(let record)? = told.last,
            case .variant(let variant)? = record.fields.first?.value
        else {
            Issue.record("\(told)")
            return
        }
        #expect(variant.caseName == name && variant.tag == tag)
        let data = record.fields.last?.value.asOption??.asBytes
        let words = String(decoding: try #require(data), as: UTF8.self)
        #expect(words.contains(text), "\(words)")
        await house.system.shutDown()
    }

    @Test(
        "callbacks are called with and without the state, and not with their arguments in a tuple",
        arguments: [
            ("child-id: string, error: value", 2), ("state: value, args: tuple<string, value>", 0),
            ("args: tuple<string, value>", 0),
        ])
    func forms(parameters: String, count: Int) async throws {
        let house = try Household()
        let root = try await house.root(KinGuest(errorParameters: parameters))
        let child = try await house.child(of: root)
        _ = try await house.stage.failure(child, "test:kin/kin.crash")
        let last = try await house.child(of: root, name: "last")
        try await house.system.call(last, "test:kin/kin.quit")
        _ = try await house.called(root, "handle-child-exit")
        let arguments = try await house.stage.events(of: root).compactMap { event -> Int? in
            guard case .called(let function, let bytes, _, _) = event,
                function.hasSuffix("handle-child-error")
            else { return nil }
            return try CGRF.decode(bytes).asItems?.count
        }
        #expect(arguments == (count > 0 ? [count] : []))
        let isRefused = house.stage.log.lines.contains { $0.contains("handle-child-error failed") }
        #expect(isRefused == (count == 0))
        await house.system.shutDown()
    }
}
