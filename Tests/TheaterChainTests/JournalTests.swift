// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterPlatform

@testable import TheaterChain

@Suite("Journal")
struct JournalTests {
    @Test("keeps what was appended, in order, across closing and opening")
    func reopen() async throws {
        try await withDirectory { path in
            let directory = path + "/journal"
            var hashes: [Digest] = []
            let journal = try Journal.open(directory: directory)
            let chain = try journal.makeChain(actor: actor(1), name: "first")
            for index in 0..<10 {
                hashes.append(try chain.append(log, payload: [UInt8(index)]).hash)
            }
            try await journal.close()

            let again = try Journal.open(directory: directory)
            #expect(again.existingHead(actor: actor(1)) == ChainHead(count: 10, hash: hashes[9]))
            #expect(again.existingHead(actor: actor(2)) == nil)
            #expect(again.recovery.cutSize == 0)
            let resumed = try again.resumeChain(actor: actor(1))
            hashes.append(try resumed.append(log, payload: [10]).hash)
            let reader = try await again.reader()
            let read = try events(reader, actor(1))
            #expect(read.map(\.payload) == (0...10).map { [UInt8($0)] })
            #expect(read.map(\.hash) == hashes)
            #expect(read.map(\.parent) == [ChainHead.genesis(of: actor(1))] + hashes.dropLast())
            #expect(read.map(\.sequence) == Array(0...10))
            #expect(try reader.verifyAll().isValid)
            #expect(reader.summary(of: actor(1))?.name == "first")
            try await again.close()
        }
    }

    @Test("a journal on disk keeps no events in memory once they are written")
    func keepsNothing() async throws {
        try await withDirectory { path in
            var options = JournalOptions()
            options.bufferSizeMax = 1 << 20
            options.payloadSizeMax = 64 << 10
            let journal = try Journal.open(directory: path, options: options)
            let chain = try journal.makeChain(actor: actor(1), name: "first")
            let payload = [UInt8](repeating: 7, count: 1024)
            for _ in 0..<10_000 {
                if journal.isUnderPressure { await journal.waitForSpace() }
                try chain.append(log, payload: payload)
                #expect(journal.core.pendingSize <= options.bufferSizeMax)
            }
            try await journal.sync()
            #expect(journal.core.log.blocks.isEmpty)
            #expect(journal.core.pendingSize < 1024, "room for the next header at the most")
            #expect(journal.existingHead(actor: actor(1))?.count == 10_000)
            #expect(try await events(journal.reader(), actor(1)).count == 10_000)
            try await journal.close()
        }
    }

    @Test("reads any range of a long chain", arguments: [0, 1, 1023, 1024, 1025, 2500])
    func ranges(count: Int) async throws {
        let disk = SimulatedDisk()
        let journal = try disk.open(smallOptions(segment: 1 << 16))
        let chains = try (1...2).map { try journal.makeChain(actor: actor($0)) }
        for index in 0..<count {
            for chain in chains { try chain.append(log, payload: Array("\(index)".utf8)) }
        }
        let reader = try await journal.reader()
        let total = UInt64(count)
        let ranges = [
            0..<total, 0..<min(1, total), total / 2..<total, total / 3..<total / 2, 5..<1030,
        ]
        for range in ranges {
            let expected = Array(range.clamped(to: 0..<total))
            #expect(try events(reader, actor(2), in: range).map(\.sequence) == expected)
            var cursor = try await journal.events(of: actor(1), in: range)
            var found: [UInt64] = []
            while let event = try cursor.next() { found.append(event.sequence) }
            #expect(found == expected)
        }
        try await journal.close()
    }

    @Test("refuses a second opener and names the holder")
    func locked() async throws {
        try await withDirectory { path in
            let journal = try Journal.open(directory: path)
            let error = #expect(throws: JournalError.self) { try Journal.open(directory: path) }
            #expect(error?.code == .locked)
            #expect(error?.holder == CurrentProcess.id)
            #expect(error?.description.contains("process \(CurrentProcess.id)") == true)
            #expect(try Journal.openReadOnly(directory: path).actors().isEmpty)
            try await journal.close()
            try await Journal.open(directory: path).close()
        }
    }

    @Test(
        "says why a directory cannot be used",
        arguments: [
            ("/proc/theater-journal", "No such file or directory"),
            ("/proc/self/cmdline", "Not a directory"), ("/theater-missing/journal", "No such file"),
            ("/dev/null/journal", "Not a directory"),
        ])
    func directory(path: String, reason: String) {
        let error = #expect(throws: JournalError.self) { try Journal.open(directory: path) }
        #expect(error?.code == .directory)
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        #expect(error?.description.contains(path) == true)
    }

    @Test("refuses appends after closing, and closing twice is fine")
    func closed() async throws {
        let disk = SimulatedDisk()
        let journal = try disk.open()
        let chain = try journal.makeChain(actor: actor(1))
        try chain.append(log, payload: [1])
        try await journal.close()
        try await journal.close()
        #expect(throws: JournalError.closed) { try chain.append(log, payload: [2]) }
        #expect(try events(try disk.reader(), actor(1)).count == 1)
    }

