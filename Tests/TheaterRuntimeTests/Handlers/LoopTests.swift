// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

@Suite("The handler loop", .timeLimit(.minutes(1)))
struct LoopTests {
    private let clock = ManualClock()
    private static let turn = SmallHandler.turn

    private static func again(_ bytes: UInt8...) -> Value { Behaviour.ok(.bytes(bytes)) }

    private func looper(
        _ stage: Stage, _ keys: [String: ManifestValue] = [:],
        turn: Behaviour? = .answer(again(2)), change: (inout SpawnRequest) -> Void = { _ in },
        make: (inout MessageActor) -> Void = { _ in }
    ) async throws -> ActorID {
        try await stage.small("loop", SmallHandler.loop, keys, change: change) { actor in
            if let turn { actor.onTurn(turn) }
            make(&actor)
        }
    }

    /// Waits until the loop has ended by itself, which is when another can be started; that one gets `[9]`.
    /// A loop that goes on instead goes to sleep.
    private func over(_ stage: Stage, _ id: ActorID) async throws {
        while (try? await stage.host(id, "start-loop", .bytes([9]))) == nil {
            try await Stage.pause()
            try #require(clock.sleepCount(of: .milliseconds(1)) == 0, "it goes on")
        }
        try await stage.wait(for: 2, of: Self.turn, id)
        #expect(clock.sleepCount(of: .milliseconds(1)) == 0)
    }

