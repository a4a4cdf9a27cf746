// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterHandlers
@testable import TheaterRuntime

/// Calls that end without the answer of the one that was called.
extension RPCTests {
    @Test("a call that takes too long ends for the caller alone, and one not begun is not made")
    func timeout() async throws {
        let clock = ManualClock()
        let stage = try Stage.messages(world: clock.world)
        let service = try await Self.service(stage)
        let first = try await Self.caller(stage, "first")
        let second = try await Self.caller(stage, "second")
        let gate = Gate.of("rpc service")
        let milliseconds = Value.record(
            Value.Record(
                "call-options", [.init("timeout-ms", .option(.primitive(.u64), .u64(1000)))]))
        let options = Value.option(.record("call-options"), milliseconds)
        async let running = Self.error(stage, first, Self.call("wait", options: options))
        await gate.arrived()
        async let queued = Self.error(stage, second, Self.call("next", options: options))
        try await stage.waiting(1, for: service)
        clock.advance(by: .seconds(2))
        #expect(try await running.hasSuffix("[rpc.timeout]"))
        #expect(try await queued.hasSuffix("[rpc.timeout]"))
        gate.open()
        try await stage.settle(service)
        #expect(stage.system.status(of: service) == .running)
        let called = try await stage.events(of: service).compactMap { event -> String? in
            guard case .called(let function, _, _, _) = event,
                function.hasPrefix("test:svc/svc")
            else { return nil }
            return function
        }
        #expect(called == ["test:svc/svc.wait"])
        #expect(stage.system.exchange.waitsCount == 0)
    }

