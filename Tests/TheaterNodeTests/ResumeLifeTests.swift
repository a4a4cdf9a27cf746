// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain
import TheaterEngine
import TheaterManifest
import TheaterNode
import TheaterPact
import TheaterPlatform
import TheaterRuntime
import TheaterStore
import TheaterTesting
import TheaterValue

/// What an actor finds when it is brought back: its callback, its secrets, its children, its code.
@Suite("A life over a crash")
struct ResumeLifeTests {
    private static func calls(_ stage: ResumeStage, _ id: ActorID) async throws -> [Substring] {
        try await stage.events(of: id).compactMap { event in
            guard case .called(let function, _, _, _) = event else { return nil }
            return function.split(separator: ".").last
        }
    }

    @Test("handle-resumed comes after the call that was cut off and before the mail, once a crash")
    func callback() async throws {
        let stage = try ResumeStage()
        let id = try await stage.node.system.spawn(
            try stage.request("writer", ledger: "plain-ledger") { $0.resumes = true })
        stage.box.hold()
        try await stage.post(1...3, to: id)
        await stage.box.awaitHeld()
        try await stage.crashAndResume([id])
        #expect(try await stage.total(id) == .u64(3))
        #expect(
            try await Self.calls(stage, id) == [
                "handle-send", "handle-resumed", "handle-send", "handle-send", "total",
            ])
        // A crash in the callback: it goes on, and is called again for the crash that cut it off.
        try await stage.crash()
        stage.box.hold()
        try await stage.expectResume(of: [id])
        await stage.box.awaitHeld()
        try await stage.crashAndResume([id])
        #expect(try await stage.total(id) == .u64(3))
        #expect(
            try await Self.calls(stage, id).suffix(3) == [
                "handle-resumed", "handle-resumed", "total",
            ])
        let resumed = try await stage.events(of: id).compactMap { event -> UInt64?? in
            guard case .note(.resumed(let call, _)) = event else { return nil }
            return call
        }
        #expect(resumed.map { $0 != nil } == [true, false, true])
        let lines = stage.box.lines
        #expect(lines.count { $0.hasSuffix(TallyGuest.resumedText) } >= 3)
        try await stage.close()
    }

    /// A guest that reads the variable `PATH`, and shows what it read to whoever asks for it.
    private static func reader() throws -> [UInt8] {
        var actor = WatActor()
        actor.metadata = try PackageMetadata(
            package: PactPackage.parse(
                """
                imports {
                    theater:simple/environment { get-var: func(name: string) -> option<string> }
                }
                exports {
                    test:secret/secret {
                        read: func() -> bool  show: func() -> option<string>
                    }
                }
                """, file: "secret.pact")
        ).encoded()
        actor.imports = [WatActor.importing("theater:simple/environment", "get-var", as: "get")]
        let (name, yes) = (try CGRF.encode(.string("PATH")), try CGRF.encode(.bool(true)))
        actor.body = [
            WatActor.data(name, at: 30_000), WatActor.data(yes, at: 31_000),
            WatActor.function(
                "test:secret/secret.read",
                """
                (drop (call $get (i32.const 30000) (i32.const \(name.count)) (i32.const 512)
                  (i32.const 516)))
                (i32.store (i32.const 39996) (i32.load (i32.const 516)))
                (memory.copy (i32.const 40000) (i32.load (i32.const 512)) (i32.load (i32.const 516)))
                (call $answer (i32.const 31000) (i32.const \(yes.count)) (local.get $slot)
                  (local.get $lenslot)) (i32.const 0)
                """),
            WatActor.function("test:secret/secret.show", answering),
        ]
        return try Engine.assemble(wat: actor.wat)
    }

    private static let answering = """
        (call $answer (i32.const 40000) (i32.load (i32.const 39996)) (local.get $slot)
          (local.get $lenslot)) (i32.const 0)
        """

    // Goal: a secret is nowhere on disk, and an actor gets it again by asking. Method: an actor reads one,
    // with a snapshot due at each event, and is brought back.
    @Test("a secret is not in what comes back, and is there when it is read again")
    func secrets() async throws {
        let path = try #require(ProcessInfo.processInfo.environment["PATH"])
        let stage = try ResumeStage()
        var manifest = Manifest(
            name: "reader", package: "reader.wasm",
            handlers: [
                HandlerGrant(
                    type: "environment",
                    configuration: [
                        "allowed_vars": .array([.string("PATH")]),
                        "secret_vars": .array([.string("PATH")]),
                    ])
            ])
        manifest.chain.isDurable = true
        manifest.chain.snapshotEvery = 1
        let id = try await stage.node.system.spawn(
            SpawnRequest(wasm: try Self.reader(), manifest: manifest))
        func show(_ function: String) async throws -> Value {
            try await stage.node.system.call(id, "test:secret/secret.\(function)")
        }
        for round in 1...2 {
            // What an actor shows of a secret is in its chain; this one keeps it to itself.
            for _ in 0..<20 { #expect(try await show("read") == .bool(true), "\(round)") }
            try await stage.crashAndResume([id])
            #expect(try await show("show") == .option(.string, .string("<secret>")))
        }
        #expect(try await show("read") == .bool(true))
        try await stage.node.journal.sync()
        #expect(try stage.node.store.labels(of: .snapshots).isEmpty)
        let files = FileManager.default.enumerator(atPath: stage.folder.path)
        while let file = files?.nextObject() as? String {
            let data = FileManager.default.contents(atPath: stage.folder.path + "/" + file)
            #expect(data?.range(of: Data(path.utf8)) == nil, "\(file) has the secret")
        }
        #expect(try await show("show") == .option(.string, .string(path)))
        try await stage.node.close()
    }

    // Goal: the crash comes between the end of a child and its next life. Method: the chain ends with the
    // child's failure.
    @Test("a child that had failed and was to be started again is started, once")
    func unstarted() async throws {
        let stage = try ResumeStage()
        let system = stage.node.system
        let root = try await system.spawn(try stage.request("root"))
        let child = try await system.spawn(
            try stage.request("root/child", parent: root, restart: .permanent))
        let gone = try await system.spawn(
            try stage.request("root/gone", parent: root, restart: .permanent))
        try await system.post(ResumeStage.body(1), to: child)
        #expect(try await stage.total(child) == .u64(1))
        try await stage.crash { path in
            let journal = try Journal.open(directory: path + "/journal")
            for id in [child, gone] {
                let chain = try journal.resumeChain(actor: id)
                if id == child { try chain.append(.note(.restarting)) }
                try chain.append(.exited(kind: "failed", reason: "it trapped", result: nil))
            }
            try await journal.close()
        }
        for crash in 1...2 {
            try await stage.expectResume(of: [root])
            while stage.node.system.status(of: child) != .running { await Task.yield() }
            #expect(stage.node.system.restarts(of: child) == 1)
            #expect(try await stage.total(child) == .u64(UInt64(crash - 1)), "another life")
            try await stage.node.system.post(ResumeStage.body(1), to: child)
            #expect(try await stage.total(child) == .u64(UInt64(crash)))
            #expect(stage.node.system.status(of: gone) == nil, "nobody was to start it again")
            #expect(try stage.node.system.children(of: root) == [child])
            if crash == 1 { try await stage.crash() }
        }
        try await stage.close()
    }

    @Test("an actor with new code comes back with it, and has snapshots again")
    func upgraded() async throws {
        let stage = try ResumeStage()
        var request = try stage.request("counter")
        request.manifest.chain.snapshotEvery = 20
        let id = try await stage.node.system.spawn(request)
        func label() throws -> UInt64 { try stage.snapshots().max() ?? 0 }
        try await SnapshotTests.send(stage, 1...3, to: id)
        var newer = TallyGuest()
        newer.body = ["(global $newer i32 (i32.const 1))"]
        _ = try await stage.node.system.upgrade(
            id,
            UpgradeRequest(
                wasm: try Engine.assemble(wat: try newer.made().wat), gate: .none, trialCalls: 0))
        try await stage.crashAndResume([id])
        let before = try label()
        let count = try await stage.events(of: id).count
        for _ in 0..<2000 where try label() <= before {
            _ = try await stage.total(id)
            await Task.yield()
        }
        #expect(try label() > before && label() > 20, "no snapshot after \(count) events")
        let total = try await stage.total(id)
        try await stage.crashAndResume([id])
        let used = try await stage.events(of: id).compactMap { event -> UInt64? in
            guard case .note(.resumed(_, let snapshot?)) = event else { return nil }
            return snapshot
        }
        #expect(!used.isEmpty)
        #expect(try await stage.total(id) == total)
        try await stage.close()
    }
}
