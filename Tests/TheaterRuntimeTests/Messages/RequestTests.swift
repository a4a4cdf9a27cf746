// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

@Suite("Messages: request")
struct RequestTests {
    @Test("an answer, an empty answer and every way to have none are different things")
    func outcomes() async throws {
        let stage = try Stage.messages()
        let requester = try await stage.start("requester") { _ in }
        func receiver(_ name: String, _ behaviour: Behaviour) async throws -> Value {
            .id(try await stage.start(name) { $0.on("handle-request", behaviour) })
        }
        func code(_ receiver: Value) async throws -> String {
            let text = try await stage.hostError(requester, "request", receiver, bytes("?"))
            return String(text.split(separator: "[").last?.dropLast() ?? "")
        }
        let full = try await receiver("full", .answer(Behaviour.reply("yes")))
        #expect(try await stage.host(requester, "request", full, bytes("?")) == bytes("yes"))
        let empty = try await receiver("empty", .answer(Behaviour.reply("")))
        #expect(try await stage.host(requester, "request", empty, bytes("?")) == bytes(""))
        let failing = try await receiver("failing", .answer(Behaviour.err("not today")))
        let error = try await stage.hostError(requester, "request", failing, bytes("?"))
        #expect(error.contains("not today") && error.hasSuffix("[message.error-reply]"))
        #expect(try await code(try await receiver("trap", .trap)) == "message.target-crashed")
        #expect(try await code(failing) == "message.target-ended", "its error ended it")
        #expect(try await code(.string("nobody")) == "message.unknown-target")
        let wrong = try await receiver("wrong", .answer(Behaviour.ok(.u32(1))))
        #expect(try await code(wrong) == "message.wrong-reply")
        let deaf = try await stage.start("deaf") { _ in }
        #expect(try await code(.id(deaf)) == "message.no-callback")
        #expect(stage.system.status(of: deaf) == .running)
    }

    @Test("the request's identity, the body and the sender reach handle-request")
    func arguments() async throws {
        let stage = try Stage.messages()
        let receiver = try await stage.start("receiver") {
            $0.exports.append(
                (
                    MessageActor.client,
                    """
                    handle-request: func(state: value, id: string, data: list<u8>, sender: string)
                        -> value
                    """,
                    .answer(Behaviour.reply("yes"))
                ))
        }
        let requester = try await stage.start("requester") { _ in }
        for _ in 0..<2 { try await stage.host(requester, "request", .id(receiver), bytes("?")) }
        let received = try await stage.received(receiver, "handle-request")
        #expect(received.map { $0[1] } == [bytes("?"), bytes("?")])
        #expect(received.map { $0[2] } == [.id(requester), .id(requester)])
        #expect(received[0][0] != received[1][0], "each request has an identity of its own")
        let outcome = try await stage.events(of: requester).contains {
            if case .hostCall(let interface, "request", _, _) = $0 {
                interface == "theater:simple/message-server-host"
            } else {
                false
            }
        }
        #expect(outcome, "the answer is in the requester's chain")
    }

