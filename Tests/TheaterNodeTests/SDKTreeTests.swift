// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterManifest
import TheaterNode
import TheaterPlatform
import TheaterRuntime
import TheaterStore
import TheaterValue

/// Goal: supervision, the store and the questions of `rpc` work from the code that an author writes. Method:
/// one project of the SDK, which is parent and child; the child's manifest and wasm are in the store.
@Suite("Trees and the store of the SDK")
struct SDKTreeTests {
    private static let pact = """
        record state {
            heard: list<string>,
        }
        imports {
            theater:simple/runtime {
                shutdown: func(data: option<list<u8>>) -> result<_, string>
            }
            theater:simple/supervisor {
                spawn: func(manifest: string, init-state: option<value>, wasm-bytes:
                    option<list<u8>>) -> result<string, string>
                spawn-and-wait: func(manifest: string, init-state: option<value>, wasm-bytes:
                    option<list<u8>>, timeout-ms: option<u64>) -> result<option<list<u8>>, string>
                resume: func(manifest: string, state-bytes: option<list<u8>>, wasm-bytes:
                    option<list<u8>>) -> result<string, string>
                get-child-events: func(child-id: string) -> result<list<list<u8>>, string>
                list-children: func() -> result<list<string>, string>
                restart-child: func(child-id: string) -> result<_, string>
                stop-child: func(child-id: string) -> result<_, string>
                get-child-state: func(child-id: string) -> result<option<list<u8>>, string>
                subscribe-to-child: func(child-id: string) -> result<_, string>
                unsubscribe-from-child: func(child-id: string) -> result<_, string>
            }
            theater:simple/rpc {
                implements: func(actor-id: string, interface: string) -> value
                exports: func(actor-id: string) -> value
            }
            theater:simple/store {
                new: func() -> result<string, string>
                store-at-label: func(store-id: string, label: string, content: list<u8>)
                    -> result<string, string>
                get: func(store-id: string, content-ref: string) -> result<list<u8>, string>
                get-by-label: func(store-id: string, label: string)
                    -> result<option<string>, string>
                list-labels: func(store-id: string) -> result<list<string>, string>
            }
        }
        exports {
            theater:simple/actor {
                init: func(state: value) -> result<state, string>
            }
            theater:simple/supervisor-handlers {
                handle-child-error: func(state: state, child-id: string, error: value) ->
                    result<state, string>
                handle-child-exit: func(state: state, child-id: string, result:
                    option<list<u8>>) -> result<state, string>
                handle-child-external-stop: func(state: state, child-id: string) ->
                    result<state, string>
                handle-child-event: func(state: state, child-id: string, kind: string, data:
                    list<u8>) -> result<state, string>
            }
            demo:kin/kin {
                grow: func(state: state) -> result<tuple<state, string>, string>
                abide: func(state: state) -> result<tuple<state, list<u8>>, string>
                revive: func(state: state) -> result<tuple<state, string>, string>
                follow: func(state: state, child: string) -> result<tuple<state, u32>, string>
                tend: func(state: state, child: string) -> result<tuple<state, string>, string>
                prune: func(state: state, child: string) -> result<state, string>
                keep: func(state: state) -> result<tuple<state, string>, string>
                ask: func(state: state, whom: string) -> result<tuple<state, string>, string>
                leave: func(state: state) -> result<state, string>
                fall: func(state: state, index: u32) -> result<state, string>
                heard: func(state: state) -> result<tuple<state, list<string>>, string>
            }
        }
        """

