// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import TheaterPlatform

@testable import TheaterChain

@Suite("Disk faults while caring for a journal")
struct CareFaultTests {
    enum Work: String, CaseIterable, Sendable {
        case prune, compact, backup, restore
    }

    struct Plan: Sendable, CustomTestStringConvertible {
        var work: Work
        var errno: Int32
        var isPersistent: Bool
        var cutsPower: Bool

        var testDescription: String {
            "\(work), \(DiskError(operation: .write, path: "", errno: errno).reason), "
                + "\(isPersistent ? "persistent" : "once"), then \(cutsPower ? "power cut" : "kill")"
        }

        static let all = Work.allCases.flatMap { work in
            [
                Plan(work: work, errno: ENOSPC, isPersistent: false, cutsPower: false),
                Plan(work: work, errno: EIO, isPersistent: false, cutsPower: true),
                Plan(work: work, errno: EROFS, isPersistent: true, cutsPower: true),
            ]
        }
    }

    private static let target = "/target"
    private static let kept: UInt64 = 4

    private static func perform(_ work: Work, on disk: SimulatedDisk) throws(JournalError) {
        switch work {
        case .prune:
            var retention = Retention()
            retention.eventsPerChain = kept
            try CareTests.prune(disk, retention)
        case .compact:
            try Journal.compact(
                directory: SimulatedDisk.directory, options: CareTests.options, disk: disk)
        case .backup, .restore:
            // Either copies one directory to another; a restore wants a finished backup.
            if work == .backup {
                try Journal.backup(from: SimulatedDisk.directory, to: target, disk: disk)
            } else {
                try Journal.restore(from: SimulatedDisk.directory, to: target, disk: disk)
            }
        }
    }

    /// The journal is whole and has all events; the payloads are those of before or of after.
    private static func expectWhole(
        _ disk: SimulatedDisk, like whole: SimulatedDisk, _ plan: Plan, _ what: String
    ) async throws {
        // A reader sees a whole journal even in the middle of a swap.
        let early = try disk.reader().verifyAll()
        #expect(early.isValid, "\(what): \(early.problems)")
        if plan.work == .prune || plan.work == .compact {
            // So does who copies it.
            let copied = disk.copy()
            copied.kill()
            try Journal.backup(from: SimulatedDisk.directory, to: target, disk: copied)
            let result = try Journal.openReadOnly(directory: target, disk: copied).verifyAll()
            #expect(result.isValid, "\(what): \(result.problems)")
        }
        let journal = try disk.open(CareTests.options)
        try await journal.close()
        let names = try disk.list(SimulatedDisk.directory)
        #expect(!names.contains { $0.hasSuffix(".journal.new") }, "\(what): \(names)")
        #expect(!names.contains("journal.swap"), "\(what): \(names)")
        for number in 1...2 as ClosedRange<UInt64> {
            let kept = try CareTests.kept(disk, number, like: whole)
            let after = plan.work == .prune ? (0..<10).map { $0 >= 6 } : kept
            #expect(
                kept == after || kept.allSatisfy { $0 == true }, "\(what): \(kept)")
        }
        #expect(try disk.reader().doubts(of: actor(9)).count == 1)
    }

    /// A copy is whole or is none.
    private static func expectCopy(
        _ disk: SimulatedDisk, like whole: SimulatedDisk, _ what: String, isDone: Bool
    ) async throws {
        let names = try disk.list(target)
        let journal = try Journal.open(
            directory: target, options: CareTests.options, disk: disk)
        let chains = journal.actors()
        let expected = try whole.reader().actors()
        #expect(chains == expected || (chains.isEmpty && !isDone), "\(what): \(names)")
        try await journal.close()
        let result = try Journal.openReadOnly(directory: target, disk: disk).verifyAll()
        #expect(result.isValid, "\(what): \(result.problems)")
    }

    // Goal: whatever operation fails while a journal is pruned, compacted, backed up or restored, no
    // event and no payload that should stay is lost, and a copy is whole or none. Method: fail operation
    // 0, then 1, and so on until the work completes without a fault, for many lengths of what a failing
    // write leaves; then kill the process or cut the power, reopen and compare; then do the work again
    // without a fault.
    @Test("lose nothing and leave no half", arguments: Plan.all)
    func loop(plan: Plan) async throws {
        let whole = try await CareTests.journal()
        var operation = 0
        while true {
            var (kept, wasHit, writeSize) = (0, false, 1)
            while kept < writeSize {
                let disk = whole.copy()
                (wasHit, writeSize) = try await Self.fail(
                    operation, kept: kept, plan, on: disk, like: whole)
                kept += kept < 4 ? 3 : 211
            }
            if !wasHit { break }
            operation += 1
        }
        #expect(operation > 20)
    }

    /// Fails one operation.
    ///
    /// - Returns: whether there was such an operation, and the size of the write that it was.
    private static func fail(
        _ operation: Int, kept: Int, _ plan: Plan, on disk: SimulatedDisk,
        like whole: SimulatedDisk
    ) async throws -> (wasHit: Bool, writeSize: Int) {
        var random = SplitMix(seed: UInt64(operation * 65536 + kept))
        let what = "\(plan.testDescription), operation \(operation), kept \(kept)"
        disk.inject(
            SimulatedDisk.Fault(
                operation: operation, isPersistent: plan.isPersistent, errno: plan.errno,
                kept: kept))
        var isDone = false
        do throws(JournalError) {
            try perform(plan.work, on: disk)
            isDone = true
        } catch {
            #expect([.disk, .directory].contains(error.code), "\(what): \(error)")
            #expect(error.cause != nil, "\(what): \(error)")
        }
        let (wasHit, size) = (disk.faultsHit > 0, disk.failedWriteSize)
        #expect(isDone || wasHit, "\(what)")
        if plan.cutsPower { disk.cutPower(&random) } else { disk.kill() }
        disk.inject(nil)
        try await expectWhole(disk, like: whole, plan, what)
        if plan.work == .backup || plan.work == .restore {
            try await expectCopy(disk, like: whole, what, isDone: isDone)
        } else if !isDone {
            disk.kill()
            try perform(plan.work, on: disk)
            try await expectWhole(disk, like: whole, plan, what + ", again")
        }
        return (wasHit, size)
    }
}
