// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterLaunch
import TheaterTesting

@testable import TheaterProcess

@Suite("Keepers that are used again", .timeLimit(.minutes(2)))
struct KeeperTests {
    private let host = ProcessHost()

    /// The keeper of a program that says who started it, when nothing of the program is left.
    private func keeper() async throws -> pid_t {
        let program = try await Run.start(host, "sh", "-c", "echo $PPID")
        let text = await Run.all(program.output)
        #expect(await Run.reports(program) == [.exited(code: 0), .gone])
        return try #require(pid_t(text.dropLast()))
    }

    @Test("take one program after the other, and a failed one ends its keeper alone")
    func again() async throws {
        let first = try await keeper()
        for _ in 0..<20 { #expect(try await keeper() == first) }
        // Not a program at all, though it may be run.
        let folder = try TestFolder()
        let path = try folder.program("broken", "\u{7F}ELF and nothing more")
        await #expect(throws: ProcessError.self) {
            try await host.start(ProgramOrder(try ProgramFile.open(path)))
        }
        #expect(try await keeper() > 0)
        await host.close()
        while Run.exists(first) { try await Run.pause() }
    }

    @Test("have a clean table of descriptors and limits for each program")
    func clean() async throws {
        var texts: Set<String> = []
        for limit in [64, 128, nil] as [UInt64?] {
            let program = try await Run.start(
                host, "sh", "-c", "ulimit -n; ls /proc/self/fd | wc -l"
            ) { $0.limits.openFiles = limit }
            let lines = await Run.all(program.output).split(separator: "\n")
            _ = await Run.reports(program)
            if let limit { #expect(lines.first == "\(limit)") } else { #expect(lines[0] != "128") }
            texts.insert(String(try #require(lines.last)))
        }
        #expect(texts.count == 1, "as many descriptors each time")
        await host.close()
    }

    @Test("do to the next program nothing that was meant for the last")
    func late() async throws {
        let old = try await Run.start(host, "true")
        _ = await Run.reports(old)
        let program = try await Run.start(host, "cat")
        old.order(.signalGroup(SIGKILL))
        old.order(.finish)
        old.abandon()
        #expect(await old.nextReport() == nil)
        _ = try program.input.write(Array("alive".utf8))
        try program.input.finish()
        #expect(await Run.all(program.output) == "alive")
        #expect(await Run.reports(program) == [.exited(code: 0), .gone])
        await host.close()
    }

    @Test("that are killed while they wait are noticed, and so is a launcher")
    func killed() async throws {
        let first = try await keeper()
        kill(first, SIGKILL)
        while Run.exists(first) { try await Run.pause() }
        let second = try await keeper()
        #expect(second != first)
        // The keepers of a launcher that is gone take no further program.
        let launchers = Run.processes(with: "theater-launch").filter {
            SystemProcesses.parent(of: second) == $0
        }
        let launcher = try #require(launchers.first)
        kill(launcher, SIGKILL)
        while Run.exists(launcher) { try await Run.pause() }
        let third = try await keeper()
        #expect(third != second)
        await host.close()
    }

    @Test("are as many as programs run at once, and few stay when those are gone")
    func bounded() async throws {
        let mark = Run.mark()
        var programs: [RunningProgram] = []
        for _ in 0..<20 { programs.append(try await Run.start(host, "sleep", mark)) }
        for program in programs { program.order(.finish) }
        for program in programs {
            #expect(await Run.reports(program) == [.signalled(SIGKILL), .gone])
        }
        let launcher = try #require(SystemProcesses.parent(of: try await keeper()))
        // Eight of the node's, and the launcher's two.
        while SystemProcesses.children(of: launcher).count > 10 { try await Run.pause() }
        await host.close()
    }
}
