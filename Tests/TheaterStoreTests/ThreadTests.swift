// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import TheaterPlatform

@testable import TheaterStore

@Suite("Threads of a store")
struct ThreadTests {
    /// Where work waits until a test lets it go on.
    private final class Barrier: Sendable {
        let reached = ThreadSignal()
        let open = ThreadSignal()

        func pass() {
            reached.raise()
            open.wait()
        }
    }

    private final class Names: Sendable {
        private let names = Mutex<[String]>([])
        var all: [String] { names.withLock { $0 } }
        func add(_ name: String) { names.withLock { $0.append(name) } }
    }

    @Test("work is done beside the caller, and its error comes back")
    func perform() async throws {
        let folder = try Folder()
        let store = try folder.open()
        let a = try space("a")
        let id = try await store.perform { (store) throws(StoreError) in
            try store.put(bytes("x"), in: a)
        }.get()
        #expect(id == ContentID(of: bytes("x")))
        let failed = await store.perform { (store) throws(StoreError) in
            try store.get(ContentID(of: []), in: a)
        }
        #expect(code { _ = try failed.get() } == .notFound)
        let inMemory = await ContentStore.inMemory().perform { (store) in store.isInMemory }
        #expect(try inMemory.get())
    }

    @Test("more than may wait are refused, work that was given up is not begun, and close waits")
    func bounds() async throws {
        let folder = try Folder()
        var options = StoreOptions()
        options.threadsMax = 1
        options.waitingMax = 2
        let store = try folder.open(options)
        let barrier = Barrier()
        let done = Atomic<Int>(0)
        let first = Task {
            await store.perform { _ in
                barrier.pass()
                return done.add(1, ordering: .relaxed).newValue
            }
        }
        await Task.detached { _ = barrier.reached.wait() }.value
        let begun = Names()
        let second = Task { await store.perform { _ in begun.add("second") } }
        let third = Task { await store.perform { _ in begun.add("third") } }
        while store.pool?.waiting != 2 { await Task.yield() }
        let refused = await store.perform { _ in begun.add("fourth") }
        #expect(code { try refused.get() } == .busy)
        third.cancel()
        barrier.open.raise()
        #expect(try await first.value.get() == 1)
        try await second.value.get()
        let cancelled = await third.value
        #expect(code { try cancelled.get() } == .cancelled)
        #expect(begun.all == ["second"])
        store.close()
        let late = await store.perform { _ in }
        #expect(code { try late.get() } == .closed)
    }

    @Test("many at once leave what each was told", arguments: [1, 4])
    func many(threads: Int) async throws {
        let folder = try Folder()
        var options = StoreOptions()
        options.threadsMax = threads
        let store = try folder.open(options, disk: UnsyncedDisk())
        let a = try space("a")
        // All want the same few contents, with room for exactly those.
        let quota = StoreQuota(sizeMax: 10, countMax: 10)
        let ids = await withTaskGroup(of: Result<ContentID, StoreError>.self) { group in
            for index in 0..<400 {
                group.addTask {
                    await store.perform { (store) throws(StoreError) in
                        try store.put(bytes("\(index % 10)"), in: a, quota: quota)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for id in ids { #expect(throws: Never.self) { try id.get() } }
        #expect(try store.usage(of: a).count == 10)
        // A counter by compare-and-set: as many increments succeed as it counts.
        try store.put(bytes("0"), in: a, label: label("n"))
        let wins = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var wins = 0
                    for _ in 0..<50 {
                        let won = await store.perform { (store) throws(StoreError) in
                            guard let name = StoreLabel("n"),
                                let now = try store.target(of: name, in: a)
                            else { return false }
                            let text = String(decoding: try store.get(now, in: a), as: UTF8.self)
                            let next = try store.put(bytes("\((Int(text) ?? 0) + 1)"), in: a)
                            return try store.compareAndSetLabel(name, from: now, to: next, in: a)
                        }
                        if (try? won.get()) == true { wins += 1 }
                    }
                    return wins
                }
            }
            return await group.reduce(0, +)
        }
        let last = try store.resolve(StoreReference(parsing: "store://a/n")).content
        #expect(String(decoding: last, as: UTF8.self) == "\(wins)")
    }
}
