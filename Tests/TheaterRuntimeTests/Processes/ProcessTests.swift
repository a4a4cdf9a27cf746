// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

@Suite("The handler process", .timeLimit(.minutes(2)))
struct ProcessTests {
    typealias Heard = ProcessStage.Heard

    let processes: ProcessStage
    var stage: Stage { processes.stage }

    init() throws { processes = try ProcessStage(["SECRET": "x", "TZ": "UTC", "HOME": "/root"]) }

    @Test("its interfaces have the hashes that actors are built against")
    func hashes() {
        #expect(
            ProcessHandler.interfaces.map { "\($0.pact.hash(rules: .host))" }.count == 3)
        #expect(
            Set(ProcessHandler.interfaces.map { "\($0.pact.hash(rules: .host))" }).count == 3)
    }

    // MARK: Output

    // MARK: Input

    @Test("input is written, and its end is read")
    func input() async throws {
        let id = try await processes.actor()
        let pid = try await processes.spawn(id, "cat")
        for text in ["one ", "", "two"] {
            let count = try await stage.host(id, "os-write-stdin", .u64(pid), bytes(text))
            #expect(count == .u32(UInt32(text.utf8.count)))
        }
        try await stage.host(id, "os-close-stdin", .u64(pid))
        let heard = try await processes.heard(id, exits: 1)
        #expect(heard.filter { $0.kind == "out" }.map(\.text).joined() == "one two")
        #expect(heard.last?.text == "0")
        let late = try await stage.hostError(id, "os-write-stdin", .u64(pid), bytes("x"))
        #expect(late.hasSuffix("[process.not-running]"))
        await processes.close()
    }

    @Test("input that is not read is bounded, and what found room is counted")
    func boundedInput() async throws {
        let id = try await processes.actor([
            "allowed_programs": .array([.string("*")]), "max_input_buffer": .integer(1000),
        ])
        let pid = try await processes.spawn(id, "sleep", "1000")
        let large = Value.bytes([UInt8](repeating: 65, count: 200_000))
        // The pipe's 64 KiB and the queue.
        #expect(try await stage.host(id, "os-write-stdin", .u64(pid), large) == .u32(66_536))
        #expect(try await stage.host(id, "os-write-stdin", .u64(pid), large) == .u32(0))
        try await stage.host(id, "os-close-stdin", .u64(pid))
        for function in ["os-close-stdin"] {
            let error = try await stage.hostError(id, function, .u64(pid))
            #expect(error.hasSuffix("[process.input-closed]"))
        }
        let error = try await stage.hostError(id, "os-write-stdin", .u64(pid), large)
        #expect(error.hasSuffix("[process.input-closed]"))
        await processes.close()
    }

    @Test("writing to a program that reads no more is an error, not a crash")
    func brokenPipe() async throws {
        let id = try await processes.actor()
        let pid = try await processes.spawn(
            id, "sh", "-c", "exec <&-; echo closed; exec sleep 1000")
        _ = try await processes.text(id, until: "closed")
        // A program that another test has just forked holds the other end too until it is itself.
        let error = await #expect(throws: ActorError.self) {
            while true {
                try await stage.host(id, "os-write-stdin", .u64(pid), bytes("x"))
                try await ProcessStage.pause()
            }
        }
        #expect(error?.value?.asString?.hasSuffix("[process.input-closed]") == true)
        #expect(try await status(id, pid).running)
        await processes.close()
    }

    // MARK: Status and ends

    struct Status: Equatable {
        var running: Bool
        var code: Int32?
        var start: UInt64
    }

    func status(_ value: Value) throws -> Status {
        let code = try #require(value.field(named: "exit-code")?.asOption)
        return Status(
            running: value.field(named: "running") == .bool(true),
            code: code?.integer(as: Int32.self),
            start: try #require(value.field(named: "start-time")?.integer(as: UInt64.self)))
    }

    func status(_ id: ActorID, _ pid: UInt64) async throws -> Status {
        try status(try await stage.host(id, "os-status", .u64(pid)))
    }

    @Test("status is true: running until it is over, then the code, for the last ones")
    func statuses() async throws {
        let id = try await processes.actor()
        let pid = try await processes.spawn(id, "cat")
        let first = try await status(id, pid)
        #expect(first.running && first.code == nil && first.start > 1_700_000_000_000)
        try await stage.host(id, "os-close-stdin", .u64(pid))
        while try await status(id, pid).running { try await ProcessStage.pause() }
        #expect(try await status(id, pid).code == 0)
        let list = try #require(try await stage.host(id, "os-list").asItems)
        #expect(try list.map { try status($0) } == [try await status(id, pid)])
        await processes.close()
    }

    @Test("signals reach the program; numbers that are none do not")
    func signals() async throws {
        let id = try await processes.actor()
        let pid = try await processes.spawn(
            id, "python3", "-uc",
            """
            import signal
            signal.signal(signal.SIGUSR1, lambda *a: print('usr1'))
            print('ready')
            while True: signal.pause()
            """)
        _ = try await processes.text(id, until: "ready")
        try await stage.host(id, "os-signal", .u64(pid), .u32(10))
        _ = try await processes.text(id, until: "usr1")
        for number: UInt32 in [0, 65, .max] {
            let error = try await stage.hostError(id, "os-signal", .u64(pid), .u32(number))
            #expect(error.hasSuffix("[process.bad-signal]"))
        }
        try await stage.host(id, "os-signal", .u64(pid), .u32(2))
        #expect(try await processes.heard(id, exits: 1).last?.kind == "exit")
        let error = try await stage.hostError(id, "os-signal", .u64(pid), .u32(15))
        #expect(error.hasSuffix("[process.not-running]"))
        await processes.close()
    }

    @Test("so many at once and no more; each place is free again when all is gone")
    func concurrency() async throws {
        let id = try await processes.actor([
            "allowed_programs": .array([.string("*")]), "max_processes": .integer(2),
            "kill_grace": .string("50ms"),
        ])
        for round in 0..<3 as Range<UInt64> {
            for number in 1...2 as ClosedRange<UInt64> {
                #expect(try await processes.spawn(id, "sleep", "1000") == round * 2 + number)
            }
            let error = try await processes.refusal(id, "true")
            #expect(error.hasSuffix("[process.too-many]"))
            for number in 1...2 as ClosedRange<UInt64> {
                try await stage.host(id, "os-kill", .u64(round * 2 + number))
            }
            _ = try await processes.heard(id, exits: Int(round + 1) * 2)
        }
        #expect(try await stage.denials(id).count == 3)
        await processes.close()
    }

    @Test("a launcher that does not answer makes the start an error when its time is over")
    func silentLauncher() async throws {
        let clock = ManualClock()
        let processes = try ProcessStage(world: clock.world)
        let id = try await processes.actor()
        _ = try await processes.spawn(id, "sh", "-c", "echo $PPID; exec sleep 100000")
        let keeper = try #require(pid_t(try await processes.text(id, until: "\n").dropLast()))
        let launcher = try #require(SystemProcesses.parent(of: keeper))
        let all = [launcher] + SystemProcesses.children(of: launcher)
        for pid in all { kill(pid, SIGSTOP) }
        let before = clock.sleepCount(of: .seconds(30))
        let refusal = Task { try await processes.refusal(id, "true") }
        while clock.sleepCount(of: .seconds(30)) == before { try await ProcessStage.pause() }
        clock.advance(by: .seconds(30))
        #expect(try await refusal.value.hasSuffix("[process.spawn-failed]"))
        for pid in all { kill(pid, SIGCONT) }
        // Its place is free again, and programs start.
        _ = try await processes.spawn(id, "true")
        await processes.close()
    }

    @Test("a recorded run replays when its programs are gone, denials and all")
    func absent() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "theater-absent-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let real = folder.resolvingSymlinksInPath().path
        let (program, note) = (real + "/tool", real + "/ran")
        try "#!/bin/sh\necho run >>\(note)\ncat\necho bad >&2\nexit $1\n".write(
            toFile: program, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        let id = try await processes.actor([
            "allowed_programs": .array([.string(program)]),
            "allowed_paths": .array([.string(real)]), "kill_grace": .string("100ms"),
        ])
        let first = try await processes.spawn(id, program, "3") { $0.outputMode = 1 }
        try await stage.host(id, "os-write-stdin", .u64(first), bytes("one\ntwo\n"))
        try await stage.host(id, "os-close-stdin", .u64(first))
        _ = try await processes.heard(id, exits: 1)
        let second = try await processes.spawn(id, program, "0")
        // A signal may come before the first line of a script.
        while try String(contentsOfFile: note, encoding: .utf8) != "run\nrun\n" {
            try await ProcessStage.pause()
        }
        try await stage.host(id, "os-signal", .u64(second), .u32(15))
        _ = try await processes.heard(id, exits: 2)
        _ = try await processes.spawn(id, program, "0") { $0.timeout = 5 }
        _ = try await processes.heard(id, exits: 3)
        _ = try await processes.refusal(id, "/bin/sh")
        _ = try await processes.refusal(id, program) { $0.folder = "/" }
        _ = try await processes.refusal(id, program) { $0.environment = [("LD_PRELOAD", "x")] }
        _ = try await processes.refusal(id, program, "a\0b")
        _ = try await stage.failure(id, "test:m/m.os-kill", [.u64(99)])
        #expect(try await stage.denials(id).count == 5)
        try await stage.system.stop(id)
        let before = try await stage.events(of: id).count
        let runs = try String(contentsOfFile: note, encoding: .utf8)
        #expect(runs == "run\nrun\nrun\n")

        try FileManager.default.removeItem(at: folder)
        try await StageReplay.expectFaithful(
            id, in: try await stage.journal.reader(), of: stage.journal,
            handlers: stage.handlers)
        #expect(!FileManager.default.fileExists(atPath: real), "a replay runs nothing")
        let heard = try await processes.heard(id)
        #expect(
            heard.filter { $0.process == first && $0.kind == "out" }.map(\.text) == ["one", "two"])
        #expect(heard.filter { $0.kind == "exit" }.map(\.text) == ["3", "-15", "-15"])
        #expect(try await stage.events(of: id).count == before)
        await processes.close()
    }

    @Test("limits of the grant bind the program")
    func limits() async throws {
        let id = try await processes.actor([
            "allowed_programs": .array([.string("sh")]), "open_files": .integer(33),
            "cpu_seconds": .integer(7), "memory_limit": .string("256MiB"),
            "file_size_limit": .string("4KiB"),
        ])
        _ = try await processes.spawn(id, "sh", "-c", "for l in n t v f; do ulimit -$l; done") {
            $0.outputMode = 1
        }
        let heard = try await processes.heard(id, exits: 1)
        #expect(heard.map(\.text) == ["33", "7", "262144", "8", "0"])
        await processes.close()
    }

    @Test("a sandbox of the grant is a process's own world, and ends with it")
    func sandbox() async throws {
        let mark = ProcessStage.mark()
        let id = try await processes.actor([
            "allowed_programs": .array([.string("sh")]), "sandbox": .bool(true),
            "kill_grace": .string("20ms"),
        ])
        let script = "echo $$; (setsid sleep \(mark) &); trap '' TERM; sleep \(mark); sleep \(mark)"
        var config = ProcessStage.Config(program: "sh", arguments: ["-c", script])
        config.outputMode = 1
        do {
            try await stage.host(id, "os-spawn", config.value)
        } catch let error as ActorError {
            // Where the kernel has no namespaces for us, that is the answer.
            #expect(error.value?.asString?.hasSuffix("[process.sandbox-refused]") == true)
            await processes.close()
            return
        }
        #expect(try await processes.text(id, until: "2") == "2")
        try await ProcessStage.processes(3, with: mark)
        try await stage.host(id, "os-kill", .u64(1))
        #expect(try await processes.heard(id, exits: 1).last?.text == "-9")
        #expect(ProcessStage.processes(with: mark) == [])
        await processes.close()
    }

    @Test("a program that cannot be run is an error of the spawn, and takes no place")
    func notRun() async throws {
        let id = try await processes.actor([
            "allowed_programs": .array([.string("*")]), "max_processes": .integer(1),
        ])
        for _ in 0..<3 {
            let error = try await processes.refusal(id, "/etc/passwd")
            #expect(
                error.hasSuffix("[process.no-program]")
                    || error.hasSuffix("[process.program-denied]"))
        }
        let large = String(repeating: "x", count: 200_000)
        #expect(try await processes.refusal(id, "true", large).hasSuffix("[process.too-large]"))
        let many = try await processes.refusal(id, "true") { config in
            config.arguments = [String](repeating: "", count: 40_000)
        }
        #expect(many.hasSuffix("[process.too-large]"))
        #expect(try await processes.spawn(id, "true") > 0)
        _ = try await processes.heard(id, exits: 1)
        #expect(try #require(try await stage.host(id, "os-list").asItems).count == 1)
        await processes.close()
    }

    @Test("a node without a launcher says so")
    func noHost() async throws {
        let bare = try Stage(handlers: [RuntimeHandler.self, GateHandler.self, ProcessHandler.self])
        let id = try await bare.small(
            "process", ProcessStage.functions, ProcessStage.free, change: { _ in },
            { $0.types = ProcessStage.types })
        let error = try await bare.hostError(
            id, "os-spawn", ProcessStage.Config(program: "true").value)
        #expect(error.hasSuffix("[process.unavailable]"))
        await bare.system.shutDown()
        await processes.close()
    }
}
