// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

@Suite("The handler environment", .timeLimit(.minutes(1)))
struct EnvironmentTests {
    private static let host = [
        "HOME": "/home/ada", "APP_NAME": "demo", "APP_MODE": "fast", "APPLE": "pie",
        "APP_API_KEY": "hunter2-key", "DATABASE": "hunter2-db", "EMPTY": "",
    ]

    private func reader(
        _ stage: Stage, _ keys: [String: ManifestValue] = [:], name: String = "actor",
        parent: ActorID? = nil, _ make: (inout MessageActor) -> Void = { _ in }
    ) async throws -> ActorID {
        try await stage.small(
            "environment", SmallHandler.environment, keys, name: name,
            change: { $0.parent = parent }, make)
    }

    private static func names(_ names: String...) -> ManifestValue {
        .array(names.map(ManifestValue.string))
    }

    private func stage() throws -> Stage {
        try Stage.small(ManualClock(), environment: Self.host)
    }

    /// The value of a variable as the guest sees it.
    private func variable(_ stage: Stage, _ id: ActorID, _ name: String) async throws -> String? {
        let answer = try await stage.host(id, "get-var", .string(name))
        let exists = try await stage.host(id, "exists", .string(name))
        let value = try #require(answer.asOption)
        #expect(exists == .bool(value != nil), "\(name): the two agree")
        return value?.asString
    }

