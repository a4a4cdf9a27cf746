// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Requests that end without an answer.
extension RequestTests {
    @Test("a cancelled request ends in an error of its own")
    func cancel() async throws {
        let stage = try Stage.messages()
        let receiver = try await stage.start("receiver") {
            $0.on("handle-request", .answer(Behaviour.reply(nil)))
        }
        let requester = try await stage.start("requester") { _ in }
        async let error = stage.hostError(requester, "request", .id(receiver), bytes("?"))
        let id = try await stage.outstanding(receiver)
        #expect(try await stage.host(receiver, "cancel-request", id) == .unit)
        #expect(try await error.hasSuffix("[message.cancelled]"))
        let again = try await stage.hostError(receiver, "cancel-request", id)
        #expect(again.hasSuffix("[message.unknown-request]"))
    }

    @Test("a request that is not answered in time ends, and the receiver learns that nobody waits")
    func timeout() async throws {
        let clock = ManualClock()
        let stage = try Stage.messages(world: clock.world)
        let receiver = try await stage.start("receiver") {
            $0.on("handle-request", .answer(Behaviour.reply(nil)))
        }
        let requester = try await stage.start(
            "requester", server: ["request_timeout": .string("5s")]
        ) { _ in }
        async let error = stage.hostError(requester, "request", .id(receiver), bytes("?"))
        let id = try await stage.outstanding(receiver)
        clock.advance(by: .seconds(6))
        #expect(try await error.hasSuffix("[message.timeout]"))
        // The one who asked goes on before the receiver's table is told.
        while try await stage.host(receiver, "list-outstanding-requests").asItems != [] {
            await Task.yield()
        }
        let late = try await stage.hostError(receiver, "respond-to-request", id, bytes("x"))
        #expect(late.hasSuffix("[message.requester-gone]"))
        #expect(stage.system.exchange.waitsCount == 0)
        #expect(stage.system.status(of: requester) == .running)
    }

    // Goal: one who asks with a short time cannot harm the one who is asked. Method: the receiver is
    // in a callback when the time is over, and another request waits.
    @Test("a receiver that is late goes on unharmed, and what had not begun is not begun")
    func lateness() async throws {
        let clock = ManualClock()
        let stage = try Stage.messages(world: clock.world)
        let gate = Gate.of("request late")
        let receiver = try await stage.start("receiver") {
            $0.on("handle-request", .wait("request late", Behaviour.reply("yes")))
        }
        func ask() async {
            await #expect {
                try await stage.system.request([1], to: receiver, timeout: .seconds(1))
            } throws: {
                ($0 as? MessageError)?.code == .timeout
            }
        }
        async let first: Void = ask()
        await gate.arrived()
        async let second: Void = ask()
        try await stage.waiting(1, for: receiver)
        clock.advance(by: .seconds(2))
        _ = await (first, second)
        gate.open()
        try await stage.settle(receiver)
        #expect(stage.system.status(of: receiver) == .running)
        #expect(try await stage.received(receiver, "handle-request").count == 1)
    }

    @Test("a request ends before the requester's own call must")
    func callLimit() async throws {
        let clock = ManualClock()
        let stage = try Stage.messages(world: clock.world)
        let receiver = try await stage.start("receiver") {
            $0.on("handle-request", .answer(Behaviour.reply(nil)))
        }
        let requester = try await stage.start(
            "requester", change: { $0.manifest.limits.callTimeout = .seconds(10) }
        ) { _ in }
        async let error = stage.hostError(requester, "request", .id(receiver), bytes("?"))
        _ = try await stage.outstanding(receiver)
        clock.advance(by: .milliseconds(9500))
        #expect(try await error.hasSuffix("[message.timeout]"))
        #expect(stage.system.status(of: requester) == .running)
    }

    @Test("when the receiver ends, whoever waits for it learns it at once")
    func receiverEnds() async throws {
        let stage = try Stage.messages()
        let gate = Gate.of("request ends")
        let receiver = try await stage.start("receiver") {
            $0.on("handle-request", .answer(Behaviour.reply(nil)))
            $0.on("handle-send", .wait("request ends", Behaviour.ok()))
        }
        let requester = try await stage.start("requester") { _ in }
        async let deferred = stage.hostError(requester, "request", .id(receiver), bytes("?"))
        _ = try await stage.outstanding(receiver)
        try stage.system.send([1], to: receiver)
        await gate.arrived()
        let queued = Task { try await stage.system.request([1], to: receiver) }
        try await stage.waiting(1, for: receiver)
        try await stage.system.terminate(receiver)
        #expect(try await deferred.hasSuffix("[message.target-ended]"))
        await #expect {
            try await queued.value
        } throws: {
            ($0 as? MessageError)?.code == .targetEnded
        }
        #expect(stage.system.exchange.waitsCount == 0)
    }

    @Test("when the requester ends, its requests are no longer outstanding")
    func requesterEnds() async throws {
        let stage = try Stage.messages()
        let receiver = try await stage.start("receiver") {
            $0.on("handle-request", .answer(Behaviour.reply(nil)))
        }
        let requester = try await stage.start("requester") { _ in }
        async let killed = stage.failure(
            requester, "test:m/m.request", [.id(receiver), bytes("?")])
        let id = try await stage.outstanding(receiver)
        try await stage.system.terminate(requester)
        #expect(try await killed.code == .killed)
        #expect(try await stage.host(receiver, "list-outstanding-requests").asItems == [])
        let error = try await stage.hostError(receiver, "respond-to-request", id, bytes("x"))
        #expect(error.hasSuffix("[message.requester-gone]"))
        #expect(stage.system.exchange.waitsCount == 0)
    }

    @Test("from outside: giving up ends the wait and leaves the receiver as it was")
    func givenUp() async throws {
        let stage = try Stage.messages()
        let receiver = try await stage.start("receiver") {
            $0.on("handle-request", .answer(Behaviour.reply(nil)))
        }
        let task = Task { try await stage.system.request([1], to: receiver) }
        let id = try await stage.outstanding(receiver)
        task.cancel()
        await #expect {
            try await task.value
        } throws: {
            ($0 as? MessageError)?.code == .givenUp
        }
        let error = try await stage.hostError(receiver, "respond-to-request", id, bytes("x"))
        #expect(error.hasSuffix("[message.requester-gone]"))
    }
}
