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
    private let work = Mutex<(@Sendable () -> Void)?>(nil)

    var seen: Seen { state.withLock { $0 } }

    /// Does something in each call.
    func whenCalled(_ work: @escaping @Sendable () -> Void) { self.work.withLock { $0 = work } }

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
        work.withLock { $0 }?()
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
        bufferSize: UInt32, started: @escaping @Sendable () -> Void = {}
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
        start(HostAnswering { _ in started() })
    }

    /// What a function answers; `nil` when that is an error.
    private static func call(
        _ handler: ProcessHandler, _ function: String, _ arguments: [Value]
    ) -> Value? {
        let call = HostCall(
            interface: "theater:simple/process", function: function, arguments: arguments)
        guard case .value(let value) = handler.answer(call), case .ok(let answer)? = value.asResult
        else { return nil }
        return answer
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

    // Goal: input and output of one program are bounded and cannot wait for each other. Method: a feeder that
    // offers far more than there is room for, from the callbacks with output alone, as a guest would.
    @Test("raw from the input to the output of cat, fed by what comes back")
    func echo() async throws {
        let handler = try handler()
        let size = mebibytes << 20
        let pieceSize = 256 * 1024
        let piece = Value.bytes([UInt8](repeating: 7, count: pieceSize))
        let fed = Mutex(0)
        let feed: @Sendable () -> Void = {
            fed.withLock { fed in
                while fed < size {
                    let left = size - fed
                    let offered =
                        left >= pieceSize ? piece : .bytes([UInt8](repeating: 7, count: left))
                    let answer = Self.call(handler, "os-write-stdin", [.u64(1), offered])
                    guard let count = answer?.integer(as: Int.self), count > 0 else { return }
                    fed += count
                }
                _ = Self.call(handler, "os-close-stdin", [.u64(1)])
            }
        }
        cell.whenCalled(feed)
        let before = SystemProcesses.residentKibibytes
        try spawn(handler, "cat", [], mode: 0, bufferSize: 65_536, started: feed)
        try await ended()
        #expect(cell.seen.size == size && cell.seen.exits == [0])
        #expect(cell.seen.overlaps == 0)
        expectBounded(since: before)
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
