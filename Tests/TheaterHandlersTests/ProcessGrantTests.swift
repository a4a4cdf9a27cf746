// SPDX-License-Identifier: Apache-2.0

import Logging
import Testing
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterProcess
import TheaterValue

@testable import TheaterHandlers

@Suite("Grants of the handler process")
struct ProcessGrantTests {
    private struct NoCell: CellPort {
        func requestShutdown(result: [UInt8]?) {}
        func recentEvents(_ countMax: Int) -> [RecentEvent] { [] }
        func exports(_ function: String) -> Bool { true }
        func call(_ function: String, _ arguments: [Value]) async -> Result<Value, CallbackError> {
            .failure(CallbackError(.absent, "no"))
        }
    }

    private func make(_ keys: [String: ManifestValue]) throws -> ProcessHandler {
        var services = HandlerServices()
        services.provide(ProcessHost())
        let context = HandlerContext(
            actorID: ActorID(high: 1, low: 2), actorName: "test",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, cell: NoCell(),
            services: services)
        var reader = HandlerGrant(type: "process", configuration: keys).reader()
        return try ProcessHandler(grant: &reader, context: context)
    }

    @Test(
        "keys that say nothing sensible are refused by name",
        arguments: [
            ("allowed_programs", .array([.string("bin/tool")])),
            ("allowed_programs", .string("cat")),
            ("pins", .array([.string("/bin/cat")])),
            ("pins", .array([.string("sha256:abcd /bin/cat")])),
            ("pins", .array([.string("sha256:\(String(repeating: "x", count: 64)) /bin/cat")])),
            ("pins", .array([.string("sha256:\(String(repeating: "a", count: 64)) cat")])),
            ("max_processes", .integer(1025)), ("max_processes", .integer(-1)),
            ("max_output_buffer", .integer(0)), ("max_output_buffer", .string("65MiB")),
            ("execution_timeout", .string("0s")), ("kill_grace", .string("61s")),
            ("cpu_seconds", .integer(0)), ("open_files", .integer(7)), ("sandbox", .string("yes")),
            ("allowed_program", .array([])),
        ] as [(String, ManifestValue)])
    func bad(key: String, value: ManifestValue) throws {
        do {
            _ = try make([key: value])
            Issue.record("'\(key)' was taken")
        } catch let error as ManifestDiagnostics {
            #expect("\(error)".contains(key), "\(error)")
        }
    }

    @Test("arguments of other types than declared are refused")
    func arguments() throws {
        let handler = try make([:])
        let calls: [(String, [Value])] = [
            ("os-spawn", []), ("os-spawn", [.u8(1)]), ("os-spawn", [.record(.init("x", []))]),
            ("os-write-stdin", [.u64(1)]), ("os-write-stdin", [.u64(1), .u8(1)]),
            ("os-status", [.string("1")]), ("os-signal", [.u64(1), .u64(9)]), ("os-kill", []),
            ("os-close-stdin", [.u32(1)]), ("os-list", [.u8(1)]), ("os-fork", []),
        ]
        for (function, arguments) in calls {
            let call = HostCall(
                interface: "theater:simple/process", function: function, arguments: arguments)
            guard case .failure(let error) = handler.answer(call) else {
                Issue.record("\(function) took \(arguments)")
                continue
            }
            #expect(error.code == "process.wrong-argument", "\(function)")
        }
    }

    @Test("without processes there is nothing to close")
    func idle() async throws { await (try make([:])).close() }
}
