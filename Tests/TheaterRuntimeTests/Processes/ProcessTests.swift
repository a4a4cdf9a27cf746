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
    private typealias Heard = ProcessStage.Heard

    private let processes: ProcessStage
    private var stage: Stage { processes.stage }

    init() throws { processes = try ProcessStage(["SECRET": "x", "TZ": "UTC", "HOME": "/root"]) }

    @Test("its interfaces have the hashes that actors are built against")
    func hashes() {
        #expect(
            ProcessHandler.interfaces.map { "\($0.pact.hash(rules: .host))" }.count == 3)
        #expect(
            Set(ProcessHandler.interfaces.map { "\($0.pact.hash(rules: .host))" }).count == 3)
    }

    // MARK: Output

    @Test("output comes in order, and the exit once, after all of it")
    func order() async throws {
        let id = try await processes.actor()
        let pid = try await processes.spawn(
            id, "sh", "-c", "for i in 1 2 3; do echo o$i; echo e$i >&2; done; exit 3"
        ) { config in
            config.outputMode = 1
            config.errorMode = 1
        }
        #expect(pid == 1)
        let heard = try await processes.heard(id, exits: 1)
        #expect(heard.filter { $0.kind == "out" }.map(\.text) == ["o1", "o2", "o3"])
        #expect(heard.filter { $0.kind == "err" }.map(\.text) == ["e1", "e2", "e3"])
        #expect(heard.last == Heard(kind: "exit", process: 1, text: "3"))
        #expect(heard.count == 7)
        await processes.close()
    }

    @Test("modes cut output as the interface says")
    func modes() async throws {
        let id = try await processes.actor()
        func output(_ text: String, _ change: (inout ProcessStage.Config) -> Void) async throws
            -> [String]
        {
            let pid = try await processes.spawn(id, "printf", "%b", text, change: change)
            while true {
                let heard = try await processes.heard(id).filter { $0.process == pid }
                if heard.last?.kind == "exit" { return heard.dropLast().map(\.text) }
                try await ProcessStage.pause()
            }
        }
        #expect(try await output("a\\n\\nbc\\nd") { $0.outputMode = 1 } == ["a", "bc", "d"])
        #expect(
            try await output("abcdefgh\\nij\\n") {
                $0.outputMode = 1
                $0.bufferSize = 4
            } == ["abcd", "efgh", "ij"])
        #expect(
            try await output(#"{"a": 1}\nno\n [2] \n{"tail":3}"#) { $0.outputMode = 2 }
                == [#"{"a": 1}"#, "[2]", #"{"tail":3}"#])
        #expect(
            try await output("abcdefghij") {
                $0.outputMode = 3
                $0.chunkSize = 4
            } == ["abcd", "efgh", "ij"])
        let raw = try await output("abcdefghij") { $0.bufferSize = 3 }
        #expect(raw.joined() == "abcdefghij" && raw.allSatisfy { $0.utf8.count <= 3 })
        let standard = try await output("x") { $0.outputMode = 3 }
        #expect(standard == ["x"])
        await processes.close()
    }

    @Test("a buffer of no size or of a huge one is bounded by the grant, in every mode")
    func bufferSizes() async throws {
        let id = try await processes.actor([
            "allowed_programs": .array([.string("*")]), "max_output_buffer": .integer(20_000),
        ])
        // One text of JSON without a newline, of 15,000 bytes, and one that is too long.
        let script = "printf '\"'; head -c 14998 /dev/zero | tr '\\0' x; printf '\"'"
        var exits = 0
        for (mode, size, most) in [
            (0, 0, 8192), (1, 0, 8192), (2, 0, 0), (3, 0, 4096),
            (0, UInt32.max, 20_000), (1, .max, 15_000), (2, .max, 15_000), (3, .max, 4096),
        ] {
            let pid = try await processes.spawn(id, "sh", "-c", script) {
                $0.outputMode = mode
                $0.bufferSize = size
            }
            exits += 1
            let pieces = try await processes.heard(id, exits: exits)
                .filter { $0.process == pid && $0.kind == "out" }.map(\.text.utf8.count)
            #expect(pieces.reduce(0, +) == (most == 0 ? 0 : 15_000), "mode \(mode), \(size)")
            #expect((pieces.max() ?? 0) <= most, "mode \(mode), \(size)")
        }
        let large = try await processes.spawn(id, "head", "-c", "50000", "/dev/zero") {
            ($0.outputMode, $0.chunkSize) = (3, .max)
        }
        let chunks = try await processes.heard(id, exits: exits + 1)
            .filter { $0.process == large && $0.kind == "out" }.map(\.text.utf8.count)
        #expect(chunks == [20_000, 20_000, 10_000])
        let none = try await processes.spawn(id, "head", "-c", "5000", "/dev/zero") {
            ($0.outputMode, $0.chunkSize) = (3, 0)
        }
        let standard = try await processes.heard(id, exits: exits + 2)
            .filter { $0.process == none && $0.kind == "out" }.map(\.text.utf8.count)
        #expect(standard == [4096, 904])
        await processes.close()
    }

    @Test("a character whose bytes come apart is whole in a line of JSON")
    func splitCharacter() async throws {
        let id = try await processes.actor()
        _ = try await processes.spawn(
            id, "python3", "-uc",
            """
            import array, fcntl, os, termios
            waiting = array.array("i", [0])
            for part in [b'["\\xc3', b'\\xa9', b'"', b']\\n']:
                os.write(1, part)
                while fcntl.ioctl(1, termios.FIONREAD, waiting) == 0 and waiting[0]: pass
            """
        ) { $0.outputMode = 2 }
        #expect(try await processes.heard(id, exits: 1).map(\.text) == ["[\"\u{e9}\"]", "0"])
        await processes.close()
    }

    @Test("invalid UTF-8 is bytes in raw and line mode, and no JSON")
    func invalidText() async throws {
        let id = try await processes.actor()
        for mode in [0, 1, 2] {
            _ = try await processes.spawn(id, "printf", "%b", "\"\\0377\"\\n[1]\\n") {
                $0.outputMode = mode
            }
            _ = try await processes.heard(id, exits: mode + 1)
        }
        let texts = try await processes.heard(id).filter { $0.kind == "out" }
        #expect(texts.map(\.process) == [1, 2, 2, 3])
        #expect(texts.last?.text == "[1]")
        #expect(stage.log.lines.contains { $0.contains("process 3 wrote lines that are no JSON") })
        await processes.close()
    }

    @Test("a program that ends before anything is read loses nothing")
    func shortLived() async throws {
        let id = try await processes.actor(output: .wait("short", Behaviour.ok()))
        let mark = ProcessStage.mark()
        _ = try await processes.spawn(id, "sh", "-c", "echo one; echo two; echo three; : \(mark)") {
            $0.outputMode = 1
        }
        await Gate.of("short").arrived()
        // The program is over long before the actor takes the second line.
        try await ProcessStage.processes(0, with: mark)
        Gate.of("short").open()
        let heard = try await processes.heard(id, exits: 1)
        #expect(heard.map(\.text) == ["one", "two", "three", "0"])
        await processes.close()
    }

    @Test("a slow actor holds the program up, and nothing is piled up meanwhile")
    func backPressure() async throws {
        let id = try await processes.actor(output: .wait("slow", Behaviour.ok()))
        let pid = try await processes.spawn(id, "yes") { $0.bufferSize = 1000 }
        await Gate.of("slow").arrived()
        let program = try #require(ProcessStage.processes(with: "yes\0").first)
        // The pipe is full, and the program sleeps in its write: it uses no more time.
        func ticks() -> String {
            let text = (try? String(contentsOfFile: "/proc/\(program)/stat", encoding: .utf8)) ?? ""
            return text.split(separator: ")").last.map {
                $0.split(separator: " ")[11...12].joined()
            } ?? ""
        }
        func isAsleep() -> Bool {
            let text = (try? String(contentsOfFile: "/proc/\(program)/stat", encoding: .utf8)) ?? ""
            return text.contains(") S ")
        }
        while !isAsleep() { try await ProcessStage.pause() }
        let before = ticks()
        for _ in 0..<20 { try await ProcessStage.pause() }
        #expect(ticks() == before && isAsleep())
        #expect(try await processes.heard(id).count == 1)
        // What does not wait for the actor's turn works all the same.
        #expect(try await processes.heard(id).first?.process == pid)
        try await stage.system.stop(id, grace: .zero)
        try await ProcessStage.processes(0, with: "yes\0")
        Gate.of("slow").open()
        await processes.close()
    }

    @Test("what the actor does not listen to is dropped, and holds nothing up")
    func unheard() async throws {
        let id = try await processes.actor(output: nil, error: nil)
        _ = try await processes.spawn(id, "sh", "-c", "head -c 300000 /dev/zero; exit 4")
        #expect(try await processes.heard(id, exits: 1).map(\.text) == ["4"])
        let deaf = try await processes.actor(name: "deaf", output: nil, error: nil, exit: nil)
        let pid = try await processes.spawn(deaf, "true")
        while try await status(deaf, pid).running { try await ProcessStage.pause() }
        #expect(try await status(deaf, pid).code == 0)
        await processes.close()
    }

    @Test("what a process leaves behind may finish its output, and is ended after two seconds")
    func grandchild() async throws {
        let mark = ProcessStage.mark()
        let id = try await processes.actor()
        _ = try await processes.spawn(
            id, "sh", "-c", "(sleep 0.2; echo late; exec sleep \(mark)) & echo early"
        ) { $0.outputMode = 1 }
        let heard = try await processes.heard(id, exits: 1)
        #expect(heard.map(\.text) == ["early", "late", "0"])
        #expect(ProcessStage.processes(with: mark) == [])
        await processes.close()
    }

    @Test("an error or a trap of a callback ends the actor, and its processes with it")
    func failingCallback() async throws {
        let ends: [(String, Behaviour)] = [
            ("error", .answer(Behaviour.err("too much"))), ("trap", .trap),
        ]
        for (name, behaviour) in ends {
            let mark = ProcessStage.mark()
            let id = try await processes.actor(name: name, output: behaviour)
            _ = try await processes.spawn(
                id, "sh", "-c", "echo x; sleep \(mark) & echo y; sleep \(mark)"
            ) { $0.outputMode = 1 }
            while stage.system.status(of: id)?.isEnded != true { try await ProcessStage.pause() }
            #expect(ProcessStage.processes(with: mark) == [], "\(name)")
            // Nothing is heard after it, the exit neither.
            #expect(try await processes.heard(id).map(\.text) == ["x"], "\(name)")
        }
        await processes.close()
    }

    @Test("with on_error = continue a failing callback is called again")
    func tolerant() async throws {
        let id = try await processes.actor(output: .answer(Behaviour.err("not now"))) { request in
            request.manifest.onError = .continue
        }
        _ = try await processes.spawn(id, "printf", "a\\nb\\n") { $0.outputMode = 1 }
        let heard = try await processes.heard(id, exits: 1)
        #expect(heard.map(\.text) == ["a", "b", "0"])
        await processes.close()
    }

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
        let error = try await stage.hostError(id, "os-write-stdin", .u64(pid), bytes("x"))
        #expect(error.hasSuffix("[process.input-closed]"))
        #expect(try await status(id, pid).running)
        await processes.close()
    }

    // MARK: Status and ends

    private struct Status: Equatable {
        var running: Bool
        var code: Int32?
        var start: UInt64
    }

    private func status(_ value: Value) throws -> Status {
        let code = try #require(value.field(named: "exit-code")?.asOption)
        return Status(
            running: value.field(named: "running") == .bool(true),
            code: code?.integer(as: Int32.self),
            start: try #require(value.field(named: "start-time")?.integer(as: UInt64.self)))
    }

    private func status(_ id: ActorID, _ pid: UInt64) async throws -> Status {
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

    @Test("kill ends the group in order, and by force after the grace")
    func kills() async throws {
        let mark = ProcessStage.mark()
        let id = try await processes.actor()
        let polite = try await processes.spawn(
            id, "sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done")
        _ = try await processes.text(id, until: "ready")
        try await stage.host(id, "os-kill", .u64(polite))
        #expect(try await processes.heard(id, exits: 1).last?.text == "9")
        let deaf = try await processes.spawn(
            id, "sh", "-c",
            "trap '' TERM; setsid sh -c \"trap '' TERM; sleep \(mark)\" & echo set; sleep \(mark)")
        _ = try await processes.text(id, until: "set")
        try await stage.host(id, "os-kill", .u64(deaf))
        try await stage.host(id, "os-kill", .u64(deaf))
        #expect(try await processes.heard(id, exits: 2).last?.text == "-9")
        #expect(ProcessStage.processes(with: mark) == [])
        // One that is over needs nothing more.
        try await stage.host(id, "os-kill", .u64(deaf))
        await processes.close()
    }

    @Test("a timeout ends what takes longer, and only that")
    func timeouts() async throws {
        let mark = ProcessStage.mark()
        let id = try await processes.actor([
            "allowed_programs": .array([.string("*")]), "kill_grace": .string("50ms"),
            "execution_timeout": .string("2s"),
        ])
        _ = try await processes.spawn(id, "sh", "-c", "sleep \(mark) & sleep \(mark)") {
            $0.timeout = 1
        }
        _ = try await processes.spawn(id, "sh", "-c", "trap '' TERM; sleep \(mark); sleep \(mark)")
        {
            $0.timeout = 0
        }
        _ = try await processes.spawn(id, "sh", "-c", "exit 5") { $0.timeout = 60 }
        let exits = try await processes.heard(id, exits: 3).filter { $0.kind == "exit" }
            .sorted { $0.process < $1.process }
        #expect(exits.map(\.text) == ["-15", "-9", "5"])
        #expect(ProcessStage.processes(with: mark) == [])
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

    @Test("an actor that stops, or is terminated, leaves no process and hears no more")
    func stops() async throws {
        for isOrdered in [true, false] {
            let mark = ProcessStage.mark()
            let id = try await processes.actor(name: "stops-\(isOrdered)")
            for _ in 0..<3 {
                _ = try await processes.spawn(
                    id, "sh", "-c",
                    "trap '' TERM; setsid sleep \(mark) & echo ready; sleep \(mark); sleep \(mark)")
            }
            while try await processes.heard(id).count < 3 { try await ProcessStage.pause() }
            if isOrdered {
                try await stage.system.stop(id)
            } else {
                try await stage.system.terminate(id)
            }
            #expect(ProcessStage.processes(with: mark) == [], "all gone when the end is told")
            #expect(try await processes.heard(id).count == 3)
        }
        await processes.close()
    }

    @Test(
        "a process that resists is killed before it is left alone, however late the time is noticed"
    )
    func lateStop() async throws {
        let clock = ManualClock()
        let processes = try ProcessStage(world: clock.world)
        let mark = ProcessStage.mark()
        let id = try await processes.actor()
        _ = try await processes.spawn(
            id, "sh", "-c", "trap '' TERM; echo ready; while :; do sleep \(mark); done")
        _ = try await processes.text(id, until: "ready")
        // Others sleep as long.
        let before = clock.sleepCount(of: .seconds(1))
        let end = Work { () async throws(ActorError) in
            try await processes.stage.system.stop(id, grace: .seconds(60))
        }
        while clock.sleepCount(of: .seconds(1)) == before { try await ProcessStage.pause() }
        // All the times at once, as when no thread was free meanwhile.
        clock.advance(by: .seconds(9))
        #expect(await end.error == nil)
        #expect(ProcessStage.processes(with: mark) == [], "gone when the end is told")
        await processes.close()
    }

    // Goal: an end is not told as if all was gone when it is not. Method: a keeper that is stopped does nothing.
    @Test("a process that is not gone in time is said to be left, and ends later")
    func leftBehind() async throws {
        let clock = ManualClock()
        let processes = try ProcessStage(world: clock.world)
        let mark = ProcessStage.mark()
        let id = try await processes.actor()
        _ = try await processes.spawn(
            id, "sh", "-c", "trap '' TERM; echo $PPID; while :; do sleep \(mark); done")
        let keeper = try #require(pid_t(try await processes.text(id, until: "\n").dropLast()))
        kill(keeper, SIGSTOP)
        let before = clock.sleepCount(of: .seconds(1))
        let end = Work { () async throws(ActorError) in
            try await processes.stage.system.stop(id, grace: .seconds(60))
        }
        while clock.sleepCount(of: .seconds(1)) == before { try await ProcessStage.pause() }
        clock.advance(by: .seconds(1))
        while clock.sleepCount(of: .seconds(3)) == 0 { try await ProcessStage.pause() }
        clock.advance(by: .seconds(3))
        #expect(await end.error == nil)
        #expect(processes.stage.log.lines.contains { $0.contains("is not gone in time") })
        #expect(ProcessStage.processes(with: mark) != [])
        kill(keeper, SIGCONT)
        while ProcessStage.processes(with: mark) != [] { try await ProcessStage.pause() }
        await processes.close()
    }

    @Test("the end of a process whose keeper was killed is told when all of it is gone")
    func killedKeeper() async throws {
        let mark = ProcessStage.mark()
        let id = try await processes.actor()
        _ = try await processes.spawn(
            id, "sh", "-c",
            "for i in 1 2 3 4 5; do (setsid sh -c 'sleep \(mark) & sleep \(mark)' &); done; echo $PPID; "
                + "sleep \(mark)")
        let keeper = try #require(pid_t(try await processes.text(id, until: "\n").dropLast()))
        kill(keeper, SIGKILL)
        #expect(try await processes.heard(id, exits: 1).last?.text == "-9")
        #expect(ProcessStage.processes(with: mark) == [], "gone when the end is told")
        #expect(!stage.log.lines.contains { $0.contains("gone in time") || $0.contains("killed") })
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
        try await stage.host(id, "os-signal", .u64(second), .u32(15))
        _ = try await processes.heard(id, exits: 2)
        _ = try await processes.spawn(id, program, "0") { $0.timeout = 1 }
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