    @Test("its interface has the hash that actors were built against")
    func hash() {
        #expect(
            LoopHandler.interfaces.map { "\($0.pact.hash(rules: .host))" }
                == ["d65c22ebe2f227fb3f1cec5d5e00c8499a98cf5cbd643e4e735cedb6a96fe7f3"])
    }

    @Test("each turn gets the bytes that the one before answered, at the pace of the grant")
    func turns() async throws {
        let stage = try Stage.small(clock)
        let id = try await looper(stage, ["min_interval_ms": .integer(40)])
        try await stage.host(id, "start-loop", .bytes([1]))
        try await clock.sleeps(1, of: 40)
        #expect(try await stage.calls(id, of: Self.turn) == [.bytes([1])])
        clock.advance(by: .milliseconds(39))
        try await stage.settle(id)
        #expect(try await stage.calls(id, of: Self.turn).count == 1)
        clock.advance(by: .milliseconds(1))
        try await clock.sleeps(2, of: 40)
        clock.advance(by: .milliseconds(40))
        try await clock.sleeps(3, of: 40)
        #expect(
            try await stage.calls(id, of: Self.turn) == [.bytes([1]), .bytes([2]), .bytes([2])])
        await stage.system.shutDown()
    }

    @Test("it is started once, and stopped once")
    func states() async throws {
        let stage = try Stage.small(clock)
        let id = try await looper(stage)
        func error(_ function: String, _ arguments: Value...) async throws -> String {
            let error = try await stage.failure(id, "test:m/m.\(function)", arguments)
            return try #require(error.value?.asString)
        }
        #expect(try await error("stop-loop").hasSuffix("[loop.not-running]"))
        try await stage.host(id, "start-loop", .bytes([1]))
        #expect(
            try await error("start-loop", .bytes([1])).hasSuffix("[loop.already-running]"))
        try await clock.sleeps(1, of: 1)
        try await stage.host(id, "stop-loop")
        #expect(try await error("stop-loop").hasSuffix("[loop.not-running]"))
        clock.advance(by: .seconds(1))
        try await stage.settle(id)
        #expect(try await stage.calls(id, of: Self.turn).count == 1)
        // A second start is as good as the first: it turns, and ends with the actor.
        try await stage.host(id, "start-loop", .bytes([9]))
        try await clock.sleeps(2, of: 1)
        #expect(try await stage.calls(id, of: Self.turn).last == .bytes([9]))
        try await stage.system.stop(id)
        let before = try await stage.events(of: id).count
        clock.advance(by: .seconds(1))
        #expect(try await stage.events(of: id).count == before)
        await stage.system.shutDown()
    }

    @Test(
        "it ends when the callback answers nothing, or what is no bytes, or too many",
        arguments: [
            Behaviour.ok(), Behaviour.ok(.option(.list(.primitive(.u8)), nil)),
            Behaviour.ok(.string("again")), again(1, 2, 3, 4, 5),
        ])
    func endings(answer: Value) async throws {
        let stage = try Stage.small(clock)
        let id = try await looper(
            stage, ["state_max": .integer(4)], turn: .answer(answer))
        try await stage.host(id, "start-loop", .bytes([1, 2, 3, 4]))
        try await stage.wait(for: 1, of: Self.turn, id)
        try await over(stage, id)
        #expect(
            try await stage.calls(id, of: Self.turn) == [.bytes([1, 2, 3, 4]), .bytes([9])])
        #expect(stage.system.status(of: id) == .running)
        await stage.system.shutDown()
    }

    @Test("bytes in an option go on, and so do those of a callback without a state")
    func forms() async throws {
        let stage = try Stage.small(clock)
        let some = Behaviour.ok(.option(.list(.primitive(.u8)), .bytes([3])))
        let first = try await looper(stage, turn: .answer(some), change: { $0.name = "first" })
        try await stage.host(first, "start-loop", .bytes([1]))
        try await clock.sleeps(1, of: 1)
        clock.advance(by: .milliseconds(1))
        try await stage.wait(for: 2, of: Self.turn, first)
        #expect(
            try await stage.calls(first, of: Self.turn).prefix(2) == [.bytes([1]), .bytes([3])])
        try await stage.system.stop(first)
        let plain = Value.result(ok: .list(.primitive(.u8)), err: .string, .ok(.bytes([4])))
        let second = try await looper(
            stage, ["min_interval_ms": .integer(3)], turn: nil, change: { $0.name = "second" },
            make: { actor in
                actor.exports.append(
                    (
                        "theater:simple/loop-client",
                        "loop: func(bytes: list<u8>) -> result<list<u8>, string>",
                        .answer(plain)
                    ))
            })
        try await stage.host(second, "start-loop", .bytes([1]))
        try await clock.sleeps(1, of: 3)
        clock.advance(by: .milliseconds(3))
        try await stage.wait(for: 2, of: Self.turn, second)
        #expect(
            try await stage.calls(second, of: Self.turn).prefix(2) == [.bytes([1]), .bytes([4])])
        await stage.system.shutDown()
    }

    @Test("an error ends the loop, and the actor unless its manifest says otherwise")
    func errors() async throws {
        let stage = try Stage.small(clock)
        let fails = try await looper(stage, turn: .answer(Behaviour.err("no")))
        try await stage.host(fails, "start-loop", .bytes([]))
        let end = try await stage.system.awaitEnd(of: fails)
        #expect("\(String(describing: end))".contains("no"))
        let continues = try await looper(
            stage, turn: .answer(Behaviour.err("no")),
            change: { $0.manifest.onError = .continue })
        try await stage.host(continues, "start-loop", .bytes([]))
        try await stage.wait(for: 1, of: Self.turn, continues)
        try await over(stage, continues)
        #expect(try await stage.calls(continues, of: Self.turn) == [.bytes([]), .bytes([9])])
        await stage.system.shutDown()
    }

    @Test("a turn may stop the loop, and start another one")
    func within() async throws {
        let stage = try Stage.small(clock)
        let id = try await looper(
            stage,
            turn: .steps([("stop-loop", .tuple([])), ("start-loop", .bytes([7]))], Self.again(2)))
        try await stage.host(id, "start-loop", .bytes([1]))
        try await stage.wait(for: 2, of: Self.turn, id)
        #expect(try await stage.calls(id, of: Self.turn).prefix(2) == [.bytes([1]), .bytes([7])])
        try await stage.system.terminate(id)
        await stage.system.shutDown()
    }

    @Test("what it cannot begin is refused")
    func refused() async throws {
        let stage = try Stage.small(clock)
        let id = try await looper(stage, ["state_max": .integer(4)])
        let large = try await stage.hostError(id, "start-loop", .bytes([1, 2, 3, 4, 5]))
        #expect(large.hasSuffix("[loop.too-large]"))
        #expect(try await stage.denials(id).count == 1)
        let silent = try await looper(stage, turn: nil, change: { $0.name = "silent" })
        let absent = try await stage.hostError(silent, "start-loop", .bytes([]))
        #expect(absent.hasSuffix("[loop.no-callback]"))
        let child = try await looper(
            stage, ["state_max": .integer(100)],
            change: {
                $0.name = "child"
                $0.parent = id
            })
        let beyond = try await stage.hostError(child, "start-loop", .bytes([1, 2, 3, 4, 5]))
        #expect(beyond.hasSuffix("[loop.too-large]"), "a child has no more than its parent")
        for keys: [String: ManifestValue] in [
            ["min_interval_ms": .integer(0)], ["state_max": .string("17MiB")],
            ["speed": .integer(1)],
        ] {
            await #expect(throws: ActorError.self, "\(keys)") {
                _ = try await looper(stage, keys, change: { $0.name = "wrong" })
            }
        }
        await stage.system.shutDown()
    }

    @Test("a turn that meets a full mailbox is tried again with the same bytes")
    func full() async throws {
        let stage = try Stage.small(clock)
        let gate = Gate.of("loop full")
        let id = try await looper(
            stage, ["min_interval_ms": .integer(20)], change: { $0.manifest.limits.mailbox = 1 },
            make: { $0.offer("busy", .wait("loop full", Behaviour.ok())) })
        try await stage.host(id, "start-loop", .bytes([1]))
        try await clock.sleeps(1, of: 20)
        let first = Task { try await stage.system.call(id, "test:x/x.busy") }
        await gate.arrived()
        let second = Task { try await stage.system.call(id, "test:x/x.busy") }
        while try stage.system.metrics(of: id).mailboxDepth < 1 { try await Stage.pause() }
        clock.advance(by: .milliseconds(20))
        try await clock.sleeps(2, of: 20)
        gate.open()
        _ = try await (first.value, second.value)
        clock.advance(by: .milliseconds(20))
        try await clock.sleeps(3, of: 20)
        #expect(try await stage.calls(id, of: Self.turn) == [.bytes([1]), .bytes([2])])
        await stage.system.shutDown()
    }
}
