// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing
import TheaterPlatform
import TheaterTesting

@testable import TheaterStore

@Suite("A store on a bad disk")
struct FaultTests {
    /// What was acknowledged, and what was merely tried.
    private struct Story {
        var contents: Set<ContentID> = []
        var tried: Set<ContentID> = []
        var labels: [String: ContentID?] = [:]
        /// What a label may name when its last change was not acknowledged.
        var doubtful: [String: [ContentID?]] = [:]
    }

    /// A few changes of every kind, each of which may fail.
    private func act(_ store: ContentStore, _ story: inout Story) throws {
        let a = try space("a")
        for index in 0..<3 {
            let content = bytes("content \(index)")
            let id = ContentID(of: content)
            story.tried.insert(id)
            let name = "l\(index % 2)"
            let isDone = change(name, to: id, &story) {
                try store.put(content, in: a, label: label(name))
            }
            if isDone { story.contents.insert(id) }
        }
        let parted = bytes("content in parts")
        story.tried.insert(ContentID(of: parted))
        let isKept = change("l2", to: ContentID(of: parted), &story) {
            let draft = try store.draft()
            for part in [parted.prefix(7), parted.dropFirst(7)] { try draft.append(Array(part)) }
            try store.put(draft, in: a, label: label("l2"))
        }
        if isKept { story.contents.insert(ContentID(of: parted)) }
        _ = change("l0", to: nil, &story) { try store.removeLabel(label("l0"), in: a) }
        let gone = ContentID(of: bytes("content 0"))
        if story.contents.contains(gone) {
            story.contents.remove(gone)
            _ = try? store.forget(gone, in: a)
        }
        _ = try? store.collect(grace: .seconds(3600))
    }

    private func change(
        _ name: String, to id: ContentID?, _ story: inout Story, _ body: () throws -> Void
    ) -> Bool {
        do {
            try body()
            story.labels[name] = .some(id)
            story.doubtful[name] = nil
            return true
        } catch {
            let known = story.doubtful[name] ?? [story.labels[name] ?? nil]
            story.doubtful[name] = known + [id]
            return false
        }
    }

    // Goal: whatever operation fails, and however much of a write reaches the disk, nothing
    // acknowledged is lost and nothing is invented; and the store can be opened again. Method: fail
    // operation 0, then 1, and so on until a run has no fault; once alone, and once with all that
    // follow, which is a process that died.
    @Test(
        "loses nothing that was acknowledged, and invents nothing", arguments: [true, false],
        [EIO, ENOSPC])
    func faults(isDeath: Bool, errno: Int32) throws {
        let a = try space("a")
        for operation in 0..<1000 {
            let folder = try Folder()
            let disk = FailingDisk(at: operation, isDeath: isDeath, errno: errno)
            var story = Story()
            if let store = try? folder.open(disk: disk) {
                try act(store, &story)
                store.close()
            }
            let store = try folder.open()
            #expect(try store.verify().isValid, "operation \(operation)")
            for id in story.contents {
                #expect(try ContentID(of: store.get(id, in: a)) == id, "operation \(operation)")
            }
            let found = Set(try store.contents(of: a).map(\.id))
            #expect(found.isSubset(of: story.tried), "operation \(operation)")
            for name in ["l0", "l1", "l2"] {
                let target = try store.target(of: label(name), in: a)
                let allowed = story.doubtful[name] ?? [story.labels[name] ?? nil]
                #expect(allowed.contains(target), "operation \(operation), \(name)")
            }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.store + "/tmp").isEmpty)
            store.close()
            if !disk.isHit { return #expect(operation > 40) }
        }
        Issue.record("a thousand operations and no end")
    }

    @Test("a failed write of a blob is an error, and no content")
    func noSilentLoss() throws {
        let folder = try Folder()
        let a = try space("a")
        try folder.open().close()
        final class Full: WrappedDisk, @unchecked Sendable {
            override func before(_ operation: DiskError.Operation, _ path: String) throws(DiskError)
            {
                if operation == .write, path.contains("/tmp/") {
                    throw DiskError(operation: operation, path: path, errno: ENOSPC)
                }
            }
        }
        let store = try folder.open(disk: Full())
        #expect(code { try store.put(bytes("x"), in: a, label: label("l")) } == .disk)
        #expect(try store.size(of: ContentID(of: bytes("x")), in: a) == nil)
        #expect(try store.target(of: label("l"), in: a) == nil)
        #expect(try folder.files() == ["catalogue", "lock"])
        // Room that a failure has taken would be a quota that shrinks.
        let quota = StoreQuota(sizeMax: 1, countMax: 1)
        for _ in 0..<3 { #expect(code { try store.put(bytes("x"), in: a, quota: quota) } == .disk) }
    }

    @Test("after a failed sync of the catalogue it takes nothing more, and still reads")
    func failedSync() throws {
        let folder = try Folder()
        let a = try space("a")
        final class Unsound: WrappedDisk, @unchecked Sendable {
            override func before(_ operation: DiskError.Operation, _ path: String) throws(DiskError)
            {
                if operation == .sync, path.hasSuffix("/catalogue"), isSick {
                    throw DiskError(operation: operation, path: path, errno: EIO)
                }
            }
            // SAFETY: one thread.
            nonisolated(unsafe) var isSick = false
        }
        let disk = Unsound()
        let store = try folder.open(disk: disk)
        let id = try store.put(bytes("before"), in: a)
        disk.isSick = true
        #expect(code { try store.put(bytes("x"), in: a) } == .disk)
        disk.isSick = false
        #expect(
            code { try store.put(bytes("y"), in: a) } == .disk, "nobody knows what the disk has")
        #expect(try store.get(id, in: a) == bytes("before"))
    }

    // Goal: a power cut may forget what was not synced, so a name must not become durable before
    // what it names. Method: look at the order of operations.
    @Test("everything is synced before it is named")
    func order() throws {
        let folder = try Folder()
        let disk = RecordingDisk()
        let store = try folder.open(disk: disk)
        let start = disk.log.count
        let id = try store.put(bytes("x"), in: space("a"), label: label("l"))
        let log = disk.log[start...]
        func place(_ operation: DiskError.Operation, _ suffix: String) -> Int {
            log.firstIndex { $0.operation == operation && $0.path.hasSuffix(suffix) } ?? -1
        }
        let shard = "/blobs/" + "\(id)".prefix(2)
        let places = [
            place(.write, "/tmp/1"), place(.sync, "/tmp/1"), place(.makeDirectory, shard),
            place(.syncDirectory, "/blobs"), place(.rename, "/\(id)"), place(.syncDirectory, shard),
            place(.write, "/catalogue"), place(.sync, "/catalogue"),
        ]
        #expect(places.allSatisfy { $0 >= 0 }, "\(places)")
        #expect(places == places.sorted(), "\(places)")
        #expect(place(.sync, "/catalogue") == log.indices.last, "and then it is acknowledged")
    }
}
