// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Goal: however actors, their processes and their node end, nothing stays: no process, no zombie, no
/// descriptor, no memory; the limit holds, every process that ran ends with one callback unless its actor ended
/// first, and the places are free again. Method: actors that start as many processes as they may, of kinds and
/// with ends that the seed chooses; now and then in a node of its own, which is killed.
///
/// `THEATER_PROCESS_COUNT` says how many processes, `THEATER_PROCESS_SEED` which.
@Suite("Ends of actors with processes", .timeLimit(.minutes(60)))
struct ProcessEndingTests {
    private enum Kind: CaseIterable {
        case exits, crashes, waits, ignoresTerm, reads, daemon, chatters

        /// Whether it may be over before anybody has asked for it.
        var isShort: Bool { self == .exits || self == .crashes }

        func script(_ mark: String) -> String {
            switch self {
            case .exits: "exit 2"
            case .crashes: "kill -ABRT $$"
            case .waits: "sleep \(mark) & sleep \(mark)"
            case .ignoresTerm: "trap '' TERM HUP; while :; do sleep \(mark); done"
            case .reads: "cat; sleep \(mark)"
            case .daemon: "(setsid sh -c 'sleep \(mark) & sleep \(mark)' &); sleep \(mark)"
            case .chatters: "while :; do echo \(mark); done"
            }
        }

        static func some(_ count: Int, _ random: inout SplitMix) -> [Kind] {
            (0..<count).map { _ in allCases[random.next(below: allCases.count)] }
        }
    }

    private enum End: CaseIterable {
        case each, stop, terminate, trap, kill
    }

    private static let environment = ProcessInfo.processInfo.environment
    private static let limit = 4
    private static let keys: [String: ManifestValue] = [
        "allowed_programs": .array([.string("sh")]), "max_processes": .integer(Int64(limit)),
        "kill_grace": .string("20ms"),
    ]

    /// How many actors do this at the same time.
    private static let lanes = 6

    /// What was done.
    private struct Tally {
        var processes = 0
        var actors = 0
        var kills = 0
        /// The actors that ended in peace, whose chains are replayed.
        var peaceful: [ActorID] = []

        static func += (sum: inout Tally, other: Tally) {
            sum.processes += other.processes
            sum.actors += other.actors
            sum.kills += other.kills
            sum.peaceful += other.peaceful
        }
    }

    @Test("leave nothing, and never exceed the limit")
    func everything() async throws {
        let count = Self.environment["THEATER_PROCESS_COUNT"].flatMap { Int($0) } ?? 200
        let seed = Self.environment["THEATER_PROCESS_SEED"].flatMap { UInt64($0) } ?? 1
        // On disk: what chatters say would be held in memory otherwise.
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "theater-ends-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let processes = try ProcessStage(journal: .open(directory: folder.path))
        // What is made once, such as the launcher and the caches of the chain, is there afterwards.
        _ = try await lanes(processes, "warm-up", 40, seed)
        let before = Self.resources
        var tally = try await lanes(processes, "actor", count / 2, seed &+ 1)
        let half = Self.resources
        tally += try await lanes(processes, "later", count - count / 2, seed &+ 2)
        let after = Self.resources
        print(
            "seed \(seed): \(tally.processes) processes of \(tally.actors) actors ended, "
                + "those of \(tally.kills) nodes with their node; before, after half, and after: "
                + "\(before.descriptors), \(half.descriptors) and \(after.descriptors) descriptors, "
                + "\(before.memory), \(half.memory) and \(after.memory) KiB resident")
        // Other tests of the process have some open, and some memory, at the same time.
        #expect(after.descriptors < before.descriptors + 100, "seed \(seed)")
        // The chains are on disk; what the system remembers of an actor that ended takes a few KiB.
        let bound = 8192 + 16 * tally.actors / 2
        #expect(after.memory - half.memory < bound, "seed \(seed)")
        let stage = processes.stage
        let reader = try await stage.journal.reader()
        #expect(try reader.verifyAll().isValid, "seed \(seed)")
        for id in tally.peaceful {
            try await StageReplay.expectFaithful(
                id, in: reader, of: stage.journal, handlers: stage.handlers)
        }
        await processes.close()
        // Other tests may be ending theirs just now; what is left for good stays.
        var left = SystemProcesses.zombies(of: "theater-")
        while !left.isEmpty {
            try await ProcessStage.pause()
            left.formIntersection(SystemProcesses.zombies(of: "theater-"))
        }
    }

    private func lanes(
        _ processes: ProcessStage, _ name: String, _ count: Int, _ seed: UInt64
    ) async throws -> Tally {
        try await withThrowingTaskGroup(of: Tally.self) { group in
            for lane in 0..<Self.lanes {
                group.addTask {
                    try await self.lane(
                        processes, "\(name)-\(lane)", count / Self.lanes,
                        seed &* 1000 &+ UInt64(lane))
                }
            }
            return try await group.reduce(into: Tally()) { $0 += $1 }
        }
    }

