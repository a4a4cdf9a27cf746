// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterHandler
import TheaterManifest
import TheaterNode
import TheaterPlatform
import TheaterRuntime
import TheaterStore
import TheaterValue

/// Goal: what no other actor of the SDK uses works from an author's code: the whole store, answers that are
/// given later, and both ends of a channel. Method: one project, started twice.
@Suite("Store and deferred answers of the SDK")
struct SDKStoreTests {
    private static let store = """
            theater:simple/store {
                new: func() -> result<string, string>
                store: func(store-id: string, content: list<u8>) -> result<string, string>
                get: func(store-id: string, content-ref: string) -> result<list<u8>, string>
                exists: func(store-id: string, content-ref: string) -> result<bool, string>
                label: func(store-id: string, label: string, content-ref: string)
                    -> result<_, string>
                get-by-label: func(store-id: string, label: string)
                    -> result<option<string>, string>
                remove-label: func(store-id: string, label: string) -> result<_, string>
                store-at-label: func(store-id: string, label: string, content: list<u8>)
                    -> result<string, string>
                replace-content-at-label: func(
                    store-id: string, label: string, content: list<u8>) -> result<string, string>
                replace-at-label: func(store-id: string, label: string, content-ref: string)
                    -> result<_, string>
                list-all-content: func(store-id: string) -> result<list<string>, string>
                calculate-total-size: func(store-id: string) -> result<u64, string>
                list-labels: func(store-id: string) -> result<list<string>, string>
            }
            theater:simple/store-labels {
                remove-from-label: func(store-id: string, label: string, content-ref: string)
                    -> result<_, string>
                compare-and-set-label: func(
                    store-id: string, label: string, expected: option<string>,
                    content-ref: option<string>) -> result<bool, string>
                forget: func(store-id: string, content-ref: string) -> result<bool, string>
            }
        """

    private static let pact = """
        record state {
            heard: list<string>,
        }
        record channel-accept {
            accepted: bool,
            message: option<list<u8>>,
        }
        imports {
            theater:simple/message-server-host {
                list-outstanding-requests: func() -> list<string>
                respond-to-request: func(request-id: string, response: list<u8>)
                    -> result<_, string>
                cancel-request: func(request-id: string) -> result<_, string>
                open-channel: func(actor-id: string, initial-msg: list<u8>) ->
                    result<string, string>
                close-channel: func(channel-id: string) -> result<_, string>
            }
        \(store)
        }
        exports {
            theater:simple/actor {
                init: func(state: value) -> result<state, string>
            }
            theater:simple/message-server-client {
                handle-request: func(state: state, request-id: string, data: list<u8>) ->
                    result<tuple<state, option<list<u8>>>, string>
                handle-channel-open: func(state: state, channel-id: string, data: list<u8>) ->
                    result<tuple<state, channel-accept>, string>
                handle-channel-message: func(state: state, channel-id: string, data: list<u8>) ->
                    result<state, string>
                handle-channel-close: func(state: state, channel-id: string) ->
                    result<state, string>
            }
            demo:all/all {
                outstanding: func(state: state) -> result<tuple<state, list<string>>, string>
                respond: func(state: state, id: string, body: list<u8>) -> result<state, string>
                cancel: func(state: state, id: string) -> result<state, string>
                open: func(state: state, whom: string) -> result<tuple<state, string>, string>
                close: func(state: state, channel: string) -> result<state, string>
                heard: func(state: state) -> result<tuple<state, list<string>>, string>
                keep: func(state: state) -> result<tuple<state, list<string>>, string>
            }
        }
        """