    @Test("the time comes from the options, the grant, or the caller's own call")
    func times() async throws {
        func options(_ name: String, _ value: Value) -> Value {
            .record(Value.Record("call-options", [.init(name, value)]))
        }
        #expect(RPCHandler.timeout(options("timeout-ms", .u64(5))) == .milliseconds(5))
        #expect(RPCHandler.timeout(options("timeout_ms", .u32(5))) == .milliseconds(5))
        #expect(
            RPCHandler.timeout(options("timeout-ms", .u64(.max))) == .seconds(86_400))
        for nothing in [Value.unit, .string("x"), Self.none, options("timeout", .u64(5))] {
            #expect(RPCHandler.timeout(nothing) == nil)
        }
        let clock = ManualClock()
        let stage = try Stage.messages(world: clock.world)
        let gate = Gate.of("rpc times")
        _ = try await stage.start(
            "service", change: { $0.manifest.rpc = ["test:svc/svc"] },
            {
                $0.exports = [
                    ("test:svc/svc", "wait: func() -> u32", .wait("rpc times", .u32(6)))
                ]
            })
        let granted = try await Self.caller(stage, rpc: ["call_timeout": .string("5s")])
        async let first = Self.error(stage, granted, Self.call("wait"))
        await gate.arrived()
        clock.advance(by: .seconds(6))
        #expect(try await first.hasSuffix("[rpc.timeout]"))
        let short = try await stage.start(
            "short", change: { $0.manifest.limits.callTimeout = .seconds(10) }
        ) { $0.rpc = true }
        async let second = Self.error(stage, short, Self.call("wait"))
        while stage.system.exchange.waitsCount == 0 { await Task.yield() }
        clock.advance(by: .milliseconds(9500))
        #expect(try await second.hasSuffix("[rpc.timeout]"))
        #expect(stage.system.status(of: short) == .running)
        gate.open()
    }

    @Test("a call of itself is refused; implements and exports of itself are not calls")
    func itself() async throws {
        let stage = try Stage.messages()
        let actor = try await stage.start(
            "a", change: { $0.manifest.rpc = ["test:svc/svc"] },
            {
                $0.rpc = true
                $0.exports = [("test:svc/svc", "go: func() -> u32", .answer(.u32(1)))]
            })
        let error = try await Self.error(
            stage, actor, [.string("a"), .string("test:svc/svc.go"), .tuple([]), Self.none])
        #expect(error.contains("'a' (\(actor)) -> 'a' (\(actor))"))
        #expect(error.hasSuffix("[rpc.cycle]"))
        #expect(
            try await stage.host(actor, "exports", .string("a"))
                == .list(.string, [.string("test:m/m"), .string("test:svc/svc")]))
        #expect(
            try await stage.host(actor, "implements", .string("a"), .string("test:svc/svc"))
                == .bool(true))
    }

    @Test(
        "a long chain of actors that call each other comes back, and a circle through it is found")
    func longChain() async throws {
        let stage = try Stage.messages()
        let last = 24
        for index in (0...last).reversed() {
            let input = Value.tuple([
                .string("link-\(index == last ? 0 : index + 1)"), .string("test:svc/svc.go"),
                .tuple([]), Self.none,
            ])
            _ = try await stage.start(
                "link-\(index)",
                change: { $0.manifest.rpc = ["test:svc/svc"] },
                {
                    $0.rpc = true
                    $0.exports.append(
                        (
                            "test:svc/svc", "go: func() -> value",
                            .call("call", input, .u32(UInt32(index)))
                        ))
                })
        }
        let first = try #require(stage.system.actor(named: "link-0"))
        #expect(try await stage.system.call(first, "test:svc/svc.go") == .u32(0))
        let end = try #require(stage.system.actor(named: "link-\(last)"))
        let refused = try await stage.events(of: end).contains { event in
            guard case .hostCall(_, "call", _, let output) = event,
                case .result(_, _, .err(.string(let text)))? = try? CGRF.decode(output)
            else { return false }
            return text.hasSuffix("[rpc.cycle]") && text.contains("'link-12'")
        }
        #expect(refused)
        #expect(stage.system.exchange.waitsCount == 0)
        #expect(stage.system.actors().count == last + 1)
    }

    @Test("a full mailbox is an error of its own")
    func full() async throws {
        let stage = try Stage.messages()
        let gate = Gate.of("rpc full")
        let service = try await Self.service(stage) { $0.manifest.limits.mailbox = 1 }
        let caller = try await Self.caller(stage)
        async let first = stage.system.call(service, "test:m/m.wait", [.string("rpc full")])
        await gate.arrived()
        let second = Task {
            try await stage.system.call(service, "test:m/m.wait", [.string("rpc full")])
        }
        try await stage.waiting(1, for: service)
        #expect(
            try await Self.error(stage, caller, Self.call("next")).hasSuffix("[rpc.mailbox-full]"))
        gate.open()
        _ = try await (first, second.value)
    }

    @Test("when the caller ends, nobody waits for the callee any more")
    func callerEnds() async throws {
        let stage = try Stage.messages()
        let gate = Gate.of("rpc caller ends")
        let service = try await stage.start(
            "service", change: { $0.manifest.rpc = ["test:svc/svc"] },
            {
                $0.exports = [
                    ("test:svc/svc", "wait: func() -> u32", .wait("rpc caller ends", .u32(6)))
                ]
            })
        let caller = try await Self.caller(stage)
        async let killed = stage.failure(caller, "test:m/m.call", Self.call("wait"))
        await gate.arrived()
        #expect(stage.system.exchange.waitsCount == 1)
        try await stage.system.terminate(caller)
        #expect(try await killed.code == .killed)
        #expect(stage.system.exchange.waitsCount == 0)
        gate.open()
        try await stage.settle(service)
        #expect(stage.system.status(of: service) == .running)
    }

    @Test("a call whose caller is closed is given up, and one that comes later too")
    func givenUp() async throws {
        let stage = try Stage.messages()
        let gate = Gate.of("rpc given up")
        let service = try await stage.start(
            "service", change: { $0.manifest.rpc = ["test:svc/svc"] },
            {
                $0.exports = [
                    ("test:svc/svc", "wait: func() -> u32", .wait("rpc given up", .u32(6)))
                ]
            })
        let id = try await Self.caller(stage)
        let caller = try #require(stage.system.exchange.caller(for: id, targets: TargetRule()))
        func call() async -> Result<Value, RPCError> {
            await withCheckedContinuation { continuation in
                caller.call(
                    "test:svc/svc.wait", of: service, .tuple([]), timeout: .seconds(60)
                ) { continuation.resume(returning: $0) }
            }
        }
        async let waiting = call()
        await gate.arrived()
        caller.close()
        for result in [await waiting, await call()] {
            guard case .failure(let error) = result else {
                Issue.record("\(result)")
                continue
            }
            #expect(error.code.rawValue == "rpc.given-up")
        }
        #expect(stage.system.exchange.waitsCount == 0)
        gate.open()
        try await stage.settle(service)
        #expect(stage.system.status(of: service) == .running)
    }
}
