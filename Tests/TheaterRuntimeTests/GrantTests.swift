// SPDX-License-Identifier: Apache-2.0

import Logging
import Testing
import TheaterCapability
import TheaterChain
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Logs the bound that it is made with.
private struct BoundedHandler: Handler {
    static let name = "bounded"
    static let interfaces: [HostInterface] = []
    static let authority: [AuthorityKey] = [.maximum("count_max", absent: 10)]

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        let countMax = grant.integer("count_max", in: 1...1000) ?? 10
        try grant.finish()
        context.logger.info("the bound is \(countMax)")
    }

    func answer(_ call: HostCall) -> HostReply { .value(.unit) }
}

@Suite("Grants of running actors")
struct GrantTests {
    private let stage: Stage

    init() throws {
        stage = try Stage(handlers: [RuntimeHandler.self, BoundedHandler.self])
    }

    private func spawn(
        _ name: String, _ handlers: [HandlerGrant], parent: ActorID? = nil,
        policies: [HandlerPolicy] = []
    ) async throws -> ActorID {
        try await stage.spawn(FixtureActor.wat, name: name) {
            $0.manifest.handlers = [HandlerGrant(type: "runtime")] + handlers
            $0.manifest.policies = policies
            $0.parent = parent
        }
    }

    private func bounded(_ countMax: Int64?) -> HandlerGrant {
        HandlerGrant(
            type: "bounded",
            configuration: countMax.map { ["count_max": .integer($0)] } ?? [:])
    }

    @Test("a child gets no more than its parent, however its manifest asks")
    func narrowed() async throws {
        let parent = try await spawn("parent", [bounded(5)])
        let child = try await spawn("child", [bounded(100)], parent: parent)
        let grandchild = try await spawn("grandchild", [bounded(nil)], parent: child)
        #expect(stage.log.lines.contains("[parent] the bound is 5"))
        #expect(stage.log.lines.contains("[child] the bound is 5"))
        #expect(stage.log.lines.contains("[grandchild] the bound is 5"))
        let held = try [parent, child, grandchild].map { try #require(stage.system.grants(of: $0)) }
        #expect(held[0].covers(held[1]) && held[1].covers(held[2]))
        #expect(!held[0].covers(.unlimited))
        await stage.system.shutDown()
        #expect(stage.system.grants(of: parent) == nil)
    }

    @Test("a handler that the parent lacks keeps the child from starting")
    func notHeld() async throws {
        let parent = try await spawn("parent", [])
        do {
            _ = try await spawn("child", [bounded(1)], parent: parent)
            Issue.record("the child must not start")
        } catch let error as ActorError {
            #expect(error.code == .grantExceedsParent)
            #expect(error.message.contains("'bounded', which the parent does not hold"))
        }
        #expect(stage.system.actor(named: "child") == nil)
        await stage.system.shutDown()
    }

    @Test("a policy restricts an actor that an operator starts")
    func policy() async throws {
        let policy = HandlerPolicy(type: "bounded", kind: .restrict(bounded(3)))
        _ = try await spawn("actor", [bounded(100)], policies: [policy])
        #expect(stage.log.lines.contains("[actor] the bound is 3"))
        let disallowed = HandlerPolicy(type: "bounded", kind: .disallow)
        await #expect(throws: ActorError.self) {
            try await self.spawn("other", [self.bounded(1)], policies: [disallowed])
        }
        await stage.system.shutDown()
    }

    @Test("nobody starts as the child of an actor that does not live")
    func deadParent() async throws {
        let parent = try await spawn("parent", [bounded(5)])
        try await stage.system.stop(parent)
        for (id, code) in [
            (parent, ActorError.Code.ended), (ActorID(high: 1, low: 2), .notFound),
        ] {
            do {
                _ = try await spawn("child", [], parent: id)
                Issue.record("the child must not start")
            } catch let error as ActorError {
                #expect(error.code == code)
            }
        }
    }

    @Test("a manifest whose first state was not read does not start")
    func stateFile() async throws {
        let error = try await stage.refusal(FixtureActor.wat) {
            $0.manifest.initialStateFile = InitialStateFile(path: "state")
        }
        #expect(error.code == .manifest && error.message.contains("was not read"))
    }

    // Goal: the calls of one life never burn more than its budget. Method: call until the actor ends,
    // and add up what the chain says.
    @Test("a life ends when it has used up its fuel")
    func fuelPerLife() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat) { $0.manifest.limits.fuelPerLife = 50_000 }
        var calls = 0
        var failure: ActorError?
        while failure == nil, calls < 100_000 {
            do {
                try await stage.system.call(id, "echo", [.u8(1)])
                calls += 1
            } catch {
                failure = error
            }
        }
        #expect(calls > 1, "the first calls are within the budget")
        #expect(failure?.code == .crashed)
        #expect(failure?.message.contains("raise fuel_per_life") == true, "\(failure as Any)")
        var burnt: UInt64 = 0
        for case .returned(_, _, _, let fuel) in try await stage.events(of: id) { burnt += fuel }
        #expect(burnt <= 50_000 && burnt > 25_000)
    }

    @Test("the chain names the manifest by its text and the values given for its variables")
    func digest() async throws {
        let text = "name = \"${n:-a}\"\npackage = \"a.wasm\"\n[[handler]]\ntype = \"runtime\""
        var digests: [Digest] = []
        for variables in [[:], ["n": "b"], ["n": "c"]] {
            let manifest = try Manifest.parse(text, file: "a.toml", variables: variables)
            let id = try await stage.spawn(FixtureActor.wat) { $0.manifest = manifest }
            guard case .spawned(_, let digest, _, _, _, _) = try await stage.events(of: id).first
            else {
                Issue.record("a chain begins with the birth")
                return
            }
            digests.append(digest)
        }
        #expect(digests[0] == .sha256(of: Array(text.utf8)))
        #expect(digests[1] == .sha256(of: Array((text + "\u{0}n=b\n").utf8)))
        #expect(Set(digests).count == 3)
        await stage.system.shutDown()
    }
}