    private func list(_ stage: Stage, _ id: ActorID) async throws -> [String] {
        try #require(try await stage.host(id, "list-vars").asItems).compactMap { pair in
            pair.asItems.map { items in items.compactMap(\.asString).joined(separator: "=") }
        }
    }

    @Test("nothing of the host is visible unless it is granted; a denial is a value, and recorded")
    func nothing() async throws {
        let stage = try stage()
        let id = try await reader(stage)
        for name in ["HOME", "APP_NAME", "NOWHERE", "", "A=B", "\u{0}"] {
            #expect(try await variable(stage, id, name) == nil)
        }
        #expect(try await list(stage, id).isEmpty)
        let denials = try await stage.denials(id)
        #expect(denials.count == 13)
        #expect(denials.first?.contains("'HOME'") == true)
        let codes = Set(denials.map { String($0.split(separator: "[").last?.dropLast() ?? "") })
        #expect(codes == ["environment.denied", "environment.list-denied"])
        #expect(stage.system.status(of: id) == .running)
        await stage.system.shutDown()
    }

    @Test("names and prefixes are granted, byte by byte, and what is denied is denied")
    func granted() async throws {
        let stage = try stage()
        let id = try await reader(
            stage,
            [
                "allowed_vars": Self.names("HOME", "EMPTY", "MISSING", "DATA*"),
                "allowed_prefixes": Self.names("APP_"), "denied_vars": Self.names("APP_M*"),
                "allow_list_all": .bool(true),
            ])
        #expect(try await variable(stage, id, "HOME") == "/home/ada")
        #expect(try await variable(stage, id, "EMPTY") == "")
        #expect(try await variable(stage, id, "APP_NAME") == "demo")
        #expect(try await variable(stage, id, "DATABASE") == "hunter2-db")
        #expect(try await stage.denials(id).isEmpty)
        #expect(try await variable(stage, id, "MISSING") == nil)
        #expect(try await stage.denials(id).isEmpty, "what is granted and not set is no denial")
        for name in ["APP_MODE", "APPLE", "home", "HOM", "HOMER"] {
            #expect(try await variable(stage, id, name) == nil, "\(name)")
        }
        #expect(try await stage.denials(id).count == 10)
        #expect(
            try await list(stage, id) == [
                "APP_API_KEY=hunter2-key", "APP_NAME=demo", "DATABASE=hunter2-db", "EMPTY=",
                "HOME=/home/ada",
            ])
        await stage.system.shutDown()
    }

    @Test("variables are listed only where the grant says so")
    func listing() async throws {
        let stage = try stage()
        let id = try await reader(stage, ["allowed_vars": Self.names("HOME")])
        #expect(try await list(stage, id).isEmpty)
        #expect(try await stage.denials(id).first?.contains("environment.list-denied") == true)
        await stage.system.shutDown()
    }

    /// Of each host call of an actor, whether its event says that it is redacted.
    private func marks(_ stage: Stage, _ id: ActorID) async throws -> [Bool] {
        var marks: [Bool] = []
        var cursor = try await stage.journal.events(of: id)
        while let event = try cursor.next() {
            guard let payload = event.payload, EventPayload.kind(of: payload) == .hostCall
            else { continue }
            marks.append(EventPayload.isRedacted(payload))
        }
        return marks
    }

    // Goal: who follows can check what they get. Method: what came is compared with the journal, marks and digests
    // included.
    @Test("who follows gets redacted answers marked, byte for byte as the chain has them")
    func followed() async throws {
        let stage = try stage()
        let id = try await reader(
            stage, ["allowed_vars": Self.names("*"), "secret_vars": Self.names("DATA*")])
        let subscription = try stage.system.subscribe(to: id)
        let before = try #require(stage.journal.existingHead(actor: id)).count
        #expect(try await variable(stage, id, "DATABASE") != nil)
        _ = try await stage.system.stop(id)
        var recorded: [ChainEvent] = []
        var cursor = try await stage.journal.events(of: id)
        while let event = try cursor.next() { recorded.append(event) }
        var items: [FeedItem] = []
        for try await item in subscription { items.append(item) }
        #expect(items == recorded[Int(before)...].map(FeedItem.event))
        let marked = recorded.filter { $0.payload.map(EventPayload.isRedacted) == true }
        #expect(marked.count == 1)
        await stage.system.shutDown()
    }

    // Goal: the guest has the secret, the chain has not. Method: a guest that reads and answers something
    // else; every byte of its chain is searched for the values.
    @Test("secret values reach the guest and never the chain")
    func secrets() async throws {
        let stage = try stage()
        let keys: [String: ManifestValue] = [
            "allowed_vars": Self.names("*"), "secret_vars": Self.names("DATA*"),
            "allow_list_all": .bool(true),
        ]
        let id = try await reader(stage, keys) { actor in
            actor.offer(
                "read",
                .steps(
                    [
                        ("get-var", .string("DATABASE")), ("get-var", .string("APP_API_KEY")),
                        ("get-var", .string("APP_NAME")), ("list-vars", .tuple([])),
                    ], Behaviour.ok()))
        }
        _ = try await stage.system.call(id, "test:x/x.read")
        var outputs: [Value] = []
        for event in try await stage.events(of: id) {
            let text = String(decoding: event.encode(), as: UTF8.self)
            #expect(!text.contains("hunter2"), "\(event.type)")
            if case .hostCall(_, "get-var", _, let output) = event {
                outputs.append(try CGRF.decode(output))
            }
        }
        #expect(
            outputs == ["<secret>", "<secret>", "demo"].map { .option(.string, .string($0)) })
        // Each event says of itself whether the guest got something else.
        #expect(try await marks(stage, id) == [true, true, false, true])
        let open = try await reader(
            stage, ["allowed_vars": Self.names("HOME"), "allow_list_all": .bool(true)],
            name: "open"
        ) { actor in
            actor.offer("read", .steps([("list-vars", .tuple([]))], Behaviour.ok()))
        }
        _ = try await stage.system.call(open, "test:x/x.read")
        #expect(try await marks(stage, open) == [false], "a list without a secret is as it is")
        let seeing = try await reader(stage, keys, name: "seeing")
        #expect(try await variable(stage, seeing, "DATABASE") == "hunter2-db")
        #expect(try await variable(stage, seeing, "APP_API_KEY") == "hunter2-key")
        await stage.system.shutDown()
    }

    @Test("a child sees no more than its parent, and its parent's secrets are its own")
    func child() async throws {
        let stage = try stage()
        let parent = try await reader(
            stage,
            [
                "allowed_vars": Self.names("APP_*", "DATABASE", "HOME"),
                "denied_vars": Self.names("APP_MODE"), "secret_vars": Self.names("DATABASE"),
            ], name: "parent")
        let child = try await reader(
            stage,
            [
                "allowed_vars": Self.names("*"), "denied_vars": Self.names("HOME"),
                "allow_list_all": .bool(true),
            ], name: "child", parent: parent
        ) { actor in
            actor.offer("read", .steps([("get-var", .string("DATABASE"))], Behaviour.ok()))
        }
        #expect(try await variable(stage, child, "APP_NAME") == "demo")
        for name in ["APP_MODE", "HOME", "APPLE", "EMPTY"] {
            #expect(try await variable(stage, child, name) == nil, "\(name)")
        }
        #expect(try await list(stage, child).isEmpty)
        _ = try await stage.system.call(child, "test:x/x.read")
        let shown = try await stage.events(of: child).contains {
            String(decoding: $0.encode(), as: UTF8.self).contains("hunter2-db")
        }
        #expect(!shown)
        await stage.system.shutDown()
    }

    @Test("wrong keys are refused")
    func keys() async throws {
        let stage = try stage()
        for keys: [String: ManifestValue] in [
            ["allowed_vars": .string("HOME")], ["allowed_vars": Self.names("")],
            ["allow_list_all": .string("yes")], ["allowed": Self.names("HOME")],
        ] {
            await #expect(throws: (any Error).self, "\(keys)") {
                _ = try await reader(stage, keys, name: "wrong")
            }
        }
        await stage.system.shutDown()
    }

    @Test("more than one list takes is an error, not a part of it")
    func large() async throws {
        let stage = try Stage.small(
            ManualClock(), environment: ["A": String(repeating: "x", count: 1 << 20)])
        let id = try await reader(
            stage, ["allowed_vars": Self.names("*"), "allow_list_all": .bool(true)])
        #expect(try await variable(stage, id, "A")?.utf8.count == 1 << 20)
        let error = try await stage.failure(id, "test:m/m.list-vars")
        #expect("\(error)".contains("environment.too-large"))
        await stage.system.shutDown()
    }
}
