// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Channels whose one side is no actor.
extension ChannelTests {
    @Test("somebody outside opens a channel, reads what the actor says, and answers")
    func external() async throws {
        let stage = try Stage.messages()
        let actor = try await Self.member(
            stage, "actor", open: .answer(Behaviour.accept(true, "welcome")))
        let channel = try await stage.system.openChannel(to: actor, Array("hello".utf8))
        let id = Value.string(channel.id.description)
        #expect(try await stage.received(actor, "handle-channel-open") == [[id, bytes("hello")]])
        try channel.send(Array("question".utf8))
        try await stage.settle(actor)
        #expect(
            try await stage.received(actor, "handle-channel-message") == [[id, bytes("question")]])
        try await stage.host(actor, "send-on-channel", id, bytes("answer"))
        try await stage.host(actor, "close-channel", id)
        var events: [ChannelEvent] = []
        for await event in channel { events.append(event) }
        let from = ChannelParticipant.actor(actor)
        func message(_ text: String) -> ChannelEvent {
            .message(
                ActorChannelMessage(channel: channel.id, sender: from, body: Array(text.utf8)))
        }
        #expect(
            events == [
                .initiated(ActorChannelInitiated(channel: channel.id, target: from)),
                message("welcome"), message("answer"),
                .closed(ActorChannelClose(channel: channel.id, sender: from)),
            ])
        #expect(throws: MessageError.self) { try channel.send([1]) }
    }

    @Test("an external side that does not read is not written to without bound")
    func unread() async throws {
        let stage = try Stage.messages()
        let actor = try await Self.member(stage, "actor")
        let channel = try await stage.system.openChannel(to: actor, unreadMax: 2)
        let id = Value.string(channel.id.description)
        for _ in 0..<2 { try await stage.host(actor, "send-on-channel", id, bytes("x")) }
        let full = try await stage.hostError(actor, "send-on-channel", id, bytes("x"))
        #expect(full.hasSuffix("[message.mailbox-full]"))
        #expect(stage.system.deadLetters.last?.target == .external)
        try await stage.system.terminate(actor)
        var count = 0
        for await _ in channel { count += 1 }
        #expect(count == 4, "the first event, two messages, the end")
    }

    @Test(
        "closing an external channel, or letting go of it, tells the actor",
        arguments: [true, false])
    func closing(explicitly: Bool) async throws {
        let stage = try Stage.messages()
        let actor = try await Self.member(stage, "actor")
        var channel: ExternalChannel? = try await stage.system.openChannel(to: actor)
        let id = try #require(channel?.id)
        if explicitly {
            channel?.close()
            channel?.close()
        }
        channel = nil
        while try await stage.received(actor, "handle-channel-close").isEmpty {
            await Task.yield()
        }
        #expect(
            try await stage.received(actor, "handle-channel-close")
                == [[.string(id.description)]])
    }

    @Test("the commands of an external participant do the same")
    func commands() async throws {
        let stage = try Stage.messages()
        let actor = try await stage.start("actor") {
            $0.on("handle-send", .answer(Behaviour.ok()))
            $0.on("handle-request", .answer(Behaviour.reply("yes")))
            $0.on("handle-channel-open", .answer(Behaviour.accept(true)))
            $0.on("handle-channel-message", .answer(Behaviour.ok()))
            $0.on("handle-channel-close", .answer(Behaviour.ok()))
        }
        let system = stage.system
        guard case .accepted = try await system.perform(.sendMessage(target: actor, body: [1])),
            case .answer(let answer) = try await system.perform(
                .request(target: actor, body: [1])),
            case .channel(let channel) = try await system.perform(
                .openChannel(target: actor, body: [])),
            case .accepted = try await system.perform(
                .channelMessage(channel: channel.id, body: [1])),
            case .accepted = try await system.perform(.channelClose(channel: channel.id))
        else {
            Issue.record("a command came back with another's reply")
            return
        }
        #expect(answer == Array("yes".utf8))
        try await stage.settle(actor)
        for callback in ["send", "request", "channel-open", "channel-message", "channel-close"] {
            #expect(try await stage.received(actor, "handle-\(callback)").count == 1)
        }
    }
}
