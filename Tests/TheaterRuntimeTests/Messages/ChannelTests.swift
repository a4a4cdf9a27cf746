// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import TheaterChain
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

@Suite("Messages: channels")
struct ChannelTests {
    /// An actor with all callbacks of channels, which accepts them.
    static func member(
        _ stage: Stage, _ name: String, open: Behaviour = .answer(Behaviour.accept(true)),
        server: [String: ManifestValue] = [:]
    ) async throws -> ActorID {
        try await stage.start(name, server: server) {
            $0.exports.append(("test:s/s", "crash: func() -> value", .trap))
            $0.on("handle-channel-open", open)
            $0.on("handle-channel-message", .answer(Behaviour.ok()))
            $0.on("handle-channel-close", .answer(Behaviour.ok()))
        }
    }

    @Test("a channel carries messages both ways in order, and its end to the other side alone")
    func conversation() async throws {
        let stage = try Stage.messages()
        let a = try await Self.member(stage, "a")
        let b = try await Self.member(stage, "b")
        let id = try await stage.host(a, "open-channel", .id(b), bytes("hello"))
        #expect(id.asString.flatMap { ChannelID($0) } != nil)
        #expect(try await stage.received(b, "handle-channel-open") == [[id, bytes("hello")]])
        for text in ["1", "2"] {
            #expect(try await stage.host(a, "send-on-channel", id, bytes(text)) == .unit)
        }
        try await stage.host(b, "send-on-channel", id, bytes("3"))
        #expect(try await stage.host(b, "close-channel", id) == .unit)
        try await stage.settle(a)
        try await stage.settle(b)
        #expect(
            try await stage.received(b, "handle-channel-message")
                == [[id, bytes("1")], [id, bytes("2")]])
        #expect(try await stage.received(a, "handle-channel-message") == [[id, bytes("3")]])
        #expect(try await stage.received(a, "handle-channel-close") == [[id]])
        #expect(try await stage.received(b, "handle-channel-close").isEmpty)
        for function in ["send-on-channel", "close-channel"] {
            let arguments = function == "close-channel" ? [id] : [id, bytes("x")]
            let error = try await stage.failure(a, "test:m/m.\(function)", arguments)
            #expect(error.value?.asString?.hasSuffix("[message.unknown-channel]") == true)
        }
    }

    @Test("what comes with the acceptance is the first message")
    func greeting() async throws {
        let stage = try Stage.messages()
        let a = try await Self.member(stage, "a")
        let b = try await Self.member(
            stage, "b", open: .answer(Behaviour.accept(true, "welcome")))
        let id = try await stage.host(a, "open-channel", .id(b), bytes(""))
        try await stage.settle(a)
        #expect(try await stage.received(a, "handle-channel-message") == [[id, bytes("welcome")]])
    }

    @Test("refused, failed, unheard, to oneself: each is another error, and leaves no channel")
    func refusals() async throws {
        let stage = try Stage.messages()
        let a = try await Self.member(stage, "a")
        func code(_ target: ActorID) async throws -> String {
            let text = try await stage.hostError(a, "open-channel", .id(target), bytes("x"))
            return String(text.split(separator: "[").last?.dropLast() ?? "")
        }
        let rejecting = try await Self.member(
            stage, "rejecting", open: .answer(Behaviour.accept(false)))
        #expect(try await code(rejecting) == "message.channel-rejected")
        let failing = try await Self.member(
            stage, "failing", open: .answer(Behaviour.err("no")))
        #expect(try await code(failing) == "message.error-reply")
        let odd = try await Self.member(stage, "odd", open: .answer(Behaviour.ok(.bool(true))))
        #expect(try await code(odd) == "message.wrong-reply")
        let trap = try await Self.member(stage, "trap", open: .trap)
        #expect(try await code(trap) == "message.target-crashed")
        #expect(try await code(trap) == "message.target-ended")
        #expect(try await code(a) == "message.cycle")
        // Any peer could end such an actor in the Rust system by opening a channel to it.
        let deaf = try await stage.start("deaf") { _ in }
        #expect(try await code(deaf) == "message.no-callback")
        #expect(stage.system.status(of: deaf) == .running)
        #expect(stage.system.exchange.channels.withLock { $0.table.count } == 0)
        #expect(stage.system.exchange.waitsCount == 0)
    }

    @Test("only its two participants can use or close a channel")
    func strangers() async throws {
        let stage = try Stage.messages()
        let a = try await Self.member(stage, "a")
        let b = try await Self.member(stage, "b")
        let c = try await Self.member(stage, "c")
        let id = try await stage.host(a, "open-channel", .id(b), bytes(""))
        let sending = try await stage.hostError(c, "send-on-channel", id, bytes("x"))
        let closing = try await stage.hostError(c, "close-channel", id)
        #expect(sending.hasSuffix("[message.not-participant]"))
        #expect(closing.hasSuffix("[message.not-participant]"))
        let channel = try #require(id.asString.flatMap { ChannelID($0) })
        #expect(throws: MessageError.self) { try stage.system.close(channel) }
        #expect(throws: MessageError.self) { try stage.system.send([1], on: channel) }
        #expect(try await stage.host(a, "send-on-channel", id, bytes("x")) == .unit)
        try await stage.settle(b)
        #expect(try await stage.received(b, "handle-channel-message") == [[id, bytes("x")]])
        #expect(try await stage.received(b, "handle-channel-close").isEmpty)
        for text in ["", "ch_1", "channel", "ch_00112233445566778899AABBCCDDEEFF"] {
            let error = try await stage.hostError(a, "send-on-channel", .string(text), bytes("x"))
            #expect(error.hasSuffix("[message.bad-channel-id]"), "\(text)")
        }
        let unknown = ChannelID(world: .system).description
        let error = try await stage.hostError(a, "close-channel", .string(unknown))
        #expect(error.hasSuffix("[message.unknown-channel]"))
    }

    @Test("handle-channel-open may send, ask and open channels itself")
    func openSpeaks() async throws {
        let stage = try Stage.messages()
        let other = try await stage.start("other") {
            $0.on("handle-send", .answer(Behaviour.ok()))
            $0.on("handle-request", .answer(Behaviour.reply("yes")))
            $0.on("handle-channel-open", .answer(Behaviour.accept(true)))
            $0.on("handle-channel-close", .answer(Behaviour.ok()))
        }
        let a = try await Self.member(stage, "a")
        /// The errors that an actor's host functions gave it.
        func errors(_ id: ActorID) async throws -> [String] {
            try await stage.events(of: id).compactMap { event in
                guard case .hostCall(_, _, _, let output) = event,
                    case .result(_, _, .err(.string(let text)))? = try? CGRF.decode(output)
                else { return nil }
                return text
            }
        }
        for function in ["send", "request", "open-channel"] {
            let input = Value.tuple([.id(other), bytes("x")])
            let b = try await Self.member(
                stage, "b-\(function)", open: .call(function, input, Behaviour.accept(true)))
            let id = try await stage.host(a, "open-channel", .id(b), bytes(""))
            #expect(id.asString?.hasPrefix("ch_") == true, "\(function): \(id)")
            #expect(try await errors(b) == [])
        }
        // Back to the one who waits for the channel, one way is possible, and asking is a circle.
        for (function, isRefused) in [("send", false), ("request", true)] {
            let back = try await Self.member(
                stage, "back-\(function)",
                open: .call(
                    function, .tuple([.id(a), bytes("x")]), Behaviour.accept(true)))
            #expect(
                try await stage.host(a, "open-channel", .id(back), bytes("")).asString != nil)
            let refused = try await errors(back).contains { $0.hasSuffix("[message.cycle]") }
            #expect(refused == isRefused, "\(function)")
        }
        #expect(stage.system.exchange.waitsCount == 0)
    }

    // Goal: each side's bound holds for each kind of message. Method: a may pass 4 bytes, b 3.
    @Test(
        "an offer or a message larger than either side may pass is refused, and the channel stays")
    func sizes() async throws {
        let stage = try Stage.messages()
        let a = try await Self.member(stage, "a", server: ["message_size": .integer(4)])
        let b = try await Self.member(stage, "b", server: ["message_size": .integer(3)])
        func expect(_ error: String, _ whom: String, _ size: Int) {
            #expect(error.contains("\(whom) may pass \(size)"), "\(error)")
            #expect(error.hasSuffix("[message.too-large]"), "\(error)")
        }
        let offers = [("12345", "the sender", 4), ("1234", "'b'", 3)]
        for (text, whom, size) in offers {
            expect(
                try await stage.hostError(a, "open-channel", .id(b), bytes(text)), whom, size)
        }
        #expect(stage.system.exchange.channels.withLock { $0.table.count } == 0)
        #expect(stage.system.exchange.waitsCount == 0)
        let id = try await stage.host(a, "open-channel", .id(b), bytes("123"))
        for (text, whom, size) in offers {
            expect(
                try await stage.hostError(a, "send-on-channel", id, bytes(text)), whom, size)
        }
        expect(
            try await stage.hostError(b, "send-on-channel", id, bytes("1234")), "the sender", 3)
        try await stage.host(a, "send-on-channel", id, bytes("123"))
        try await stage.host(b, "send-on-channel", id, bytes("321"))
        for actor in [a, b] { try await stage.settle(actor) }
        #expect(try await stage.received(b, "handle-channel-message") == [[id, bytes("123")]])
        #expect(try await stage.received(a, "handle-channel-message") == [[id, bytes("321")]])
        #expect(stage.system.deadLetterCounts == ["message.too-large": 5])
    }

    @Test(
        "a first message that its receiver may not be passed is a dead letter; the channel is open")
    func largeGreeting() async throws {
        let stage = try Stage.messages()
        let a = try await Self.member(stage, "a", server: ["message_size": .integer(4)])
        let b = try await Self.member(
            stage, "b", open: .answer(Behaviour.accept(true, "welcome")))
        let id = try await stage.host(a, "open-channel", .id(b), bytes(""))
        try await stage.settle(a)
        #expect(try await stage.received(a, "handle-channel-message").isEmpty)
        let letter = try #require(stage.system.deadLetters.first)
        #expect(letter.kind == "channel-message" && letter.code == "message.too-large")
        #expect(letter.sender == .actor(b) && letter.target == .actor(a) && letter.size == 7)
        try await stage.host(b, "send-on-channel", id, bytes("hi"))
        try await stage.settle(a)
        #expect(try await stage.received(a, "handle-channel-message") == [[id, bytes("hi")]])
    }

    @Test("an actor has so many channels, and no more")
    func tooMany() async throws {
        let stage = try Stage.messages()
        let a = try await Self.member(stage, "a")
        let b = try await Self.member(stage, "b")
        var last = Value.unit
        for _ in 0..<1024 { last = try await stage.host(a, "open-channel", .id(b), bytes("")) }
        let error = try await stage.hostError(a, "open-channel", .id(b), bytes(""))
        #expect(error.hasSuffix("[message.too-many-channels]"), "\(error)")
        try await stage.host(a, "close-channel", last)
        #expect(try await stage.host(a, "open-channel", .id(b), bytes("")).asString != nil)
    }

    /// How an actor ends.
    enum End: CaseIterable {
        case terminate, stop, crash
    }

    @Test(
        "when either side ends, however, the other is told", arguments: [true, false],
        End.allCases)
    func ending(endsInitiator: Bool, end: End) async throws {
        let stage = try Stage.messages()
        let a = try await Self.member(stage, "a")
        let b = try await Self.member(stage, "b")
        let (ending, left) = endsInitiator ? (a, b) : (b, a)
        let first = try await stage.host(a, "open-channel", .id(b), bytes(""))
        let second = try await stage.host(a, "open-channel", .id(b), bytes(""))
        switch end {
        case .terminate: try await stage.system.terminate(ending)
        case .stop: #expect(try await stage.system.stop(ending) == .stopped)
        case .crash:
            #expect(try await stage.failure(ending, "test:s/s.crash").code == .crashed)
            _ = try await stage.system.awaitEnd(of: ending)
        }
        try await stage.settle(left)
        let told = try await stage.received(left, "handle-channel-close").compactMap {
            $0[0].asString
        }
        #expect(Set(told) == Set([first.asString, second.asString].compactMap(\.self)))
        let error = try await stage.hostError(left, "send-on-channel", first, bytes("x"))
        #expect(error.hasSuffix("[message.unknown-channel]"))
        #expect(stage.system.exchange.channels.withLock { $0.table.count } == 0)
    }

    @Test("the notice of an end reaches a full mailbox")
    func fullMailbox() async throws {
        let stage = try Stage.messages()
        let gate = Gate.of("channel full")
        let a = try await Self.member(stage, "a")
        let b = try await stage.start(
            "b", change: { $0.manifest.limits.mailbox = 1 },
            {
                $0.on("handle-channel-open", .answer(Behaviour.accept(true)))
                $0.on("handle-channel-message", .wait("channel full", Behaviour.ok()))
                $0.on("handle-channel-close", .answer(Behaviour.ok()))
            })
        let id = try await stage.host(a, "open-channel", .id(b), bytes(""))
        try await stage.host(a, "send-on-channel", id, bytes("1"))
        await gate.arrived()
        try await stage.host(a, "send-on-channel", id, bytes("2"))
        let full = try await stage.hostError(a, "send-on-channel", id, bytes("3"))
        #expect(full.hasSuffix("[message.mailbox-full]"))
        try await stage.host(a, "close-channel", id)
        gate.open()
        while try await stage.received(b, "handle-channel-close").isEmpty { await Task.yield() }
        #expect(try await stage.received(b, "handle-channel-message").count == 2)
    }

    @Test(
        "a side without handle-channel-close is left alone, one without the other callback unharmed"
    )
    func optional() async throws {
        let stage = try Stage.messages()
        let a = try await Self.member(stage, "a")
        let b = try await stage.start("b") {
            $0.on("handle-channel-open", .answer(Behaviour.accept(true)))
        }
        let id = try await stage.host(a, "open-channel", .id(b), bytes(""))
        let error = try await stage.hostError(a, "send-on-channel", id, bytes("x"))
        #expect(error.hasSuffix("[message.no-callback]"))
        #expect(try await stage.host(a, "close-channel", id) == .unit)
        try await stage.settle(b)
        #expect(stage.system.status(of: b) == .running)
    }

    @Test("one who accepts too late is told that the channel is closed")
    func late() async throws {
        let clock = ManualClock()
        let stage = try Stage.messages(world: clock.world)
        let gate = Gate.of("channel late")
        let b = try await Self.member(
            stage, "b", open: .wait("channel late", Behaviour.accept(true)))
        let opened = Task { try await stage.system.openChannel(to: b, timeout: .seconds(1)) }
        await gate.arrived()
        clock.advance(by: .seconds(2))
        await #expect {
            try await opened.value
        } throws: {
            ($0 as? MessageError)?.code == .timeout
        }
        gate.open()
        while try await stage.received(b, "handle-channel-close").isEmpty { await Task.yield() }
        let offered = try await stage.received(b, "handle-channel-open")
        #expect(try await stage.received(b, "handle-channel-close") == [[offered[0][0]]])
        #expect(stage.system.exchange.channels.withLock { $0.table.count } == 0)
    }

    @Test("one whose initiator ends while it accepts is told that the channel is closed")
    func abandoned() async throws {
        let stage = try Stage.messages()
        let gate = Gate.of("channel abandoned")
        let a = try await Self.member(stage, "a")
        let b = try await Self.member(
            stage, "b", open: .wait("channel abandoned", Behaviour.accept(true)))
        async let killed = stage.failure(a, "test:m/m.open-channel", [.id(b), bytes("")])
        await gate.arrived()
        try await stage.system.terminate(a)
        #expect(try await killed.code == .killed)
        gate.open()
        while try await stage.received(b, "handle-channel-close").isEmpty { await Task.yield() }
        #expect(stage.system.exchange.channels.withLock { $0.table.count } == 0)
        #expect(stage.system.exchange.waitsCount == 0)
    }

    @Test("a channel cannot be used before it is accepted")
    func early() async throws {
        let stage = try Stage.messages()
        let a = try await Self.member(stage, "a")
        let b = try await stage.start("b") {
            $0.exports.append(
                (
                    MessageActor.client,
                    "handle-channel-open: func(id: string, data: list<u8>) -> value",
                    .forward(
                        "send-on-channel",
                        .record(
                            Value.Record(
                                "channel-accept",
                                [
                                    .init("accepted", .bool(true)),
                                    .init("message", .option(.list(.primitive(.u8)), nil)),
                                ])))
                ))
        }
        try await stage.host(a, "open-channel", .id(b), bytes("x"))
        let refused = try await stage.events(of: b).contains { event in
            guard case .hostCall(_, "send-on-channel", _, let output) = event,
                case .result(_, _, .err(.string(let text)))? = try? CGRF.decode(output)
            else { return false }
            return text.hasSuffix("[message.channel-not-open]")
        }
        #expect(refused)
    }
}
