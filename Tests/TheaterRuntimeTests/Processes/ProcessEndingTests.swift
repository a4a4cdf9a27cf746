// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Goal: however actors and their processes end, nothing stays, the limit holds, every process that ran ends
/// with one callback unless its actor ended first, and the places are free again. Method: actors that start
/// as many processes as they may, of kinds and with ends that the seed chooses.
@Suite("Ends of actors with processes", .timeLimit(.minutes(10)))
struct ProcessEndingTests {
    private enum Kind: CaseIterable {
        case exits, crashes, waits, ignoresTerm, reads, daemon, chatters
    }

    private enum End: CaseIterable {
        case each, stop, terminate, trap
    }

    @Test("leave nothing, and never exceed the limit")
    func everything() async throws {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["THEATER_PROCESS_COUNT"].flatMap { Int($0) } ?? 200
        let seed = environment["THEATER_PROCESS_SEED"].flatMap { UInt64($0) } ?? 1
        var random = SplitMix(seed: seed)
        let processes = try ProcessStage()
        let mark = ProcessStage.mark()
        var started = 0
        var round = 0
        while started < count {
            round += 1
            let end = End.allCases[random.next(below: End.allCases.count)]
            let id = try await processes.actor(
                [
                    "allowed_programs": .array([.string("sh")]), "max_processes": .integer(4),
                    "kill_grace": .string("20ms"),
                ], name: "actor-\(round)", error: .trap)
            for turn in 1...(end == .each ? 3 : 1) {
                var kinds: [Kind] = []
                for _ in 0..<4 {
                    kinds.append(Kind.allCases[random.next(below: Kind.allCases.count)])
                }
                try await start(kinds, processes, id, mark)
                started += kinds.count
                let comment: Comment = "seed \(seed), round \(round), \(end), \(kinds)"
                guard end == .each else {
                    try await self.end(id, end, processes, mark)
                    #expect(ProcessStage.processes(with: mark) == [], comment)
                    break
                }
                for pid in UInt64(turn * 4 - 3)...UInt64(turn * 4) {
                    try await processes.stage.host(id, "os-kill", .u64(pid))
                }
                let exits = try await processes.heard(id, exits: turn * 4)
                    .filter { $0.kind == "exit" }
                #expect(Set(exits.map(\.process)).count == turn * 4, comment)
                #expect(exits.count == turn * 4, comment)
                #expect(ProcessStage.processes(with: mark) == [], comment)
            }
            if end == .each { try await processes.stage.system.stop(id) }
        }
        await processes.close()
        print("\(started) processes of \(round) actors ended")
    }

    /// Starts processes until the limit, and one more, which is refused.
    private func start(
        _ kinds: [Kind], _ processes: ProcessStage, _ id: ActorID, _ mark: String
    ) async throws {
        var mayBeOver = false
        for kind in kinds {
            let script =
                switch kind {
                case .exits: "exit 2"
                case .crashes: "kill -ABRT $$"
                case .waits: "sleep \(mark) & sleep \(mark)"
                case .ignoresTerm: "trap '' TERM HUP; while :; do sleep \(mark); done"
                case .reads: "cat; sleep \(mark)"
                case .daemon: "(setsid sh -c 'sleep \(mark) & sleep \(mark)' &); sleep \(mark)"
                case .chatters: "while :; do echo \(mark); done"
                }
            if kind == .exits || kind == .crashes { mayBeOver = true }
            let pid = try await processes.spawn(id, "sh", "-c", script)
            if kind == .reads {
                try await processes.stage.host(id, "os-close-stdin", .u64(pid))
            }
        }
        guard !mayBeOver else { return }
        let refusal = try await processes.refusal(id, "sh", "-c", "exit 0")
        #expect(refusal.hasSuffix("[process.too-many]"))
    }

    private func end(
        _ id: ActorID, _ end: End, _ processes: ProcessStage, _ mark: String
    ) async throws {
        let system = processes.stage.system
        switch end {
        case .each: break
        case .stop: try await system.stop(id)
        case .terminate: try await system.terminate(id)
        case .trap:
            // What writes to its standard error ends the actor. There is room for it when one is over.
            for pid in 1...2 as ClosedRange<UInt64> {
                _ = try? await processes.stage.host(id, "os-kill", .u64(pid))
            }
            while (try? await processes.spawn(id, "sh", "-c", "echo end >&2; sleep \(mark)")) == nil
            {
                if system.status(of: id)?.isEnded != false { break }
                try await ProcessStage.pause()
            }
            while system.status(of: id)?.isEnded == false { try await ProcessStage.pause() }
        }
    }
}
