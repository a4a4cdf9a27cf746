// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterProcess
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Goal: actors use the terminal as their grant says, it is restored after each of their ends, and their chains
/// replay without it. Method: a terminal of the system with the test at its other side; every look at a chain
/// verifies and replays it.
@Suite("The handler terminal", .timeLimit(.minutes(1)))
struct TerminalHandlerTests {
    private let terminal: PseudoTerminal
    private let host: TerminalHost
    private let stage: Stage

    private static let interface = "theater:simple/terminal"
    private static let functions: [SmallHandler.Function] = [
        (interface, "write-stdout", "data: list<u8>", "result<u64, string>"),
        (interface, "write-stderr", "data: list<u8>", "result<u64, string>"),
        (interface, "set-raw-mode", "enabled: bool", "result<_, string>"),
        (interface, "get-size", "", "result<tuple<u16, u16>, string>"),
        (interface, "enable-input", "", "result<_, string>"),
    ]

    init() throws {
        terminal = try PseudoTerminal()
        host = TerminalHost(
            input: terminal.inner, output: terminal.inner, error: terminal.inner
        ) {}
        var services = HandlerServices()
        services.provide(host)
        stage = try Stage(
            handlers: [RuntimeHandler.self, GateHandler.self, TerminalHandler.self],
            services: services)
    }

    private func actor(
        _ keys: [String: ManifestValue] = [:], name: String = "actor",
        input: Behaviour? = .answer(Behaviour.ok()), hearsMore: Bool = true,
        change: (inout SpawnRequest) -> Void = { _ in }
    ) async throws -> ActorID {
        try await stage.small("terminal", Self.functions, keys, name: name, change: change) {
            actor in
            for (callback, behaviour) in [
                ("handle-input: func(state: value, data: list<u8>) -> value", input),
                (
                    "handle-signal: func(state: value, name: string) -> value",
                    hearsMore ? .answer(Behaviour.ok()) : nil
                ),
                (
                    "handle-resize: func(state: value, columns: u16, rows: u16) -> value",
                    hearsMore ? .answer(Behaviour.ok()) : nil
                ),
            ] {
                if let behaviour { actor.exports.append((Self.interface, callback, behaviour)) }
            }
        }
    }

    private func code(_ id: ActorID, _ function: String, _ arguments: Value...) async throws
        -> String?
    {
        do {
            _ = try await stage.system.call(id, "test:m/m.\(function)", arguments)
            return nil
        } catch {
            return error.value?.asString?.split(separator: "[").last.map { String($0.dropLast()) }
        }
    }

    private func wait(_ callback: String, _ count: Int, _ id: ActorID) async throws -> [Value] {
        let name = "\(Self.interface).\(callback)"
        while true {
            let calls = try await stage.calls(id, of: name)
            if calls.count >= count { return calls }
            try await ProcessStage.pause()
        }
    }

