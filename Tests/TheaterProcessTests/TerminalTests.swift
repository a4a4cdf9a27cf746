// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing
import TheaterTesting

@testable import TheaterProcess

/// Goal: one holds the terminal, others write text, and it is restored after every end. Method: terminals of the
/// system, with the test at their other side.
@Suite("The terminal", .timeLimit(.minutes(1)))
struct TerminalTests {
    private let terminal: PseudoTerminal
    private let host: TerminalHost
    private let forced = Counter()

    private final class Counter: Sendable {
        private let value = Atomic<Int>(0)
        var count: Int { value.load(ordering: .sequentiallyConsistent) }
        func add() { value.add(1, ordering: .sequentiallyConsistent) }
    }

    init() throws {
        let (terminal, forced) = (try PseudoTerminal(), forced)
        self.terminal = terminal
        host = TerminalHost(
            input: terminal.inner, output: terminal.inner, error: terminal.inner
        ) { forced.add() }
    }

    /// Waits until the screen has a text.
    private func shows(_ part: String) async throws {
        while !terminal.text.contains(part) { try await Run.pause() }
    }

    private func code(_ work: () throws(TerminalError) -> Void) -> TerminalError.Code? {
        do throws(TerminalError) {
            try work()
            return nil
        } catch {
            return error.code
        }
    }

    @Test("raw mode and what was written are taken back when the holder leaves")
    func restored() async throws {
        let before = terminal.attributes
        let seat = host.seat()
        try seat.setRawMode(true)
        #expect(terminal.isRaw)
        try await seat.write(Array("\u{1B}[?1049h\u{1B}[?25lhello".utf8), to: .output)
        try seat.setRawMode(false)
        #expect(terminal.attributes == before)
        try seat.setRawMode(true)
        seat.leave()
        #expect(terminal.attributes == before)
        #expect(terminal.text.hasSuffix("hello\u{1B}[?1049l\u{1B}[?25h"))
        seat.leave()
        host.close()
    }

    @Test("a seat that is dropped, and a host that is closed, restore it as well")
    func dropped() async throws {
        let before = terminal.attributes
        do {
            let seat = host.seat()
            try seat.setRawMode(true)
        }
        #expect(terminal.attributes == before)
        let seat = host.seat()
        try seat.setRawMode(true)
        host.close()
        #expect(terminal.attributes == before)
        #expect(code { () throws(TerminalError) in try seat.setRawMode(true) } == .closed)
        #expect(!terminal.isRaw)
        await #expect(throws: TerminalError.closed) { try await seat.write([0x61], to: .output) }
        #expect(await seat.read(10) == nil)
    }

