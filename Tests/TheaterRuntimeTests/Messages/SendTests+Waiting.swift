// SPDX-License-Identifier: Apache-2.0

import MetricsTestKit
import Testing
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Messages that wait for their turn, or find no place to.
extension SendTests {
    @Test("a full mailbox refuses the newest, with an error of its own, and loses nothing silently")
    func full() async throws {
        let stage = try Stage.messages()
        let gate = Gate.of("send full")
        let receiver = try await stage.start(
            "receiver", change: { $0.manifest.limits.mailbox = 2 },
            { $0.on("handle-send", .wait("send full", Behaviour.ok())) })
        let sender = try await stage.start("sender") { _ in }
        try await stage.host(sender, "send", .id(receiver), bytes("1"))
        await gate.arrived()
        for text in ["2", "3"] {
            try await stage.host(sender, "send", .id(receiver), bytes(text))
        }
        let error = try await stage.hostError(sender, "send", .id(receiver), bytes("4"))
        #expect(error.hasSuffix("[message.mailbox-full]"))
        gate.open()
        while try await stage.received(receiver, "handle-send").count < 3 { await Task.yield() }
        try await stage.settle(receiver)
        let received = try await stage.received(receiver, "handle-send")
        #expect(received == ["1", "2", "3"].map { [bytes($0)] })
        #expect(stage.system.deadLetterCounts == ["message.mailbox-full": 1])
    }

