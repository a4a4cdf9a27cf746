// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

@Suite("The order of callbacks of processes", .timeLimit(.minutes(2)))
struct ProcessOrderTests {
    /// What ends a process that does not end by itself.
    private enum Act {
        case none
        case signal(UInt32)
        case kill
    }

    // Goal: whatever ends a process, each stream is in order and whole, and one exit comes after both of them,
    // with the code that the status has. Method: every end beside the others in one actor.
    @Test("one exit for each process, after all of its output, however it ends")
    func ends() async throws {
        let processes = try ProcessStage()
        let id = try await processes.actor()
        let say = "for i in 1 2 3; do echo o$i; echo e$i >&2; done; echo said; "
        let wait = "while :; do sleep 0.01; done"
        let ends: [(name: String, rest: String, act: Act, timeout: UInt64?, code: Int32)] = [
            ("exit", "exit 7", .none, nil, 7),
            ("a crash", "kill -SEGV $$", .none, nil, -11),
            ("a signal", wait, .signal(10), nil, -10),
            ("a kill", wait, .kill, nil, -15),
            ("a kill that is ignored", "trap '' TERM; echo deaf; " + wait, .kill, nil, -9),
            // Long enough for it to have said everything.
            ("a timeout", wait, .none, 10, -15),
            ("a daemon that keeps the pipes", "(setsid sleep 1000 &); exit 3", .none, nil, 3),
        ]
        var pids: [UInt64] = []
        for end in ends {
            let pid = try await processes.spawn(id, "sh", "-c", say + end.rest) { config in
                (config.outputMode, config.errorMode) = (1, 1)
                config.timeout = end.timeout
            }
            pids.append(pid)
        }
        for (pid, end) in zip(pids, ends) {
            let last = end.rest.contains("deaf") ? "deaf" : "said"
            while try await !processes.heard(id).contains(where: {
                $0.process == pid && $0.text == last
            }) { try await ProcessStage.pause() }
            switch end.act {
            case .none: break
            case .signal(let number):
                try await processes.stage.host(id, "os-signal", .u64(pid), .u32(number))
            case .kill: try await processes.stage.host(id, "os-kill", .u64(pid))
            }
        }
        let all = try await processes.heard(id, exits: ends.count)
        for (pid, end) in zip(pids, ends) {
            let heard = all.filter { $0.process == pid }
            let output = heard.filter { $0.kind == "out" }.map(\.text).prefix(4)
            #expect(Array(output) == ["o1", "o2", "o3", "said"], "\(end.name)")
            #expect(
                heard.filter { $0.kind == "err" }.map(\.text) == ["e1", "e2", "e3"], "\(end.name)")
            #expect(heard.count { $0.kind == "exit" } == 1, "\(end.name)")
            #expect(
                heard.last == .init(kind: "exit", process: pid, text: "\(end.code)"), "\(end.name)")
            let status = try await processes.stage.host(id, "os-status", .u64(pid))
            #expect(status.field(named: "running") == .bool(false), "\(end.name)")
            let code = try #require(status.field(named: "exit-code")?.asOption)
            #expect(code == .s32(end.code), "\(end.name)")
        }
        let list = try #require(try await processes.stage.host(id, "os-list").asItems)
        #expect(list.map { $0.field(named: "pid") } == pids.map { .u64($0) })
        await processes.close()
    }

    @Test("from SIGTERM to SIGKILL it is five seconds, and the shorter of two timeouts counts")
    func grace() async throws {
        let clock = ManualClock()
        let processes = try ProcessStage(world: clock.world)
        let id = try await processes.actor([
            "allowed_programs": .array([.string("sh")]), "execution_timeout": .string("20s"),
        ])
        for (timeout, counts) in [(nil, 20), (17, 17), (60, 20)] as [(UInt64?, Int64)] {
            let (before, graces) = (
                clock.sleepCount(of: .seconds(counts)), clock.sleepCount(of: .seconds(5))
            )
            let pid = try await processes.spawn(
                id, "sh", "-c",
                "trap 'echo asked' TERM; echo ready; while :; do sleep 0.01; done"
            ) { config in
                config.outputMode = 1
                config.timeout = timeout
            }
            func isHeard(_ text: String) async throws -> Bool {
                try await processes.heard(id).contains { $0.process == pid && $0.text == text }
            }
            while try await !isHeard("ready") { try await ProcessStage.pause() }
            while clock.sleepCount(of: .seconds(counts)) == before {
                try await ProcessStage.pause()
            }
            clock.advance(by: .seconds(counts))
            while try await !isHeard("asked") { try await ProcessStage.pause() }
            while clock.sleepCount(of: .seconds(5)) == graces { try await ProcessStage.pause() }
            #expect(try await !isHeard("-9"))
            clock.advance(by: .seconds(5))
            while try await !isHeard("-9") { try await ProcessStage.pause() }
        }
        await processes.close()
    }
}
