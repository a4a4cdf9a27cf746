// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterProcess
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// A stage whose actors start real programs.
struct ProcessStage {
    let stage: Stage
    let host: ProcessHost

    static let types = """
        variant output-mode { raw, line-by-line, json, chunked }
        record process-config {
            program: string, args: list<string>, cwd: option<string>,
            env: list<tuple<string, string>>,
            buffer-size: u32, stdout-mode: output-mode, stderr-mode: output-mode,
            chunk-size: option<u32>, execution-timeout: option<u64>,
        }
        record process-status {
            pid: u64, running: bool, exit-code: option<s32>, start-time: u64
        }
        """
    static let functions: [SmallHandler.Function] = [
        ("theater:simple/process", "os-spawn", "config: process-config", "result<u64, string>"),
        (
            "theater:simple/process", "os-write-stdin", "pid: u64, data: list<u8>",
            "result<u32, string>"
        ),
        ("theater:simple/process", "os-status", "pid: u64", "result<process-status, string>"),
        ("theater:simple/process", "os-signal", "pid: u64, signal: u32", "result<_, string>"),
        ("theater:simple/process", "os-kill", "pid: u64", "result<_, string>"),
        ("theater:simple/process-control", "os-close-stdin", "pid: u64", "result<_, string>"),
        ("theater:simple/process-control", "os-list", "", "list<process-status>"),
    ]
    static let callbacks = "theater:simple/process-handlers"
    /// Every program, with fast ends.
    static let free: [String: ManifestValue] = [
        "allowed_programs": .array([.string("*")]), "kill_grace": .string("100ms"),
    ]

    init(
        _ environment: [String: String] = [:], journal: Journal = .inMemory(),
        world: World = .system
    ) throws {
        host = ProcessHost()
        var services = HandlerServices()
        services.provide(host)
        services.provide(EnvironmentVariables(environment))
        stage = try Stage(
            journal: journal,
            handlers: [RuntimeHandler.self, GateHandler.self, ProcessHandler.self], world: world,
            services: services)
    }

    func close() async {
        await stage.system.shutDown()
        await host.close()
    }

    /// Starts an actor with the three callbacks, or some of them.
    func actor(
        _ keys: [String: ManifestValue] = free, name: String = "actor",
        output: Behaviour? = .answer(Behaviour.ok()), error: Behaviour? = .answer(Behaviour.ok()),
        exit: Behaviour? = .answer(Behaviour.ok()), change: (inout SpawnRequest) -> Void = { _ in }
    ) async throws -> ActorID {
        try await stage.small("process", Self.functions, keys, name: name, change: change) {
            actor in
            actor.types = Self.types
            for (callback, parameter, behaviour) in [
                ("handle-stdout", "data: list<u8>", output),
                ("handle-stderr", "data: list<u8>", error), ("handle-exit", "code: s32", exit),
            ] {
                guard let behaviour else { continue }
                actor.exports.append(
                    (
                        Self.callbacks,
                        "\(callback): func(state: value, pid: u64, \(parameter)) -> value",
                        behaviour
                    ))
            }
        }
    }

    struct Config {
        var program = "sh"
        var arguments: [String] = []
        var folder: String?
        var environment: [(String, String)] = []
        var bufferSize: UInt32 = 0
        var outputMode = 0
        var errorMode = 0
        var chunkSize: UInt32?
        var timeout: UInt64?

        static let modes = ["raw", "line-by-line", "json", "chunked"]

        private static func mode(_ tag: Int) -> Value {
            .variant(Value.Variant("output-mode", modes[tag], tag: UInt32(tag)))
        }

        var value: Value {
            .record(
                Value.Record(
                    "process-config",
                    [
                        .init("program", .string(program)),
                        .init("args", .list(.string, arguments.map { .string($0) })),
                        .init("cwd", .option(.string, folder.map { .string($0) })),
                        .init(
                            "env",
                            .list(
                                .tuple([.string, .string]),
                                environment.map { .tuple([.string($0.0), .string($0.1)]) })),
                        .init("buffer-size", .u32(bufferSize)),
                        .init("stdout-mode", Self.mode(outputMode)),
                        .init("stderr-mode", Self.mode(errorMode)),
                        .init("chunk-size", .option(.primitive(.u32), chunkSize.map { .u32($0) })),
                        .init(
                            "execution-timeout",
                            .option(.primitive(.u64), timeout.map { .u64($0) })),
                    ]))
        }
    }