    @Test("keeps one writer for a chain")
    func oneWriter() async throws {
        let journal = Journal.inMemory()
        var chain: ChainWriter? = try journal.makeChain(actor: actor(1))
        #expect(throws: JournalError.chainExists(actor(1))) {
            try journal.makeChain(actor: actor(1))
        }
        #expect(throws: JournalError.chainInUse(actor(1))) {
            try journal.resumeChain(actor: actor(1))
        }
        #expect(throws: JournalError.unknownChain(actor(2))) {
            try journal.resumeChain(actor: actor(2))
        }
        try chain?.append(log, payload: [1])
        chain = nil
        #expect(try journal.resumeChain(actor: actor(1)).head.count == 1)
    }

    @Test("refuses what is too large or too long, and takes what is just within")
    func bounds() async throws {
        var options = smallOptions()
        options.payloadSizeMax = 1000
        options.chainsMax = 2
        let journal = try SimulatedDisk().open(options)
        let chain = try journal.makeChain(
            actor: actor(1), name: String(repeating: "n", count: 1024))
        try chain.append(log, payload: [UInt8](repeating: 0, count: 1000))
        let large = [UInt8](repeating: 0, count: 1001)
        #expect(throws: JournalError.payloadTooLarge(1001, 1000)) {
            try chain.append(log, payload: large)
        }
        try chain.append(EventType(String(repeating: "t", count: 1024)), payload: [])
        for size in [0, 1025] {
            let name = String(repeating: "t", count: size)
            #expect(throws: JournalError.badName("an event type", size)) {
                try chain.append(EventType(name), payload: [])
            }
            #expect(throws: JournalError.badName("a chain's name", size)) {
                try journal.makeChain(actor: actor(2), name: name)
            }
        }
        let second = try journal.makeChain(actor: actor(2))
        #expect(throws: JournalError.tooManyChains(2)) { try journal.makeChain(actor: actor(3)) }
        #expect(chain.head.count == 2)
        #expect(second.head == ChainHead(count: 0, hash: ChainHead.genesis(of: actor(2))))
        #expect(try await journal.reader().verifyAll().isValid)
        try await journal.close()
    }

    @Test("refuses options that cannot work")
    func badOptions() {
        var options = JournalOptions()
        options.segmentSizeMax = 100
        #expect(throws: JournalError.self) { try SimulatedDisk().open(options) }
        options = JournalOptions()
        options.payloadSizeMax = options.bufferSizeMax
        let error = #expect(throws: JournalError.self) { try SimulatedDisk().open(options) }
        #expect(error?.code == .badOptions)
    }

    @Test("brings what nobody waits for to disk when the delay is over")
    func delay() async throws {
        let disk = SimulatedDisk()
        var options = smallOptions()
        options.asyncDelay = .milliseconds(1)
        let journal = try disk.open(options)
        let chain = try journal.makeChain(actor: actor(1))
        let (synced, continuation) = AsyncStream.makeStream(of: Void.self)
        disk.onSync { continuation.yield() }
        for index in 0..<3 as Range<UInt8> {
            try chain.append(log, payload: [index])
            // Nobody waits for the journal, and still it syncs.
            for await _ in synced { break }
        }
        #expect(try disk.reader().summary(of: actor(1))?.count == 3)
        try await journal.close()
    }

    // Goal: who watches neither hurries the disk nor misses it. Method: a delay that never ends by itself; what
    // a watcher waits for is written when somebody else asks.
    @Test("a watcher waits for the disk without hurrying it", arguments: [true, false])
    func settled(isClosed: Bool) async throws {
        let disk = SimulatedDisk()
        let journal = try disk.open(smallOptions())
        let chain = try journal.makeChain(actor: actor(1))
        try await journal.sync()
        try await journal.settled()
        try chain.append(log, payload: [1])
        let (settlements, continuation) = AsyncStream.makeStream(of: Bool.self)
        let watcher = Task {
            try await journal.settled()
            continuation.yield(true)
            continuation.finish()
        }
        for _ in 0..<1000 { await Task.yield() }
        #expect(try disk.reader().summary(of: actor(1))?.count == 0, "the watcher hurried the disk")
        continuation.yield(false)
        if isClosed { try await journal.close() } else { try await journal.sync() }
        try await watcher.value
        var order: [Bool] = []
        for await isSettlement in settlements { order.append(isSettlement) }
        #expect(order == [false, true], "the watcher did not wait")
        #expect(try disk.reader().summary(of: actor(1))?.count == 1)
        try await journal.settled()
        if !isClosed { try await journal.close() }
    }

    // Goal: a watcher learns that the disk failed.
    @Test("a watcher is told when the disk fails")
    func settledAfterFailure() async throws {
        let disk = SimulatedDisk()
        let journal = try disk.open(smallOptions())
        let chain = try journal.makeChain(actor: actor(1))
        try await journal.sync()
        try chain.append(log, payload: [1])
        await withTaskGroup(of: JournalError.Code?.self) { group in
            group.addTask {
                do throws(JournalError) {
                    try await journal.settled()
                    return nil
                } catch {
                    return error.code
                }
            }
            disk.inject(SimulatedDisk.Fault(operation: 0, errno: EIO))
            await #expect(throws: JournalError.self) { try await journal.sync() }
            for await code in group { #expect(code == .disk) }
        }
    }

    // Goal: what waits is bounded, and the pressure is seen and goes away. Method: a delay that never
    // ends, so that nothing is written until somebody waits.
    @Test("reports pressure, refuses beyond its buffer, and has space again")
    func pressure() async throws {
        var options = smallOptions(segment: 1 << 20)
        options.bufferSizeMax = 16 << 10
        options.payloadSizeMax = 4 << 10
        options.batchSize = 1 << 20
        let journal = try SimulatedDisk().open(options)
        let chain = try journal.makeChain(actor: actor(1))
        let payload = [UInt8](repeating: 1, count: 3 << 10)
        #expect(!journal.isUnderPressure)
        for _ in 0..<4 { try chain.append(log, payload: payload) }
        #expect(journal.isUnderPressure)
        let error = #expect(throws: JournalError.self) { try chain.append(log, payload: payload) }
        #expect(error?.code == .overloaded)
        #expect(chain.head.count == 4)
        await journal.waitForSpace()
        #expect(!journal.isUnderPressure)
        try chain.append(log, payload: payload)
        #expect(try await journal.reader().verifyAll().isValid)
        try await journal.close()
    }

    @Test("serves 64 tasks that each wait for the disk; nothing is lost or invented")
    func concurrency() async throws {
        try await withDirectory { path in
            var options = JournalOptions()
            options.segmentSizeMax = 64 << 10
            let journal = try Journal.open(directory: path, options: options)
            try await withThrowingTaskGroup { group in
                for number in 0..<64 as Range<UInt64> {
                    let chain = try journal.makeChain(actor: actor(number), durability: .strict)
                    group.addTask {
                        for index in 0..<40 as Range<UInt8> {
                            try chain.append(log, payload: [UInt8(number), index])
                            try await chain.sync()
                        }
                    }
                }
                try await group.waitForAll()
            }
            // Everything was waited for, so another reader sees it without closing.
            let reader = try Journal.openReadOnly(directory: path)
            let result = try reader.verifyAll()
            #expect(result.isValid)
            #expect(result.eventCount == 64 * 40)
            #expect(result.segmentCount > 2)
            for number in 0..<64 as Range<UInt64> {
                let payloads = try events(reader, actor(number)).map(\.payload)
                #expect(payloads == (0..<40).map { [UInt8(number), $0] })
            }
            try await journal.close()
        }
    }

    @Test("keeps a chain in memory within its bound, and verifies what is left")
    func memory() async throws {
        var options = JournalOptions()
        options.memorySizeMax = 512 << 10
        let journal = Journal.inMemory(options: options)
        let chain = try journal.makeChain(actor: actor(1))
        for index in 0..<5000 {
            try chain.append(
                log, payload: Array("\(index)".utf8) + [UInt8](repeating: 0, count: 200))
        }
        try await chain.sync()
        let reader = try await journal.reader()
        let read = try events(reader, actor(1))
        let report = try reader.verify(actor(1))
        #expect(report.isValid)
        #expect(report.count == 5000)
        #expect(report.head == chain.head.hash)
        #expect(report.firstSequence > 0)
        #expect(read.first?.sequence == report.firstSequence)
        #expect(read.last?.sequence == 4999)
        #expect(read.count > 500)
        #expect(chain.durability == .memory)
    }

    @Test("keeps a chain in memory beside chains on disk, and not on disk")
    func mixed() async throws {
        let disk = SimulatedDisk()
        let journal = try disk.open()
        let kept = try journal.makeChain(actor: actor(1))
        let fleeting = try journal.makeChain(actor: actor(2), durability: .memory)
        for index in 0..<20 as Range<UInt8> {
            try kept.append(log, payload: [index])
            try fleeting.append(log, payload: [index])
        }
        let reader = try await journal.reader()
        #expect(try events(reader, actor(2)).count == 20)
        #expect(try reader.verifyAll().isValid)
        #expect(try reader.verifyAll().chains.count == 2)
        try await journal.close()
        #expect(try disk.reader().actors().map(\.actor) == [actor(1)])
        let again = try disk.open()
        #expect(again.actors().map(\.count) == [20])
        try await again.close()
    }

    @Test("a journal that is let go closes by itself")
    func letGo() async throws {
        try await withDirectory { path in
            let journal = try Journal.open(directory: path)
            try journal.makeChain(actor: actor(1)).append(log, payload: [1])
            _ = consume journal
            // The lock is free once the writer thread is done; until then opening is refused.
            while true {
                do throws(JournalError) {
                    let journal = try Journal.open(directory: path)
                    #expect(journal.actors().map(\.count) == [1])
                    try await journal.close()
                    return
                } catch {
                    try #require(error.code == .locked)
                    await Task.yield()
                }
            }
        }
    }
}