    private static let source = """
        import TheaterGuest

        enum Actor: Exports {
            static func initialize(_ argument: Argument) throws(Failure) -> State {
                // A child that is given bytes hands them back as its result, or keeps them.
                if let bytes = argument.bytes {
                    guard bytes.first == 0 else { return State(heard: ["\\(bytes.count)"]) }
                    try Runtime.shutdown(bytes)
                }
                return State(heard: [])
            }

            static func handleChildError(
                _ state: inout State, childId: String, error: Value
            ) throws(Failure) { state.heard.append("error") }

            static func handleChildExit(
                _ state: inout State, childId: String, result: [UInt8]?
            ) throws(Failure) { state.heard.append("exit \\(result?.count ?? -1)") }

            static func handleChildExternalStop(
                _ state: inout State, childId: String
            ) throws(Failure) { state.heard.append("stop") }

            static func handleChildEvent(
                _ state: inout State, childId: String, kind: String, data: [UInt8]
            ) throws(Failure) { state.heard.append(kind) }

            static func grow(_ state: inout State) throws(Failure) -> String {
                try Supervisor.spawn("store://kin/child", initState: nil, wasmBytes: nil)
            }

            static func abide(_ state: inout State) throws(Failure) -> [UInt8] {
                try Supervisor.spawnAndWait(
                    "store://kin/child", initState: .bytes([0, 8]), wasmBytes: nil,
                    timeoutMs: 30_000) ?? []
            }

            static func revive(_ state: inout State) throws(Failure) -> String {
                try Supervisor.resume(
                    "store://kin/child", stateBytes: [1, 2, 3], wasmBytes: nil)
            }

            static func follow(_ state: inout State, child: String) throws(Failure) -> UInt32 {
                try Supervisor.subscribeToChild(child)
                return UInt32(try Supervisor.getChildEvents(child).count)
            }

            static func tend(_ state: inout State, child: String) throws(Failure) -> String {
                try Supervisor.subscribeToChild(child)
                try Supervisor.unsubscribeFromChild(child)
                let before = try Supervisor.getChildState(child)?.count ?? 0
                try Supervisor.restartChild(child)
                let count = try Supervisor.listChildren().count
                return before > 0 ? "\\(count)" : "no state"
            }

            static func prune(_ state: inout State, child: String) throws(Failure) {
                try Supervisor.stopChild(child)
            }

            static func keep(_ state: inout State) throws(Failure) -> String {
                let own = try Store.new()
                let id = try Store.storeAtLabel(own, label: "a/b", content: [1, 2, 3])
                let labels = try Store.listLabels(own)
                guard try Store.getByLabel(own, label: "a/b") == id else { return "lost" }
                return "\\(try Store.get(own, contentRef: id).count) \\(labels[0])"
            }

            static func ask(_ state: inout State, whom: String) throws(Failure) -> String {
                guard case .result(_, _, .ok(.bool(let same))) = Rpc.implements(
                        whom, interface: "demo:kin/kin"),
                    case .result(_, _, .ok(let names)) = Rpc.exports(whom)
                else { return "no answer" }
                return "\\(same ? "same" : "other") \\(names.asItems?.count ?? -1)"
            }

            static func leave(_ state: inout State) throws(Failure) {
                try Runtime.shutdown([1, 2])
            }

            static func fall(_ state: inout State, index: UInt32) throws(Failure) {
                state.heard[Int(index)] = ""
            }

            static func heard(_ state: inout State) throws(Failure) -> [String] { state.heard }
        }
        """

    @Test("an author's actor has children from the store, hears of their ends, keeps and asks")
    func kin() async throws {
        let wasm = try await buildActor(pact: Self.pact, source: Self.source).wasm
        let node = try Node(
            NodeOptions(guestsMax: 8),
            logger: .quiet)
        let grants = ["runtime", "supervisor", "rpc", "store"]
        let text =
            "name = \"child\"\npackage = \"store://kin/wasm\"\n[exports]\nrpc = [\"demo:kin/kin\"]\n"
            + grants.map { "[[handler]]\ntype = \"\($0)\"\n" }.joined()
        let space = try StoreNamespace.parse("kin")
        try node.store.put(wasm, in: space, label: StoreLabel.parse("wasm"))
        try node.store.put(Array(text.utf8), in: space, label: StoreLabel.parse("child"))
        let system = node.system
        let parent = try await system.spawn(
            SpawnRequest(
                wasm: wasm,
                manifest: Manifest(
                    name: "parent", package: "", handlers: grants.map { HandlerGrant(type: $0) })))
        func call(_ id: ActorID, _ function: String, _ arguments: Value...) async throws -> Value {
            try await system.call(id, "demo:kin/kin.\(function)", arguments)
        }
        var children: [ActorID] = []
        for _ in 0..<3 {
            let id = try await call(parent, "grow").asString.flatMap { ActorID($0) }
            children.append(try #require(id))
        }
        let first = Value.string("\(children[0])")
        #expect(try await call(parent, "tend", first) == .string("3"))
        #expect(system.restarts(of: children[0]) == 1)
        let told = try await call(parent, "ask", first)
        #expect(told == .string("same 3"), "\(told)")
        #expect(try await call(parent, "keep") == .string("3 a/b"))
        _ = try await call(children[0], "leave")
        let fallen = await #expect(throws: ActorError.self) {
            try await call(children[1], "fall", .u32(5))
        }
        #expect(fallen?.code == .crashed)
        _ = try await call(parent, "prune", .string("\(children[2])"))
        let stranger = await #expect(throws: ActorError.self) {
            try await call(parent, "prune", .string("\(parent)"))
        }
        #expect(stranger?.value?.asString?.contains("supervisor.not-a-child") == true)
        #expect(try await call(parent, "abide") == .bytes([0, 8]))
        let revived = try await call(parent, "revive").asString.flatMap { ActorID($0) }
        let follower = try #require(revived)
        #expect(try await call(follower, "heard").asItems == [.string("3")])
        let events = try await call(parent, "follow", .string("\(follower)"))
        #expect(events == .u32(5), "spawned, and two calls: \(events)")
        _ = try await call(follower, "heard")
        var heard: [String] = []
        while heard.count < 6 {
            heard = try await call(parent, "heard").asItems?.compactMap(\.asString) ?? []
            try #require(system.status(of: parent) == .running && !Task.isCancelled)
            await Task.yield()
        }
        // Of the restart too, and what the followed child did.
        #expect(
            heard.sorted() == [
                "error", "exit 2", "stop", "stop", "theater.runtime/called",
                "theater.runtime/returned",
            ])
        try await expectReplays(of: node, chains: 6)
        try await node.close()
    }
}