    @Test("a deferred request is listed, and answered when the receiver likes")
    func deferred() async throws {
        let stage = try Stage.messages()
        let receiver = try await stage.start("receiver") {
            $0.on("handle-request", .answer(Behaviour.reply(nil)))
        }
        let requester = try await stage.start("requester") { _ in }
        async let answer = stage.host(requester, "request", .id(receiver), bytes("?"))
        var ids: [Value] = []
        while ids.isEmpty {
            // The call of an idle actor does not suspend, and the request needs a thread.
            await Task.yield()
            ids = try await stage.host(receiver, "list-outstanding-requests").asItems ?? []
        }
        #expect(ids.count == 1)
        #expect(
            try await stage.host(receiver, "respond-to-request", ids[0], bytes("late")) == .unit)
        #expect(try await answer == bytes("late"))
        #expect(try await stage.host(receiver, "list-outstanding-requests").asItems == [])
        let again = try await stage.hostError(receiver, "respond-to-request", ids[0], bytes("x"))
        #expect(again.hasSuffix("[message.unknown-request]"))
        let rubbish = try await stage.hostError(
            receiver, "respond-to-request", .string("r\u{1b}[31m"), bytes("x"))
        #expect(rubbish.hasSuffix("[message.unknown-request]") && !rubbish.contains("\u{1b}"))
    }

    @Test("an answer that is too large is refused, and the request can still be answered")
    func largeResponse() async throws {
        let stage = try Stage.messages()
        let receiver = try await stage.start("receiver", server: ["message_size": .integer(3)]) {
            $0.on("handle-request", .answer(Behaviour.reply(nil)))
        }
        let requester = try await stage.start("requester") { _ in }
        async let answer = stage.host(requester, "request", .id(receiver), bytes("?"))
        var ids: [Value] = []
        while ids.isEmpty {
            // The call of an idle actor does not suspend, and the request needs a thread.
            await Task.yield()
            ids = try await stage.host(receiver, "list-outstanding-requests").asItems ?? []
        }
        let error = try await stage.hostError(
            receiver, "respond-to-request", ids[0], bytes("long"))
        #expect(error.contains("'receiver' may pass 3"))
        #expect(error.hasSuffix("[message.too-large]"))
        #expect(try await stage.host(receiver, "list-outstanding-requests").asItems == ids)
        try await stage.host(receiver, "respond-to-request", ids[0], bytes("yes"))
        #expect(try await answer == bytes("yes"))
        #expect(try await stage.host(receiver, "list-outstanding-requests").asItems == [])
    }

    @Test("a request may be answered within its own callback")
    func within() async throws {
        let stage = try Stage.messages()
        let receiver = try await stage.start("receiver") {
            $0.exports.append(
                (
                    MessageActor.client,
                    "handle-request: func(id: string, data: list<u8>) -> value",
                    .forward("respond-to-request", .option(.list(.primitive(.u8)), nil))
                ))
        }
        #expect(try await stage.system.request([1, 2], to: receiver) == [1, 2])
        #expect(
            try await stage.host(receiver, "list-outstanding-requests").asItems == [])
    }

    @Test("a request to itself is refused, and the error names the circle")
    func selfCycle() async throws {
        let stage = try Stage.messages()
        let actor = try await stage.start("a") {
            $0.on("handle-request", .answer(Behaviour.reply("yes")))
        }
        let error = try await stage.hostError(actor, "request", .id(actor), bytes("?"))
        #expect(error.contains("'a' (\(actor)) -> 'a' (\(actor))"))
        #expect(error.hasSuffix("[message.cycle]"))
        #expect(stage.system.exchange.waitsCount == 0)
    }

    // Goal: a circle through requests and calls is found. Method: a asks b, b calls c, c asks a.
    @Test("a circle through others is refused, whether they ask or call")
    func longCycle() async throws {
        let stage = try Stage.messages()
        let b = try await stage.start("b") {
            $0.rpc = true
            let input = Value.tuple([
                .string("c"), .string("test:svc/svc.go"), .tuple([]), .option(.string, nil),
            ])
            $0.on("handle-request", .call("call", input, Behaviour.reply("b done")))
        }
        let c = try await stage.start(
            "c", change: { $0.manifest.rpc = ["test:svc/svc"] },
            {
                $0.exports.append(
                    (
                        "test:svc/svc", "go: func() -> value",
                        .call("request", .tuple([.string("a"), bytes("?")]), .u8(1))
                    ))
            })
        let a = try await stage.start("a") {
            $0.on("handle-request", .answer(Behaviour.reply("never")))
        }
        #expect(try await stage.host(a, "request", .string("b"), bytes("?")) == bytes("b done"))
        let refused = try await stage.events(of: c).compactMap { event -> String? in
            guard case .hostCall(_, "request", _, let output) = event,
                case .result(_, _, .err(let error))? = try? CGRF.decode(output)
            else { return nil }
            return error.asString
        }
        #expect(refused.count == 1)
        #expect(
            refused.first?.contains(
                "'c' (\(c)) -> 'a' (\(a)) -> 'b' (\(b)) -> 'c' (\(c))") == true, "\(refused)")
        #expect(stage.system.exchange.waitsCount == 0)
    }

    @Test("a receiver has so many unanswered requests, and no more")
    func outstandingBound() async throws {
        let stage = try Stage.messages()
        let receiver = try await stage.start(
            "receiver", server: ["outstanding_requests": .integer(1)]
        ) { $0.on("handle-request", .answer(Behaviour.reply(nil))) }
        let first = Task { try await stage.system.request([1], to: receiver) }
        let id = try await stage.outstanding(receiver)
        await #expect {
            try await stage.system.request([2], to: receiver)
        } throws: {
            ($0 as? MessageError)?.code == .tooManyRequests
        }
        let requester = try await stage.start("requester") { _ in }
        let refused = try await stage.hostError(requester, "request", .id(receiver), bytes("?"))
        #expect(refused.hasSuffix("[message.too-many-requests]"))
        try await stage.host(receiver, "cancel-request", id)
        _ = try? await first.value
        let second = Task { try await stage.system.request([2], to: receiver) }
        try await stage.host(
            receiver, "respond-to-request", try await stage.outstanding(receiver), bytes("x"))
        #expect(try await second.value == Array("x".utf8))
    }

    @Test("one actor that does not answer delays nobody who does not wait for it")
    func slow() async throws {
        let stage = try Stage.messages()
        let gate = Gate.of("request slow")
        let slow = try await stage.start("slow") {
            $0.on("handle-request", .wait("request slow", Behaviour.reply("slow")))
            $0.on("handle-channel-open", .wait("request slow", Behaviour.accept(true)))
        }
        let quick = try await stage.start("quick") {
            $0.on("handle-request", .answer(Behaviour.reply("quick")))
        }
        let opener = try await stage.start("opener") { _ in }
        async let opened = stage.host(opener, "open-channel", .id(slow), bytes(""))
        await gate.arrived()
        async let asked = stage.system.request([1], to: slow)
        for _ in 0..<10 {
            #expect(try await stage.system.request([1], to: quick) == Array("quick".utf8))
        }
        gate.open()
        #expect(try await opened.asString?.hasPrefix("ch_") == true)
        #expect(try await asked == Array("slow".utf8))
    }

    @Test("too large an answer is an error of its own")
    func answerSize() async throws {
        let stage = try Stage.messages()
        let receiver = try await stage.start("receiver", server: ["message_size": .integer(3)]) {
            $0.on("handle-request", .answer(Behaviour.reply("1234")))
        }
        await #expect {
            try await stage.system.request([1], to: receiver)
        } throws: {
            ($0 as? MessageError)?.code == .tooLarge
        }
        let other = try await stage.start("other") {
            $0.on("handle-request", .answer(Behaviour.reply("1234")))
        }
        let requester = try await stage.start("requester", server: ["message_size": .integer(3)]) {
            _ in
        }
        let error = try await stage.hostError(requester, "request", .id(other), bytes("?"))
        #expect(error.hasSuffix("[message.too-large]"))
    }
}

extension Stage {
    /// The one request that an actor has deferred, as soon as there is one.
    func outstanding(_ receiver: ActorID) async throws -> Value {
        while true {
            let ids = try await host(receiver, "list-outstanding-requests").asItems ?? []
            if let first = ids.first { return first }
            await Task.yield()
        }
    }
}