    @Test(
        "a node that is killed leaves it as it was", arguments: [SIGKILL, SIGTERM, SIGHUP, SIGABRT])
    func killed(signal: Int32) async throws {
        let before = terminal.attributes
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try EndingTests.helper())
        process.arguments = ["--terminal"]
        // Swift's own handler of crashes asks the user at a terminal.
        process.environment = ["SWIFT_BACKTRACE": "enable=no", "PATH": "/usr/bin:/bin"]
        let handle = FileHandle(fileDescriptor: terminal.inner)
        process.standardInput = handle
        process.standardOutput = handle
        process.standardError = FileHandle.nullDevice
        try process.run()
        try await shows("ready")
        #expect(terminal.isRaw)
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        try await shows("ready\u{1B}[?1049l\u{1B}[?25h")
        #expect(terminal.attributes == before)
    }

    @Test("one seat holds it at a time, and others write plain text")
    func holder() async throws {
        let (first, second) = (host.seat(), host.seat())
        try await first.write(Array("plain ".utf8), to: .output)
        try await second.write(Array("\u{1B}[1mbold\u{1B}[0m ".utf8), to: .error)
        #expect(code { () throws(TerminalError) in try first.setRawMode(true) } == .taken)
        #expect(code { () throws(TerminalError) in try first.setRawMode(false) } == .taken)
        #expect(
            code { () throws(TerminalError) in try first.enableInput(takesSignals: true) { _ in } }
                == .taken)
        try await first.write(Array("\u{1B}[2J".utf8), to: .output)
        try await shows("plain \u{1B}[1mbold\u{1B}[0m \u{241B}[2J")
        second.leave()
        try first.setRawMode(true)
        first.leave()
        host.close()
    }

    @Test("input comes key by key in raw mode, by lines otherwise, and ends with Ctrl-D")
    func input() async throws {
        let seat = host.seat()
        try seat.enableInput(takesSignals: false) { _ in }
        #expect(
            code { () throws(TerminalError) in try seat.enableInput(takesSignals: false) { _ in } }
                == .inputEnabled)
        terminal.press("ab\n")
        #expect(await seat.read(100) == Array("ab\n".utf8))
        terminal.press("\u{04}")
        #expect(await seat.read(100) == [])
        seat.inputEnded()
        try seat.enableInput(takesSignals: false) { _ in }
        try seat.setRawMode(true)
        terminal.press("x")
        #expect(await seat.read(100) == [0x78])
        terminal.press("\u{04}\r\u{1B}[A")
        var keys: [UInt8] = []
        while keys.count < 5 { keys += await seat.read(2) ?? [0] }
        #expect(keys == Array("\u{04}\r\u{1B}[A".utf8))
        let waiting = Task { await seat.read(1) }
        seat.stopReading()
        #expect(await waiting.value == nil)
        seat.leave()
        host.close()
    }

    @Test("the third interrupt in a row reaches the node, as a signal or as a key")
    func interrupts() async throws {
        let seat = host.seat()
        #expect(!host.takesInterrupt())
        let heard = Counter()
        try seat.enableInput(takesSignals: true) { notice in
            if notice.kind == .interrupt { heard.add() }
        }
        #expect(host.takesInterrupt() && host.takesInterrupt() && !host.takesInterrupt())
        #expect(heard.count == 2)
        try seat.setRawMode(true)
        for (keys, expected) in [("\u{03}\u{03}x", 0), ("\u{03}", 0), ("\u{03}", 0), ("\u{03}", 1)]
        {
            terminal.press(keys)
            var read = 0
            while read < keys.utf8.count { read += await seat.read(100)?.count ?? 100 }
            #expect(forced.count == expected)
        }
        #expect(!host.takesInterrupt())
        seat.leave()
        #expect(!host.takesInterrupt())
        host.close()
    }

    @Test("the end is announced to the holder, and waited for")
    func announced() async throws {
        let seat = host.seat()
        await host.announceEnd()
        let heard = Counter()
        try seat.enableInput(takesSignals: true) { notice in
            heard.add()
            notice.settle()
        }
        await host.announceEnd(within: .seconds(60))
        host.resized()
        #expect(heard.count == 2)
        host.close()
    }

    @Test("it has the size of its window")
    func size() throws {
        let seat = host.seat()
        terminal.resize(132, 50)
        let size = try seat.size()
        #expect(size.columns == 132 && size.rows == 50)
        host.close()
    }

    @Test("writes are not mixed, and a terminal that takes nothing makes writers wait, not others")
    func slow() async throws {
        let seats = (host.seat(), host.seat())
        terminal.hold(true)
        let long = [UInt8](repeating: 0x61, count: 60_000)
        let other = [UInt8](repeating: 0x62, count: 60_000)
        let first = Task { try await seats.0.write(long, to: .output) }
        while host.state.withLock({ $0.streams == nil }) { await Task.yield() }
        let second = Task { try await seats.1.write(other, to: .error) }
        while host.line.waitingCount == 0 { await Task.yield() }
        // Too much for all who wait.
        let large = [UInt8](repeating: 0x63, count: 1 << 20)
        let more = (0..<3).map { _ in Task { try await seats.1.write(large, to: .output) } }
        while host.line.waitingCount < 4 { await Task.yield() }
        let refused = await Task { try await seats.0.write(large, to: .output) }.result
        #expect(throws: TerminalError.self) { try refused.get() }
        for task in more { task.cancel() }
        for task in more { _ = await task.result }
        #expect(host.line.waitingCount == 1)
        terminal.hold(false)
        let reader = Task {
            while terminal.screen.count < 120_000 { try await Run.pause() }
        }
        try await first.value
        try await second.value
        try await reader.value
        #expect(terminal.screen == long + other)
        host.close()
    }

    @Test("a write of one that is cancelled frees the terminal for others")
    func cancelled() async throws {
        let seats = (host.seat(), host.seat())
        terminal.hold(true)
        let stuck = Task {
            try await seats.0.write([UInt8](repeating: 0x61, count: 200_000), to: .output)
        }
        while host.state.withLock({ $0.streams == nil }) { await Task.yield() }
        let next = Task { try await seats.1.write([0x62, 0x0A], to: .output) }
        while host.line.waitingCount == 0 { await Task.yield() }
        stuck.cancel()
        let end = await stuck.result
        #expect(throws: TerminalError.closed) { try end.get() }
        terminal.hold(false)
        try await shows("b\r\n")
        try await next.value
        host.close()
    }

    @Test("without a terminal there is an error, and files and pipes take what is written")
    func none() async throws {
        let folder = try TestFolder()
        let file = open(folder.path + "/out", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        _ = write(file, "before ", 7)
        let nowhere = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer {
            close(file)
            close(nowhere)
        }
        let host = TerminalHost(input: nowhere, output: file, error: nowhere)
        let seat = host.seat()
        try await seat.write(Array("text".utf8), to: .output)
        _ = write(file, " after", 6)
        try await seat.write(Array("lost".utf8), to: .error)
        #expect(
            try String(contentsOfFile: folder.path + "/out", encoding: .utf8) == "before text after"
        )
        #expect(
            code { () throws(TerminalError) in try seat.setRawMode(true) }
                == TerminalError.Code.none)
        #expect(code { () throws(TerminalError) in _ = try seat.size() } == TerminalError.Code.none)
        #expect(
            code { () throws(TerminalError) in try seat.enableInput(takesSignals: true) { _ in } }
                == TerminalError.Code.none)
        host.close()
        let closed = TerminalHost(input: -1, output: -1, error: -1)
        await #expect(throws: TerminalError.none) {
            try await closed.seat().write([0x61], to: .output)
        }
    }

    @Test("a pipe that nobody reads is closed, and raises no signal")
    func brokenPipe() async throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let host = TerminalHost(input: -1, output: ends[1], error: ends[1])
        let seat = host.seat()
        try await seat.write([0x61], to: .output)
        close(ends[0])
        await #expect(throws: TerminalError.closed) { try await seat.write([0x61], to: .output) }
        host.close()
        close(ends[1])
    }
}
