// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing
import TheaterEngine
import TheaterTesting

/// Durable actors of a node that is killed.
@Suite("A node that comes back", .serialized)
struct ResumeCommandTests {
    private static func start(_ node: RunningNode, isDurable: Bool, name: String) async throws {
        let wasm = try Engine.assemble(wat: try TallyGuest().made().wat)
        try await node.start(
            wasm, name: name, handlers: ["message-server"],
            more: "[chain]\ndurability = \"strict\"\ndurable = \(isDurable)\n")
    }

    private static func total(_ node: RunningNode, _ name: String) async throws -> String {
        let called = try await node.run(["call", name, TallyGuest.total])
        #expect(called.status == 0, "\(called.stderr)")
        return called.stdout.trimmingCharacters(in: .newlines)
    }

    // Goal: what a user sees of a node that is killed: its durable actors are there again, with what they
    // had been sent, and go on; the others are not. Then the same without a node.
    @Test(
        "kill -9 of the node, and its durable actors go on; `theater resume` does it without a node"
    )
    func kill() async throws {
        var node = try await RunningNode()
        try await Self.start(node, isDurable: true, name: "counter")
        try await Self.start(node, isDurable: false, name: "plain")
        for round in 1...3 {
            for number in 1...4 {
                let sent = try await node.run([
                    "send", "counter", TallyGuest.text(round * 10 + number),
                ])
                #expect(sent.status == 0, "\(sent.stderr)")
            }
            node.program.send(SIGKILL)
            #expect(await node.program.status() == -SIGKILL)
            node = try await RunningNode(in: node.folder)
            let listed = try await node.run(["ps"])
            #expect(listed.stdout.contains("counter") && !listed.stdout.contains("plain"))
            #expect(try await Self.total(node, "counter") == "\(round * 4)u64")
        }
        node.program.send(SIGKILL)
        _ = await node.program.status()
        let alone = try await node.run(["resume", "counter", "--call", TallyGuest.total])
        #expect(alone.status == 0, "\(alone.stderr)")
        #expect(alone.stdout == "12u64\n")
        let over = try await node.run(["resume"])
        #expect(over.status == 0 && over.stderr.contains("nothing to resume"), "\(over.stderr)")
        let replayed = try await node.run(["replay", "counter"])
        #expect(replayed.status == 0, "\(replayed.stderr)")
    }

    // Goal: one actor that cannot come back keeps neither the node nor the others from coming back.
    @Test("a node serves although one of its actors does not come back")
    func broken() async throws {
        let node = try await RunningNode()
        try await Self.start(node, isDurable: true, name: "kept")
        try await Self.start(node, isDurable: true, name: "lost")
        node.program.send(SIGKILL)
        _ = await node.program.status()
        let pruned = try await node.run(["chain", "prune", "lost", "--keep-events", "0"])
        #expect(pruned.status == 0, "\(pruned.stderr)")
        let next = try await RunningNode(in: node.folder)
        #expect(next.program.stderr.contains("did not come back"), "\(next.program.stderr)")
        #expect(try await Self.total(next, "kept") == "0u64")
        #expect(await next.stop() == 0)
    }

    // Goal: a mistake of the one who types costs no actor. Method: calls that cannot be made are asked of an
    // actor that was killed; it is there all the same, until it is ended in order.
    @Test("a call that cannot be made leaves the actor as it was, and one of an ended actor fails")
    func mistakes() async throws {
        let node = try await RunningNode()
        try await Self.start(node, isDurable: true, name: "counter")
        try await Self.start(node, isDurable: false, name: "plain")
        let sent = try await node.run(["send", "counter", TallyGuest.text(1)])
        #expect(sent.status == 0, "\(sent.stderr)")
        node.program.send(SIGKILL)
        _ = await node.program.status()
        for call in [["nonsense"], [TallyGuest.total, "--arg", "1"], ["total", "--arg", "("]] {
            let wrong = try await node.run(["resume", "counter", "--call"] + call)
            #expect(wrong.status != 0 && wrong.stdout.isEmpty, "\(call): \(wrong.stdout)")
        }
        let plain = try await node.run(["resume", "plain", "--call", TallyGuest.total])
        #expect(plain.status != 0 && plain.stderr.contains("not durable"), "\(plain.stderr)")
        let right = try await node.run(["resume", "counter", "--call", TallyGuest.total])
        #expect(right.status == 0 && right.stdout == "1u64\n", "\(right.stderr)")
        for arguments in [["--call", TallyGuest.total], []] {
            let over = try await node.run(["resume", "counter"] + arguments)
            #expect(over.status != 0 && over.stdout.isEmpty)
            #expect(over.stderr.contains("actor.ended"), "\(over.stderr)")
        }
    }
}
