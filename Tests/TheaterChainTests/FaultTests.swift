// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import TheaterPlatform

@testable import TheaterChain

@Suite("Disk faults")
struct FaultTests {
    /// What a run tried and what it was told.
    struct Outcome {
        /// Payloads per chain in the order in which they were appended.
        var attempted: [ActorID: [[UInt8]]] = [:]
        /// How many events per chain were durable.
        var acknowledged: [ActorID: Int] = [:]
        var isComplete = false
    }

    /// Opens, appends to two chains, rotates, waits for the disk now and then, closes.
    static func work(_ disk: SimulatedDisk, _ outcome: inout Outcome) async {
        do throws(JournalError) {
            let journal = try disk.open(smallOptions(segment: 900))
            var chains: [ChainWriter] = []
            for number in 1...2 as ClosedRange<UInt64> {
                chains.append(
                    journal.existingHead(actor: actor(number)) == nil
                        ? try journal.makeChain(actor: actor(number))
                        : try journal.resumeChain(actor: actor(number)))
            }
            for round in 0..<4 {
                for chain in chains {
                    let number = outcome.attempted[chain.actor, default: []].count
                    let payload = Array("event \(number) of round \(round)".utf8)
                    try chain.append(log, payload: payload)
                    outcome.attempted[chain.actor, default: []].append(payload)
                }
                guard round % 2 == 1 else { continue }
                try await journal.sync()
                outcome.acknowledged = outcome.attempted.mapValues(\.count)
            }
            try await journal.close()
            outcome.acknowledged = outcome.attempted.mapValues(\.count)
            outcome.isComplete = true
        } catch {
            #expect([.disk, .directory].contains(error.code), "\(error)")
            #expect(error.cause != nil)
        }
    }

