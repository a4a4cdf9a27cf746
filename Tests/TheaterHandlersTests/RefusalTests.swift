// SPDX-License-Identifier: Apache-2.0

import Logging
import Testing
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterValue

/// What no guest can cause through the sandbox, because its imports are checked: a handler refuses it all the
/// same, and so it does on a node that lacks what it needs.
@Suite("What handlers refuse of anybody")
struct RefusalTests {
    private struct NoCell: CellPort {
        func requestShutdown(result: [UInt8]?) {}
        func recentEvents(_ countMax: Int) -> [RecentEvent] { [] }
        func exports(_ function: String) -> Bool { true }
        func call(_ function: String, _ arguments: [Value]) async -> Result<Value, CallbackError> {
            .failure(CallbackError(.absent, "no"))
        }
    }

    /// Makes a handler on a node without services.
    private func make<Made: Handler>(_ type: Made.Type) throws -> Made {
        let context = HandlerContext(
            actorID: ActorID(high: 1, low: 2), actorName: "test",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, cell: NoCell(),
            services: HandlerServices())
        var reader = HandlerGrant(type: Made.name).reader()
        return try Made(grant: &reader, context: context)
    }

    private func code(
        _ handler: some Handler, _ function: String, _ arguments: [Value]
    ) async -> String? {
        let call = HostCall(
            interface: "theater:simple/test", function: function, arguments: arguments)
        let answer: Result<Value, HostError> =
            switch handler.answer(call) {
            case .value(let value), .redacted(let value, recorded: _): .success(value)
            case .failure(let error), .denied(let error), .withheld(let error, _): .failure(error)
            case .later(let operation): await operation()
            case .parked(let start):
                await withCheckedContinuation { continuation in
                    start(HostAnswering { continuation.resume(returning: $0) })
                }
            }
        if case .failure(let error) = answer { return error.code }
        return nil
    }

    @Test("the supervisor")
    func supervisor() async throws {
        let handler = try make(SupervisorHandler.self)
        let none = Value.option(.list(.primitive(.u8)), nil)
        let child = Value.string("\(ActorID(high: 3, low: 4))")
        for (function, arguments) in [
            ("spawn", [Value.u32(1), none, none]), ("spawn", [.string("a")]),
            ("spawn", [.string("a"), .u8(1), none]), ("resume", []),
            ("spawn-and-wait", [.string("a"), none, none]),
            ("spawn-and-wait", [.string("a"), none, none, .u64(1)]), ("stop-child", []),
            ("restart-child", [.u32(1)]), ("subscribe-to-child", [none]),
        ] {
            let found = await code(handler, function, arguments)
            #expect(found == "supervisor.wrong-argument", "\(function) \(arguments)")
        }
        #expect(await code(handler, "adopt", [child]) == "supervisor.unknown-function")
        let spawn = [Value.string("a"), none, none]
        let unavailable: [(String, [Value])] = [
            ("spawn", spawn), ("resume", spawn),
            ("spawn-and-wait", spawn + [.option(.primitive(.u64), nil)]), ("stop-child", [child]),
            ("restart-child", [child]), ("get-child-state", [child]), ("get-child-events", [child]),
            ("subscribe-to-child", [child]),
        ]
        for (function, arguments) in unavailable {
            let found = await code(handler, function, arguments)
            #expect(found == "supervisor.unavailable", "\(function)")
        }
        await handler.close()
    }

    @Test("the messages")
    func messages() async throws {
        let handler = try make(MessageServerHandler.self)
        for (function, arguments) in [
            ("send", []), ("send", [Value.u32(1), .bytes([])]), ("send", [.string("a")]),
            ("send", [.string("a"), .string("text")]), ("request", [.string("a"), .u32(1)]),
            ("respond-to-request", [.string("a")]), ("cancel-request", [.u32(1)]),
            ("open-channel", [.string("a"), .u32(1)]), ("send-on-channel", [.string("a")]),
            ("close-channel", []),
        ] {
            let found = await code(handler, function, arguments)
            #expect(found == "message.wrong-argument", "\(function) \(arguments)")
        }
        let unknown = await code(handler, "broadcast", [.string("a"), .bytes([])])
        #expect(unknown == "message.unknown-function")
    }

    @Test("calls between actors")
    func rpc() async throws {
        let handler = try make(RPCHandler.self)
        let target = Value.string("a")
        for (function, arguments) in [
            ("call", []), ("call", [Value.u32(1)]), ("implements", []), ("exports", [.u32(1)]),
        ] {
            let found = await code(handler, function, arguments)
            #expect(found == "rpc.wrong-host-argument", "\(function) \(arguments)")
        }
        for (function, arguments) in [
            ("call", [target, target, .tuple([]), .tuple([])]), ("implements", [target, target]),
            ("exports", [target]),
        ] {
            #expect(await code(handler, function, arguments) == "rpc.unavailable", "\(function)")
        }
        await handler.close()
    }
}