    // Goal: with `drop-oldest` the newest one-way messages get through, and nothing else gives way for them.
    // Method: a held receiver; sends around a request and a call.
    @Test("with mailbox_policy = drop-oldest the oldest message makes room, as a dead letter")
    func dropOldest() async throws {
        let sink = TestMetrics()
        let stage = try Stage(
            handlers: [GateHandler.self, MessageServerHandler.self],
            observability: .init(interval: nil, metrics: sink))
        let gate = Gate.of("send drop")
        let receiver = try await stage.start(
            "receiver",
            change: {
                $0.manifest.limits.mailbox = 3
                $0.manifest.limits.mailboxPolicy = .dropOldest
            },
            {
                $0.on("handle-send", .wait("send drop", Behaviour.ok()))
                $0.on("handle-request", .answer(Behaviour.reply("yes")))
            })
        let sender = try await stage.start("sender") { _ in }
        try await stage.host(sender, "send", .id(receiver), bytes("1"))
        await gate.arrived()
        let system = stage.system
        async let answer = system.request([9], to: receiver)
        try await stage.waiting(1, for: receiver)
        for text in ["2", "3", "4", "5"] {
            try await stage.host(sender, "send", .id(receiver), bytes(text))
        }
        try await stage.waiting(3, for: receiver)
        // What may not be dropped makes room for itself, until nothing is left that may.
        async let second = system.request([9], to: receiver)
        while stage.system.deadLetterCounts["message.dropped"] != 3 { await Task.yield() }
        let call = Work { () async throws(ActorError) in
            Gate.of("open gate").open()
            _ = try await system.call(receiver, "test:m/m.wait", [.string("open gate")])
        }
        while stage.system.deadLetterCounts["message.dropped"] != 4 { await Task.yield() }
        let error = try await stage.hostError(sender, "send", .id(receiver), bytes("6"))
        #expect(error.hasSuffix("[message.mailbox-full]"))
        await #expect(throws: MessageError.self) { try await system.request([9], to: receiver) }
        gate.open()
        #expect(try await answer == Array("yes".utf8))
        #expect(try await second == Array("yes".utf8))
        #expect(await call.error == nil)
        #expect(try await stage.received(receiver, "handle-send") == [[bytes("1")]])
        let dropped = system.deadLetters.filter { $0.code == "message.dropped" }
        #expect(dropped.count == 4)
        #expect(dropped.allSatisfy { $0.kind == "send" && $0.sender == .actor(sender) })
        #expect(system.deadLetterCounts["message.mailbox-full"] == 2)
        // They are counted, and logged under the receiver's name.
        #expect(
            sink.counterTotal(
                label: "theater.dead_letters", dimensions: [("code", "message.dropped")]) == 4)
        #expect(
            sink.counterTotal(
                label: "theater.dead_letters", dimensions: [("code", "message.mailbox-full")]) == 2)
        let lines = stage.log.lines.filter { $0 == "[receiver] a message became a dead letter" }
        #expect(lines.count == 6)
    }

    @Test("with drop-oldest the newest messages are those that arrive, in order")
    func newest() async throws {
        let stage = try Stage.messages()
        let gate = Gate.of("send newest")
        let receiver = try await stage.start(
            "receiver",
            change: {
                $0.manifest.limits.mailbox = 3
                $0.manifest.limits.mailboxPolicy = .dropOldest
            }, { $0.on("handle-send", .wait("send newest", Behaviour.ok())) })
        try stage.system.send([0], to: receiver)
        await gate.arrived()
        for number in UInt8(1)...200 { try stage.system.send([number], to: receiver) }
        gate.open()
        while try await stage.received(receiver, "handle-send").count < 4 { await Task.yield() }
        try await stage.settle(receiver)
        #expect(
            try await stage.received(receiver, "handle-send")
                == [0, 198, 199, 200].map { [.bytes([$0])] })
        #expect(stage.system.deadLetterCounts == ["message.dropped": 197])
    }

    @Test("a receiver that is stopped in order still gets what waits for it")
    func drained() async throws {
        let stage = try Stage.messages()
        let gate = Gate.of("send drained")
        let receiver = try await stage.start("receiver") {
            $0.on("handle-send", .wait("send drained", Behaviour.ok()))
        }
        for text in ["a", "b", "c"] { try stage.system.send(Array(text.utf8), to: receiver) }
        await gate.arrived()
        let system = stage.system
        let stop = Work { () async throws(ActorError) in
            try await system.stop(receiver, grace: .seconds(3600))
        }
        while system.status(of: receiver) != .stopping {
            try #require(!stop.isOver && !Task.isCancelled)
            await Task.yield()
        }
        gate.open()
        #expect(await stop.error == nil)
        let received = try await stage.received(receiver, "handle-send")
        #expect(received == ["a", "b", "c"].map { [bytes($0)] })
        #expect(stage.system.deadLetters.isEmpty)
    }

    @Test("what waits when its receiver ends becomes a dead letter")
    func left() async throws {
        let stage = try Stage.messages()
        let gate = Gate.of("send left")
        let receiver = try await stage.start("receiver") {
            $0.on("handle-send", .wait("send left", Behaviour.ok()))
        }
        for text in ["a", "bb", "ccc"] {
            try stage.system.send(Array(text.utf8), to: receiver)
        }
        await gate.arrived()
        try await stage.system.terminate(receiver)
        let letters = stage.system.deadLetters
        #expect(letters.map(\.size) == [2, 3])
        #expect(letters.allSatisfy { $0.code == "message.target-ended" })
        #expect(letters.allSatisfy { $0.target == .actor(receiver) && $0.sender == .external })
    }

    // Goal: a message's time counts from its turn. Method: two callbacks that each take nearly as long as
    // a call may, on a clock that the test moves.
    @Test("a message may wait for its turn longer than a call may take")
    func patience() async throws {
        let clock = ManualClock()
        let stage = try Stage.messages(world: clock.world)
        let (first, second) = (Gate.of("send patience 1"), Gate.of("send patience 2"))
        let receiver = try await stage.start(
            "receiver", change: { $0.manifest.limits.callTimeout = .seconds(10) },
            {
                $0.on("handle-send", .wait("send patience 1", Behaviour.ok()))
                $0.on("handle-request", .wait("send patience 2", Behaviour.reply("yes")))
            })
        try stage.system.send([1], to: receiver)
        await first.arrived()
        async let answer = stage.system.request([2], to: receiver)
        try await stage.waiting(1, for: receiver)
        try stage.system.send([3], to: receiver)
        clock.advance(by: .seconds(9))
        first.open()
        await second.arrived()
        clock.advance(by: .seconds(9))
        second.open()
        #expect(try await answer == Array("yes".utf8))
        try await stage.settle(receiver)
        #expect(stage.system.status(of: receiver) == .running)
        #expect(try await stage.received(receiver, "handle-send").count == 2)
    }
}
