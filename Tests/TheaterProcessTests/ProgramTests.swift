// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterLaunch
import TheaterTesting

@testable import TheaterProcess

@Suite("Programs", .timeLimit(.minutes(2)))
struct ProgramTests {
    private let host = ProcessHost()

    @Test("run, say what they did, and leave nothing")
    func simple() async throws {
        let program = try await Run.start(host, "sh", "-c", "echo out; echo err >&2; exit 7")
        #expect(await Run.all(program.output) == "out\n")
        #expect(await Run.all(program.error) == "err\n")
        #expect(await Run.reports(program) == [.exited(code: 7), .gone])
        #expect(!Run.exists(program.systemID))
        await host.close()
    }

    @Test("read what they are given until the input is closed")
    func input() async throws {
        let program = try await Run.start(host, "cat")
        let text = String(repeating: "0123456789", count: 50_000)
        var rest = Array(text.utf8)
        async let output = Run.all(program.output)
        while !rest.isEmpty {
            rest.removeFirst(try program.input.write(rest))
            if !rest.isEmpty { try await Run.pause() }
        }
        try program.input.finish()
        #expect(await output == text)
        #expect(throws: ProcessError.self) { try program.input.write([1]) }
        #expect(await Run.reports(program) == [.exited(code: 0), .gone])
        await host.close()
    }

