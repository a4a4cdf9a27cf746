// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain
import TheaterEngine
import TheaterManifest
import TheaterNode
import TheaterPlatform
import TheaterRuntime
import TheaterValue

/// Actors written with the SDK, built by the builder, run by a node: the whole path.
@Suite("Actors of the SDK")
struct SDKTests {
    /// Builds a project and starts its actor in a node with a data directory.
    private static func withActor(
        template: String, change: @escaping @Sendable (String) throws -> Void = { _ in },
        _ body: (ActorSystem, ActorID) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let (wasm, text) = try await buildActor(template: template, change: change)
        // The templates' limits are for machines that do nothing else.
        let patient = text.replacing("\"5s\"", with: "\"5m\"")
        let manifest = try Manifest.parse(patient, file: "manifest.toml")
        let node = try Node(
            NodeOptions(dataDirectory: folder.path + "/data", guestsMax: 4), logger: .quiet)
        let id = try await node.system.spawn(SpawnRequest(wasm: wasm, manifest: manifest))
        try await body(node.system, id)
        try await expectReplays(of: node, chains: 1)
        try await node.close()
        let reader = try Journal.openReadOnly(directory: folder.path + "/data/journal")
        #expect(try reader.verify(id).isValid)
    }

    @Test("the hello template greets, counts, and answers its own errors")
    func hello() async throws {
        try await Self.withActor(template: "hello") { system, id in
            let greet = "demo:greeter/greeter.greet"
            let first = try await system.call(id, greet, [.string("Ada")])
            #expect(first == .string("Hello, Ada! You are number 1."))
            let second = try await system.call(id, greet, [.string("Grace")])
            #expect(second == .string("Hello, Grace! You are number 2."))
            let error = await #expect(throws: ActorError.self) {
                try await system.call(id, greet, [.string("")])
            }
            #expect(error?.value == .string("whom shall I greet?"))
            let third = try await system.call(id, greet, [.string("Edsger")])
            #expect(
                third == .string("Hello, Edsger! You are number 3."), "the error changed nothing")
        }
    }

    @Test("the counter template keeps records, enums, variants and options across calls")
    func counter() async throws {
        try await Self.withActor(template: "counter") { system, id in
            let name = "demo:counter/counter."
            func change(_ tag: UInt32, _ payload: [Value]) -> Value {
                .variant(Value.Variant("change", "", tag: tag, payload))
            }
            let up = Value.variant(Value.Variant("direction", "up", tag: 0))
            #expect(try await system.call(id, name + "apply", [change(0, [up])]) == .s64(1))
            #expect(try await system.call(id, name + "apply", [change(1, [.s64(40)])]) == .s64(41))
            let bounds = Value.record(
                Value.Record("bounds", [.init("lowest", .s64(0)), .init("highest", .s64(41))]))
            try await system.call(id, name + "limit", [.option(.record("bounds"), bounds)])
            let error = await #expect(throws: ActorError.self) {
                try await system.call(id, name + "apply", [change(0, [up])])
            }
            #expect(error?.code == .guestError)
            let history = try await system.call(id, name + "history", [.u32(10)])
            #expect(history.asItems?.count == 2)
            let wrong = await #expect(throws: ActorError.self) {
                try await system.call(id, name + "history", [.string("ten")])
            }
            #expect(wrong?.code == .wrongArgument)
        }
    }

    @Test("the mailbox template keeps messages, answers requests, and sends both")
    func mailbox() async throws {
        try await Self.withActor(template: "mailbox") { system, id in
            let name = "demo:mailbox/mailbox."
            #expect(
                try await system.request(Array("newest".utf8), to: id)
                    == Array("no letters yet".utf8))
            try system.send(Array("from outside".utf8), to: id)
            try await system.call(id, name + "post", [.string("demo"), .string("to myself")])
            let letters = try #require(try await system.call(id, name + "letters").asItems)
            #expect(
                letters.map { $0.field(named: "text") } == [
                    .string("from outside"), .string("to myself"),
                ])
            #expect(
                letters.map { $0.field(named: "sender")?.asOption } == [
                    .some(nil), .some(.string("\(id)")),
                ])
            #expect(try await system.request(Array("count".utf8), to: id) == Array("2".utf8))
            #expect(
                try await system.request(Array("newest".utf8), to: id) == Array("to myself".utf8))
            #expect(
                try await system.request([0xFF], to: id) == Array("ask for count or newest".utf8))
            // A request to oneself could never be answered.
            let error = await #expect(throws: ActorError.self) {
                try await system.call(id, name + "ask", [.string("demo"), .string("count")])
            }
            #expect(error?.value?.asString?.contains("message.cycle") == true)
            // What is kept is bounded, and the newest stay.
            for number in 0..<100 { try system.send(Array("\(number)".utf8), to: id) }
            let kept = try #require(try await system.call(id, name + "letters").asItems)
            #expect(kept.count == 100)
            #expect(kept.first?.field(named: "text") == .string("0"))
            #expect(try await system.request(Array("count".utf8), to: id) == Array("102".utf8))
        }
    }

    @Test("the text template reads a document")
    func text() async throws {
        try await Self.withActor(template: "text") { system, id in
            let exports = try system.exports(of: id)
            #expect(exports.contains { $0.contains("document") }, "\(exports)")
        }
    }

    // Goal: what an author's code may do wrong reaches the caller as an error, never as a hang or a dead
    // host. Method: one function for each kind of mistake, compiled like any actor.
    @Test("traps of Swift code end the actor with a named backtrace")
    func traps() async throws {
        let mistakes = [
            "let list = [1, 2, 3]; let index = name.utf8.count + 10; return String(list[index])",
            "var deep = 0; func down(_ n: Int) -> Int { deep &+= n; return down(n + 1) &+ deep }; "
                + "return String(down(1))",
            "var hog: [[UInt8]] = []; while true { hog.append([UInt8](repeating: 1, count: 1 << 20)) }",
        ]
        for mistake in mistakes {
            try await Self.withActor(template: "hello") { project in
                let path = project + "/Sources/Actor.swift"
                let source = try String(contentsOfFile: path, encoding: .utf8)
                let at = try #require(source.range(of: "if name.isEmpty"))
                try (source[..<at.lowerBound] + mistake + "\n" + source[at.lowerBound...])
                    .write(toFile: path, atomically: true, encoding: .utf8)
            } _: { system, id in
                let error = await #expect(throws: ActorError.self) {
                    try await system.call(id, "demo:greeter/greeter.greet", [.string("x")])
                }
                #expect(error?.code == .crashed)
                #expect(error?.cause?.frames.isEmpty == false)
            }
        }
    }
}
