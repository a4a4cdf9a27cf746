// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain
import TheaterEngine
import TheaterManifest
import TheaterNode
import TheaterPlatform
import TheaterRuntime
import TheaterStore
import TheaterTesting
import TheaterValue

@Suite("Snapshots")
struct SnapshotTests {
    static func counting(
        _ stage: ResumeStage, every: Int, change: (inout TallyGuest) -> Void = { _ in }
    ) async throws -> ActorID {
        var request = try stage.request("counter", change: change)
        request.manifest.chain.snapshotEvery = every
        return try await stage.node.system.spawn(request)
    }

    static func send(
        _ stage: ResumeStage, _ numbers: ClosedRange<Int>, to id: ActorID
    ) async throws {
        for number in numbers {
            try await stage.node.system.post(ResumeStage.body(number), to: id)
            // A message at a time, so that each event is one at which a snapshot can be taken.
            _ = try await stage.total(id)
        }
    }

    /// Waits until a snapshot that is being kept is kept.
    static func kept(
        _ stage: ResumeStage, of id: ActorID, atLeast sequence: UInt64 = 1
    ) async throws -> [String] {
        while true {
            let labels = try stage.node.store.labels(of: .snapshots).map(\.label.text)
                .filter { $0.hasPrefix("\(id)/") }
            if let last = labels.last, (UInt64(last.suffix(20)) ?? 0) >= sequence { return labels }
            // Each call is a moment at which one can be taken. It runs on this task, and those who keep
            // snapshots want their turn.
            _ = try await stage.total(id)
            await Task.yield()
        }
    }

    static func usedSnapshot(_ stage: ResumeStage, _ id: ActorID) async throws -> UInt64? {
        for event in try await stage.events(of: id).reversed() {
            if case .note(.resumed(_, let snapshot)) = event { return snapshot }
        }
        return nil
    }

    // Goal: what comes back from a snapshot is what comes back from the whole chain. Method: the same
    // crash is resumed with the snapshots and without; the memory, the globals and the state of both are
    // compared, and then that of a third after more messages to both.
    @Test("a resume from a snapshot equals one from the whole chain, byte for byte")
    func equal() async throws {
        let stage = try ResumeStage()
        // What a life has in its memory beside the count: each message at a place of its own, and how
        // often, in a global that no export names.
        let id = try await Self.counting(stage, every: 40) { guest in
            guest.body = ["(global $calls (mut i64) (i64.const 7))"]
            guest.instructions = """
                (global.set $calls (i64.mul (global.get $calls) (i64.const 31)))
                (i64.store (i32.add (i32.const 100000)
                  (i32.and (i32.wrap_i64 (global.get $calls)) (i32.const 65528))) (global.get $calls))
                """
        }
        try await Self.send(stage, 1...60, to: id)
        _ = try await Self.kept(stage, of: id, atLeast: 150)
        var images: [GuestImage] = []
        var states: [Value] = []
        var twin = ""
        try await stage.crash { path in
            twin = path + "-twin"
            try FileManager.default.copyItem(atPath: path, toPath: twin)
        }
        try Self.forgetAll(stage)
        for isWhole in [true, false] {
            if !isWhole { try await stage.open(twin) }
            try await stage.expectResume(of: [id])
            let used = try await Self.usedSnapshot(stage, id)
            #expect(isWhole ? used == nil : (used ?? 0) >= 150)
            states.append(try stage.node.system.state(of: id))
            images.append(try #require(await stage.node.system.image(of: id)))
        }
        #expect(states[0] == states[1])
        #expect(images[0].memory.count == images[1].memory.count)
        #expect(images[0] == images[1])
        #expect(images[0].globals.contains { $0 != 7 && $0 != 65536 })
        try await Self.send(stage, 61...70, to: id)
        #expect(try await stage.total(id) == .u64(70))
        try await stage.close()
    }

    private static func forgetAll(_ stage: ResumeStage) throws {
        for (label, _) in try stage.node.store.labels(of: .snapshots) {
            try stage.node.store.removeLabel(label, in: .snapshots)
        }
    }

    @Test("few are kept, what they need survives a collection, and the rest goes with it")
    func collected() async throws {
        let stage = try ResumeStage()
        let id = try await Self.counting(stage, every: 20)
        try await Self.send(stage, 1...60, to: id)
        // A third one, so that one has gone.
        var seen: Set<String> = []
        while seen.count < 3 {
            let labels = try await Self.kept(stage, of: id, atLeast: 160)
            #expect(labels.count <= 3, "the oldest goes when the newest is there")
            seen.formUnion(labels)
            _ = try await stage.total(id)
            await Task.yield()
        }
        let before = try stage.node.store.usage(of: .snapshots)
        let collection = try await stage.node.collectStore(grace: .zero)
        #expect(collection.removedCount > 0)
        #expect(try stage.node.store.usage(of: .snapshots).count < before.count)
        try await stage.crashAndResume([id])
        #expect(try await Self.usedSnapshot(stage, id) != nil)
        #expect(try await stage.total(id) == .u64(60))
        _ = try await stage.node.system.stop(id)
        while try !stage.node.store.labels(of: .snapshots).isEmpty { await Task.yield() }
        try await stage.close()
    }

    // Goal: nothing in a snapshot is believed. Method: the newest one is broken in several ways; the
    // resume takes the older one, or none.
    @Test("one that is not whole, or not of this chain, is passed over")
    func broken() async throws {
        let stage = try ResumeStage()
        let id = try await Self.counting(stage, every: 40)
        try await Self.send(stage, 1...40, to: id)
        _ = try await Self.kept(stage, of: id, atLeast: 120)
        try await stage.crash()
        let store = stage.node.store
        let labels = try store.labels(of: .snapshots)
        let newest = try #require(labels.last)
        let text = String(decoding: try store.get(newest.id, in: .snapshots), as: UTF8.self)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // Another head: a snapshot of a chain that this one is not.
        lines[3] = String(repeating: "0", count: 64)
        try store.put(
            Array(lines.joined(separator: "\n").utf8), in: .snapshots, label: newest.label)
        try await stage.expectResume(of: [id])
        let used = try await Self.usedSnapshot(stage, id)
        #expect(used.map { $0 < (UInt64(newest.label.text.suffix(20)) ?? 0) } ?? true)
        #expect(try await stage.total(id) == .u64(40))
        try await stage.crash()
        for (label, _) in try stage.node.store.labels(of: .snapshots) {
            try stage.node.store.put(Array("half".utf8), in: .snapshots, label: label)
        }
        try await stage.expectResume(of: [id])
        #expect(try await Self.usedSnapshot(stage, id) == nil)
        #expect(try await stage.total(id) == .u64(40))
        try await stage.close()
    }

    @Test("code that changes its tables has none, and comes back from its whole chain")
    func tables() async throws {
        let stage = try ResumeStage()
        let id = try await Self.counting(stage, every: 10) { guest in
            guest.body = [
                "(table $t 2 funcref)", "(elem declare func $pack_alloc)",
                "(func $turn (table.set $t (i32.const 0) (ref.func $pack_alloc)))",
            ]
            guest.instructions = "(call $turn)"
        }
        let module = try await stage.node.system.engine.modules.module(
            for: try Engine.assemble(wat: try TallyGuest().made().wat))
        #expect(module.imagePlan.obstacle == nil)
        try await Self.send(stage, 1...20, to: id)
        #expect(try stage.node.store.labels(of: .snapshots).isEmpty)
        try await stage.crashAndResume([id])
        #expect(try await stage.total(id) == .u64(20))
        try await stage.close()
    }
}
