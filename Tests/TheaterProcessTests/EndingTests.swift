// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterLaunch
import TheaterTesting

@testable import TheaterProcess

@Suite("Ends of programs", .serialized, .timeLimit(.minutes(30)))
struct EndingTests {
    /// The helper, beside the test bundle.
    static func helper() throws -> String {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = URL(fileURLWithPath: own).deletingLastPathComponent().path + "/ProgramStarter"
        try #require(
            FileManager.default.isExecutableFile(atPath: path), "build the target ProgramStarter")
        return path
    }

    @Test("a node that is killed takes its programs with it, daemons included")
    func killedNode() async throws {
        for _ in 0..<3 {
            let mark = Run.mark()
            let node = Process()
            node.executableURL = URL(fileURLWithPath: try Self.helper())
            node.arguments = [
                "5", "sh", "-c",
                "trap '' TERM HUP INT; setsid sh -c \"trap '' TERM HUP; sleep \(mark)\" & "
                    + "(setsid sleep \(mark) &); echo ready; sleep \(mark)",
            ]
            let output = Pipe()
            node.standardOutput = output
            try node.run()
            #expect(output.fileHandleForReading.availableData == Data("ready\n".utf8))
            while Run.processes(with: mark).count < 20 { try await Run.pause() }
            kill(node.processIdentifier, SIGKILL)
            node.waitUntilExit()
            try await Run.noneLeft(mark)
            // The launcher and its keepers go as well.
            let pid = node.processIdentifier
            while !Self.launchers(of: pid).isEmpty { try await Run.pause() }
        }
    }

    // Goal: a sandbox that the kernel refuses is an error or the declared fallback, never silence. Method: a
    // namespace in which no further user namespace may be made.
    @Test("a sandbox that the kernel refuses is an error, or left out as declared")
    func refusedSandbox() async throws {
        for (wish, expected) in [
            ("required", "[process.sandbox-refused]"), ("optional", "without sandbox: "),
        ] {
            let node = Process()
            node.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
            node.arguments = [
                "-Ur", "sh", "-c",
                "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$0\" 1 sh -c 'echo ready'",
                try Self.helper(),
            ]
            node.environment = ["SANDBOX": wish, "PATH": "/usr/bin:/bin"]
            let (output, complaints) = (Pipe(), Pipe())
            node.standardOutput = output
            node.standardError = complaints
            try node.run()
            var text = ""
            while !text.contains("\n") {
                let data = output.fileHandleForReading.availableData
                if data.isEmpty { break }
                text += String(decoding: data, as: UTF8.self)
            }
            kill(node.processIdentifier, SIGKILL)
            node.waitUntilExit()
            let complaint = complaints.fileHandleForReading.readDataToEndOfFile()
            // Where there are no user namespaces at all, unshare says so, and nothing can be tested.
            guard !String(decoding: complaint, as: UTF8.self).contains("unshare") else { return }
            #expect(text.contains(expected), "\(wish): \(text)")
        }
    }

    private static func launchers(of node: pid_t) -> [pid_t] {
        Run.processes(with: "theater-launch").filter { SystemProcesses.parent(of: $0) == node }
    }

    /// How a program ends.
    private enum End: CaseIterable {
        case exit, crash, term, ignoresTerm, signal, closedInput, daemon, killedKeeper, abandoned,
            fork
    }

    // Goal: whatever programs do, and however they are ended, nothing stays: no process, no zombie, no
    // descriptor, no memory. Method: programs of ten kinds, ended as the seed says, several at a time;
    // `THEATER_PROCESS_COUNT` says how many.
    @Test("programs that end in every way leave nothing")
    func everything() async throws {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["THEATER_PROCESS_COUNT"].flatMap { Int($0) } ?? 300
        let seed = environment["THEATER_PROCESS_SEED"].flatMap { UInt64($0) } ?? 1
        var random = SplitMix(seed: seed)
        let host = ProcessHost()
        let mark = Run.mark()
        try await Self.batch(host, mark, ends: End.allCases)
        let before = (
            descriptors: Run.openDescriptors, memory: SystemProcesses.residentKibibytes
        )
        var half = before.memory
        var done = 0
        while done < count {
            let ends = (0..<min(10, count - done)).map { _ in
                End.allCases[Int(random.next(below: End.allCases.count))]
            }
            try await Self.batch(host, mark, ends: ends)
            done += ends.count
            // Other tests of the process have some open at the same time.
            #expect(
                Run.openDescriptors < before.descriptors + 100, "seed \(seed), after \(done)")
            if done <= count / 2 { half = SystemProcesses.residentKibibytes }
        }
        try await Run.noneLeft(mark)
        let after = SystemProcesses.residentKibibytes
        print(
            "\(done) programs ended: \(before.memory) KiB resident before, \(half) KiB after half of them, "
                + "\(after) KiB after all")
        // Other tests of the process use memory at the same time: what is kept of each program is told
        // when there are many.
        let bound = 8192 + count / 2
        #expect(after - half < bound, "seed \(seed): \(half) to \(after) KiB")
        await host.close()
        // Launchers of other tests may be ending just now; what is left for good stays, until the time of this
        // test is over.
        var left = SystemProcesses.zombies(of: "theater-")
        while !left.isEmpty {
            try await Run.pause()
            left.formIntersection(SystemProcesses.zombies(of: "theater-"))
        }
    }

    private static func batch(_ host: ProcessHost, _ mark: String, ends: [End]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for end in ends { group.addTask { try await one(host, mark, end) } }
            try await group.waitForAll()
        }
    }

    private static func one(_ host: ProcessHost, _ mark: String, _ end: End) async throws {
        let script =
            switch end {
            case .exit: "exit 3"
            case .crash: "kill -SEGV $$"
            case .term, .signal, .abandoned: "echo ready; sleep \(mark) & sleep \(mark)"
            case .ignoresTerm: "trap '' TERM HUP INT; echo ready; while :; do sleep \(mark); done"
            case .closedInput: "echo ready; cat; exit 4"
            case .daemon: "(setsid sh -c 'sleep \(mark) & sleep \(mark)' &) ; echo ready; exit 5"
            case .killedKeeper:
                "setsid sleep \(mark) & echo ready; read x; kill -9 $PPID; sleep \(mark)"
            case .fork:
                "for i in 1 2 3 4 5; do (sleep \(mark) & sleep \(mark)) & done; echo ready; wait"
            }
        let program = try await Run.start(host, "sh", "-c", script)
        if end != .exit, end != .crash {
            let bytes = await program.output?.read(100)
            #expect(bytes == Array("ready\n".utf8))
        }
        switch end {
        case .exit, .crash: break
        case .killedKeeper: _ = try program.input.write(Array("\n".utf8))
        case .term: program.order(.signalGroup(SIGTERM))
        case .signal: program.order(.signal(SIGUSR1))
        case .ignoresTerm:
            program.order(.signalGroup(SIGTERM))
            program.order(.finish)
        case .closedInput: try program.input.finish()
        case .daemon, .fork: program.order(.finish)
        case .abandoned: program.abandon()
        }
        var reports: [LaunchReport] = []
        while let report = await program.nextReport() {
            reports.append(report)
            if case .exited = report { program.order(.finish) }
            if case .signalled = report { program.order(.finish) }
            if report == .gone { break }
        }
        let pid = program.systemID
        switch end {
        case .exit: #expect(reports == [.exited(code: 3), .gone])
        case .crash: #expect(reports == [.signalled(SIGSEGV), .gone])
        case .term: #expect(reports == [.signalled(SIGTERM), .gone])
        case .closedInput: #expect(reports == [.exited(code: 4), .gone])
        case .daemon: #expect(reports.last == .gone && reports.count == 2)
        case .signal: #expect(reports == [.signalled(SIGUSR1), .gone])
        case .ignoresTerm, .fork: #expect(reports == [.signalled(SIGKILL), .gone])
        case .killedKeeper, .abandoned: #expect(reports == [])
        }
        // A keeper that was killed is no reason to tell the end too early.
        #expect(program.isGone == (end != .abandoned), "\(end)")
        if program.isGone { #expect(!Run.exists(pid), "\(end)") }
    }
}
