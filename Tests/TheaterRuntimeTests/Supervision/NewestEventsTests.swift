// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing
import TheaterChain
import TheaterHandlers
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

/// Goal: what a guest asks of a long chain costs what it gets, not what the chain has. Method: a disk that
/// counts its reads.
@Suite("Newest events", .timeLimit(.minutes(2)))
struct NewestEventsTests {
    @Test("get-child-events and a page of events read a bounded number of records")
    func cost() async throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("theater-newest-\(UInt64.random(in: 0 ... .max))").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let disk = CountingDisk()
        let journal = try Journal.open(directory: directory, disk: disk)
        let house = try Household(journal: journal)
        let root = try await house.root(KinGuest(supervisor: [KinGuest.events]))
        let child = try await house.child(of: root)
        for _ in 0..<2000 {
            try await house.system.call(child, "test:kin/kin.echo", [.u8(1)])
        }
        disk.reset()
        let answer = try await house.ask(root, "get-child-events", .id(child))
        #expect(answer.ok?.asItems?.count == 256, "\(answer.error)")
        #expect(disk.reads <= 2 * 256 + 64, "\(disk.reads)")
        let count = try #require(journal.existingHead(actor: child)?.count)
        #expect(count > 4000)
        for first in [0, 1500, count - 20] {
            disk.reset()
            let filter = EventFilter(range: first..<first + 10, limit: 10)
            let page = try await house.system.events(of: child, filter: filter)
            #expect(page.events.map(\.sequence) == Array(first..<first + 10))
            #expect(disk.reads <= 10 + 10 + 1024 + 64, "\(disk.reads)")
        }
        await house.system.shutDown()
        try await journal.close()
    }
}

/// The disk of the system, and how often it was read.
private final class CountingDisk: Disk {
    private let disk = SystemDisk()
    private let count = Atomic(0)

    var reads: Int { count.load(ordering: .relaxed) }
    func reset() { count.store(0, ordering: .relaxed) }

    func read(
        _ file: DiskFile, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int {
        count.add(1, ordering: .relaxed)
        return try disk.read(file, into: buffer, at: offset)
    }

    func makeDirectory(_ path: String) throws(DiskError) { try disk.makeDirectory(path) }
    func list(_ path: String) throws(DiskError) -> [String] { try disk.list(path) }
    func open(_ path: String, _ mode: DiskMode) throws(DiskError) -> DiskFile {
        try disk.open(path, mode)
    }
    func size(of file: DiskFile) throws(DiskError) -> UInt64 { try disk.size(of: file) }
    func write(
        _ file: DiskFile, from buffer: UnsafeRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int { try disk.write(file, from: buffer, at: offset) }
    func sync(_ file: DiskFile) throws(DiskError) { try disk.sync(file) }
    func truncate(_ file: DiskFile, to size: UInt64) throws(DiskError) {
        try disk.truncate(file, to: size)
    }
    func lock(_ file: DiskFile) throws(DiskError) -> Bool { try disk.lock(file) }
    func release(_ file: DiskFile) { disk.release(file) }
    func close(_ file: DiskFile) { disk.close(file) }
    func rename(_ path: String, to newPath: String) throws(DiskError) {
        try disk.rename(path, to: newPath)
    }
    func remove(_ path: String) throws(DiskError) { try disk.remove(path) }
    func syncDirectory(_ path: String) throws(DiskError) { try disk.syncDirectory(path) }
}