    @Test("what nobody reads is an error, and no signal")
    func brokenPipe() async throws {
        let program = try await Run.start(host, "sh", "-c", "exec <&-; echo closed; sleep 100")
        #expect(await program.output?.read(100) == Array("closed\n".utf8))
        // A program that another test has just forked holds the other end too until it is itself.
        await #expect(throws: ProcessError.self) {
            while true {
                _ = try program.input.write([1])
                try await Run.pause()
            }
        }
        program.order(.finish)
        #expect(await Run.reports(program) == [.signalled(9), .gone])
        await host.close()
    }

    @Test("start with nothing of the node's: session, signals, descriptors, environment")
    func clean() async throws {
        let program = try await Run.start(
            host, "python3", "-c",
            """
            import os, signal
            print(os.getpid() == os.getsid(0) == os.getpgid(0))
            print(signal.pthread_sigmask(signal.SIG_BLOCK, []) == set())
            ignored = [s for s in range(1, 65) if s not in (32, 33) and signal.getsignal(s) == signal.SIG_IGN]
            print(ignored)
            print(sorted(int(f) for f in os.listdir('/proc/self/fd') if int(f) < 100)[:3],
                len(os.listdir('/proc/self/fd')))
            print(sorted(os.environ))
            print(os.getcwd())
            print([line.split()[1] for line in open('/proc/self/status') if 'NoNewPrivs' in line])
            """)
        // Python itself ignores SIGPIPE and SIGXFSZ; listing a folder opens one descriptor.
        let lines = await Run.all(program.output).split(separator: "\n").map(String.init)
        let expected = [
            "True", "True", "[13, 25]", "[0, 1, 2] 4", "['LC_CTYPE', 'PATH']", "/", "['1']",
        ]
        let complaint = await Run.all(program.error)
        #expect(lines == expected, "\(complaint)")
        #expect(await Run.reports(program).last == .gone)
        await host.close()
    }

    @Test("are bounded: processor time, memory, open files, size of files, no core")
    func limits() async throws {
        let program = try await Run.start(
            host, "sh", "-c", "for l in t v n f c; do ulimit -$l; done"
        ) { order in
            order.limits = LaunchRequest.Limits(
                cpuSeconds: 3, memory: 512 << 20, openFiles: 40, fileSize: 4096)
        }
        let text = await Run.all(program.output)
        let loop = try await Run.start(host, "sh", "-c", "while :; do :; done") { order in
            order.limits = LaunchRequest.Limits(cpuSeconds: 1)
        }
        #expect(text == "3\n524288\n40\n8\n0\n")
        // Both limits are the same, so there is no SIGXCPU to catch before the end.
        #expect(await Run.reports(loop) == [.signalled(SIGKILL), .gone])
        await host.close()
    }

    @Test("that cannot be run are an error, and leave nothing")
    func refused() async throws {
        let folder = try TestFolder()
        let broken = try folder.program("broken", "\u{7F}ELF and nothing more")
        let error = try await failure { try await Run.start(self.host, broken) }
        #expect(error.code == .noProgram, "\(error)")
        let large = try await failure {
            try await Run.start(self.host, "true", String(repeating: "x", count: 200_000))
        }
        #expect(large.code == .tooLarge)
        let nul = try await failure { try await Run.start(self.host, "true", "a\0b") }
        #expect(nul.code == .badArgument)
        #expect(
            try await failure { try await Run.start(self.host, "no-such-program") }.code
                == .noProgram)
        #expect(try await failure { try await Run.start(self.host, "./true") }.code == .badProgram)
        await host.close()
        let closed = try await failure { try await Run.start(self.host, "true") }
        #expect(closed.code == .unavailable)
        let missing = try await failure {
            try await Run.start(ProcessHost(launcher: "/nowhere"), "true")
        }
        #expect(missing.code == .unavailable && missing.message.contains("/nowhere"))
    }

    private func failure(
        _ body: () async throws -> RunningProgram
    ) async throws -> ProcessError {
        do {
            _ = try await body()
        } catch let error as ProcessError {
            return error
        }
        throw Unexpected()
    }

    private struct Unexpected: Error {}

    @Test("scripts run from the file that was opened, with their interpreter")
    func script() async throws {
        let folder = try TestFolder()
        let path = try folder.program("hello", "#!/bin/sh\necho from $1")
        let file = try ProgramFile.open(path)
        #expect(file.isScript && file.realPath == path)
        // Another file under the same name changes nothing for what was opened.
        _ = try folder.program("hello", "#!/bin/sh\necho swapped")
        let program = try await host.start(ProgramOrder(file, arguments: ["here"]))
        #expect(await Run.all(program.output) == "from here\n")
        await host.close()
    }

    @Test("of machine code, and folders, are what was opened, whatever their names lead to by then")
    func opened() async throws {
        let folder = try TestFolder()
        let (tool, place) = (folder.path + "/tool", folder.path + "/place")
        try FileManager.default.copyItem(atPath: "/bin/pwd", toPath: tool)
        try FileManager.default.createDirectory(
            atPath: place, withIntermediateDirectories: false)
        let file = try ProgramFile.open(tool)
        let opened = try WorkingFolder.open(place)
        try FileManager.default.moveItem(atPath: place, toPath: place + "-moved")
        try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: "/")
        try FileManager.default.copyItem(atPath: "/bin/false", toPath: tool + "-other")
        #expect(rename(tool + "-other", tool) == 0)
        let program = try await host.start(
            ProgramOrder(file, arguments: ["-P"], folder: opened))
        #expect(await Run.all(program.output) == place + "-moved\n")
        #expect(await Run.reports(program) == [.exited(code: 0), .gone])
        await host.close()
    }

    @Test("are ended with all that they started, also what ran away")
    func descendants() async throws {
        let mark = Run.mark()
        // A child, a child in a session of its own, and a daemon whose parents are gone.
        let program = try await Run.start(
            host, "sh", "-c",
            "sleep \(mark) & setsid sleep \(mark) & (setsid sh -c 'sleep \(mark) & sleep \(mark)' &) ; "
                + "trap '' TERM; echo ready; sleep \(mark); sleep \(mark)")
        #expect(await program.output?.read(100) == Array("ready\n".utf8))
        while Run.processes(with: mark).count < 6 { try await Run.pause() }
        program.order(.finish)
        #expect(await Run.reports(program) == [.signalled(9), .gone])
        #expect(Run.processes(with: mark) == [])
        await host.close()
    }

    @Test("a group is signalled as a whole, and a stopped one goes on to notice it")
    func group() async throws {
        let mark = Run.mark()
        let program = try await Run.start(
            host, "sh", "-c", "sleep \(mark) & sleep \(mark) & echo ready; wait")
        #expect(await program.output?.read(100) == Array("ready\n".utf8))
        program.order(.signalGroup(SIGSTOP))
        program.order(.signalGroup(SIGTERM))
        #expect(await Run.reports(program) == [.signalled(15), .gone])
        #expect(Run.processes(with: mark) == [])
        await host.close()
    }

    @Test("a dropped program is ended, and so is everything when the host closes")
    func dropped() async throws {
        let mark = Run.mark()
        do { _ = try await Run.start(host, "sh", "-c", "trap '' TERM HUP; sleep \(mark)") }
        try await Run.noneLeft(mark)
        let kept = try await Run.start(host, "sh", "-c", "setsid sleep \(mark) & sleep \(mark)")
        kept.abandon()
        try await Run.noneLeft(mark)
        await host.close()
    }

    @Test("what a killed keeper leaves is ended by the launcher")
    func killedKeeper() async throws {
        let mark = Run.mark()
        let program = try await Run.start(
            host, "sh", "-c", "setsid sleep \(mark) & sleep \(mark) & echo $PPID; wait")
        let keeper = try await Run.keeper(of: program)
        let launcher = try #require(SystemProcesses.parent(of: keeper))
        // As if it had much else to do.
        kill(launcher, SIGSTOP)
        kill(keeper, SIGKILL)
        let end = Task { (await Run.reports(program), Run.processes(with: mark)) }
        while !SystemProcesses.isZombie(keeper) { try await Run.pause() }
        for _ in 0..<20 { try await Run.pause() }
        kill(launcher, SIGCONT)
        let (reports, left) = await end.value
        #expect(reports == [] && left == [], "gone when the end is told")
        #expect(program.isGone)
        let next = try await Run.start(host, "true")
        #expect(await Run.reports(next) == [.exited(code: 0), .gone])
        await host.close()
    }

    @Test("more at once than the way to the launcher takes are all started")
    func burst() async throws {
        let text = String(repeating: "x", count: 20_000)
        try await withThrowingTaskGroup(of: [LaunchReport].self) { group in
            for _ in 0..<60 {
                group.addTask { await Run.reports(try await Run.start(host, "true", text)) }
            }
            for try await reports in group { #expect(reports == [.exited(code: 0), .gone]) }
        }
        await host.close()
    }

    @Test("a host that closes ends what still runs, and whoever waits for it")
    func closing() async throws {
        let mark = Run.mark()
        let program = try await Run.start(host, "sh", "-c", "trap '' TERM; sleep \(mark)")
        async let reports = Run.reports(program)
        async let output = Run.all(program.output)
        _ = try program.input.write([UInt8](repeating: 1, count: 500_000))
        while Run.processes(with: mark).isEmpty { try await Run.pause() }
        async let closed: Void = host.close()
        #expect(await reports == [])
        #expect(await output == "")
        program.abandon()
        await closed
        #expect(Run.processes(with: mark) == [])
    }

    @Test("a killed launcher is started again, and what runs is kept")
    func killedLauncher() async throws {
        let mark = Run.mark()
        let program = try await Run.start(
            host, "sh", "-c",
            "read line < /proc/$PPID/stat; echo $line | cut -d' ' -f4; exec sleep \(mark)")
        let line = try #require(await program.output?.read(100))
        let launcher = try #require(
            pid_t(
                String(decoding: line, as: UTF8.self).trimmingCharacters(
                    in: .whitespacesAndNewlines)))
        kill(launcher, SIGKILL)
        while Run.exists(launcher) { try await Run.pause() }
        // Keepers that waited end with the launcher; one may still take a request before.
        for _ in 0..<5 {
            if let next = try? await Run.start(host, "true") {
                #expect(await Run.reports(next) == [.exited(code: 0), .gone])
            }
        }
        let next = try await Run.start(host, "true")
        #expect(await Run.reports(next) == [.exited(code: 0), .gone])
        #expect(Run.processes(with: mark).count == 1)
        program.order(.finish)
        #expect(await Run.reports(program) == [.signalled(9), .gone])
        await host.close()
    }

    @Test("a sandbox shows its own processes, no network and no capability")
    func sandbox() async throws {
        let mark = Run.mark()
        let program: RunningProgram
        do {
            program = try await Run.start(
                host, "sh", "-c",
                "echo $$; grep -c : /proc/net/dev; grep CapEff /proc/self/status; id -u; "
                    + "setsid sleep \(mark) & kill -9 1; echo alive; sleep \(mark)"
            ) { $0.sandbox = .namespaces(keepsNetwork: false, isRequired: true) }
        } catch let error as ProcessError where error.code == .sandboxRefused {
            // The kernel of this machine has no user namespaces for us: the error is what is asked for.
            await host.close()
            return
        }
        var text = ""
        while !text.contains("alive"), let more = await program.output?.read(4096) {
            text += String(decoding: more, as: UTF8.self)
        }
        #expect(
            text.split(separator: "\n").map(String.init) == [
                "2", "1", "CapEff:\t0000000000000000", "\(getuid())", "alive",
            ])
        while Run.processes(with: mark).count < 3 { try await Run.pause() }
        program.order(.finish)
        #expect(await Run.reports(program) == [.signalled(9), .gone])
        #expect(Run.processes(with: mark) == [])
        await host.close()
    }
}
