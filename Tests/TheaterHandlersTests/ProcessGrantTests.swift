// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization
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

    /// Takes no callback until it is open.
    private final class BusyCell: CellPort {
        private let gate = Mutex<(isOpen: Bool, waiters: [CheckedContinuation<Void, Never>])>(
            (false, []))

        func open() {
            let waiters = gate.withLock { gate in
                gate.isOpen = true
                return gate.waiters
            }
            for waiter in waiters { waiter.resume() }
        }

        func requestShutdown(result: [UInt8]?) {}
        func recentEvents(_ countMax: Int) -> [RecentEvent] { [] }
        func exports(_ function: String) -> Bool { function.hasSuffix("exit") }
        func call(_ function: String, _ arguments: [Value]) async -> Result<Value, CallbackError> {
            await withCheckedContinuation { continuation in
                let isOpen = gate.withLock { gate in
                    if !gate.isOpen { gate.waiters.append(continuation) }
                    return gate.isOpen
                }
                if isOpen { continuation.resume() }
            }
            return .success(.unit)
        }
    }

    private func make(
        _ keys: [String: ManifestValue], host: ProcessHost = ProcessHost(),
        cell: any CellPort = NoCell()
    ) throws -> ProcessHandler {
        var services = HandlerServices()
        services.provide(host)
        let context = HandlerContext(
            actorID: ActorID(high: 1, low: 2), actorName: "test",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, cell: cell,
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

    private func spawn(_ handler: ProcessHandler, _ program: String) -> HostReply {
        let mode = Value.variant(Value.Variant("output-mode", "raw", tag: 0))
        let config = Value.record(
            Value.Record(
                "process-config",
                [
                    .init("program", .string(program)), .init("args", .list(.string, [])),
                    .init("cwd", .option(.string, nil)),
                    .init("env", .list(.tuple([.string, .string]), [])),
                    .init("buffer-size", .u32(0)), .init("stdout-mode", mode),
                    .init("stderr-mode", mode), .init("chunk-size", .option(.primitive(.u32), nil)),
                ]))
        return handler.answer(
            HostCall(
                interface: "theater:simple/process", function: "os-spawn", arguments: [config]))
    }

    // Goal: whoever may run a program learns that it is not there, and nobody else does.
    @Test(
        "a program that is not there is denied, or said to be missing to those who could run it",
        arguments: [
            (["*"], "/opt/none", true), (["*"], "no-such-program", true),
            (["/opt/*"], "/opt/none", true), (["/opt/*"], "/usr/none", false),
            (["/opt/*"], "no-such-program", false), (["/usr/bin/*"], "no-such-program", true),
            (["/opt/none"], "/opt/none", true), (["none"], "/opt/none", false),
            (["/opt/*"], "/opt/../usr/none", false), ([], "/opt/none", false),
        ])
    func missing(programs: [String], asked: String, isKnown: Bool) throws {
        let handler = try make(["allowed_programs": .array(programs.map { .string($0) })])
        switch spawn(handler, asked) {
        case .failure(let error): #expect(isKnown && error.code == "process.no-program")
        case .denied(let error): #expect(!isKnown && error.code == "process.program-denied")
        default: Issue.record("\(asked) was taken")
        }
    }

    @Test("what is full is named: the places of the grant, or those for the last callbacks")
    func full() async throws {
        let host = ProcessHost()
        let handler = try make(
            ["allowed_programs": .array([.string("sleep")]), "max_processes": .integer(1)],
            host: host)
        // Nobody has the start carried out, so it keeps its place.
        guard case .parked = spawn(handler, "sleep"),
            case .denied(let error) = spawn(handler, "sleep")
        else {
            Issue.record("one too many was taken")
            return
        }
        #expect(error.code == "process.too-many" && error.message.contains("max_processes"))
        await handler.close()
        guard case .failure(let late) = spawn(handler, "sleep") else {
            Issue.record("a closed handler starts processes")
            return
        }
        #expect(late.code == "process.unavailable" && late.message.contains("ending"))
        await host.close()
    }

    @Test("ends that nobody took are bounded, and said to be what is full")
    func unheard() async throws {
        let host = ProcessHost()
        let cell = BusyCell()
        let handler = try make(
            ["allowed_programs": .array([.string("true")]), "max_processes": .integer(1)],
            host: host, cell: cell)
        var refusal: HostError?
        while refusal == nil {
            switch spawn(handler, "true") {
            case .parked(let start): start(HostAnswering { _ in })
            case .failure(let error): refusal = error
            // Until what it started is gone there is no place.
            case .denied: try await Sleeper.sleep(for: .milliseconds(1))
            default: Issue.record("another answer")
            }
        }
        #expect(refusal?.code == "process.too-many")
        #expect(refusal?.message.contains("not heard of the end of 19 processes") == true)
        cell.open()
        await handler.close()
        await host.close()
    }

    @Test("without processes there is nothing to close")
    func idle() async throws { await (try make([:])).close() }
}