    /// Reopens without faults and compares: acknowledged ⊆ reopened ⊆ attempted.
    static func expectKept(
        _ disk: SimulatedDisk, _ outcome: inout Outcome, _ what: String
    ) async throws {
        disk.inject(nil)
        let journal = try disk.open(smallOptions(segment: 900))
        let reader = try await journal.reader()
        let result = try reader.verifyAll()
        #expect(result.isValid, "\(what): \(result.problems)")
        for (actor, attempted) in outcome.attempted {
            let kept =
                reader.summary(of: actor) == nil ? [] : try events(reader, actor).map(\.payload)
            let acknowledged = outcome.acknowledged[actor] ?? 0
            #expect(kept.count >= acknowledged, "\(what): an acknowledged event is lost")
            #expect(
                attempted.starts(with: kept.compactMap(\.self)), "\(what): an event is invented")
            outcome.attempted[actor] = kept.compactMap(\.self)
            outcome.acknowledged[actor] = kept.count
        }
        try await journal.close()
    }

    struct Plan: Sendable, CustomTestStringConvertible {
        var errno: Int32
        var isPersistent: Bool
        var cutsPower: Bool

        var testDescription: String {
            "\(DiskError(operation: .write, path: "", errno: errno).reason), "
                + "\(isPersistent ? "persistent" : "once"), then \(cutsPower ? "power cut" : "kill")"
        }

        static let all = [ENOSPC, EIO].flatMap { errno in
            [false, true].flatMap { isPersistent in
                [false, true].map {
                    Plan(errno: errno, isPersistent: isPersistent, cutsPower: $0)
                }
            }
        }
    }

    // Goal: whatever operation fails, and however much of a write reaches the disk, reopening loses
    // nothing acknowledged and invents nothing. Method: fail operation 0, then 1, and so on until a
    // run completes without a fault, for several lengths of what a failing write leaves; then kill
    // the process or cut the power, reopen, compare, and do it once more on the same files.
    @Test("lose nothing acknowledged and invent nothing", arguments: Plan.all)
    func loop(plan: Plan) async throws {
        let seed: UInt64 = 7
        for kept in [0, 1, 71, 72, 100, 250, 10_000] {
            var operation = 0
            while true {
                var random = SplitMix(seed: seed &+ UInt64(operation))
                let disk = SimulatedDisk()
                var outcome = Outcome()
                let what =
                    "\(plan.testDescription), operation \(operation), kept \(kept), seed \(seed)"
                for session in 0..<2 {
                    outcome.isComplete = false
                    disk.inject(
                        SimulatedDisk.Fault(
                            operation: operation, isPersistent: plan.isPersistent,
                            errno: plan.errno, kept: kept))
                    await Self.work(disk, &outcome)
                    #expect(outcome.isComplete || disk.faultsHit > 0, "\(what)")
                    // A kill first: what a failed sync dropped must not be trusted by the next session.
                    let cutsPower = plan.cutsPower && (session == 1 || operation % 2 == 0)
                    if cutsPower { disk.cutPower(&random) } else { disk.kill() }
                    if session == 0 {
                        try await Self.expectKept(disk, &outcome, what)
                        disk.kill()
                    }
                }
                let hit = disk.faultsHit > 0
                try await Self.expectKept(disk, &outcome, what + ", second session")
                if !hit { break }
                operation += 1
            }
            #expect(operation > 20)
        }
    }

    // Goal: as above, for every length of what a failing write leaves. Method: for each operation that
    // is a write, fail it once for each number of bytes from none to all but one.
    @Test("lose nothing whatever part of a write reached the disk", arguments: [false, true])
    func everyLength(cutsPower: Bool) async throws {
        var (operation, writes, runs) = (0, 0, 0)
        while true {
            var (kept, size) = (0, 1)
            var wasHit = false
            while kept < size {
                var random = SplitMix(seed: UInt64(operation * 4096 + kept))
                let disk = SimulatedDisk()
                var outcome = Outcome()
                disk.inject(
                    SimulatedDisk.Fault(operation: operation, errno: EROFS, kept: kept))
                await Self.work(disk, &outcome)
                wasHit = disk.faultsHit > 0
                size = disk.failedWriteSize
                if cutsPower { disk.cutPower(&random) } else { disk.kill() }
                try await Self.expectKept(disk, &outcome, "operation \(operation), kept \(kept)")
                kept += 1
                runs += 1
            }
            if size > 1 { writes += 1 }
            if !wasHit { break }
            operation += 1
        }
        #expect(writes > 6 && runs > 1000, "\(writes) writes, \(runs) runs")
    }

    @Test("stop the journal with the file, the reason and a remedy, for good")
    func failure() async throws {
        let disk = SimulatedDisk()
        let journal = try disk.open()
        let chain = try journal.makeChain(actor: actor(1))
        try chain.append(log, payload: [1])
        try await chain.sync()
        disk.inject(SimulatedDisk.Fault(operation: 1, errno: ENOSPC))
        try chain.append(log, payload: [2])
        let error = try #require(
            await #expect(throws: JournalError.self) { try await chain.sync() })
        #expect(error.code == .disk)
        #expect(error.path == SimulatedDisk.segment(1))
        #expect(error.description.contains("No space left on device"))
        #expect(error.description.contains("Free space"))
        #expect(journal.failure == error)
        #expect(chain.head.count == 2)
        // The disk works again, but the journal does not pretend that nothing happened.
        #expect(throws: error) { try chain.append(log, payload: [3]) }
        #expect(throws: error) { try journal.makeChain(actor: actor(2)) }
        await journal.waitForSpace()
        await #expect(throws: error) { try await journal.sync() }
        await #expect(throws: error) { try await journal.close() }
        let again = try disk.open()
        #expect((1...2).contains(again.existingHead(actor: actor(1))?.count ?? 0))
        try await again.close()
    }

    @Test("of a read-only file system are named when opening")
    func readOnly() {
        let disk = SimulatedDisk()
        disk.inject(SimulatedDisk.Fault(operation: 0, isPersistent: true, errno: EROFS))
        let error = #expect(throws: JournalError.self) { try disk.open() }
        #expect(error?.code == .directory)
        #expect(error?.description.contains("Read-only file system") == true)
        #expect(error?.description.contains("remount") == true)
    }
}
