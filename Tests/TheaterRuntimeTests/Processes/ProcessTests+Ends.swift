// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// How programs end, and their actors with them or without.
extension ProcessTests {
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

    @Test("kill ends the group in order, and by force after the grace")
    func kills() async throws {
        let mark = ProcessStage.mark()
        // Long enough for a program on a busy machine.
        let patient = try await processes.actor(
            ["allowed_programs": .array([.string("*")]), "kill_grace": .string("60s")],
            name: "patient")
        let polite = try await processes.spawn(
            patient, "sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done")
        _ = try await processes.text(patient, until: "ready")
        try await stage.host(patient, "os-kill", .u64(polite))
        #expect(try await processes.heard(patient, exits: 1).last?.text == "9")
        let id = try await processes.actor()
        let deaf = try await processes.spawn(
            id, "sh", "-c",
            "trap '' TERM; setsid sh -c \"trap '' TERM; sleep \(mark)\" & echo set; sleep \(mark)")
        _ = try await processes.text(id, until: "set")
        try await stage.host(id, "os-kill", .u64(deaf))
        try await stage.host(id, "os-kill", .u64(deaf))
        #expect(try await processes.heard(id, exits: 1).last?.text == "-9")
        #expect(ProcessStage.processes(with: mark) == [])
        // One that is over needs nothing more.
        try await stage.host(id, "os-kill", .u64(deaf))
        await processes.close()
    }

    @Test("a timeout ends what takes longer, and only that")
    func timeouts() async throws {
        let clock = ManualClock()
        let processes = try ProcessStage(world: clock.world)
        let mark = ProcessStage.mark()
        let id = try await processes.actor([
            "allowed_programs": .array([.string("*")]), "kill_grace": .string("50ms"),
            "execution_timeout": .string("19s"),
        ])
        _ = try await processes.spawn(id, "sh", "-c", "sleep \(mark) & sleep \(mark)") {
            $0.timeout = 17
        }
        _ = try await processes.spawn(
            id, "sh", "-c", "trap '' TERM; echo ready; sleep \(mark); sleep \(mark)"
        ) {
            $0.timeout = 0
        }
        _ = try await processes.text(id, until: "ready")
        for seconds in [17, 19] as [Int64] {
            while clock.sleepCount(of: .seconds(seconds)) == 0 { try await ProcessStage.pause() }
        }
        _ = try await processes.spawn(id, "sh", "-c", "exit 5") { $0.timeout = 60 }
        _ = try await processes.heard(id, exits: 1)
        clock.advance(by: .seconds(17))
        // Then little by little: the second timeout, and a grace after each.
        while try await processes.heard(id).count(where: { $0.kind == "exit" }) < 3 {
            clock.advance(by: .milliseconds(50))
            try await ProcessStage.pause()
        }
        let exits = try await processes.heard(id, exits: 3).filter { $0.kind == "exit" }
            .sorted { $0.process < $1.process }
        #expect(exits.map(\.text) == ["-15", "-9", "5"])
        #expect(ProcessStage.processes(with: mark) == [])
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
}