    @Test("its interface has the hash that actors are built against")
    func hash() throws {
        let interface = try #require(TerminalHandler.interfaces.first)
        #expect(
            "\(interface.pact.hash(rules: .host))"
                == "9f4bba01d7eb33647151afaa6abee63bf32e0ecc9bf8ec316a516729455b4423")
    }

    @Test("writes, its size, keys and signals reach the actor and its chain")
    func functions() async throws {
        let id = try await actor()
        #expect(try await stage.host(id, "write-stdout", bytes("out ")) == .u64(4))
        #expect(try await stage.host(id, "write-stderr", bytes("err")) == .u64(3))
        #expect(terminal.text == "out err")
        #expect(try await stage.host(id, "get-size") == .tuple([.u16(80), .u16(24)]))
        _ = try await stage.host(id, "enable-input")
        #expect(try await code(id, "enable-input") == "terminal.input-enabled")
        _ = try await stage.host(id, "set-raw-mode", .bool(true))
        terminal.press("a")
        #expect(try await wait("handle-input", 1, id).first?.asBytes == [0x61])
        host.resized()
        #expect(try await wait("handle-resize", 1, id) == [.u16(24)])
        #expect(host.takesInterrupt())
        #expect(try await wait("handle-signal", 1, id) == [.string("interrupt")])
        await host.announceEnd(within: .seconds(60))
        #expect(try await wait("handle-signal", 2, id).last == .string("terminate"))
        #expect(terminal.isRaw)
        await stage.system.shutDown()
        #expect(!terminal.isRaw)
    }

    @Test("the terminal is restored when its holder traps, is killed or stops")
    func restored() async throws {
        let ends: [@Sendable (ActorID, ActorSystem) async throws -> Void] = [
            { id, system in try await system.stop(id) },
            { id, system in try await system.terminate(id) },
        ]
        for end in ends {
            let id = try await actor()
            _ = try await stage.host(id, "set-raw-mode", .bool(true))
            _ = try await stage.host(id, "write-stdout", bytes("\u{1B}[?25lx"))
            #expect(terminal.isRaw)
            try await end(id, stage.system)
            #expect(!terminal.isRaw)
            #expect(terminal.text.hasSuffix("x\u{1B}[?25h"))
        }
        let id = try await actor(input: .trap)
        _ = try await stage.host(id, "enable-input")
        _ = try await stage.host(id, "set-raw-mode", .bool(true))
        terminal.press("q")
        _ = try await stage.system.awaitEnd(of: id)
        #expect(!terminal.isRaw)
        // It is free for the next one.
        let next = try await actor(name: "next")
        _ = try await stage.host(next, "set-raw-mode", .bool(true))
        await stage.system.shutDown()
    }

    @Test("one actor holds it at a time; others write text")
    func others() async throws {
        let (first, second) = (try await actor(), try await actor(name: "second"))
        _ = try await stage.host(first, "set-raw-mode", .bool(true))
        #expect(try await code(second, "set-raw-mode", .bool(true)) == "terminal.taken")
        #expect(try await code(second, "enable-input") == "terminal.taken")
        _ = try await stage.host(second, "write-stdout", bytes("\u{1B}[2J"))
        #expect(terminal.text == "\u{241B}[2J")
        try await stage.system.stop(first)
        #expect(try await code(second, "enable-input") == nil)
        await stage.system.shutDown()
    }

    @Test("what the grant does not cover is denied, and a child has no more")
    func grants() async throws {
        let keys: [String: ManifestValue] = ["input": .bool(false), "raw_mode": .bool(false)]
        let parent = try await actor(keys)
        let child = try await actor(name: "child") { $0.parent = parent }
        for id in [parent, child] {
            #expect(try await code(id, "set-raw-mode", .bool(true)) == "terminal.raw-denied")
            #expect(try await code(id, "enable-input") == "terminal.input-denied")
            #expect(try await code(id, "set-raw-mode", .bool(false)) == nil)
            #expect(try await code(id, "write-stdout", bytes("x")) == nil)
            #expect(try await stage.denials(id).count == 2)
        }
        let deaf = try await actor(name: "deaf", input: nil)
        #expect(try await code(deaf, "enable-input") == "terminal.no-callback")
        await stage.system.shutDown()
    }

    @Test("an actor that hears keys alone is unharmed by the rest, and interrupts are the node's")
    func keysAlone() async throws {
        let id = try await actor(hearsMore: false)
        _ = try await stage.host(id, "enable-input")
        host.resized()
        #expect(!host.takesInterrupt())
        await host.announceEnd(within: .seconds(60))
        terminal.press("a\n")
        #expect(try await wait("handle-input", 1, id).first?.asBytes == Array("a\n".utf8))
        #expect(stage.system.status(of: id) == .running)
        for callback in ["handle-resize", "handle-signal"] {
            #expect(try await stage.calls(id, of: "\(Self.interface).\(callback)").isEmpty)
        }
        await stage.system.shutDown()
    }

    @Test("a node without a terminal says so")
    func none() async throws {
        let stage = try Stage(handlers: [
            RuntimeHandler.self, GateHandler.self, TerminalHandler.self,
        ])
        let id = try await stage.small("terminal", Self.functions)
        for (function, arguments) in [
            ("write-stdout", [bytes("x")]), ("set-raw-mode", [.bool(true)]), ("get-size", []),
            ("enable-input", []),
        ] as [(String, [Value])] {
            let error = try await stage.failure(id, "test:m/m.\(function)", arguments)
            #expect(error.value?.asString?.hasSuffix("[terminal.none]") == true, "\(function)")
        }
        await stage.system.shutDown()
    }
}
