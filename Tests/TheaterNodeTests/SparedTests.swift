// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterManifest
import TheaterNode
import TheaterPlatform
import TheaterRuntime
import TheaterStore
import TheaterTesting
import TheaterValue

@Suite("Durable actors that an end in order spares", .timeLimit(.minutes(2)))
struct SparedTests {
    private static func ends(_ events: [EventPayload]) -> [String] {
        events.compactMap { if case .exited(let kind, _, _) = $0 { kind } else { nil } }
    }

    @Test("rest with all below them, and go on where they were; the others end")
    func rest() async throws {
        let stage = try ResumeStage()
        let system = stage.node.system
        let root = try await system.spawn(
            try stage.request("root") { $0.target = "root/kept" })
        let kept = try await system.spawn(
            try stage.request("root/kept", parent: root, restart: .permanent))
        let plain = try await system.spawn(try stage.request("plain", isDurable: false))
        try await stage.post(1...3, to: root)
        for id in [root, kept, plain] { _ = try await stage.total(id) }
        for round in 1...2 {
            try await stage.restart(grace: .seconds(60))
            for id in [root, kept] {
                #expect(Self.ends(try await stage.events(of: id)) == [], "round \(round)")
            }
            #expect(Self.ends(try await stage.events(of: plain)) == ["stopped"])
            try await stage.expectResume(of: [root])
            #expect(try await stage.total(root) == .u64(3))
            #expect(try await stage.total(kept) == .u64(3))
            #expect(stage.node.system.restarts(of: kept) == 0)
        }
        try await stage.close()
    }

    // Goal: nobody waits for ever, and nothing is lost. Method: the ledger holds the first message while others wait;
    // the grace period is over at once.
    @Test("a call that is not over in time is cut off and goes on, with the mail that waited")
    func late() async throws {
        let stage = try ResumeStage()
        let id = try await stage.node.system.spawn(
            try stage.request("writer", ledger: "plain-ledger"))
        stage.box.hold()
        try await stage.post(1...4, to: id)
        await stage.box.awaitHeld()
        try await stage.restart(grace: .zero)
        #expect(Self.ends(try await stage.events(of: id)) == [])
        stage.box.release()
        try await stage.expectResume(of: [id])
        #expect(try await stage.total(id) == .u64(4))
        try await stage.close()
    }

    /// The calls that were cut off and gone on with.
    private static func cutOff(_ events: [EventPayload]) -> Int {
        events.count { if case .note(.resumed(_?, _)) = $0 { true } else { false } }
    }

    @Test("do not fail on those who are stopped")
    func others() async throws {
        let stage = try ResumeStage()
        let system = stage.node.system
        let plain = try await system.spawn(try stage.request("plain", isDurable: false))
        let id = try await system.spawn(try stage.request("books") { $0.target = "plain" })
        try await stage.post(1...200, to: id)
        try await stage.restart(grace: .seconds(60))
        #expect(Self.ends(try await stage.events(of: plain)) == ["stopped"])
        #expect(Self.ends(try await stage.events(of: id)) == [])
        try await stage.expectResume(of: [id])
        try await stage.close()
    }

    @Test("finish the present call within the grace period, whoever asks for the end again")
    func twice() async throws {
        let stage = try ResumeStage()
        let id = try await stage.node.system.spawn(
            try stage.request("writer", ledger: "plain-ledger"))
        stage.box.hold()
        try await stage.post(1...2, to: id)
        await stage.box.awaitHeld()
        let node = stage.node
        async let one: Void = node.stopActors(grace: .seconds(60), sparesDurable: true)
        async let other: Void = node.stopActors(grace: .zero)
        stage.box.release()
        _ = await (one, other)
        try await stage.restart(grace: .zero)
        #expect(Self.ends(try await stage.events(of: id)) == [])
        try await stage.expectResume(of: [id])
        #expect(try await stage.total(id) == .u64(2))
        #expect(Self.cutOff(try await stage.events(of: id)) == 0)
        try await stage.close()
    }

    @Test("have the end that somebody asked for before")
    func ending() async throws {
        let stage = try ResumeStage()
        let system = stage.node.system
        let id = try await system.spawn(try stage.request("writer", ledger: "plain-ledger"))
        stage.box.hold()
        try await stage.post(1...1, to: id)
        await stage.box.awaitHeld()
        async let reason = system.stop(id, grace: .seconds(60))
        while system.status(of: id) != .stopping { await Task.yield() }
        let node = stage.node
        async let closed: Void = node.stopActors(grace: .seconds(60), sparesDurable: true)
        stage.box.release()
        #expect(try await reason == .stopped)
        await closed
        try await stage.restart(grace: .zero)
        #expect(Self.ends(try await stage.events(of: id)) == ["stopped"])
        #expect(try await stage.node.resume().resumed.isEmpty)
        try await stage.close()
    }

    @Test("their snapshots stay for the resume")
    func snapshots() async throws {
        let stage = try ResumeStage()
        var request = try stage.request("counter")
        request.manifest.chain.snapshotEvery = 20
        let id = try await stage.node.system.spawn(request)
        try await stage.post(1...20, to: id)
        #expect(try await stage.total(id) == .u64(20))
        while try stage.snapshots().isEmpty {
            _ = try await stage.total(id)
            await Task.yield()
        }
        try await stage.restart(grace: .seconds(60))
        #expect(try !stage.snapshots().isEmpty)
        try await stage.expectResume(of: [id])
        #expect(try await stage.total(id) == .u64(20))
        try await stage.close()
    }
}
