// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain
import TheaterPlatform
import TheaterTesting

@Suite("Crash of a node with effects")
struct EffectCrashTests {
    /// How many kills there are for each durability; `THEATER_EFFECT_KILLS` in the environment changes it.
    static let killCount =
        ProcessInfo.processInfo.environment["THEATER_EFFECT_KILLS"].flatMap(Int.init) ?? 25
    /// How many kills one data directory sees.
    private static let killsPerDirectory = 5

    private static var checker: String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Helpers/EffectWorker/check.py").path()
    }

    private static func check(_ arguments: [String]) async throws -> (Int32, String) {
        try await withCheckedThrowingContinuation { done in
            Thread.detachNewThread {
                done.resume(
                    with: Result {
                        let process = Process()
                        let output = Pipe()
                        process.executableURL = URL(filePath: "/usr/bin/env")
                        process.arguments = ["python3", checker] + arguments
                        process.standardOutput = output
                        try process.run()
                        let data = try output.fileHandleForReading.readToEnd() ?? Data()
                        process.waitUntilExit()
                        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
                    })
            }
        }
    }

    // Goal: whenever the process dies, the chains are valid, what was done outside was announced before,
    // nothing was done twice, and what was acknowledged under strict durability is there. Method: actors
    // with effects run until kill -9 at a random instant, several times on the same data directory; a
    // checker that shares no code with the runtime compares the journal with a ledger of what was done
    // and with what was acknowledged; the doubts that it finds are those that Theater lists.
    @Test(
        "kill -9 leaves valid chains, and every effect announced and done once",
        arguments: ["memory", "async", "strict"])
    func kills(durability: String) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed: seed)
        var (doubtCount, tookPlace, effectCount, round) = (0, 0, 0, 0)
        while round < Self.killCount {
            let folder = try TemporaryFolder()
            let (data, ledger) = (folder.path + "/data", folder.path + "/ledger")
            let acknowledged = folder.path + "/acknowledged"
            try Data().write(to: URL(filePath: acknowledged))
            for _ in 0..<min(Self.killsPerDirectory, Self.killCount - round) {
                let what = "seed \(seed), \(durability), round \(round)"
                let said = try await KilledWorker.run(
                    "EffectWorker", [data, ledger, durability],
                    killedAfter: 1 + random.next(below: 60),
                    spin: random.next(below: 2_000_000))
                try KilledWorker.cutHalfLine(of: ledger)
                #expect(!said.contains { $0.contains("error") }, "\(what): \(said)")
                let handle = try FileHandle(forWritingTo: URL(filePath: acknowledged))
                try handle.seekToEnd()
                for line in said where line.hasPrefix("ack ") {
                    try handle.write(contentsOf: Data((line.dropFirst(4) + "\n").utf8))
                }
                try handle.close()
                let (status, found) = try await Self.check(
                    [data + "/journal", ledger, acknowledged, durability])
                try #require(status == 0, "\(what): \(found)")
                let reader = try Journal.openReadOnly(directory: data + "/journal")
                #expect(try reader.verifyAll().isValid, "\(what)")
                let doubts = try reader.actors().flatMap { try reader.doubts(of: $0.actor) }
                let lines = found.split(separator: "\n")
                let expected = lines.filter { $0.hasPrefix("doubt ") }.map { $0.dropFirst(6) }
                #expect(doubts.map { "\($0.id)" }.sorted() == expected.map(String.init), "\(what)")
                let numbers = lines[0].split(separator: " ").compactMap { Int($0) }
                round += 1
                guard round % Self.killsPerDirectory == 0 || round == Self.killCount,
                    numbers.count == 4
                else { continue }
                effectCount += numbers[1]
                doubtCount += numbers[2]
                tookPlace += numbers[3]
            }
        }
        print(
            "effects, \(durability): \(round) kills, \(effectCount) effects, \(doubtCount) in doubt at "
                + "the end, of which \(tookPlace) took place")
        #expect(effectCount > Self.killCount, "seed \(seed): too little happened")
        if durability != "memory", Self.killCount >= 25 {
            #expect(doubtCount > 0, "seed \(seed): no kill came at a bad moment")
        }
    }
}
