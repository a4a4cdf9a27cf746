// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

@Suite("Messages: send")
struct SendTests {
    @Test("a message reaches handle-send with its body, in the order of each sender")
    func order() async throws {
        let stage = try Stage.messages()
        let receiver = try await stage.start("receiver") {
            $0.on("handle-send", .answer(Behaviour.ok()))
        }
        let sender = try await stage.start("sender") { _ in }
        for index in 0..<20 {
            let answer = try await stage.host(sender, "send", .id(receiver), bytes("\(index)"))
            #expect(answer == .unit)
        }
        try await stage.settle(receiver)
        let received = try await stage.received(receiver, "handle-send")
        #expect(received == (0..<20).map { [bytes("\($0)")] })
        #expect(stage.system.deadLetters.isEmpty)
    }

    @Test("an actor is reached by its name as well")
    func name() async throws {
        let stage = try Stage.messages()
        let receiver = try await stage.start("receiver") {
            $0.on("handle-send", .answer(Behaviour.ok()))
        }
        let sender = try await stage.start("sender") { _ in }
        try await stage.host(sender, "send", .string("receiver"), bytes("x"))
        try await stage.settle(receiver)
        #expect(try await stage.received(receiver, "handle-send").count == 1)
    }

    @Test("an actor that imports register is reached after it has called it, however often")
    func register() async throws {
        let stage = try Stage.messages()
        let receiver = try await stage.start("receiver") {
            $0.registers = true
            $0.on("handle-send", .answer(Behaviour.ok()))
        }
        let sender = try await stage.start("sender") { _ in }
        let early = try await stage.hostError(sender, "send", .id(receiver), bytes("x"))
        #expect(early.contains("has not called register"))
        #expect(early.hasSuffix("[message.not-registered]"))
        for _ in 0..<3 { #expect(try await stage.host(receiver, "register") == .unit) }
        try await stage.host(sender, "send", .id(receiver), bytes("x"))
        try await stage.settle(receiver)
        #expect(try await stage.received(receiver, "handle-send").count == 1)
    }

    @Test("who registers, registers itself alone")
    func registerEach() async throws {
        let stage = try Stage.messages()
        var receivers: [ActorID] = []
        for name in ["first", "second"] {
            receivers.append(
                try await stage.start(name) {
                    $0.registers = true
                    $0.on("handle-send", .answer(Behaviour.ok()))
                })
        }
        try await stage.host(receivers[0], "register")
        try stage.system.send([1], to: receivers[0])
        #expect {
            try stage.system.send([1], to: receivers[1])
        } throws: {
            ($0 as? MessageError)?.code == .notRegistered
        }
        try await stage.host(receivers[1], "register")
        try stage.system.send([2], to: receivers[1])
        for receiver in receivers {
            try await stage.settle(receiver)
            #expect(try await stage.received(receiver, "handle-send").count == 1)
        }
        // A new life has to say again that it is ready.
        try await stage.system.restart(receivers[0])
        #expect {
            try stage.system.send([1], to: receivers[0])
        } throws: {
            ($0 as? MessageError)?.code == .notRegistered
        }
    }

    @Test("unknown, over, not granted, without callback: each is another error, and a dead letter")
    func unreachable() async throws {
        let stage = try Stage.messages()
        let sender = try await stage.start("sender") { _ in }
        func code(_ address: Value) async throws -> String {
            let text = try await stage.hostError(sender, "send", address, bytes("x"))
            return String(text.split(separator: "[").last?.dropLast() ?? "")
        }
        #expect(try await code(.string("nobody")) == "message.unknown-target")
        #expect(
            try await code(.string("00000000-0000-4000-8000-000000000000"))
                == "message.unknown-target")
        let over = try await stage.start("over") { $0.on("handle-send", .answer(Behaviour.ok())) }
        try await stage.system.terminate(over)
        #expect(try await code(.id(over)) == "message.target-ended")
        let mute = try await stage.start("mute") { $0.messages = false }
        #expect(try await code(.id(mute)) == "message.not-registered")
        let deaf = try await stage.start("deaf") { _ in }
        #expect(try await code(.id(deaf)) == "message.no-callback")
        #expect(stage.system.status(of: deaf) == .running)
        let odd = try await stage.start("odd") {
            $0.exports.append(
                (
                    MessageActor.client, "handle-send: func(state: value, data: u32) -> value",
                    .answer(Behaviour.ok())
                ))
        }
        #expect(try await code(.id(odd)) == "message.bad-callback")
        #expect(stage.system.status(of: odd) == .running)
        let letters = stage.system.deadLetters
        #expect(
            letters.map(\.code) == [
                "message.unknown-target", "message.target-ended", "message.not-registered",
                "message.no-callback", "message.bad-callback",
            ])
        #expect(letters.allSatisfy { $0.sender == .actor(sender) && $0.kind == "send" })
        #expect(stage.system.deadLetterCounts["message.no-callback"] == 1)
    }

    // Goal: everything works from `init` on. Method: an actor whose init registers is asked before any
    // other of its functions runs; another asks it in its own init.
    @Test("an actor registers, sends and asks in its init")
    func inInit() async throws {
        let stage = try Stage.messages()
        func initialize(_ function: String, _ input: Value) -> (String, String, Behaviour) {
            (
                "theater:simple/actor", "init: func(state: value) -> value",
                .call(function, input, Behaviour.ok())
            )
        }
        let receiver = try await stage.start("receiver") {
            $0.registers = true
            $0.exports.append(initialize("register", .tuple([])))
            $0.on("handle-send", .answer(Behaviour.ok()))
            $0.on("handle-request", .answer(Behaviour.reply("yes")))
        }
        for (name, function) in [("sender", "send"), ("requester", "request")] {
            let id = try await stage.start(name) {
                $0.exports.append(
                    initialize(function, .tuple([.id(receiver), bytes("early")])))
            }
            let answers = try await stage.events(of: id).compactMap { event -> Value? in
                guard case .hostCall(_, function, _, let output) = event else { return nil }
                return try CGRF.decode(output)
            }
            guard case .result(_, _, .ok)? = answers.first else {
                Issue.record("\(function): \(answers)")
                continue
            }
        }
        try await stage.settle(receiver)
        #expect(try await stage.received(receiver, "handle-send").count == 1)
        #expect(try await stage.received(receiver, "handle-request").count == 1)
    }

    @Test("a message larger than its sender or its receiver may pass is refused")
    func size() async throws {
        let stage = try Stage.messages()
        let receiver = try await stage.start("receiver", server: ["message_size": .integer(3)]) {
            $0.on("handle-send", .answer(Behaviour.ok()))
        }
        let sender = try await stage.start("sender", server: ["message_size": .integer(4)]) { _ in }
        try await stage.host(sender, "send", .id(receiver), bytes("123"))
        let taken = try await stage.hostError(sender, "send", .id(receiver), bytes("1234"))
        #expect(taken.contains("'receiver' may pass 3"))
        let sent = try await stage.hostError(sender, "send", .id(receiver), bytes("12345"))
        #expect(sent.contains("the sender may pass 4") && sent.hasSuffix("[message.too-large]"))
        #expect(throws: MessageError.self) { try stage.system.send([1, 2, 3, 4], to: receiver) }
        try await stage.settle(receiver)
        #expect(try await stage.received(receiver, "handle-send").count == 1)
    }

    @Test("a grant with targets reaches those alone; a denial is recorded")
    func targets() async throws {
        let stage = try Stage.messages()
        for name in ["worker-1", "boss"] {
            _ = try await stage.start(name) { $0.on("handle-send", .answer(Behaviour.ok())) }
        }
        let sender = try await stage.start(
            "sender", server: ["targets": .array([.string("worker-*")])]
        ) { _ in }
        try await stage.host(sender, "send", .string("worker-1"), bytes("x"))
        for function in ["send", "request", "open-channel"] {
            let error = try await stage.hostError(sender, function, .string("boss"), bytes("x"))
            #expect(error.contains("'sender' may not reach 'boss'; its grant covers worker-*"))
            #expect(error.hasSuffix("[message.denied]"))
        }
        let denials = try await stage.events(of: sender).filter {
            if case .denied = $0 { true } else { false }
        }
        #expect(denials.count == 3)
    }

    @Test("bad keys of the grant are refused at their place")
    func grant() async throws {
        let stage = try Stage.messages()
        let keys: [(String, ManifestValue)] = [
            ("request_timeout", .string("0ms")), ("message_size", .string("1GiB")),
            ("outstanding_requests", .integer(0)), ("targets", .array([.string("a*b")])),
            ("target", .string("a")),
        ]
        for (key, value) in keys {
            await #expect(throws: ActorError.self, "\(key)") {
                try await stage.start("sender", server: [key: value]) { _ in }
            }
        }
        #expect(stage.system.actors().isEmpty)
    }

    // Goal: the sender is told to those who declare that they want it, and to nobody else.
    @Test(
        "the sender's identity reaches a callback that declares one more parameter",
        arguments: ["string", "option<string>"])
    func sender(type: String) async throws {
        let stage = try Stage.messages()
        let receiver = try await stage.start("receiver") {
            $0.exports.append(
                (
                    MessageActor.client,
                    "handle-send: func(state: value, data: list<u8>, sender: \(type)) -> value",
                    .answer(Behaviour.ok())
                ))
        }
        let sender = try await stage.start("sender") { _ in }
        try await stage.host(sender, "send", .id(receiver), bytes("x"))
        try stage.system.send([1], to: receiver)
        try await stage.settle(receiver)
        let senders = try await stage.received(receiver, "handle-send").map { $0[1] }
        if type == "string" {
            #expect(senders == [.id(sender), .string("external")])
        } else {
            #expect(senders == [.option(.string, .id(sender)), .option(.string, nil)])
        }
    }

    @Test(
        "callbacks in the tuple style of the Rust system's interface files are called in that style"
    )
    func tuples() async throws {
        let stage = try Stage.messages()
        let receiver = try await stage.start("receiver") {
            $0.exports.append(
                (
                    MessageActor.client,
                    "handle-send: func(state: option<list<u8>>, params: tuple<list<u8>>) -> value",
                    .answer(Behaviour.ok())
                ))
            $0.exports.append(
                (
                    MessageActor.client,
                    """
                    handle-request: func(state: option<list<u8>>, params: tuple<string, list<u8>>)
                        -> value
                    """,
                    .answer(Behaviour.ok(.tuple([.option(.list(.primitive(.u8)), bytes("yes"))])))
                ))
        }
        try stage.system.send([1], to: receiver)
        #expect(try await stage.system.request([2], to: receiver) == Array("yes".utf8))
        #expect(
            try await stage.received(receiver, "handle-send") == [[.tuple([.bytes([1])])]])
    }

    @Test("a callback's error ends the receiver as its manifest says, and is nothing to the sender")
    func errors() async throws {
        let stage = try Stage.messages()
        let failing = try await stage.start("failing") {
            $0.on("handle-send", .answer(Behaviour.err("no")))
        }
        let lasting = try await stage.start(
            "lasting", change: { $0.manifest.onError = .continue },
            { $0.on("handle-send", .answer(Behaviour.err("no"))) })
        let sender = try await stage.start("sender") { _ in }
        for receiver in [failing, lasting] {
            #expect(try await stage.host(sender, "send", .id(receiver), bytes("x")) == .unit)
        }
        guard case .failed = try await stage.system.awaitEnd(of: failing) else {
            Issue.record("an error from a callback ends the actor")
            return
        }
        try await stage.settle(lasting)
        #expect(stage.system.status(of: lasting) == .running)
    }

    @Test("an actor can send to itself, also while it handles a message")
    func itself() async throws {
        let stage = try Stage.messages()
        let actor = try await stage.start("self") {
            $0.exports.append(
                (
                    "test:s/s", "go: func(x: u8) -> value",
                    .call("send", .tuple([.string("self"), bytes("x")]), .unit)
                ))
            $0.on("handle-send", .answer(Behaviour.ok()))
        }
        try await stage.system.call(actor, "test:s/s.go", [.u8(1)])
        try await stage.settle(actor)
        #expect(try await stage.received(actor, "handle-send") == [[bytes("x")]])
    }
}
