// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Synchronization
import Testing
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterProcess
import TheaterTesting
import TheaterValue

@testable import TheaterHandlers

/// Counts what it is called with, and notices calls that overlap.
private final class CountingCell: CellPort {
    struct Seen {
        var size = 0
        var calls = 0
        var largest = 0
        var shortest = Int.max
        var underWay = 0
        var overlaps = 0
        var exits: [Int32] = []
    }

    private let state = Mutex(Seen())

    var seen: Seen { state.withLock { $0 } }

    func requestShutdown(result: [UInt8]?) {}
    func recentEvents(_ countMax: Int) -> [RecentEvent] { [] }
    func exports(_ function: String) -> Bool { !function.hasSuffix("stderr") }
    func call(_ function: String, _ arguments: [Value]) async -> Result<Value, CallbackError> {
        state.withLock { seen in
            seen.underWay += 1
            if seen.underWay > 1 { seen.overlaps += 1 }
            if let bytes = arguments[1].asBytes {
                seen.size += bytes.count
                seen.calls += 1
                seen.largest = max(seen.largest, bytes.count)
                seen.shortest = min(seen.shortest, bytes.count)
            } else if let code = arguments[1].integer(as: Int32.self) {
                seen.exits.append(code)
            }
        }
        await Task.yield()
        state.withLock { $0.underWay -= 1 }
        return .success(.unit)
    }
}

/// Goal: output of any size flows through in bounded memory, one callback at a time. Method: a program that
/// writes `THEATER_PROCESS_MEBIBYTES`, into a cell that counts.
@Suite("Output of processes, in bulk", .serialized, .timeLimit(.minutes(10)))
struct ProcessFlowTests {
    private let host = ProcessHost()
    private let cell = CountingCell()

    private var mebibytes: Int {
        ProcessInfo.processInfo.environment["THEATER_PROCESS_MEBIBYTES"].flatMap { Int($0) } ?? 32
    }

    private func handler() throws -> ProcessHandler {
        var services = HandlerServices()
        services.provide(host)
        let context = HandlerContext(
            actorID: ActorID(high: 1, low: 2), actorName: "test",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, cell: cell,
            services: services)
        let grant = HandlerGrant(
            type: "process", configuration: ["allowed_programs": .array([.string("*")])])
        var reader = grant.reader()
        return try ProcessHandler(grant: &reader, context: context)
    }

    private func spawn(
        _ handler: ProcessHandler, _ program: String, _ arguments: [String], mode: Int,
        bufferSize: UInt32
    ) throws {
        let modes = ["raw", "line-by-line", "json", "chunked"]
        let mode = Value.variant(Value.Variant("output-mode", modes[mode], tag: UInt32(mode)))
        let config = Value.record(
            Value.Record(
                "process-config",
                [
                    .init("program", .string(program)),
                    .init("args", .list(.string, arguments.map { .string($0) })),
                    .init("cwd", .option(.string, nil)),
                    .init("env", .list(.tuple([.string, .string]), [])),
                    .init("buffer-size", .u32(bufferSize)), .init("stdout-mode", mode),
                    .init("stderr-mode", mode), .init("chunk-size", .option(.primitive(.u32), nil)),
                ]))
        let call = HostCall(
            interface: "theater:simple/process", function: "os-spawn", arguments: [config])
        guard case .parked(let start) = handler.answer(call) else {
            Issue.record("the program was refused")
            return
        }
        start(HostAnswering { _ in })
    }

    private func ended() async throws {
        while cell.seen.exits.isEmpty {
            try Task.checkCancellation()
            try await Sleeper.sleep(for: .milliseconds(5))
        }
    }

    /// Much less memory than what went through. Other tests of the process use some at the same time, so it
    /// takes much to tell.
    private func expectBounded(since before: Int) {
        guard mebibytes >= 512 else { return }
        #expect(SystemProcesses.residentKibibytes - before < 64 * 1024)
    }

    @Test("without a newline in line mode: pieces of the buffer's size, bounded memory")
    func noNewline() async throws {
        let handler = try handler()
        let size = mebibytes << 20
        let before = SystemProcesses.residentKibibytes
        try spawn(
            handler, "head", ["-c", "\(size)", "/dev/zero"], mode: 1, bufferSize: 65_536)
        try await ended()
        let seen = cell.seen
        #expect(seen.size == size && seen.exits == [0])
        #expect(seen.largest == 65_536 && seen.shortest == 65_536)
        #expect(seen.overlaps == 0)
        expectBounded(since: before)
        await handler.close()
        await host.close()
    }

    @Test("raw through cat, in bounded memory", arguments: [1000, 65_536] as [UInt32])
    func raw(bufferSize: UInt32) async throws {
        let handler = try handler()
        let size = bufferSize == 1000 ? 1 << 20 : mebibytes << 20
        try spawn(
            handler, "sh", ["-c", "head -c \(size) /dev/zero | cat"], mode: 0,
            bufferSize: bufferSize)
        try await ended()
        #expect(cell.seen.size == size && cell.seen.largest <= Int(bufferSize))
        #expect(cell.seen.overlaps == 0)
        await handler.close()
        await host.close()
    }

    @Test("without a newline in json mode: nothing is kept, nothing is called")
    func endlessJSON() async throws {
        let handler = try handler()
        let before = SystemProcesses.residentKibibytes
        try spawn(
            handler, "head", ["-c", "\(mebibytes << 20)", "/dev/zero"], mode: 2, bufferSize: 1 << 20
        )
        try await ended()
        #expect(cell.seen.calls == 0 && cell.seen.exits == [0])
        expectBounded(since: before)
        await handler.close()
        await host.close()
    }
}
