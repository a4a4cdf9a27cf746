// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// What an actor learns of itself.
@Suite("The runtime handler", .timeLimit(.minutes(1)))
struct RuntimeHandlerTests {
    /// A guest with `test:own/own.chain` and `.self`, which pass on what the runtime answers.
    private static func guest() throws -> String {
        try actor(
            """
            imports { theater:simple/runtime {
                get-chain: func() -> list<u8>
                self: func() -> string
            } }
            exports { test:own/own {
                chain: func() -> list<u8>
                self: func() -> string
                echo: func(v: value) -> value
            } }
            """
        ) { actor in
            actor.pages = (64, nil)
            actor.imports = [
                WatActor.importing("theater:simple/runtime", "get-chain", as: "chain"),
                WatActor.importing("theater:simple/runtime", "self", as: "self"),
            ]
            // What is answered lies above the allocator's first page.
            actor.allocator = """
                (if (i32.le_s (local.get $n) (i32.const 0)) (then (return (i32.const 0))))
                (local.set $p (memory.grow
                  (i32.add (i32.shr_u (local.get $n) (i32.const 16)) (i32.const 1))))
                (if (i32.eq (local.get $p) (i32.const -1)) (then (return (i32.const 0))))
                (i32.shl (local.get $p) (i32.const 16))
                """
            actor.body =
                ["chain", "self"].map { name in
                    WatActor.function(
                        "test:own/own.\(name)",
                        """
                        (drop (call $\(name) (local.get $in) (local.get $size) (i32.const 512)
                          (i32.const 516)))
                        (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516))
                          (local.get $slot) (local.get $lenslot)) (i32.const 0)
                        """)
                } + [
                    WatActor.function(
                        "test:own/own.echo",
                        """
                        (call $answer (local.get $in) (local.get $size) (local.get $slot)
                          (local.get $lenslot)) (i32.const 0)
                        """)
                ]
        }
    }

    private static func items(_ answer: Value) throws -> [ChainItem] {
        let list = try CGRF.decode(try #require(answer.asBytes))
        return try #require(list.asItems).map { try ChainItem($0) }
    }

    @Test("self is the actor's identity")
    func identity() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(Self.guest())
        #expect(try await stage.system.call(id, "test:own/own.self") == .string("\(id)"))
        await stage.system.shutDown()
    }

    // Goal: the ring of newest events answers what the journal has. Method: chains shorter than it, as long,
    // and much longer, with payloads that are cut.
    @Test("get-chain answers exactly the newest events of the journal", arguments: [0, 120, 700])
    func chain(calls: Int) async throws {
        let stage = try Stage()
        let id = try await stage.spawn(Self.guest())
        for index in 0..<calls {
            let size = index % 100 == 0 ? 5000 : index % 40
            try await stage.system.call(
                id, "test:own/own.echo", [.bytes([UInt8](repeating: 3, count: size))])
        }
        let answer = try await stage.system.call(id, "test:own/own.chain")
        let items = try Self.items(answer)
        var cursor = try await stage.journal.reader().events(of: id)
        var recorded: [ChainEvent] = []
        while let event = try cursor.next() { recorded.append(event) }
        // Beside what came before, there are the call itself, its host call and its return.
        let before = recorded.dropLast(2)
        #expect(before.count == 2 * calls + 2)
        #expect(items == before.suffix(RuntimeHandler.chainCountMax).map(ChainItem.init))
        #expect(items.count == min(before.count, 256))
        #expect(items.last?.type == "theater.runtime/called")
        await stage.system.shutDown()
    }
}
