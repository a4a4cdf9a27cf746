// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing
import TheaterHandler
import TheaterPlatform
import TheaterTesting

@testable import TheaterRuntime

@Suite("Message types")
struct MessageTypesTests {
    private static let actor = ActorID("0011aabb-2233-4455-8677-8899aabbccdd")
    private static let channel = ChannelID("ch_00112233445566778899aabbccddeeff")

    @Test("a channel's identity is parsed strictly")
    func channelID() throws {
        let id = try #require(Self.channel)
        #expect(id.description == "ch_00112233445566778899aabbccddeeff")
        let refused = [
            "", "ch_", "00112233445566778899aabbccddeeff", "ch_00112233445566778899aabbccddeef",
            "ch_00112233445566778899aabbccddeefff", "ch_00112233445566778899AABBCCDDEEFF",
            "CH_00112233445566778899aabbccddeeff", "ch_0011223344556677 899aabbccddeeff",
            "ch_00112233445566778899aabbccddeefg", "ch_00112233445566é7899aabbccddeef",
        ]
        for text in refused { #expect(ChannelID(text) == nil, "\(text)") }
        let made = ChannelID(world: .system)
        #expect(made != ChannelID(world: .system))
        #expect(ChannelID(made.description) == made)
    }

    @Test("a channel's identity comes from the world's chance alone")
    func channelChance() {
        func ids(_ seed: UInt64) -> [ChannelID] {
            let random = Mutex(SplitMix(seed: seed))
            let world = World(
                clock: ManualClock(), words: { random.withLock { $0.next() } },
                executor: globalConcurrentExecutor)
            return (0..<3).map { _ in ChannelID(world: world) }
        }
        #expect(ids(7) == ids(7))
        #expect(Set(ids(7) + ids(8)).count == 6)
    }

    @Test("every type keeps its printed form and its JSON, which come back the same")
    func forms() throws {
        let actor = try #require(Self.actor)
        let channel = try #require(Self.channel)
        let sender = ChannelParticipant.actor(actor)
        func check<Item: Codable & Equatable & CustomStringConvertible>(
            _ item: Item, _ text: String, _ json: String
        ) throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let data = try encoder.encode([item])
            #expect(String(decoding: data, as: UTF8.self) == "[\(json)]")
            #expect(try JSONDecoder().decode([Item].self, from: data) == [item])
            #expect(item.description == text)
        }
        let id = "0011aabb-2233-4455-8677-8899aabbccdd"
        let ch = "ch_00112233445566778899aabbccddeeff"
        let from = "{\"Actor\":\"\(id)\"}"
        try check(actor, id, "\"\(id)\"")
        try check(channel, ch, "\"\(ch)\"")
        try check(sender, "Actor(\(id))", from)
        try check(ChannelParticipant.external, "External", "\"External\"")
        let send = ActorSend(sender: .external, body: [1, 255])
        try check(
            send, "send from External, 2 bytes", "{\"body\":[1,255],\"sender\":\"External\"}")
        let request = ActorRequest(id: "r1", sender: sender, body: [])
        try check(
            request, "request r1 from Actor(\(id)), 0 bytes",
            "{\"body\":[],\"id\":\"r1\",\"sender\":\(from)}")
        let open = ActorChannelOpen(channel: channel, initiator: sender, body: [7])
        try check(
            open, "channel-open \(ch) from Actor(\(id)), 1 bytes",
            "{\"body\":[7],\"channel\":\"\(ch)\",\"initiator\":\(from)}")
        let initiated = ActorChannelInitiated(channel: channel, target: sender)
        try check(
            initiated, "channel-initiated \(ch) to Actor(\(id))",
            "{\"channel\":\"\(ch)\",\"target\":\(from)}")
        let message = ActorChannelMessage(channel: channel, sender: .external, body: [7])
        try check(
            message, "channel-message \(ch) from External, 1 bytes",
            "{\"body\":[7],\"channel\":\"\(ch)\",\"sender\":\"External\"}")
        let close = ActorChannelClose(channel: channel, sender: .external)
        try check(
            close, "channel-close \(ch) from External",
            "{\"channel\":\"\(ch)\",\"sender\":\"External\"}")
        try check(
            ActorMessage.send(send), "send from External, 2 bytes",
            "{\"send\":{\"_0\":{\"body\":[1,255],\"sender\":\"External\"}}}")
        try check(
            ChannelEvent.closed(close), close.description,
            "{\"closed\":{\"_0\":{\"channel\":\"\(ch)\",\"sender\":\"External\"}}}")
        try check(
            MessageCommand.channelMessage(channel: channel, body: [9]),
            "channel-message on \(ch), 1 bytes",
            "{\"channelMessage\":{\"body\":[9],\"channel\":\"\(ch)\"}}")
        let messages: [ActorMessage] = [
            .send(send), .request(request), .channelOpen(open), .channelMessage(message),
            .channelClose(close),
        ]
        #expect(
            messages.map(\.kind) == [
                "send", "request", "channel-open", "channel-message", "channel-close",
            ])
        #expect(messages.map(\.size) == [2, 0, 1, 1, 0])
    }

    @Test("a command's log line never shows a body")
    func log() throws {
        let actor = try #require(Self.actor)
        let commands: [MessageCommand] = [
            .sendMessage(target: actor, body: Array("secret".utf8)),
            .request(target: actor, body: Array("secret".utf8)),
            .openChannel(target: actor, body: Array("secret".utf8)),
        ]
        for command in commands {
            #expect(command.toLog().contains("\(actor)"))
            #expect(command.toLog().hasSuffix(", 6 bytes"))
        }
    }

    @Test("broken JSON is refused")
    func broken() {
        let decoder = JSONDecoder()
        func refuse<Item: Decodable>(_ type: Item.Type, _ json: String) {
            #expect(throws: DecodingError.self) {
                try decoder.decode([Item].self, from: Data("[\(json)]".utf8))
            }
        }
        refuse(ActorID.self, "\"7\"")
        refuse(ChannelID.self, "\"ch_1\"")
        refuse(ChannelParticipant.self, "\"external\"")
        refuse(ChannelParticipant.self, "{\"Actor\":\"7\"}")
    }

    @Test("dead letters keep the newest and count all")
    func letters() {
        var letters = DeadLetters(capacity: 3)
        for index in 0..<5 {
            letters.add { number in
                DeadLetter(
                    number: number, time: WallTime(nanoseconds: Int64(index)), sender: .external,
                    target: .external, kind: "send", size: index,
                    code: index == 0 ? "message.denied" : "message.mailbox-full")
            }
        }
        #expect(letters.newest.map(\.size) == [2, 3, 4])
        #expect(letters.newest.map(\.number) == [2, 3, 4])
        #expect(letters.counts == ["message.denied": 1, "message.mailbox-full": 4])
    }

    @Test("a channel's buffer keeps so many unread events, and has room for the last one")
    func buffer() async throws {
        let channel = try #require(Self.channel)
        let buffer = ChannelBuffer(capacity: 2)
        func message(_ byte: UInt8) -> ChannelEvent {
            .message(ActorChannelMessage(channel: channel, sender: .external, body: [byte]))
        }
        let end = ChannelEvent.closed(ActorChannelClose(channel: channel, sender: .external))
        #expect(buffer.push(message(1)))
        #expect(buffer.push(message(2)))
        #expect(!buffer.push(message(3)), "one past the bound")
        buffer.close(end)
        buffer.close(end)
        #expect(!buffer.push(message(4)))
        #expect(await buffer.next() == message(1))
        #expect(await buffer.next() == message(2))
        #expect(await buffer.next() == end)
        #expect(await buffer.next() == nil)
    }

    @Test("a reader that is cancelled gets nothing, and takes nothing from the others")
    func readers() async throws {
        let channel = try #require(Self.channel)
        let buffer = ChannelBuffer(capacity: 2)
        let event = ChannelEvent.closed(ActorChannelClose(channel: channel, sender: .external))
        let cancelled = Task { await buffer.next() }
        cancelled.cancel()
        #expect(await cancelled.value == nil)
        async let waiting = buffer.next()
        #expect(buffer.push(event))
        #expect(await waiting == event)
    }
}