    /// Has an actor start a program.
    func spawn(
        _ id: ActorID, _ program: String = "sh", _ arguments: String...,
        change: (inout Config) -> Void = { _ in }
    ) async throws -> UInt64 {
        var config = Config(program: program, arguments: arguments)
        change(&config)
        let answer = try await stage.host(id, "os-spawn", config.value)
        return try #require(answer.integer(as: UInt64.self))
    }

    /// The error that an actor gets when it starts a program.
    func refusal(
        _ id: ActorID, _ program: String = "sh", _ arguments: String...,
        change: (inout Config) -> Void = { _ in }
    ) async throws -> String {
        var config = Config(program: program, arguments: arguments)
        change(&config)
        return try await stage.hostError(id, "os-spawn", config.value)
    }

    /// One callback as the chain has it: `out`, `err` or `exit`, the process, and what came with it.
    struct Heard: Equatable, CustomStringConvertible {
        let kind: String
        let process: UInt64
        let text: String
        var description: String { "\(kind) \(process) \(text.debugDescription)" }
    }

    func heard(_ id: ActorID) async throws -> [Heard] {
        try await stage.events(of: id).compactMap { event -> Heard? in
            guard case .called(let function, let bytes, _, _) = event,
                function.hasPrefix(Self.callbacks)
            else { return nil }
            let items = try #require(try CGRF.decode(bytes).asItems)
            let process = try #require(items[1].integer(as: UInt64.self))
            if let code = items[2].integer(as: Int32.self) {
                return Heard(kind: "exit", process: process, text: "\(code)")
            }
            let kind = function.hasSuffix("stdout") ? "out" : "err"
            return Heard(
                kind: kind, process: process,
                text: String(decoding: try #require(items[2].asBytes), as: UTF8.self))
        }
    }

    /// What an actor heard when so many processes have ended.
    func heard(_ id: ActorID, exits: Int) async throws -> [Heard] {
        while true {
            let heard = try await heard(id)
            if heard.count(where: { $0.kind == "exit" }) >= exits { return heard }
            try await Self.pause()
        }
    }

    /// The processes of whose ends an actor has heard, when so many have ended. The chain is read as it is, neither
    /// verified nor replayed: that takes the longer the more there is in the journal.
    func ended(_ id: ActorID, count: Int) async throws -> [UInt64] {
        while true {
            var ended: [UInt64] = []
            var cursor = try await stage.journal.events(of: id)
            while let event = try cursor.next() {
                guard case .called(let function, let bytes, _, _)? = try event.decodedPayload(),
                    function == Self.callbacks + ".handle-exit"
                else { continue }
                let items = try #require(try CGRF.decode(bytes).asItems)
                ended.append(try #require(items[1].integer(as: UInt64.self)))
            }
            if ended.count >= count { return ended }
            try await Self.pause()
        }
    }

    /// Waits until an actor has heard a text, and answers all that it heard of that stream.
    func text(_ id: ActorID, _ kind: String = "out", until part: String) async throws -> String {
        while true {
            let text = try await heard(id).filter { $0.kind == kind }.map(\.text).joined()
            if text.contains(part) { return text }
            try await Self.pause()
        }
    }

    static func pause() async throws {
        try Task.checkCancellation()
        // Processes of the system give no notice.
        try await Sleeper.sleep(for: .milliseconds(3))
    }

    /// The processes whose command line contains a text.
    static func processes(with text: String) -> [pid_t] {
        SystemProcesses.withCommandLine(containing: text)
    }

    static func processes(_ count: Int, with text: String) async throws {
        while processes(with: text).count != count { try await pause() }
    }

    static func mark() -> String { "\(Int.random(in: 100_000_000...999_999_999))" }
}
