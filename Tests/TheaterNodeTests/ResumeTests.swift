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

@Suite("Resume")
struct ResumeTests {
    @Test("a durable actor comes back with its name, its state and its memory, again and again")
    func comesBack() async throws {
        let stage = try ResumeStage()
        let id = try await stage.node.system.spawn(try stage.request("counter"))
        var sent = 0
        for crash in 1...3 {
            for _ in 0..<5 {
                sent += 1
                try await stage.node.system.post(ResumeStage.body(sent), to: id)
            }
            #expect(try await stage.total(id) == .u64(UInt64(sent)))
            try await stage.crash()
            let report = try await stage.node.resume()
            #expect(report.resumed == [id] && report.problems.isEmpty, "\(report.problems)")
            #expect(stage.node.system.actor(named: "counter") == id)
            #expect(try await stage.total(id) == .u64(UInt64(sent)), "crash \(crash)")
            #expect(stage.node.system.restarts(of: id) == 0)
            let again = try await stage.node.resume()
            #expect(again.resumed.isEmpty && again.problems.isEmpty, "it lives")
        }
        try await stage.close()
    }

    // Goal: the crash comes while a message is handled and others wait. Method: the ledger holds the
    // first one.
    @Test(
        "a call goes on where its record ends, and the mail that waited is handled once, in order")
    func mail() async throws {
        let stage = try ResumeStage()
        let id = try await stage.node.system.spawn(
            try stage.request("writer", ledger: "plain-ledger"))
        try await stage.node.system.post(ResumeStage.body(1), to: id)
        #expect(try await stage.total(id) == .u64(1))
        stage.box.hold()
        try await stage.post(2...5, to: id)
        await stage.box.awaitHeld()
        try await stage.crashAndResume([id])
        #expect(try await stage.total(id) == .u64(5))
        let events = try await stage.events(of: id)
        let taken = events.compactMap {
            if case .note(.taken(let mail)) = $0 { mail } else { nil }
        }
        #expect(taken == [1, 2, 3, 4, 5])
        #expect(
            events.contains {
                if case .note(.resumed(_?, nil)) = $0 { true } else { false }
            })
        let texts = stage.box.lines.map { $0.split(separator: " ")[1] }
        #expect(
            Set(texts.map(String.init)) == Set((1...5).map(TallyGuest.text)),
            "what had no intent is asked for again")
        try await stage.close()
    }

    @Test(
        "an effect that the crash cut off is settled by its policy, and nothing before it is done again",
        arguments: [InDoubt.fail, .retry, .ask])
    func effects(policy: InDoubt) async throws {
        let stage = try ResumeStage()
        let ledger = policy == .retry ? "repeat-ledger" : "once-ledger"
        let id = try await stage.node.system.spawn(
            try stage.request("writer", ledger: ledger, inDoubt: policy))
        stage.box.hold()
        try await stage.post(1...2, to: id)
        await stage.box.awaitHeld()
        try await stage.crash()
        if policy == .ask {
            let report = try await stage.node.resume()
            #expect(report.problems.map(\.error.code) == [.resume])
            #expect("\(report.problems)".contains("theater chain resolve"))
            try await stage.crash { path in
                let journal = try Journal.open(directory: path + "/journal")
                let doubts = try await journal.reader().doubts(of: id)
                let chain = try journal.resumeChain(actor: id)
                for doubt in doubts {
                    try chain.append(
                        .settled(intent: doubt.id.sequence, as: .done, note: "seen"))
                }
                try await journal.close()
            }
        }
        stage.box.release()
        try await stage.expectResume(of: [id])
        #expect(try await stage.total(id) == .u64(2))
        let lines = stage.box.lines
        let first = lines.filter { $0.hasSuffix(TallyGuest.text(1)) }
        #expect(first.count == (policy == .retry ? 2 : 1))
        #expect(Set(first).count == 1, "the same effect has the same identity")
        #expect(lines.count { $0.hasSuffix(TallyGuest.text(2)) } == 1)
        let events = try await stage.events(of: id)
        let settlements = events.compactMap {
            if case .settled(_, let how, _) = $0 { how } else { nil }
        }
        #expect(settlements == (policy == .retry ? [] : [policy == .ask ? .done : .failed]))
        try await stage.close()
    }

    @Test("a tree comes back: durable children with what they had, others as their spec says")
    func tree() async throws {
        let stage = try ResumeStage()
        let system = stage.node.system
        let root = try await system.spawn(
            try stage.request("root") { $0.target = "root/kept" })
        let kept = try await system.spawn(
            try stage.request("root/kept", parent: root, restart: .permanent))
        var undurable = try stage.request("root/fresh", isDurable: false, parent: root)
        undurable.manifest = try Manifest.parse(
            "name = \"tally\"\npackage = \"tally.wasm\"\n[[handler]]\ntype = \"message-server\"\n"
                + "[supervision]\nrestart = \"permanent\"\n", file: "fresh.toml")
        undurable.childSpec.restart = .permanent
        let fresh = try await system.spawn(undurable)
        let gone = try await system.spawn(
            try stage.request("root/gone", isDurable: false, parent: root))
        let below = try await system.spawn(try stage.request("root/kept/below", parent: kept))
        try await stage.post(1...3, to: root)
        for id in [fresh, gone, below] { try await system.post(ResumeStage.body(9), to: id) }
        for id in [root, kept, fresh, gone, below] { _ = try await stage.total(id) }
        try await stage.crashAndResume([root])
        #expect(try await stage.total(root) == .u64(3))
        #expect(try await stage.total(kept) == .u64(3))
        #expect(try await stage.total(below) == .u64(1))
        // The supervisor decides about those that are over when the tree runs again.
        while try stage.node.system.children(of: root) != [kept, fresh] { await Task.yield() }
        #expect(stage.node.system.parent(of: below) == kept)
        while stage.node.system.status(of: fresh) != .running { await Task.yield() }
        #expect(try await stage.total(fresh) == .u64(0), "another life")
        #expect(stage.node.system.restarts(of: fresh) == 1)
        // The tree works: what the root gets reaches its child, which is started again when it dies.
        try await stage.node.system.post(ResumeStage.body(4), to: root)
        _ = try await stage.total(root)
        #expect(try await stage.total(kept) == .u64(4))
        try await stage.close()
    }

    @Test("what had ended stays ended, and what cannot come back is left as it is")
    func endedAndBroken() async throws {
        let stage = try ResumeStage()
        let ended = try await stage.node.system.spawn(try stage.request("ended"))
        let plain = try await stage.node.system.spawn(
            try stage.request("plain", isDurable: false))
        let broken = try await stage.node.system.spawn(try stage.request("broken"))
        _ = try await stage.node.system.stop(ended)
        try await stage.node.system.post(ResumeStage.body(1), to: broken)
        _ = try await stage.total(broken)
        let before = try await stage.events(of: broken).count
        let module = try #require(
            try await stage.events(of: broken).compactMap {
                if case .spawned(let module, _, _, _, _, _) = $0 { module } else { nil }
            }.first)
        try await stage.crash()
        let store = stage.node.store
        let label = try #require(StoreLabel("module/\(module)"))
        let id = try #require(try store.target(of: label, in: .code))
        _ = try store.removeLabel(label, in: .code)
        _ = try store.forget(id, in: .code)
        let report = try await stage.node.resume()
        #expect(report.resumed.isEmpty)
        #expect(
            report.problems.map(\.actor) == [broken] && report.problems[0].error.code == .resume)
        #expect(try await stage.events(of: broken).count == before, "its chain stays as it is")
        #expect(stage.node.system.status(of: plain) == nil)
        #expect(stage.node.system.actor(named: "broken") == nil, "its name is free")
        try await stage.node.close()
    }

    @Test("a durable actor needs a chain on disk")
    func memory() async throws {
        let stage = try ResumeStage()
        var request = try stage.request("counter")
        request.manifest.chain.durability = .memory
        await #expect(throws: ActorError.self) { try await stage.node.system.spawn(request) }
        #expect(throws: ManifestDiagnostics.self) {
            try Manifest.parse(
                "name = \"a\"\npackage = \"a.wasm\"\n[chain]\ndurability = \"memory\"\n"
                    + "durable = true\n", file: "a.toml")
        }
        let manifest = try Manifest.parse(
            "name = \"a\"\npackage = \"a.wasm\"\n[chain]\ndurable = true\n", file: "a.toml")
        #expect(manifest.chain.isDurable)
        try await stage.node.close()
    }
}
