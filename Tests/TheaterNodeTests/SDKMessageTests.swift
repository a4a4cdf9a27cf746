// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterManifest
import TheaterNode
import TheaterPlatform
import TheaterRuntime
import TheaterValue

/// Goal: messages, channels and calls work from the code that an author writes. Method: one project of
/// the SDK, started twice; the one asks, calls and speaks to the other.
@Suite("Messages of the SDK")
struct SDKMessageTests {
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
                register: func() -> result<_, string>
                send: func(actor-id: string, msg: list<u8>) -> result<_, string>
                request: func(actor-id: string, msg: list<u8>) -> result<list<u8>, string>
                open-channel: func(actor-id: string, initial-msg: list<u8>) ->
                    result<string, string>
                send-on-channel: func(channel-id: string, msg: list<u8>) -> result<_, string>
            }
            theater:simple/rpc {
                call: func(actor-id: string, function: string, params: value, options: value)
                    -> value
            }
        }
        exports {
            theater:simple/actor {
                init: func(state: value) -> result<state, string>
            }
            theater:simple/message-server-client {
                handle-send: func(state: state, data: list<u8>, sender: option<string>) ->
                    result<state, string>
                handle-request: func(state: state, request-id: string, data: list<u8>) ->
                    result<tuple<state, option<list<u8>>>, string>
                handle-channel-open: func(state: state, channel-id: string, data: list<u8>) ->
                    result<tuple<state, channel-accept>, string>
                handle-channel-message: func(state: state, channel-id: string, data: list<u8>) ->
                    result<state, string>
            }
            demo:team/team {
                work: func(state: state, whom: string) -> result<tuple<state, string>, string>
                heard: func(state: state) -> result<tuple<state, list<string>>, string>
            }
        }
        """

    private static let source = """
        import TheaterGuest

        enum Actor: Exports {
            static func initialize(_ argument: Argument) throws(Failure) -> State {
                try MessageServerHost.register()
                return State(heard: [])
            }

            static func handleSend(
                _ state: inout State, data: [UInt8], sender: String?
            ) throws(Failure) {
                state.heard.append("send \\(data.count) \\(sender == nil ? "outside" : "actor")")
            }

            static func handleRequest(
                _ state: inout State, requestId: String, data: [UInt8]
            ) throws(Failure) -> [UInt8]? {
                data.reversed()
            }

            static func handleChannelOpen(
                _ state: inout State, channelId: String, data: [UInt8]
            ) throws(Failure) -> ChannelAccept {
                ChannelAccept(accepted: true, message: nil)
            }

            static func handleChannelMessage(
                _ state: inout State, channelId: String, data: [UInt8]
            ) throws(Failure) {
                state.heard.append("channel \\(data.count)")
            }

            static func work(_ state: inout State, whom: String) throws(Failure) -> String {
                try MessageServerHost.send(whom, msg: [1, 2, 3])
                let channel = try MessageServerHost.openChannel(whom, initialMsg: [])
                try MessageServerHost.sendOnChannel(channel, msg: [1, 2])
                let answer = try MessageServerHost.request(whom, msg: [1, 2, 3])
                let called = Rpc.call(
                    whom, function: "demo:team/team.heard", params: .tuple([]), options: .tuple([]))
                guard case .result(_, _, .ok(let value)) = called else { return "not called" }
                return "\\(answer[0]) \\(value.asItems?.count ?? -1)"
            }

            static func heard(_ state: inout State) throws(Failure) -> [String] { state.heard }
        }
        """

    @Test("an author's actors send, ask, open channels, and are told who speaks")
    func team() async throws {
        let wasm = try await buildActor(pact: Self.pact, source: Self.source).wasm
        let node = try Node(NodeOptions(guestsMax: 4), logger: .quiet)
        var manifest = Manifest(
            name: "demo", package: "demo.wasm",
            handlers: ["message-server", "rpc"].map { HandlerGrant(type: $0) })
        manifest.rpc = ["demo:team/team"]
        let system = node.system
        let first = try await system.spawn(
            SpawnRequest(wasm: wasm, manifest: manifest, name: "first"))
        let second = try await system.spawn(
            SpawnRequest(wasm: wasm, manifest: manifest, name: "second"))
        let answer = try await system.call(first, "demo:team/team.work", [.string("second")])
        #expect(answer == .string("3 2"), "the answer's first byte, and what the call found")
        try system.send([1], to: second)
        let heard = try await system.call(second, "demo:team/team.heard")
        #expect(
            heard.asItems == [
                .string("send 3 actor"), .string("channel 2"), .string("send 1 outside"),
            ])
        let error = await #expect(throws: ActorError.self) {
            try await system.call(first, "demo:team/team.work", [.string("first")])
        }
        #expect(error?.value?.asString?.contains("message.cycle") == true)
        try await expectReplays(of: node, chains: 2)
        try await node.close()
    }
}