    /// One actor after the other; nothing of one is left when the next begins.
    private func lane(
        _ processes: ProcessStage, _ name: String, _ count: Int, _ seed: UInt64
    ) async throws -> Tally {
        var random = SplitMix(seed: seed)
        let mark = ProcessStage.mark()
        var tally = Tally()
        var round = 0
        while tally.processes < count {
            round += 1
            // A node that is killed takes a start of this program: a few of them will do.
            let end = round % 25 == 5 ? .kill : End.allCases[random.next(below: 4)]
            let comment: Comment = "seed \(seed), \(name), round \(round), \(end)"
            switch end {
            case .kill:
                tally.processes += try await killedNode(mark, seed: random.next())
                tally.actors += Self.nodeActors
                tally.kills += 1
            case .each:
                let id = try await actor("\(name)-\(round)", processes)
                tally.processes += try await ended(id, processes, mark, &random, comment)
                tally.actors += 1
                tally.peaceful.append(id)
            case .stop, .terminate, .trap:
                let id = try await actor("\(name)-\(round)", processes)
                try await start(Kind.some(Self.limit, &random), processes, id, mark)
                tally.processes += Self.limit
                tally.actors += 1
                try await self.end(id, end, processes, mark)
            }
            #expect(ProcessStage.processes(with: mark) == [], comment)
        }
        return tally
    }

    private static var resources: (descriptors: Int, memory: Int) {
        (SystemProcesses.openDescriptors, SystemProcesses.residentKibibytes)
    }

    private func actor(_ name: String, _ processes: ProcessStage) async throws -> ActorID {
        try await processes.actor(Self.keys, name: name, error: .trap)
    }

    /// Starts processes until the limit, and one more, which is refused.
    private func start(
        _ kinds: [Kind], _ processes: ProcessStage, _ id: ActorID, _ mark: String
    ) async throws {
        for kind in kinds {
            let pid = try await processes.spawn(id, "sh", "-c", kind.script(mark))
            if kind == .reads {
                try await processes.stage.host(id, "os-close-stdin", .u64(pid))
            }
        }
        guard !kinds.contains(where: \.isShort) else { return }
        let refusal = try await processes.refusal(id, "sh", "-c", "exit 0")
        #expect(refusal.hasSuffix("[process.too-many]"))
    }

    /// An actor that goes on while its processes end, three times over: their places are free again.
    private func ended(
        _ id: ActorID, _ processes: ProcessStage, _ mark: String, _ random: inout SplitMix,
        _ comment: Comment
    ) async throws -> Int {
        for turn in 1...3 {
            try await start(Kind.some(Self.limit, &random), processes, id, mark)
            for pid in UInt64((turn - 1) * Self.limit + 1)...UInt64(turn * Self.limit) {
                try await processes.stage.host(id, "os-kill", .u64(pid))
            }
            let ended = try await processes.ended(id, count: turn * Self.limit)
            #expect(Set(ended).count == turn * Self.limit, comment)
            #expect(ended.count == turn * Self.limit, comment)
            #expect(ProcessStage.processes(with: mark) == [], comment)
        }
        try await processes.stage.system.stop(id)
        return 3 * Self.limit
    }

    private func end(
        _ id: ActorID, _ end: End, _ processes: ProcessStage, _ mark: String
    ) async throws {
        let system = processes.stage.system
        switch end {
        case .each, .kill: break
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

    // MARK: A node that is killed

    private static let nodeVariable = "THEATER_PROCESS_NODE"
    private static let nodeActors = 5

    /// Runs this program once more, as a node with actors and their processes, and kills it.
    ///
    /// - Returns: how many processes there were.
    private func killedNode(_ mark: String, seed: UInt64) async throws -> Int {
        let node = Process()
        node.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        node.arguments = ["--testing-library", "swift-testing", "--filter", "nodeToBeKilled"]
        node.environment = Self.environment.merging([Self.nodeVariable: "\(mark) \(seed)"]) { $1 }
        let output = Pipe()
        node.standardOutput = output
        node.standardError = FileHandle.nullDevice
        try node.run()
        let reader = output.fileHandleForReading
        let text = await withCheckedContinuation { heard in
            // Reading waits, so it has a thread of its own.
            Thread.detachNewThread {
                var text = ""
                while !text.contains("started all") {
                    let data = reader.availableData
                    if data.isEmpty { break }
                    text += String(decoding: data, as: UTF8.self)
                }
                heard.resume(returning: text)
            }
        }
        #expect(text.contains("started all"), "\(text)")
        kill(node.processIdentifier, SIGKILL)
        node.waitUntilExit()
        while !ProcessStage.processes(with: mark).isEmpty { try await ProcessStage.pause() }
        return Self.nodeActors * Self.limit
    }

    @Test("the node", .enabled(if: environment[nodeVariable] != nil))
    func nodeToBeKilled() async throws {
        let words = (Self.environment[Self.nodeVariable] ?? "").split(separator: " ")
        let mark = String(try #require(words.first))
        var random = SplitMix(seed: try #require(words.last.flatMap { UInt64($0) }))
        let processes = try ProcessStage()
        for number in 0..<Self.nodeActors {
            let id = try await actor("actor-\(number)", processes)
            try await start(Kind.some(Self.limit, &random), processes, id, mark)
        }
        print("started all")
        fflush(nil)
        // Until it is killed.
        while true { try await ProcessStage.pause() }
    }
}