    private static let source = """
        import TheaterGuest

        enum Actor: Exports {
            static func initialize(_ argument: Argument) throws(Failure) -> State {
                State(heard: [])
            }

            static func handleRequest(
                _ state: inout State, requestId: String, data: [UInt8]
            ) throws(Failure) -> [UInt8]? {
                nil
            }

            static func handleChannelOpen(
                _ state: inout State, channelId: String, data: [UInt8]
            ) throws(Failure) -> ChannelAccept {
                ChannelAccept(accepted: true, message: [1, 2])
            }

            static func handleChannelMessage(
                _ state: inout State, channelId: String, data: [UInt8]
            ) throws(Failure) {
                state.heard.append("message " + channelId)
            }

            static func handleChannelClose(
                _ state: inout State, channelId: String
            ) throws(Failure) {
                state.heard.append("closed " + channelId)
            }

            static func outstanding(_ state: inout State) throws(Failure) -> [String] {
                MessageServerHost.listOutstandingRequests()
            }

            static func respond(
                _ state: inout State, id: String, body: [UInt8]
            ) throws(Failure) {
                try MessageServerHost.respondToRequest(id, response: body)
            }

            static func cancel(_ state: inout State, id: String) throws(Failure) {
                try MessageServerHost.cancelRequest(id)
            }

            static func open(_ state: inout State, whom: String) throws(Failure) -> String {
                try MessageServerHost.openChannel(whom, initialMsg: [])
            }

            static func close(_ state: inout State, channel: String) throws(Failure) {
                try MessageServerHost.closeChannel(channel)
            }

            static func heard(_ state: inout State) throws(Failure) -> [String] { state.heard }

            static func keep(_ state: inout State) throws(Failure) -> [String] {
                var told: [String] = []
                func tell(_ what: String, _ isSo: Bool) { told.append(what + (isSo ? " yes" : " no")) }
                let id = try Store.new()
                let one = try Store.store(id, content: [1])
                tell("get", try Store.get(id, contentRef: one) == [1])
                tell("exists", try Store.exists(id, contentRef: one))
                try Store.label(id, label: "a", contentRef: one)
                tell("label", try Store.getByLabel(id, label: "a") == one)
                tell("no label", try Store.getByLabel(id, label: "z") == nil)
                let two = try Store.storeAtLabel(id, label: "b", content: [2, 2])
                let three = try Store.replaceContentAtLabel(id, label: "b", content: [3, 3, 3])
                tell("replaced", try Store.getByLabel(id, label: "b") == three)
                try Store.replaceAtLabel(id, label: "a", contentRef: two)
                tell("replaced at", try Store.getByLabel(id, label: "a") == two)
                tell("contents", try Store.listAllContent(id).count == 3)
                tell("size", try Store.calculateTotalSize(id) == 6)
                tell("labels", try Store.listLabels(id) == ["a", "b"])
                tell("set", try StoreLabels.compareAndSetLabel(
                    id, label: "c", expected: nil, contentRef: one))
                tell("set again", try StoreLabels.compareAndSetLabel(
                    id, label: "c", expected: nil, contentRef: two))
                do throws(Failure) {
                    try StoreLabels.removeFromLabel(id, label: "c", contentRef: two)
                } catch {
                    told.append(error.message)
                }
                try StoreLabels.removeFromLabel(id, label: "c", contentRef: one)
                try Store.removeLabel(id, label: "b")
                tell("forget", try StoreLabels.forget(id, contentRef: three))
                tell("forgotten", try Store.exists(id, contentRef: three) == false)
                tell("left", try Store.listLabels(id) == ["a"])
                do throws(Failure) {
                    _ = try Store.get(id, contentRef: three)
                } catch {
                    told.append(error.message)
                }
                return told
            }
        }
        """

    @Test("an author's actors keep content, answer later, cancel, and hear of the end of a channel")
    func all() async throws {
        let wasm = try await buildActor(pact: Self.pact, source: Self.source).wasm
        let node = try Node(NodeOptions(guestsMax: 4), logger: .quiet)
        let manifest = Manifest(
            name: "demo", package: "demo.wasm",
            handlers: ["message-server", "store"].map { HandlerGrant(type: $0) })
        let system = node.system
        let first = try await system.spawn(
            SpawnRequest(wasm: wasm, manifest: manifest, name: "first"))
        let second = try await system.spawn(
            SpawnRequest(wasm: wasm, manifest: manifest, name: "second"))
        func call(_ id: ActorID, _ name: String, _ arguments: Value...) async throws -> Value {
            try await system.call(id, "demo:all/all.\(name)", arguments)
        }
        func texts(_ value: Value) -> [String] { value.asItems?.compactMap(\.asString) ?? [] }

        let told = texts(try await call(first, "keep"))
        let answers = told.filter { !$0.hasSuffix("]") }
        #expect(
            answers == [
                "get yes", "exists yes", "label yes", "no label yes", "replaced yes",
                "replaced at yes", "contents yes", "size yes", "labels yes", "set yes",
                "set again no", "forget yes", "forgotten yes", "left yes",
            ])
        let errors = told.filter { $0.hasSuffix("]") }
            .map { String($0.split(separator: "[").last ?? "") }
        #expect(errors == ["store.conflict]", "store.not-found]"])

        async let answer = system.request([7], to: first)
        var ids: [String] = []
        while ids.isEmpty {
            await Task.yield()
            ids = texts(try await call(first, "outstanding"))
        }
        _ = try await call(first, "respond", .string(ids[0]), .bytes([4, 2]))
        #expect(try await answer == [4, 2])
        let cancelled = Task { try await system.request([7], to: first) }
        ids = []
        while ids.isEmpty {
            await Task.yield()
            ids = texts(try await call(first, "outstanding"))
        }
        _ = try await call(first, "cancel", .string(ids[0]))
        let error = await #expect(throws: MessageError.self) { try await cancelled.value }
        #expect(error?.code == .cancelled)
        #expect(texts(try await call(first, "outstanding")).isEmpty)

        let channel = try #require(try await call(first, "open", .string("second")).asString)
        // The first message comes with the acceptance; the one who closes hears nothing of it.
        while texts(try await call(first, "heard")).isEmpty { await Task.yield() }
        _ = try await call(first, "close", .string(channel))
        while texts(try await call(second, "heard")).isEmpty { await Task.yield() }
        #expect(texts(try await call(first, "heard")) == ["message \(channel)"])
        #expect(texts(try await call(second, "heard")) == ["closed \(channel)"])
        try await expectReplays(of: node, chains: 2)
        try await node.close()
    }
}
